CREATE TABLE outbox (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    key TEXT NOT NULL,
    topic TEXT NOT NULL,
    payload JSONB NOT NULL,
    state TEXT DEFAULT 'waiting' NOT NULL,
    attempts INTEGER DEFAULT '0' NOT NULL,
    next_try_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE,
    last_error TEXT,
    CONSTRAINT pk_outbox PRIMARY KEY (id),
    CONSTRAINT ck_outbox_state CHECK (state IN ('waiting', 'sent', 'dead')),
    CONSTRAINT uq_outbox_key UNIQUE (key)
);
CREATE INDEX ix_outbox_waiting ON outbox (next_try_at, id) WHERE state = 'waiting';

GRANT SELECT, INSERT ON outbox TO sanshen_app;
GRANT UPDATE (state, attempts, next_try_at, sent_at, last_error) ON outbox TO sanshen_app;
GRANT SELECT ON outbox TO sanshen_auditor;
