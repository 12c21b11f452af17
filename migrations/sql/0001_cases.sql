CREATE TABLE process_definition (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    digest TEXT NOT NULL,
    title_zh TEXT NOT NULL,
    title_en TEXT NOT NULL,
    spec BYTEA NOT NULL,
    deployed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    deployed_by TEXT NOT NULL,
    approval JSONB NOT NULL,
    CONSTRAINT pk_process_definition PRIMARY KEY (id),
    CONSTRAINT uq_process_definition_key_version UNIQUE (key, version),
    CONSTRAINT uq_process_definition_key_digest UNIQUE (key, digest)
);

CREATE TABLE definition_file (
    definition_id BIGINT NOT NULL,
    path TEXT NOT NULL,
    content BYTEA NOT NULL,
    CONSTRAINT pk_definition_file PRIMARY KEY (definition_id, path),
    CONSTRAINT fk_definition_file_definition_id_process_definition FOREIGN KEY(definition_id) REFERENCES process_definition (id)
);

CREATE TABLE serial_counter (
    key TEXT NOT NULL,
    value BIGINT NOT NULL,
    CONSTRAINT pk_serial_counter PRIMARY KEY (key)
);

CREATE TABLE case_chain (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_case_chain PRIMARY KEY (id)
);

CREATE TABLE "case" (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    uid UUID NOT NULL,
    case_no TEXT NOT NULL,
    process_key TEXT NOT NULL,
    definition_id BIGINT NOT NULL,
    chain_id BIGINT NOT NULL,
    case_role TEXT DEFAULT 'first' NOT NULL,
    region_code TEXT NOT NULL,
    risk TEXT NOT NULL,
    approval_levels INTEGER DEFAULT '1' NOT NULL,
    track TEXT,
    status TEXT DEFAULT 'open' NOT NULL,
    outcome TEXT,
    subject_name TEXT NOT NULL,
    subject_pinyin TEXT NOT NULL,
    subject_index BYTEA,
    organisation TEXT NOT NULL,
    event_on DATE,
    content_hash BYTEA NOT NULL,
    draft_no INTEGER DEFAULT '1' NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    accepted_at TIMESTAMP WITH TIME ZONE,
    decided_at TIMESTAMP WITH TIME ZONE,
    closed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_case PRIMARY KEY (id),
    CONSTRAINT ck_case_risk CHECK (risk IN ('normal', 'high', 'routed')),
    CONSTRAINT ck_case_approval_levels CHECK (approval_levels IN (1, 2)),
    CONSTRAINT ck_case_status CHECK (status IN ('open', 'closed', 'withdrawn', 'incident')),
    CONSTRAINT uq_case_uid UNIQUE (uid),
    CONSTRAINT uq_case_case_no UNIQUE (case_no),
    CONSTRAINT fk_case_definition_id_process_definition FOREIGN KEY(definition_id) REFERENCES process_definition (id),
    CONSTRAINT fk_case_chain_id_case_chain FOREIGN KEY(chain_id) REFERENCES case_chain (id),
    CONSTRAINT fk_case_region_code_region FOREIGN KEY(region_code) REFERENCES region (code)
);
CREATE INDEX ix_case_case_no_pattern ON "case" (case_no text_pattern_ops);
CREATE INDEX ix_case_chain_id ON "case" (chain_id);
CREATE INDEX ix_case_closed_at ON "case" (closed_at);
CREATE INDEX ix_case_open ON "case" (region_code, id) WHERE status = 'open';
CREATE INDEX ix_case_organisation ON "case" (organisation text_pattern_ops);
CREATE INDEX ix_case_received_at ON "case" (received_at);
CREATE INDEX ix_case_region_code_id ON "case" (region_code, id);
CREATE INDEX ix_case_subject_index ON "case" (subject_index);
CREATE INDEX ix_case_subject_name ON "case" (subject_name text_pattern_ops);

CREATE TABLE case_facts (
    case_id BIGINT NOT NULL,
    region_code TEXT NOT NULL,
    facts JSONB NOT NULL,
    sealed BYTEA NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_case_facts PRIMARY KEY (case_id),
    CONSTRAINT fk_case_facts_case_id_case FOREIGN KEY(case_id) REFERENCES "case" (id),
    CONSTRAINT fk_case_facts_region_code_region FOREIGN KEY(region_code) REFERENCES region (code)
);

CREATE TABLE case_state (
    case_id BIGINT NOT NULL,
    state BYTEA NOT NULL,
    undo_state BYTEA,
    undo_task_id BIGINT,
    next_due_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_case_state PRIMARY KEY (case_id),
    CONSTRAINT fk_case_state_case_id_case FOREIGN KEY(case_id) REFERENCES "case" (id)
);
CREATE INDEX ix_case_state_next_due_at ON case_state (next_due_at) WHERE next_due_at IS NOT NULL;

CREATE TABLE case_party (
    case_id BIGINT NOT NULL,
    id_number_index BYTEA NOT NULL,
    role TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_case_party PRIMARY KEY (case_id, id_number_index, role),
    CONSTRAINT fk_case_party_case_id_case FOREIGN KEY(case_id) REFERENCES "case" (id)
);
CREATE INDEX ix_case_party_id_number_index ON case_party (id_number_index);

CREATE TABLE material (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    uid UUID NOT NULL,
    case_id BIGINT NOT NULL,
    region_code TEXT NOT NULL,
    kind TEXT NOT NULL,
    filename TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    digest TEXT NOT NULL,
    source TEXT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    uploaded_by BIGINT,
    CONSTRAINT pk_material PRIMARY KEY (id),
    CONSTRAINT uq_material_case_id_digest_kind UNIQUE (case_id, digest, kind),
    CONSTRAINT uq_material_uid UNIQUE (uid),
    CONSTRAINT fk_material_case_id_case FOREIGN KEY(case_id) REFERENCES "case" (id),
    CONSTRAINT fk_material_region_code_region FOREIGN KEY(region_code) REFERENCES region (code),
    CONSTRAINT fk_material_uploaded_by_person FOREIGN KEY(uploaded_by) REFERENCES person (id)
);
CREATE INDEX ix_material_case_id ON material (case_id);

CREATE TABLE rule_hit (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    case_id BIGINT NOT NULL,
    rule_id TEXT NOT NULL,
    rule_version INTEGER NOT NULL,
    severity TEXT NOT NULL,
    action TEXT NOT NULL,
    title_zh TEXT NOT NULL,
    title_en TEXT NOT NULL,
    message_zh TEXT NOT NULL,
    message_en TEXT NOT NULL,
    inputs JSONB NOT NULL,
    inputs_digest TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    disposition TEXT,
    disposed_by BIGINT,
    disposed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_rule_hit PRIMARY KEY (id),
    CONSTRAINT ck_rule_hit_action CHECK (action IN ('block', 'warn', 'route')),
    CONSTRAINT uq_rule_hit_case_id_rule_id_rule_version_inputs_digest UNIQUE (case_id, rule_id, rule_version, inputs_digest),
    CONSTRAINT fk_rule_hit_case_id_case FOREIGN KEY(case_id) REFERENCES "case" (id),
    CONSTRAINT fk_rule_hit_disposed_by_person FOREIGN KEY(disposed_by) REFERENCES person (id)
);

CREATE TABLE clock (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    case_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    run INTEGER DEFAULT '1' NOT NULL,
    title_zh TEXT NOT NULL,
    title_en TEXT NOT NULL,
    ground_zh TEXT NOT NULL,
    ground_en TEXT NOT NULL,
    length INTEGER NOT NULL,
    unit TEXT NOT NULL,
    binding BOOLEAN NOT NULL,
    main BOOLEAN NOT NULL,
    state TEXT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    started_on DATE NOT NULL,
    due_on DATE,
    provisional BOOLEAN DEFAULT false NOT NULL,
    extended_by INTEGER DEFAULT '0' NOT NULL,
    warn_at TIMESTAMP WITH TIME ZONE,
    breach_at TIMESTAMP WITH TIME ZONE,
    warned_at TIMESTAMP WITH TIME ZONE,
    breached_at TIMESTAMP WITH TIME ZONE,
    stopped_at TIMESTAMP WITH TIME ZONE,
    stop_reason TEXT,
    CONSTRAINT pk_clock PRIMARY KEY (id),
    CONSTRAINT uq_clock_case_id_kind_run UNIQUE (case_id, kind, run),
    CONSTRAINT ck_clock_state CHECK (state IN ('running', 'paused', 'stopped')),
    CONSTRAINT ck_clock_unit CHECK (unit IN ('days', 'working_days', 'months', 'years', 'open')),
    CONSTRAINT fk_clock_case_id_case FOREIGN KEY(case_id) REFERENCES "case" (id)
);
CREATE INDEX ix_clock_breach_at ON clock (breach_at) WHERE state = 'running' AND breached_at IS NULL;
CREATE INDEX ix_clock_paused ON clock (case_id) WHERE state = 'paused';
CREATE INDEX ix_clock_running ON clock (case_id, due_on) WHERE state = 'running' AND binding;
CREATE INDEX ix_clock_warn_at ON clock (warn_at) WHERE state = 'running' AND warned_at IS NULL;

CREATE TABLE clock_suspension (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    clock_id BIGINT NOT NULL,
    reason TEXT NOT NULL,
    ground TEXT NOT NULL,
    began_on DATE NOT NULL,
    ended_on DATE,
    CONSTRAINT pk_clock_suspension PRIMARY KEY (id),
    CONSTRAINT fk_clock_suspension_clock_id_clock FOREIGN KEY(clock_id) REFERENCES clock (id)
);
CREATE UNIQUE INDEX uq_clock_suspension_open ON clock_suspension (clock_id) WHERE ended_on IS NULL;

CREATE TABLE calendar_day (
    day DATE NOT NULL,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    CONSTRAINT pk_calendar_day PRIMARY KEY (day),
    CONSTRAINT ck_calendar_day_kind CHECK (kind IN ('workday', 'holiday'))
);

CREATE TABLE calendar_year (
    year INTEGER NOT NULL,
    source TEXT NOT NULL,
    CONSTRAINT pk_calendar_year PRIMARY KEY (year)
);

CREATE TABLE task (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    case_id BIGINT NOT NULL,
    region_code TEXT NOT NULL,
    home_region_code TEXT,
    scope_code TEXT GENERATED ALWAYS AS (coalesce(home_region_code, region_code)) STORED NOT NULL,
    engine_task_id TEXT NOT NULL,
    step_key TEXT NOT NULL,
    title_zh TEXT NOT NULL,
    title_en TEXT NOT NULL,
    duty TEXT NOT NULL,
    signs BOOLEAN NOT NULL,
    resets BOOLEAN NOT NULL,
    persons_required INTEGER DEFAULT '1' NOT NULL,
    acts INTEGER DEFAULT '0' NOT NULL,
    post TEXT NOT NULL,
    form_id TEXT,
    state TEXT DEFAULT 'open' NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    due_on DATE,
    waiting_for_staff BOOLEAN DEFAULT false NOT NULL,
    waiting_since TIMESTAMP WITH TIME ZONE,
    claimed_by BIGINT,
    claimed_account BIGINT,
    claimed_at TIMESTAMP WITH TIME ZONE,
    opened_at TIMESTAMP WITH TIME ZONE,
    draft JSONB,
    draft_saved_at TIMESTAMP WITH TIME ZONE,
    return_reason TEXT,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    completed_at TIMESTAMP WITH TIME ZONE,
    completed_by BIGINT,
    outcome TEXT,
    opinion TEXT,
    result JSONB,
    draft_no INTEGER,
    content_hash BYTEA,
    CONSTRAINT pk_task PRIMARY KEY (id),
    CONSTRAINT uq_task_case_id_engine_task_id UNIQUE (case_id, engine_task_id),
    CONSTRAINT ck_task_state CHECK (state IN ('open', 'completed', 'cancelled')),
    CONSTRAINT ck_task_persons CHECK (persons_required BETWEEN 1 AND 9),
    CONSTRAINT ck_task_claim_whole CHECK ((claimed_by IS NULL) = (claimed_account IS NULL)),
    CONSTRAINT fk_task_case_id_case FOREIGN KEY(case_id) REFERENCES "case" (id),
    CONSTRAINT fk_task_region_code_region FOREIGN KEY(region_code) REFERENCES region (code),
    CONSTRAINT fk_task_home_region_code_region FOREIGN KEY(home_region_code) REFERENCES region (code),
    CONSTRAINT fk_task_post_post FOREIGN KEY(post) REFERENCES post (key),
    CONSTRAINT fk_task_claimed_by_person FOREIGN KEY(claimed_by) REFERENCES person (id),
    CONSTRAINT fk_task_claimed_account_account FOREIGN KEY(claimed_account) REFERENCES account (id),
    CONSTRAINT fk_task_completed_by_person FOREIGN KEY(completed_by) REFERENCES person (id)
);
CREATE INDEX ix_task_case ON task (case_id, id);
CREATE INDEX ix_task_done ON task (completed_by, completed_at) WHERE state = 'completed';
CREATE INDEX ix_task_mine ON task (claimed_by, due_on, id) WHERE state = 'open';
CREATE INDEX ix_task_open_due ON task (due_on, id) WHERE state = 'open';
CREATE INDEX ix_task_queue ON task (region_code, post, due_on, id) WHERE state = 'open';
CREATE INDEX ix_task_scope ON task (scope_code, post, due_on, id) WHERE state = 'open';

CREATE TABLE task_claim (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    task_id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    assigned_by BIGINT,
    claimed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    released_at TIMESTAMP WITH TIME ZONE,
    release_reason TEXT,
    CONSTRAINT pk_task_claim PRIMARY KEY (id),
    CONSTRAINT fk_task_claim_task_id_task FOREIGN KEY(task_id) REFERENCES task (id),
    CONSTRAINT fk_task_claim_person_id_person FOREIGN KEY(person_id) REFERENCES person (id),
    CONSTRAINT fk_task_claim_account_id_account FOREIGN KEY(account_id) REFERENCES account (id),
    CONSTRAINT fk_task_claim_assigned_by_person FOREIGN KEY(assigned_by) REFERENCES person (id)
);
CREATE INDEX ix_task_claim_task_id ON task_claim (task_id);
CREATE UNIQUE INDEX uq_task_claim_open ON task_claim (task_id) WHERE released_at IS NULL;

CREATE TABLE notification (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    person_id BIGINT NOT NULL,
    key TEXT NOT NULL,
    code TEXT NOT NULL,
    params JSONB NOT NULL,
    case_id BIGINT,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    read_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_notification PRIMARY KEY (id),
    CONSTRAINT uq_notification_person_id_key UNIQUE (person_id, key),
    CONSTRAINT fk_notification_person_id_person FOREIGN KEY(person_id) REFERENCES person (id),
    CONSTRAINT fk_notification_case_id_case FOREIGN KEY(case_id) REFERENCES "case" (id)
);
CREATE INDEX ix_notification_unread ON notification (person_id, id) WHERE read_at IS NULL;
