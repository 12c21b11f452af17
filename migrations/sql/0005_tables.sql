-- Life cycle of process definitions: contents by digest, drafts, and which version of a process is in force.

CREATE TABLE process_content (
    digest BYTEA NOT NULL,
    content BYTEA NOT NULL,
    CONSTRAINT pk_process_content PRIMARY KEY (digest),
    CONSTRAINT ck_process_content_digest CHECK (digest = sha256(content))
);

ALTER TABLE process_definition ADD COLUMN change_id BIGINT;
ALTER TABLE process_definition ADD COLUMN notes TEXT DEFAULT '' NOT NULL;
ALTER TABLE process_definition ADD CONSTRAINT fk_process_definition_change_id_controlled_change
    FOREIGN KEY(change_id) REFERENCES controlled_change (case_id);

CREATE TABLE process_release (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    key TEXT NOT NULL,
    action TEXT NOT NULL,
    definition_id BIGINT,
    change_id BIGINT,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_process_release PRIMARY KEY (id),
    CONSTRAINT ck_process_release_action CHECK (action IN ('deploy', 'roll_back', 'retire')),
    CONSTRAINT ck_process_release_of CHECK ((action = 'retire') = (definition_id IS NULL)),
    CONSTRAINT uq_process_release_change_id_key UNIQUE (change_id, key),
    CONSTRAINT fk_process_release_definition_id_process_definition
        FOREIGN KEY(definition_id) REFERENCES process_definition (id),
    CONSTRAINT fk_process_release_change_id_controlled_change
        FOREIGN KEY(change_id) REFERENCES controlled_change (case_id)
);
CREATE INDEX ix_process_release_key ON process_release (key, id);

CREATE TABLE process_draft (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    key TEXT NOT NULL,
    base_definition_id BIGINT,
    copied_from BIGINT,
    owner_id BIGINT NOT NULL,
    revision INTEGER DEFAULT '1' NOT NULL,
    change_id BIGINT,
    submitted_revision INTEGER,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    discarded_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_process_draft PRIMARY KEY (id),
    CONSTRAINT fk_process_draft_base_definition_id_process_definition
        FOREIGN KEY(base_definition_id) REFERENCES process_definition (id),
    CONSTRAINT fk_process_draft_copied_from_process_draft FOREIGN KEY(copied_from) REFERENCES process_draft (id),
    CONSTRAINT fk_process_draft_owner_id_person FOREIGN KEY(owner_id) REFERENCES person (id),
    CONSTRAINT fk_process_draft_change_id_controlled_change
        FOREIGN KEY(change_id) REFERENCES controlled_change (case_id)
);
CREATE INDEX ix_process_draft_change_id ON process_draft (change_id);

CREATE TABLE process_draft_file (
    draft_id BIGINT NOT NULL,
    path TEXT NOT NULL,
    digest BYTEA,
    CONSTRAINT pk_process_draft_file PRIMARY KEY (draft_id, path),
    CONSTRAINT fk_process_draft_file_draft_id_process_draft FOREIGN KEY(draft_id) REFERENCES process_draft (id),
    CONSTRAINT fk_process_draft_file_digest_process_content FOREIGN KEY(digest) REFERENCES process_content (digest)
);

CREATE TABLE process_draft_editor (
    draft_id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    first_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_process_draft_editor PRIMARY KEY (draft_id, person_id),
    CONSTRAINT fk_process_draft_editor_account_id_person_id_account
        FOREIGN KEY(account_id, person_id) REFERENCES account (id, person_id),
    CONSTRAINT fk_process_draft_editor_draft_id_process_draft
        FOREIGN KEY(draft_id) REFERENCES process_draft (id),
    CONSTRAINT fk_process_draft_editor_person_id_person FOREIGN KEY(person_id) REFERENCES person (id)
);

-- What was deployed before there were releases is in force as it was deployed.
INSERT INTO process_release (key, action, definition_id, at)
    SELECT key, 'deploy', id, deployed_at FROM process_definition ORDER BY id;
