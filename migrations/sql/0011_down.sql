DROP TABLE case_fact_origin, case_message_delivery, case_message;
ALTER TABLE clock DROP COLUMN informational;
ALTER TABLE task DROP COLUMN subject;
