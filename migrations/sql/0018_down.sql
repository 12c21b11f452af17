DROP INDEX ix_case_state_waiting;
DROP TABLE computed_report;
