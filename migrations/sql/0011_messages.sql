-- Messages from one case to others of its chain: what was sent, and what became of it at each receiver.
CREATE TABLE case_message (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    case_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    payload JSONB NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_case_message PRIMARY KEY (id),
    CONSTRAINT fk_case_message_case_id_case FOREIGN KEY (case_id) REFERENCES "case" (id)
);
CREATE INDEX ix_case_message_case_id ON case_message (case_id);

-- One row per message and receiver: a case that waits, or a process of which the message opens a case.
CREATE TABLE case_message_delivery (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    message_id BIGINT NOT NULL,
    receiver_id BIGINT,
    opens TEXT,
    state TEXT DEFAULT 'waiting' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_case_message_delivery PRIMARY KEY (id),
    CONSTRAINT ck_case_message_delivery_state CHECK (state IN ('waiting', 'done', 'missed')),
    CONSTRAINT ck_case_message_delivery_to CHECK (receiver_id IS NOT NULL OR opens IS NOT NULL),
    CONSTRAINT ck_case_message_delivery_finished CHECK ((state = 'waiting') = (finished_at IS NULL)),
    CONSTRAINT fk_case_message_delivery_message_id_case_message FOREIGN KEY (message_id)
        REFERENCES case_message (id),
    CONSTRAINT fk_case_message_delivery_receiver_id_case FOREIGN KEY (receiver_id) REFERENCES "case" (id)
);
-- Exactly once: a message reaches a case once, and opens one case of a process.
CREATE UNIQUE INDEX uq_case_message_delivery_case ON case_message_delivery (message_id, receiver_id)
    WHERE receiver_id IS NOT NULL;
CREATE UNIQUE INDEX uq_case_message_delivery_opens ON case_message_delivery (message_id, opens)
    WHERE opens IS NOT NULL;
CREATE INDEX ix_case_message_delivery_waiting ON case_message_delivery (created_at) WHERE state = 'waiting';
CREATE INDEX ix_case_message_delivery_receiver_id ON case_message_delivery (receiver_id);

-- Where a fact of a case came from, when it was not stated in the case itself: a message, or another case of the chain.
CREATE TABLE case_fact_origin (
    case_id BIGINT NOT NULL,
    fact TEXT NOT NULL,
    from_case_id BIGINT NOT NULL,
    from_fact TEXT NOT NULL,
    message_id BIGINT,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_case_fact_origin PRIMARY KEY (case_id, fact, at),
    CONSTRAINT fk_case_fact_origin_case_id_case FOREIGN KEY (case_id) REFERENCES "case" (id),
    CONSTRAINT fk_case_fact_origin_from_case_id_case FOREIGN KEY (from_case_id) REFERENCES "case" (id),
    CONSTRAINT fk_case_fact_origin_message_id_case_message FOREIGN KEY (message_id) REFERENCES case_message (id)
);

GRANT SELECT, INSERT ON case_message, case_message_delivery, case_fact_origin TO sanshen_app;
GRANT UPDATE (receiver_id, state, finished_at) ON case_message_delivery TO sanshen_app;
GRANT SELECT ON case_message, case_message_delivery, case_fact_origin TO sanshen_auditor;

-- A clock that only tells a date: a party's right, a retention. Nobody is warned of it.
ALTER TABLE clock ADD COLUMN informational BOOLEAN NOT NULL DEFAULT false;
GRANT SELECT (informational) ON clock TO sanshen_auditor;

-- What a signing task signs: the case's conclusion, or a draft beside it (a suspension, a rectification).
ALTER TABLE task ADD COLUMN subject TEXT NOT NULL DEFAULT 'conclusion';
GRANT SELECT (subject) ON task TO sanshen_auditor;
