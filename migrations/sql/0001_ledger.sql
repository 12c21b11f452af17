CREATE TABLE duty_decision (
    id UUID NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    account_id BIGINT,
    person_id BIGINT,
    on_behalf_of BIGINT,
    action TEXT NOT NULL,
    case_id BIGINT,
    task_id BIGINT,
    duty TEXT,
    verdict TEXT NOT NULL,
    reason TEXT NOT NULL,
    rule TEXT,
    rule_version INTEGER,
    evidence JSONB NOT NULL,
    CONSTRAINT pk_duty_decision PRIMARY KEY (id),
    CONSTRAINT ck_duty_decision_verdict CHECK (verdict IN ('allow', 'warn', 'deny'))
);
CREATE INDEX ix_duty_decision_case_id ON duty_decision (case_id);
CREATE INDEX ix_duty_decision_near_miss ON duty_decision (at) WHERE verdict <> 'allow';

CREATE TABLE performance (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    case_id BIGINT NOT NULL,
    task_id BIGINT,
    person_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    on_behalf_of BIGINT,
    duty TEXT NOT NULL,
    state TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    decision_id UUID NOT NULL,
    CONSTRAINT pk_performance PRIMARY KEY (id),
    CONSTRAINT fk_performance_account_id_person_id_account FOREIGN KEY(account_id, person_id) REFERENCES account (id, person_id),
    CONSTRAINT ck_performance_state CHECK (state IN ('opened', 'performed')),
    CONSTRAINT uq_performance_id_case_id_person_id_duty_state UNIQUE (id, case_id, person_id, duty, state),
    CONSTRAINT fk_performance_case_id_case FOREIGN KEY(case_id) REFERENCES "case" (id),
    CONSTRAINT fk_performance_task_id_task FOREIGN KEY(task_id) REFERENCES task (id),
    CONSTRAINT fk_performance_person_id_person FOREIGN KEY(person_id) REFERENCES person (id),
    CONSTRAINT fk_performance_on_behalf_of_person FOREIGN KEY(on_behalf_of) REFERENCES person (id),
    CONSTRAINT fk_performance_decision_id_duty_decision FOREIGN KEY(decision_id) REFERENCES duty_decision (id)
);
CREATE INDEX ix_performance_account_id_at ON performance (account_id, at);
CREATE INDEX ix_performance_case_id ON performance (case_id);
CREATE INDEX ix_performance_task_id ON performance (task_id);
CREATE INDEX ix_performance_person_id_at ON performance (person_id, at);
CREATE INDEX ix_performance_on_behalf_of ON performance (on_behalf_of) WHERE on_behalf_of IS NOT NULL;

CREATE TABLE sod_binding (
    set_id INTEGER NOT NULL,
    scope_id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    slot INTEGER NOT NULL,
    member TEXT NOT NULL,
    maximum INTEGER NOT NULL,
    performance_id BIGINT NOT NULL,
    CONSTRAINT pk_sod_binding PRIMARY KEY (set_id, scope_id, person_id, slot),
    CONSTRAINT uq_sod_binding_set_id_scope_id_person_id_member UNIQUE (set_id, scope_id, person_id, member),
    CONSTRAINT ck_sod_binding_slot CHECK (slot BETWEEN 1 AND maximum),
    CONSTRAINT fk_sod_binding_person_id_person FOREIGN KEY(person_id) REFERENCES person (id),
    CONSTRAINT fk_sod_binding_performance_id_performance FOREIGN KEY(performance_id) REFERENCES performance (id)
);

CREATE TABLE signature (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    case_id BIGINT NOT NULL,
    subject TEXT NOT NULL,
    seq INTEGER NOT NULL,
    duty TEXT NOT NULL,
    person_id BIGINT NOT NULL,
    performance_id BIGINT NOT NULL,
    performance_state TEXT DEFAULT 'performed' NOT NULL,
    content_hash BYTEA NOT NULL,
    verdict TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_signature PRIMARY KEY (id),
    CONSTRAINT fk_signature_performance_id_case_id_person_id_duty_perf_3a61 FOREIGN KEY(performance_id, case_id, person_id, duty, performance_state) REFERENCES performance (id, case_id, person_id, duty, state),
    CONSTRAINT ck_signature_performed CHECK (performance_state = 'performed'),
    CONSTRAINT uq_signature_id_case_id_subject_duty_content_hash UNIQUE (id, case_id, subject, duty, content_hash),
    CONSTRAINT uq_signature_case_id_subject_seq UNIQUE (case_id, subject, seq),
    CONSTRAINT fk_signature_case_id_case FOREIGN KEY(case_id) REFERENCES "case" (id),
    CONSTRAINT fk_signature_person_id_person FOREIGN KEY(person_id) REFERENCES person (id)
);

CREATE TABLE case_risk (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    case_id BIGINT NOT NULL,
    risk TEXT NOT NULL,
    approval_levels INTEGER DEFAULT '1' NOT NULL,
    reason TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    proposed_by BIGINT,
    approved_by BIGINT,
    CONSTRAINT pk_case_risk PRIMARY KEY (id),
    CONSTRAINT ck_case_risk_risk CHECK (risk IN ('normal', 'high', 'routed')),
    CONSTRAINT ck_case_risk_approval_levels CHECK (approval_levels IN (1, 2)),
    CONSTRAINT fk_case_risk_case_id_case FOREIGN KEY(case_id) REFERENCES "case" (id),
    CONSTRAINT fk_case_risk_proposed_by_person FOREIGN KEY(proposed_by) REFERENCES person (id),
    CONSTRAINT fk_case_risk_approved_by_person FOREIGN KEY(approved_by) REFERENCES person (id)
);
CREATE INDEX ix_case_risk_case_id ON case_risk (case_id, id);

CREATE TABLE case_decision (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    case_id BIGINT NOT NULL,
    subject TEXT NOT NULL,
    kind TEXT NOT NULL,
    outcome TEXT NOT NULL,
    risk TEXT NOT NULL,
    content_hash BYTEA NOT NULL,
    signature_ids BIGINT[] NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_case_decision PRIMARY KEY (id),
    CONSTRAINT uq_case_decision_case_id_subject UNIQUE (case_id, subject),
    CONSTRAINT ck_case_decision_kind CHECK (kind IN ('decided', 'paid', 'issued', 'deployed')),
    CONSTRAINT fk_case_decision_case_id_case FOREIGN KEY(case_id) REFERENCES "case" (id)
);

CREATE TABLE document (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    uid UUID NOT NULL,
    case_id BIGINT NOT NULL,
    region_code TEXT NOT NULL,
    template TEXT NOT NULL,
    title_zh TEXT NOT NULL,
    title_en TEXT NOT NULL,
    number TEXT NOT NULL,
    docx_digest TEXT NOT NULL,
    print_digest TEXT NOT NULL,
    decision_id BIGINT,
    state TEXT NOT NULL,
    issued_on DATE NOT NULL,
    issued_at TIMESTAMP WITH TIME ZONE NOT NULL,
    served_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_document PRIMARY KEY (id),
    CONSTRAINT ck_document_state CHECK (state IN ('issued', 'served', 'revoked')),
    CONSTRAINT uq_document_uid UNIQUE (uid),
    CONSTRAINT fk_document_case_id_case FOREIGN KEY(case_id) REFERENCES "case" (id),
    CONSTRAINT fk_document_region_code_region FOREIGN KEY(region_code) REFERENCES region (code),
    CONSTRAINT uq_document_number UNIQUE (number),
    CONSTRAINT fk_document_decision_id_case_decision FOREIGN KEY(decision_id) REFERENCES case_decision (id)
);
CREATE INDEX ix_document_case_id ON document (case_id);

CREATE TABLE audit_event (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    chain TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    event TEXT NOT NULL,
    account_id BIGINT,
    person_id BIGINT,
    on_behalf_of BIGINT,
    case_id BIGINT,
    task_id BIGINT,
    decision_id UUID,
    request_id TEXT NOT NULL,
    payload BYTEA NOT NULL,
    previous_hash BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    mac BYTEA NOT NULL,
    CONSTRAINT pk_audit_event PRIMARY KEY (id),
    CONSTRAINT uq_audit_event_chain_seq UNIQUE (chain, seq)
);
CREATE INDEX ix_audit_event_at ON audit_event (at);
CREATE INDEX ix_audit_event_case_id_id ON audit_event (case_id, id);
CREATE INDEX ix_audit_event_fence_refused ON audit_event (at) WHERE event = 'fence.refused';
