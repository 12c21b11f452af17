-- Reports computed by one process and read by all: what the check says of files, where the cases of a process are.
-- They decide nothing and hold nothing of a case: who reads which is settled by the key, which names the regions.
CREATE TABLE computed_report (
    kind TEXT NOT NULL,
    key BYTEA NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    body JSONB NOT NULL,
    CONSTRAINT pk_computed_report PRIMARY KEY (kind, key),
    CONSTRAINT ck_computed_report_kind CHECK (kind IN ('check', 'heat'))
);
CREATE INDEX ix_computed_report_made_at ON computed_report (made_at);

-- Few cases wait at an event; the heat map looked through all of them.
CREATE INDEX ix_case_state_waiting ON case_state (case_id) WHERE waiting IS NOT NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON computed_report TO sanshen_app;
GRANT SELECT ON computed_report TO sanshen_auditor;
