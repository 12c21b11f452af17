-- A rule's draft begins from a version of it.
ALTER TABLE draft ADD COLUMN base_rule_version_id BIGINT;
ALTER TABLE draft ADD CONSTRAINT fk_draft_base_rule_version_id_rule_version
    FOREIGN KEY (base_rule_version_id) REFERENCES rule_version (id);
ALTER TABLE draft ADD CONSTRAINT ck_draft_base_process CHECK (kind = 'process' OR base_definition_id IS NULL);
ALTER TABLE draft ADD CONSTRAINT ck_draft_base_rule CHECK (kind = 'rule' OR base_rule_version_id IS NULL);

-- A draft asked about past cases, beside the version in force: working tables, nothing rests on them.
CREATE TABLE rule_trial (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    draft_id BIGINT NOT NULL,
    revision INTEGER NOT NULL,
    manifest BYTEA NOT NULL,
    model BYTEA NOT NULL,
    base_version_id BIGINT,
    regions TEXT[] NOT NULL,
    period_from DATE NOT NULL,
    period_to DATE NOT NULL,
    requested_by BIGINT NOT NULL,
    requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
    state TEXT DEFAULT 'waiting' NOT NULL,
    total INTEGER,
    asked INTEGER DEFAULT '0' NOT NULL,
    reached BIGINT DEFAULT '0' NOT NULL,
    counts JSONB DEFAULT '{}' NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_rule_trial PRIMARY KEY (id),
    CONSTRAINT ck_rule_trial_state CHECK (state IN ('waiting', 'running', 'done', 'cancelled', 'failed')),
    CONSTRAINT ck_rule_trial_period CHECK (period_to >= period_from),
    CONSTRAINT ck_rule_trial_finished CHECK ((finished_at IS NULL) = (state IN ('waiting', 'running'))),
    CONSTRAINT fk_rule_trial_draft_id_draft FOREIGN KEY (draft_id) REFERENCES draft (id),
    CONSTRAINT fk_rule_trial_manifest_draft_content FOREIGN KEY (manifest) REFERENCES draft_content (digest),
    CONSTRAINT fk_rule_trial_model_draft_content FOREIGN KEY (model) REFERENCES draft_content (digest),
    CONSTRAINT fk_rule_trial_base_version_id_rule_version FOREIGN KEY (base_version_id) REFERENCES rule_version (id),
    CONSTRAINT fk_rule_trial_requested_by_person FOREIGN KEY (requested_by) REFERENCES person (id)
);
CREATE INDEX ix_rule_trial_draft_id ON rule_trial (draft_id, id);

CREATE TABLE rule_trial_case (
    trial_id BIGINT NOT NULL,
    case_id BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    inputs JSONB NOT NULL,
    message_zh TEXT NOT NULL,
    message_en TEXT NOT NULL,
    CONSTRAINT pk_rule_trial_case PRIMARY KEY (trial_id, case_id),
    CONSTRAINT ck_rule_trial_case_verdict CHECK (verdict IN ('new', 'gone', 'same')),
    CONSTRAINT fk_rule_trial_case_trial_id_rule_trial FOREIGN KEY (trial_id) REFERENCES rule_trial (id),
    CONSTRAINT fk_rule_trial_case_case_id_case FOREIGN KEY (case_id) REFERENCES "case" (id)
);

-- What hits turned out to be.
CREATE TABLE rule_verdict (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    hit_id BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT NOT NULL,
    given_by BIGINT NOT NULL,
    given_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_rule_verdict PRIMARY KEY (id),
    CONSTRAINT ck_rule_verdict_verdict CHECK (verdict IN ('justified', 'false_alarm')),
    CONSTRAINT fk_rule_verdict_hit_id_rule_hit FOREIGN KEY (hit_id) REFERENCES rule_hit (id),
    CONSTRAINT fk_rule_verdict_given_by_person FOREIGN KEY (given_by) REFERENCES person (id)
);
CREATE INDEX ix_rule_verdict_hit_id ON rule_verdict (hit_id, id);
CREATE TRIGGER rule_verdict_append_only BEFORE UPDATE OR DELETE ON public.rule_verdict
    FOR EACH ROW EXECUTE FUNCTION public.fence_append_only();
CREATE TRIGGER rule_verdict_keep BEFORE TRUNCATE ON public.rule_verdict
    FOR EACH STATEMENT EXECUTE FUNCTION public.fence_append_only();

GRANT SELECT, INSERT ON rule_trial, rule_trial_case, rule_verdict TO sanshen_app;
GRANT UPDATE (state, total, asked, reached, counts, finished_at) ON rule_trial TO sanshen_app;
GRANT SELECT ON rule_trial, rule_trial_case, rule_verdict TO sanshen_auditor;
