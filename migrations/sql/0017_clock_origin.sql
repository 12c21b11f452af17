-- Why a clock ends when it does: the fact or the step of the process that it counts from. A shift (an appointment
-- that was moved) is told from an extension: only the extension uses up what the law allows.
ALTER TABLE clock
    ADD COLUMN from_fact TEXT,
    ADD COLUMN from_step TEXT,
    ADD COLUMN shifted_by INTEGER NOT NULL DEFAULT 0;
GRANT UPDATE (shifted_by) ON clock TO sanshen_app;
GRANT SELECT (from_fact, from_step, shifted_by) ON clock TO sanshen_auditor;
