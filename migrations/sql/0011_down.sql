DROP TABLE case_fact_origin, case_message_delivery, case_message;
ALTER TABLE task DROP COLUMN subject;
