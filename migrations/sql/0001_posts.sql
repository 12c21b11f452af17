CREATE TABLE post (
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    rank INTEGER DEFAULT '0' NOT NULL,
    authority TEXT NOT NULL,
    title_zh TEXT NOT NULL,
    title_en TEXT NOT NULL,
    CONSTRAINT pk_post PRIMARY KEY (key),
    CONSTRAINT ck_post_kind CHECK (kind IN ('business', 'supervision', 'audit', 'design', 'platform'))
);

CREATE TABLE post_exclusion (
    pair INTEGER NOT NULL,
    side INTEGER NOT NULL,
    post TEXT NOT NULL,
    title_zh TEXT NOT NULL,
    title_en TEXT NOT NULL,
    ground TEXT NOT NULL,
    change_id BIGINT,
    CONSTRAINT pk_post_exclusion PRIMARY KEY (pair, side, post),
    CONSTRAINT ck_post_exclusion_side CHECK (side IN (0, 1)),
    CONSTRAINT fk_post_exclusion_post_post FOREIGN KEY(post) REFERENCES post (key)
);

CREATE TABLE post_grant (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    person_id BIGINT NOT NULL,
    post TEXT NOT NULL,
    region_code TEXT NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    revokes BIGINT,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    requested_by BIGINT NOT NULL,
    reviewed_by BIGINT NOT NULL,
    approved_by BIGINT NOT NULL,
    assigned_by BIGINT,
    request_id BIGINT,
    CONSTRAINT pk_post_grant PRIMARY KEY (id),
    CONSTRAINT ck_post_grant_period CHECK (valid_to IS NULL OR valid_to > valid_from),
    CONSTRAINT ck_post_grant_distinct_persons CHECK (requested_by <> reviewed_by AND reviewed_by <> approved_by AND requested_by <> approved_by AND person_id NOT IN (requested_by, reviewed_by, approved_by)),
    CONSTRAINT ck_post_grant_assigned_apart CHECK (assigned_by NOT IN (person_id, requested_by, reviewed_by, approved_by)),
    CONSTRAINT fk_post_grant_person_id_person FOREIGN KEY(person_id) REFERENCES person (id),
    CONSTRAINT fk_post_grant_post_post FOREIGN KEY(post) REFERENCES post (key),
    CONSTRAINT fk_post_grant_region_code_region FOREIGN KEY(region_code) REFERENCES region (code),
    CONSTRAINT uq_post_grant_revokes UNIQUE (revokes),
    CONSTRAINT fk_post_grant_revokes_post_grant FOREIGN KEY(revokes) REFERENCES post_grant (id),
    CONSTRAINT fk_post_grant_requested_by_person FOREIGN KEY(requested_by) REFERENCES person (id),
    CONSTRAINT fk_post_grant_reviewed_by_person FOREIGN KEY(reviewed_by) REFERENCES person (id),
    CONSTRAINT fk_post_grant_approved_by_person FOREIGN KEY(approved_by) REFERENCES person (id),
    CONSTRAINT fk_post_grant_assigned_by_person FOREIGN KEY(assigned_by) REFERENCES person (id),
    CONSTRAINT uq_post_grant_request_id UNIQUE (request_id)
);
CREATE INDEX ix_post_grant_person_id ON post_grant (person_id);
CREATE INDEX ix_post_grant_region_code_post ON post_grant (region_code, post);

CREATE TABLE post_hold (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    grant_id BIGINT,
    substitution_id BIGINT,
    person_id BIGINT NOT NULL,
    side INT4RANGE NOT NULL,
    period DATERANGE NOT NULL,
    CONSTRAINT pk_post_hold PRIMARY KEY (id),
    CONSTRAINT post_hold_static_exclusion EXCLUDE USING gist (int8range(person_id, person_id, '[]') WITH &&, side WITH -|-, period WITH &&),
    CONSTRAINT ck_post_hold_one_source CHECK ((grant_id IS NULL) <> (substitution_id IS NULL)),
    CONSTRAINT fk_post_hold_grant_id_post_grant FOREIGN KEY(grant_id) REFERENCES post_grant (id),
    CONSTRAINT fk_post_hold_person_id_person FOREIGN KEY(person_id) REFERENCES person (id)
);
CREATE INDEX ix_post_hold_person_id ON post_hold (person_id);
CREATE INDEX ix_post_hold_grant_id ON post_hold (grant_id);
CREATE INDEX ix_post_hold_substitution_id ON post_hold (substitution_id);

CREATE TABLE conflict_set (
    set_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    key TEXT NOT NULL,
    kind TEXT DEFAULT 'exclusive' NOT NULL,
    scope TEXT NOT NULL,
    period TEXT,
    party_role TEXT,
    window_days INTEGER,
    maximum INTEGER NOT NULL,
    severity TEXT NOT NULL,
    risk_classes TEXT[] NOT NULL,
    title_zh TEXT NOT NULL,
    title_en TEXT NOT NULL,
    ground TEXT NOT NULL,
    active_from TIMESTAMP WITH TIME ZONE NOT NULL,
    change_id BIGINT,
    CONSTRAINT pk_conflict_set PRIMARY KEY (set_id, version),
    CONSTRAINT ck_conflict_set_kind CHECK (kind IN ('exclusive', 'same', 'minimum')),
    CONSTRAINT ck_conflict_set_scope CHECK (scope IN ('task', 'case', 'chain', 'region_period', 'party')),
    CONSTRAINT ck_conflict_set_period CHECK (period IN ('month', 'quarter', 'year')),
    CONSTRAINT ck_conflict_set_period_of_scope CHECK ((scope = 'region_period') = (period IS NOT NULL)),
    CONSTRAINT ck_conflict_set_window_of_scope CHECK ((scope = 'party') = (party_role IS NOT NULL AND window_days IS NOT NULL)),
    CONSTRAINT ck_conflict_set_maximum CHECK (maximum > 0),
    CONSTRAINT ck_conflict_set_severity CHECK (severity IN ('deny', 'warn'))
);

CREATE TABLE conflict_member (
    set_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    member TEXT NOT NULL,
    duty TEXT NOT NULL,
    process_key TEXT DEFAULT '' NOT NULL,
    case_role TEXT DEFAULT '' NOT NULL,
    CONSTRAINT pk_conflict_member PRIMARY KEY (set_id, version, member, duty, process_key, case_role),
    CONSTRAINT fk_conflict_member_set_id_version_conflict_set FOREIGN KEY(set_id, version) REFERENCES conflict_set (set_id, version)
);
