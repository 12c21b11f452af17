ALTER TABLE clock DROP COLUMN from_fact, DROP COLUMN from_step, DROP COLUMN shifted_by;
