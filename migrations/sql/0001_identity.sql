CREATE TABLE region (
    code TEXT NOT NULL,
    parent_code TEXT,
    path TEXT NOT NULL,
    level TEXT NOT NULL,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    authority_zh TEXT NOT NULL,
    document_prefix TEXT NOT NULL,
    CONSTRAINT pk_region PRIMARY KEY (code),
    CONSTRAINT fk_region_parent_code_region FOREIGN KEY(parent_code) REFERENCES region (code),
    CONSTRAINT uq_region_path UNIQUE (path)
);

CREATE TABLE person (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    canonical_id BIGINT NOT NULL,
    uid UUID NOT NULL,
    name TEXT NOT NULL,
    pinyin TEXT NOT NULL,
    id_number_sealed BYTEA NOT NULL,
    id_number_index BYTEA NOT NULL,
    id_number_tail_index BYTEA,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_person PRIMARY KEY (id),
    CONSTRAINT uq_person_uid UNIQUE (uid),
    CONSTRAINT uq_person_id_number_index UNIQUE (id_number_index)
);
CREATE INDEX ix_person_canonical_id ON person (canonical_id);
CREATE INDEX ix_person_id_number_tail_index ON person (id_number_tail_index);

CREATE TABLE account (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    login TEXT NOT NULL,
    kind TEXT NOT NULL,
    person_id BIGINT,
    password_hash TEXT,
    password_changed_at TIMESTAMP WITH TIME ZONE,
    state TEXT NOT NULL,
    locale TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_account PRIMARY KEY (id),
    CONSTRAINT uq_account_id_person_id UNIQUE (id, person_id),
    CONSTRAINT ck_account_kind CHECK (kind IN ('human', 'machine')),
    CONSTRAINT ck_account_state CHECK (state IN ('active', 'locked', 'disabled')),
    CONSTRAINT ck_account_human_has_person CHECK ((kind = 'human') = (person_id IS NOT NULL)),
    CONSTRAINT uq_account_login UNIQUE (login),
    CONSTRAINT fk_account_person_id_person FOREIGN KEY(person_id) REFERENCES person (id)
);
CREATE INDEX ix_account_person_id ON account (person_id);

CREATE TABLE login_attempt (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    login_digest BYTEA NOT NULL,
    address INET,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    succeeded BOOLEAN NOT NULL,
    CONSTRAINT pk_login_attempt PRIMARY KEY (id)
);
CREATE INDEX ix_login_attempt_address_at ON login_attempt (address, at);
CREATE INDEX ix_login_attempt_login_digest_at ON login_attempt (login_digest, at);

CREATE TABLE web_session (
    token_digest BYTEA NOT NULL,
    account_id BIGINT NOT NULL,
    csrf_token TEXT NOT NULL,
    locale TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    address INET,
    CONSTRAINT pk_web_session PRIMARY KEY (token_digest),
    CONSTRAINT fk_web_session_account_id_account FOREIGN KEY(account_id) REFERENCES account (id)
);
CREATE INDEX ix_web_session_account_id ON web_session (account_id);
CREATE INDEX ix_web_session_expires_at ON web_session (expires_at);

CREATE TABLE api_token (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    account_id BIGINT NOT NULL,
    token_digest BYTEA NOT NULL,
    label TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_api_token PRIMARY KEY (id),
    CONSTRAINT uq_api_token_token_digest UNIQUE (token_digest),
    CONSTRAINT fk_api_token_account_id_account FOREIGN KEY(account_id) REFERENCES account (id)
);
CREATE INDEX ix_api_token_account_id ON api_token (account_id);

CREATE TABLE idempotency_key (
    account_id BIGINT NOT NULL,
    key TEXT NOT NULL,
    body_digest BYTEA NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    result JSONB,
    CONSTRAINT pk_idempotency_key PRIMARY KEY (account_id, key),
    CONSTRAINT fk_idempotency_key_account_id_account FOREIGN KEY(account_id) REFERENCES account (id)
);
CREATE INDEX ix_idempotency_key_at ON idempotency_key (at);
