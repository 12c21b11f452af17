-- What constrains duties beyond posts and conflict sets: changes, merges, links, recusal, substitutes, violations.

CREATE TABLE founding (
    id INTEGER NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    witnesses BIGINT[] NOT NULL,
    CONSTRAINT pk_founding PRIMARY KEY (id),
    CONSTRAINT ck_founding_once CHECK (id = 1)
);

CREATE TABLE controlled_change (
    case_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    payload JSONB NOT NULL,
    content TEXT NOT NULL,
    digest BYTEA NOT NULL,
    reason TEXT NOT NULL,
    ground TEXT NOT NULL,
    effective_at TIMESTAMP WITH TIME ZONE,
    what_if JSONB,
    what_if_at TIMESTAMP WITH TIME ZONE,
    prepared_by BIGINT,
    prepared_at TIMESTAMP WITH TIME ZONE NOT NULL,
    applied_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_controlled_change PRIMARY KEY (case_id),
    CONSTRAINT ck_controlled_change_digest_of_content CHECK (digest = sha256(convert_to(content, 'UTF8'))),
    CONSTRAINT ck_controlled_change_content_of_change CHECK (
        content::jsonb ->> 'kind' = kind AND content::jsonb ->> 'target' = target
        AND content::jsonb -> 'payload' = payload),
    CONSTRAINT fk_controlled_change_case_id_case FOREIGN KEY(case_id) REFERENCES "case" (id),
    CONSTRAINT fk_controlled_change_prepared_by_person FOREIGN KEY(prepared_by) REFERENCES person (id)
);
CREATE INDEX ix_controlled_change_kind_target ON controlled_change (kind, target);

CREATE TABLE person_alias (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    person_id BIGINT NOT NULL,
    canonical_id BIGINT NOT NULL,
    reason TEXT NOT NULL,
    change_id BIGINT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_person_alias PRIMARY KEY (id),
    CONSTRAINT ck_person_alias_two_records CHECK (person_id <> canonical_id),
    CONSTRAINT uq_person_alias_person_id UNIQUE (person_id),
    CONSTRAINT fk_person_alias_person_id_person FOREIGN KEY(person_id) REFERENCES person (id),
    CONSTRAINT fk_person_alias_canonical_id_person FOREIGN KEY(canonical_id) REFERENCES person (id),
    CONSTRAINT fk_person_alias_change_id_controlled_change FOREIGN KEY(change_id) REFERENCES controlled_change (case_id)
);

CREATE TABLE identity_doubt (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    person_id BIGINT NOT NULL,
    other_id BIGINT,
    ground TEXT NOT NULL,
    raised_by BIGINT,
    raised_at TIMESTAMP WITH TIME ZONE NOT NULL,
    cleared_at TIMESTAMP WITH TIME ZONE,
    verdict TEXT,
    change_id BIGINT,
    CONSTRAINT pk_identity_doubt PRIMARY KEY (id),
    CONSTRAINT ck_identity_doubt_verdict CHECK (verdict IN ('merged', 'distinct')),
    CONSTRAINT ck_identity_doubt_cleared_whole CHECK ((cleared_at IS NULL) = (verdict IS NULL)),
    CONSTRAINT fk_identity_doubt_person_id_person FOREIGN KEY(person_id) REFERENCES person (id),
    CONSTRAINT fk_identity_doubt_other_id_person FOREIGN KEY(other_id) REFERENCES person (id),
    CONSTRAINT fk_identity_doubt_raised_by_person FOREIGN KEY(raised_by) REFERENCES person (id),
    CONSTRAINT fk_identity_doubt_change_id_controlled_change FOREIGN KEY(change_id) REFERENCES controlled_change (case_id)
);
CREATE INDEX ix_identity_doubt_open ON identity_doubt (person_id) WHERE cleared_at IS NULL;
CREATE INDEX ix_identity_doubt_open_other ON identity_doubt (other_id) WHERE cleared_at IS NULL;

CREATE TABLE chain_link (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    case_id BIGINT NOT NULL,
    from_chain_id BIGINT NOT NULL,
    to_chain_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    change_id BIGINT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_chain_link PRIMARY KEY (id),
    CONSTRAINT ck_chain_link_kind CHECK (kind IN ('link', 'split')),
    CONSTRAINT ck_chain_link_moves CHECK (from_chain_id <> to_chain_id),
    CONSTRAINT fk_chain_link_case_id_case FOREIGN KEY(case_id) REFERENCES "case" (id),
    CONSTRAINT fk_chain_link_from_chain_id_case_chain FOREIGN KEY(from_chain_id) REFERENCES case_chain (id),
    CONSTRAINT fk_chain_link_to_chain_id_case_chain FOREIGN KEY(to_chain_id) REFERENCES case_chain (id),
    CONSTRAINT fk_chain_link_change_id_controlled_change FOREIGN KEY(change_id) REFERENCES controlled_change (case_id)
);
CREATE INDEX ix_chain_link_case_id ON chain_link (case_id, id);

CREATE TABLE case_transfer (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    case_id BIGINT NOT NULL,
    from_region TEXT NOT NULL,
    to_region TEXT NOT NULL,
    reason TEXT NOT NULL,
    transferred_by BIGINT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_case_transfer PRIMARY KEY (id),
    CONSTRAINT ck_case_transfer_moves CHECK (from_region <> to_region),
    CONSTRAINT fk_case_transfer_case_id_case FOREIGN KEY(case_id) REFERENCES "case" (id),
    CONSTRAINT fk_case_transfer_from_region_region FOREIGN KEY(from_region) REFERENCES region (code),
    CONSTRAINT fk_case_transfer_to_region_region FOREIGN KEY(to_region) REFERENCES region (code),
    CONSTRAINT fk_case_transfer_transferred_by_person FOREIGN KEY(transferred_by) REFERENCES person (id)
);
CREATE INDEX ix_case_transfer_case_id ON case_transfer (case_id);

CREATE TABLE tenure_rule (
    post TEXT NOT NULL,
    version INTEGER NOT NULL,
    months INTEGER NOT NULL,
    gap_months INTEGER NOT NULL,
    severity TEXT NOT NULL,
    ground TEXT NOT NULL,
    active_from TIMESTAMP WITH TIME ZONE NOT NULL,
    change_id BIGINT,
    CONSTRAINT pk_tenure_rule PRIMARY KEY (post, version),
    CONSTRAINT ck_tenure_rule_lengths CHECK (months > 0 AND gap_months >= 0),
    CONSTRAINT ck_tenure_rule_severity CHECK (severity IN ('deny', 'warn')),
    CONSTRAINT fk_tenure_rule_post_post FOREIGN KEY(post) REFERENCES post (key),
    CONSTRAINT fk_tenure_rule_change_id_controlled_change FOREIGN KEY(change_id) REFERENCES controlled_change (case_id)
);

CREATE TABLE grant_request (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    person_id BIGINT NOT NULL,
    post TEXT NOT NULL,
    region_code TEXT NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    revokes BIGINT,
    reason TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_grant_request PRIMARY KEY (id),
    CONSTRAINT ck_grant_request_period CHECK (valid_to IS NULL OR valid_to > valid_from),
    CONSTRAINT fk_grant_request_person_id_person FOREIGN KEY(person_id) REFERENCES person (id),
    CONSTRAINT fk_grant_request_post_post FOREIGN KEY(post) REFERENCES post (key),
    CONSTRAINT fk_grant_request_region_code_region FOREIGN KEY(region_code) REFERENCES region (code),
    CONSTRAINT fk_grant_request_revokes_post_grant FOREIGN KEY(revokes) REFERENCES post_grant (id)
);
CREATE INDEX ix_grant_request_person_id ON grant_request (person_id);

CREATE TABLE grant_step (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    request_id BIGINT NOT NULL,
    step TEXT NOT NULL,
    person_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    comment TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_grant_step PRIMARY KEY (id),
    CONSTRAINT fk_grant_step_account_id_person_id_account FOREIGN KEY(account_id, person_id) REFERENCES account (id, person_id),
    CONSTRAINT ck_grant_step_step CHECK (step IN ('apply', 'review', 'approve', 'assign', 'refuse', 'cancel')),
    CONSTRAINT uq_grant_step_request_id_step UNIQUE (request_id, step),
    CONSTRAINT fk_grant_step_request_id_grant_request FOREIGN KEY(request_id) REFERENCES grant_request (id),
    CONSTRAINT fk_grant_step_person_id_person FOREIGN KEY(person_id) REFERENCES person (id)
);

CREATE TABLE absence (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    person_id BIGINT NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE NOT NULL,
    cause TEXT NOT NULL,
    note TEXT NOT NULL,
    recorded_by BIGINT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    cancelled_at TIMESTAMP WITH TIME ZONE,
    cancelled_by BIGINT,
    CONSTRAINT pk_absence PRIMARY KEY (id),
    CONSTRAINT ck_absence_period CHECK (ends_on >= starts_on),
    CONSTRAINT ck_absence_cause CHECK (cause IN ('leave', 'sick', 'training', 'mission', 'other')),
    CONSTRAINT fk_absence_person_id_person FOREIGN KEY(person_id) REFERENCES person (id),
    CONSTRAINT fk_absence_recorded_by_person FOREIGN KEY(recorded_by) REFERENCES person (id),
    CONSTRAINT fk_absence_cancelled_by_person FOREIGN KEY(cancelled_by) REFERENCES person (id)
);
CREATE INDEX ix_absence_person_id_starts_on ON absence (person_id, starts_on);

CREATE TABLE substitution (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    principal_id BIGINT NOT NULL,
    substitute_id BIGINT NOT NULL,
    post TEXT NOT NULL,
    region_code TEXT NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE NOT NULL,
    revokes BIGINT,
    absence_id BIGINT,
    reason TEXT NOT NULL,
    requested_by BIGINT NOT NULL,
    approved_by BIGINT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_substitution PRIMARY KEY (id),
    CONSTRAINT ck_substitution_period CHECK (valid_to > valid_from),
    CONSTRAINT ck_substitution_distinct_persons CHECK (principal_id <> substitute_id AND (revokes IS NOT NULL OR approved_by NOT IN (principal_id, substitute_id, requested_by))),
    CONSTRAINT fk_substitution_principal_id_person FOREIGN KEY(principal_id) REFERENCES person (id),
    CONSTRAINT fk_substitution_substitute_id_person FOREIGN KEY(substitute_id) REFERENCES person (id),
    CONSTRAINT fk_substitution_post_post FOREIGN KEY(post) REFERENCES post (key),
    CONSTRAINT fk_substitution_region_code_region FOREIGN KEY(region_code) REFERENCES region (code),
    CONSTRAINT uq_substitution_revokes UNIQUE (revokes),
    CONSTRAINT fk_substitution_revokes_substitution FOREIGN KEY(revokes) REFERENCES substitution (id),
    CONSTRAINT fk_substitution_absence_id_absence FOREIGN KEY(absence_id) REFERENCES absence (id),
    CONSTRAINT fk_substitution_requested_by_person FOREIGN KEY(requested_by) REFERENCES person (id),
    CONSTRAINT fk_substitution_approved_by_person FOREIGN KEY(approved_by) REFERENCES person (id)
);
CREATE INDEX ix_substitution_principal_id ON substitution (principal_id);
CREATE INDEX ix_substitution_substitute_id ON substitution (substitute_id);

CREATE TABLE substitution_request (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    principal_id BIGINT NOT NULL,
    substitute_id BIGINT NOT NULL,
    post TEXT NOT NULL,
    region_code TEXT NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE NOT NULL,
    absence_id BIGINT,
    reason TEXT NOT NULL,
    requested_by BIGINT NOT NULL,
    requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
    verdict TEXT,
    answer TEXT,
    decided_by BIGINT,
    decided_at TIMESTAMP WITH TIME ZONE,
    substitution_id BIGINT,
    CONSTRAINT pk_substitution_request PRIMARY KEY (id),
    CONSTRAINT ck_substitution_request_period CHECK (valid_to > valid_from),
    CONSTRAINT ck_substitution_request_verdict CHECK (verdict IN ('approved', 'refused', 'withdrawn')),
    CONSTRAINT ck_substitution_request_decided_whole CHECK ((verdict IS NULL) = (decided_at IS NULL) AND (verdict IS NULL) = (decided_by IS NULL)),
    CONSTRAINT fk_substitution_request_principal_id_person FOREIGN KEY(principal_id) REFERENCES person (id),
    CONSTRAINT fk_substitution_request_substitute_id_person FOREIGN KEY(substitute_id) REFERENCES person (id),
    CONSTRAINT fk_substitution_request_post_post FOREIGN KEY(post) REFERENCES post (key),
    CONSTRAINT fk_substitution_request_region_code_region FOREIGN KEY(region_code) REFERENCES region (code),
    CONSTRAINT fk_substitution_request_absence_id_absence FOREIGN KEY(absence_id) REFERENCES absence (id),
    CONSTRAINT fk_substitution_request_requested_by_person FOREIGN KEY(requested_by) REFERENCES person (id),
    CONSTRAINT fk_substitution_request_decided_by_person FOREIGN KEY(decided_by) REFERENCES person (id),
    CONSTRAINT fk_substitution_request_substitution_id_substitution FOREIGN KEY(substitution_id) REFERENCES substitution (id)
);
CREATE INDEX ix_substitution_request_open ON substitution_request (region_code, id) WHERE verdict IS NULL;

CREATE TABLE sod_tie (
    set_id INTEGER NOT NULL,
    scope_id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    performance_id BIGINT NOT NULL,
    CONSTRAINT pk_sod_tie PRIMARY KEY (set_id, scope_id),
    CONSTRAINT fk_sod_tie_person_id_person FOREIGN KEY(person_id) REFERENCES person (id),
    CONSTRAINT fk_sod_tie_performance_id_performance FOREIGN KEY(performance_id) REFERENCES performance (id)
);

CREATE TABLE performance_void (
    performance_id BIGINT NOT NULL,
    cause TEXT NOT NULL,
    reason TEXT NOT NULL,
    voided_by BIGINT,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_performance_void PRIMARY KEY (performance_id),
    CONSTRAINT ck_performance_void_cause CHECK (cause IN ('withdrawn', 'violation', 'recusal')),
    CONSTRAINT fk_performance_void_performance_id_performance FOREIGN KEY(performance_id) REFERENCES performance (id),
    CONSTRAINT fk_performance_void_voided_by_person FOREIGN KEY(voided_by) REFERENCES person (id)
);

CREATE TABLE person_interest (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    person_id BIGINT NOT NULL,
    cause TEXT NOT NULL,
    subject_index BYTEA NOT NULL,
    subject_label TEXT NOT NULL,
    declared_by BIGINT,
    declared_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_person_interest PRIMARY KEY (id),
    CONSTRAINT ck_person_interest_cause CHECK (cause IN ('interest', 'kinship', 'former_employer', 'treating_hospital', 'shareholding', 'other')),
    CONSTRAINT fk_person_interest_person_id_person FOREIGN KEY(person_id) REFERENCES person (id),
    CONSTRAINT fk_person_interest_declared_by_person FOREIGN KEY(declared_by) REFERENCES person (id)
);
CREATE INDEX ix_person_interest_person_id ON person_interest (person_id);
CREATE INDEX ix_person_interest_subject ON person_interest (subject_index) WHERE ended_at IS NULL;

CREATE TABLE recusal (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    case_id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    cause TEXT NOT NULL,
    origin TEXT NOT NULL,
    detail TEXT NOT NULL,
    requested_by TEXT,
    recorded_by BIGINT,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_recusal PRIMARY KEY (id),
    CONSTRAINT ck_recusal_cause CHECK (cause IN ('interest', 'kinship', 'former_employer', 'treating_hospital', 'shareholding', 'other')),
    CONSTRAINT ck_recusal_origin CHECK (origin IN ('declared', 'data', 'requested')),
    CONSTRAINT uq_recusal_case_id_person_id_cause_origin UNIQUE (case_id, person_id, cause, origin),
    CONSTRAINT fk_recusal_case_id_case FOREIGN KEY(case_id) REFERENCES "case" (id),
    CONSTRAINT fk_recusal_person_id_person FOREIGN KEY(person_id) REFERENCES person (id),
    CONSTRAINT fk_recusal_recorded_by_person FOREIGN KEY(recorded_by) REFERENCES person (id)
);
CREATE INDEX ix_recusal_person_id ON recusal (person_id);

CREATE TABLE recusal_ruling (
    recusal_id BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT NOT NULL,
    ruled_by BIGINT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_recusal_ruling PRIMARY KEY (recusal_id),
    CONSTRAINT ck_recusal_ruling_verdict CHECK (verdict IN ('upheld', 'refused')),
    CONSTRAINT fk_recusal_ruling_recusal_id_recusal FOREIGN KEY(recusal_id) REFERENCES recusal (id),
    CONSTRAINT fk_recusal_ruling_ruled_by_person FOREIGN KEY(ruled_by) REFERENCES person (id)
);

CREATE TABLE sod_violation (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    rule TEXT NOT NULL,
    rule_version INTEGER NOT NULL,
    scope TEXT NOT NULL,
    scope_id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    members TEXT[] NOT NULL,
    performance_ids BIGINT[] NOT NULL,
    cause TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_sod_violation PRIMARY KEY (id),
    CONSTRAINT ck_sod_violation_cause CHECK (cause IN ('link', 'merge', 'activation', 'risk', 'watch')),
    CONSTRAINT uq_sod_violation_rule_scope_id_person_id_members UNIQUE (rule, scope_id, person_id, members),
    CONSTRAINT fk_sod_violation_person_id_person FOREIGN KEY(person_id) REFERENCES person (id)
);
CREATE INDEX ix_sod_violation_person_id ON sod_violation (person_id);

CREATE TABLE violation_case (
    violation_id BIGINT NOT NULL,
    case_id BIGINT NOT NULL,
    CONSTRAINT pk_violation_case PRIMARY KEY (violation_id, case_id),
    CONSTRAINT fk_violation_case_violation_id_sod_violation FOREIGN KEY(violation_id) REFERENCES sod_violation (id),
    CONSTRAINT fk_violation_case_case_id_case FOREIGN KEY(case_id) REFERENCES "case" (id)
);
CREATE INDEX ix_violation_case_case_id ON violation_case (case_id);

CREATE TABLE violation_ruling (
    violation_id BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT NOT NULL,
    change_id BIGINT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_violation_ruling PRIMARY KEY (violation_id),
    CONSTRAINT ck_violation_ruling_verdict CHECK (verdict IN ('redo', 'upheld', 'unfounded')),
    CONSTRAINT fk_violation_ruling_violation_id_sod_violation FOREIGN KEY(violation_id) REFERENCES sod_violation (id),
    CONSTRAINT fk_violation_ruling_change_id_controlled_change FOREIGN KEY(change_id) REFERENCES controlled_change (case_id)
);

CREATE TABLE rule_override (
    hit_id BIGINT NOT NULL,
    proposed_by BIGINT NOT NULL,
    proposed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    reason TEXT NOT NULL,
    evidence TEXT NOT NULL,
    ruled_by BIGINT,
    ruled_at TIMESTAMP WITH TIME ZONE,
    verdict TEXT,
    ruling TEXT,
    CONSTRAINT pk_rule_override PRIMARY KEY (hit_id),
    CONSTRAINT ck_rule_override_verdict CHECK (verdict IN ('granted', 'refused')),
    CONSTRAINT ck_rule_override_ruled_whole CHECK ((verdict IS NULL) = (ruled_by IS NULL)),
    CONSTRAINT ck_rule_override_distinct_persons CHECK (ruled_by <> proposed_by),
    CONSTRAINT fk_rule_override_hit_id_rule_hit FOREIGN KEY(hit_id) REFERENCES rule_hit (id),
    CONSTRAINT fk_rule_override_proposed_by_person FOREIGN KEY(proposed_by) REFERENCES person (id),
    CONSTRAINT fk_rule_override_ruled_by_person FOREIGN KEY(ruled_by) REFERENCES person (id)
);

CREATE TABLE consultation (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    case_id BIGINT NOT NULL,
    task_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    person_id BIGINT NOT NULL,
    asked_by BIGINT NOT NULL,
    question TEXT NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    answered_at TIMESTAMP WITH TIME ZONE,
    agrees BOOLEAN,
    answer TEXT,
    cancelled_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_consultation PRIMARY KEY (id),
    CONSTRAINT ck_consultation_kind CHECK (kind IN ('opinion', 'countersign')),
    CONSTRAINT ck_consultation_answered_whole CHECK ((answered_at IS NULL) = (agrees IS NULL)),
    CONSTRAINT uq_consultation_task_id_person_id_kind UNIQUE (task_id, person_id, kind),
    CONSTRAINT fk_consultation_case_id_case FOREIGN KEY(case_id) REFERENCES "case" (id),
    CONSTRAINT fk_consultation_task_id_task FOREIGN KEY(task_id) REFERENCES task (id),
    CONSTRAINT fk_consultation_person_id_person FOREIGN KEY(person_id) REFERENCES person (id),
    CONSTRAINT fk_consultation_asked_by_person FOREIGN KEY(asked_by) REFERENCES person (id)
);
CREATE INDEX ix_consultation_case_id ON consultation (case_id);
CREATE INDEX ix_consultation_mine ON consultation (person_id, asked_at) WHERE answered_at IS NULL AND cancelled_at IS NULL;

-- Tables above refer to tables that came before them.
ALTER TABLE post_exclusion ADD CONSTRAINT fk_post_exclusion_change_id_controlled_change FOREIGN KEY(change_id) REFERENCES controlled_change (case_id);
ALTER TABLE post_grant ADD CONSTRAINT fk_post_grant_request_id_grant_request FOREIGN KEY(request_id) REFERENCES grant_request (id);
ALTER TABLE post_hold ADD CONSTRAINT fk_post_hold_substitution_id_substitution FOREIGN KEY(substitution_id) REFERENCES substitution (id);
ALTER TABLE conflict_set ADD CONSTRAINT fk_conflict_set_change_id_controlled_change FOREIGN KEY(change_id) REFERENCES controlled_change (case_id);
