-- The register: insured people, employers, insured units and projects, enrolment, contribution wages, agreement
-- institutions, experts. Two times: since when something is so (`valid_from`, periods), and since when it is known
-- here (`recorded_at`). Rows are only added; a row that corrects another names it in `replaces`, and `void` says that
-- there never was such a thing. So what was known on any day can be asked later.

-- A file whose lines three people let in. Content is sealed: it names people. `subjects`: blind indexes of those.
CREATE TABLE registry_file (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    uid UUID NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    content_sealed BYTEA NOT NULL,
    preview JSONB NOT NULL,
    subjects BYTEA[] NOT NULL,
    uploaded_by BIGINT,
    uploaded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_registry_file PRIMARY KEY (id),
    CONSTRAINT uq_registry_file_uid UNIQUE (uid),
    CONSTRAINT ck_registry_file_digest CHECK (digest ~ '^[0-9a-f]{64}$'),
    CONSTRAINT fk_registry_file_uploaded_by_person FOREIGN KEY(uploaded_by) REFERENCES person (id)
);

-- The application of a change; its rows come in the same transaction.
CREATE TABLE registry_import (
    change_id BIGINT NOT NULL,
    file_id BIGINT NOT NULL,
    results JSONB NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_registry_import PRIMARY KEY (change_id),
    CONSTRAINT uq_registry_import_file_id UNIQUE (file_id),
    CONSTRAINT fk_registry_import_change_id_controlled_change
        FOREIGN KEY(change_id) REFERENCES controlled_change (case_id),
    CONSTRAINT fk_registry_import_file_id_registry_file FOREIGN KEY(file_id) REFERENCES registry_file (id)
);

CREATE TABLE insured_person (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    uid UUID NOT NULL,
    id_number_sealed BYTEA NOT NULL,
    id_number_index BYTEA NOT NULL,
    id_number_tail_index BYTEA NOT NULL,
    birth_on DATE NOT NULL,
    sex TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    change_id BIGINT,
    CONSTRAINT pk_insured_person PRIMARY KEY (id),
    CONSTRAINT uq_insured_person_uid UNIQUE (uid),
    CONSTRAINT uq_insured_person_id_number_index UNIQUE (id_number_index),
    CONSTRAINT ck_insured_person_sex CHECK (sex IN ('male', 'female')),
    CONSTRAINT fk_insured_person_change_id_registry_import FOREIGN KEY(change_id) REFERENCES registry_import (change_id)
);
CREATE INDEX ix_insured_person_id_number_tail_index ON insured_person (id_number_tail_index);

-- `region_code`: where the person is insured at present.
CREATE TABLE insured_person_detail (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    person_id BIGINT NOT NULL,
    valid_from DATE NOT NULL,
    name TEXT NOT NULL,
    pinyin TEXT NOT NULL,
    initials TEXT NOT NULL,
    region_code TEXT NOT NULL,
    died_on DATE,
    replaces BIGINT,
    void BOOLEAN NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    source TEXT NOT NULL,
    change_id BIGINT,
    CONSTRAINT pk_insured_person_detail PRIMARY KEY (id),
    CONSTRAINT uq_insured_person_detail_replaces UNIQUE (replaces),
    CONSTRAINT fk_insured_person_detail_person_id_insured_person
        FOREIGN KEY(person_id) REFERENCES insured_person (id),
    CONSTRAINT fk_insured_person_detail_region_code_region FOREIGN KEY(region_code) REFERENCES region (code),
    CONSTRAINT fk_insured_person_detail_replaces_insured_person_detail
        FOREIGN KEY(replaces) REFERENCES insured_person_detail (id),
    CONSTRAINT fk_insured_person_detail_change_id_registry_import
        FOREIGN KEY(change_id) REFERENCES registry_import (change_id)
);
CREATE INDEX ix_insured_person_detail_person_id ON insured_person_detail (person_id);
CREATE INDEX ix_insured_person_detail_name ON insured_person_detail (name text_pattern_ops);
CREATE INDEX ix_insured_person_detail_initials ON insured_person_detail (initials text_pattern_ops);
CREATE INDEX ix_insured_person_detail_region_code ON insured_person_detail (region_code);

CREATE TABLE employer (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    uscc TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    change_id BIGINT,
    CONSTRAINT pk_employer PRIMARY KEY (id),
    CONSTRAINT uq_employer_uscc UNIQUE (uscc),
    CONSTRAINT fk_employer_change_id_registry_import FOREIGN KEY(change_id) REFERENCES registry_import (change_id)
);

-- The names an employer had are its rows in the order of `valid_from`. `industry_code`: GB/T 4754.
CREATE TABLE employer_detail (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    employer_id BIGINT NOT NULL,
    valid_from DATE NOT NULL,
    name TEXT NOT NULL,
    pinyin TEXT NOT NULL,
    initials TEXT NOT NULL,
    industry_code TEXT NOT NULL,
    risk_class INTEGER NOT NULL,
    region_code TEXT NOT NULL,
    state TEXT NOT NULL,
    address TEXT NOT NULL,
    replaces BIGINT,
    void BOOLEAN NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    source TEXT NOT NULL,
    change_id BIGINT,
    CONSTRAINT pk_employer_detail PRIMARY KEY (id),
    CONSTRAINT uq_employer_detail_replaces UNIQUE (replaces),
    CONSTRAINT ck_employer_detail_risk_class CHECK (risk_class BETWEEN 1 AND 8),
    CONSTRAINT ck_employer_detail_state CHECK (state IN ('active', 'revoked', 'cancelled')),
    CONSTRAINT fk_employer_detail_employer_id_employer FOREIGN KEY(employer_id) REFERENCES employer (id),
    CONSTRAINT fk_employer_detail_region_code_region FOREIGN KEY(region_code) REFERENCES region (code),
    CONSTRAINT fk_employer_detail_replaces_employer_detail FOREIGN KEY(replaces) REFERENCES employer_detail (id),
    CONSTRAINT fk_employer_detail_change_id_registry_import
        FOREIGN KEY(change_id) REFERENCES registry_import (change_id)
);
CREATE INDEX ix_employer_detail_employer_id ON employer_detail (employer_id);
CREATE INDEX ix_employer_detail_region_code ON employer_detail (region_code);

-- What insures people: an employer itself, a branch of it, or a building project by its own number.
CREATE TABLE insured_unit (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    number TEXT NOT NULL,
    kind TEXT NOT NULL,
    employer_id BIGINT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    change_id BIGINT,
    CONSTRAINT pk_insured_unit PRIMARY KEY (id),
    CONSTRAINT uq_insured_unit_number UNIQUE (number),
    CONSTRAINT ck_insured_unit_kind CHECK (kind IN ('employer', 'project')),
    CONSTRAINT fk_insured_unit_employer_id_employer FOREIGN KEY(employer_id) REFERENCES employer (id),
    CONSTRAINT fk_insured_unit_change_id_registry_import FOREIGN KEY(change_id) REFERENCES registry_import (change_id)
);
CREATE INDEX ix_insured_unit_employer_id ON insured_unit (employer_id);

-- `ends_on`: the last day of cover, for projects the end of the term. `price`: of the contract, yuan.
CREATE TABLE insured_unit_detail (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    unit_id BIGINT NOT NULL,
    valid_from DATE NOT NULL,
    ends_on DATE,
    name TEXT NOT NULL,
    region_code TEXT NOT NULL,
    price NUMERIC(16, 2),
    replaces BIGINT,
    void BOOLEAN NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    source TEXT NOT NULL,
    change_id BIGINT,
    CONSTRAINT pk_insured_unit_detail PRIMARY KEY (id),
    CONSTRAINT uq_insured_unit_detail_replaces UNIQUE (replaces),
    CONSTRAINT ck_insured_unit_detail_period CHECK (ends_on >= valid_from),
    CONSTRAINT ck_insured_unit_detail_price CHECK (price >= 0),
    CONSTRAINT fk_insured_unit_detail_unit_id_insured_unit FOREIGN KEY(unit_id) REFERENCES insured_unit (id),
    CONSTRAINT fk_insured_unit_detail_region_code_region FOREIGN KEY(region_code) REFERENCES region (code),
    CONSTRAINT fk_insured_unit_detail_replaces_insured_unit_detail
        FOREIGN KEY(replaces) REFERENCES insured_unit_detail (id),
    CONSTRAINT fk_insured_unit_detail_change_id_registry_import
        FOREIGN KEY(change_id) REFERENCES registry_import (change_id)
);
CREATE INDEX ix_insured_unit_detail_unit_id ON insured_unit_detail (unit_id);

-- Both days belong to the period. `registered_on`: the day the registration was received, `category`: whether
-- employed, over age (work injury only, Order 56/2025), on a project's real-name roster, or a civil servant.
CREATE TABLE enrolment (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    person_id BIGINT NOT NULL,
    unit_id BIGINT NOT NULL,
    region_code TEXT NOT NULL,
    category TEXT NOT NULL,
    from_on DATE NOT NULL,
    to_on DATE,
    registered_on DATE NOT NULL,
    replaces BIGINT,
    void BOOLEAN NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    source TEXT NOT NULL,
    change_id BIGINT,
    CONSTRAINT pk_enrolment PRIMARY KEY (id),
    CONSTRAINT uq_enrolment_replaces UNIQUE (replaces),
    CONSTRAINT ck_enrolment_category CHECK (category IN ('employed', 'over_age', 'project', 'civil_servant')),
    CONSTRAINT ck_enrolment_period CHECK (to_on >= from_on),
    CONSTRAINT fk_enrolment_person_id_insured_person FOREIGN KEY(person_id) REFERENCES insured_person (id),
    CONSTRAINT fk_enrolment_unit_id_insured_unit FOREIGN KEY(unit_id) REFERENCES insured_unit (id),
    CONSTRAINT fk_enrolment_region_code_region FOREIGN KEY(region_code) REFERENCES region (code),
    CONSTRAINT fk_enrolment_replaces_enrolment FOREIGN KEY(replaces) REFERENCES enrolment (id),
    CONSTRAINT fk_enrolment_change_id_registry_import FOREIGN KEY(change_id) REFERENCES registry_import (change_id)
);
CREATE INDEX ix_enrolment_person_id ON enrolment (person_id);
CREATE INDEX ix_enrolment_unit_id ON enrolment (unit_id);

-- One month (its first day) of one person at one unit; `paid_on` empty: declared and not paid yet.
CREATE TABLE contribution_wage (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    person_id BIGINT NOT NULL,
    unit_id BIGINT NOT NULL,
    region_code TEXT NOT NULL,
    month DATE NOT NULL,
    wage NUMERIC(12, 2) NOT NULL,
    paid_on DATE,
    replaces BIGINT,
    void BOOLEAN NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    source TEXT NOT NULL,
    change_id BIGINT,
    CONSTRAINT pk_contribution_wage PRIMARY KEY (id),
    CONSTRAINT uq_contribution_wage_replaces UNIQUE (replaces),
    CONSTRAINT ck_contribution_wage_month CHECK (EXTRACT(day FROM month) = 1),
    CONSTRAINT ck_contribution_wage_wage CHECK (wage >= 0),
    CONSTRAINT fk_contribution_wage_person_id_insured_person FOREIGN KEY(person_id) REFERENCES insured_person (id),
    CONSTRAINT fk_contribution_wage_unit_id_insured_unit FOREIGN KEY(unit_id) REFERENCES insured_unit (id),
    CONSTRAINT fk_contribution_wage_region_code_region FOREIGN KEY(region_code) REFERENCES region (code),
    CONSTRAINT fk_contribution_wage_replaces_contribution_wage
        FOREIGN KEY(replaces) REFERENCES contribution_wage (id),
    CONSTRAINT fk_contribution_wage_change_id_registry_import
        FOREIGN KEY(change_id) REFERENCES registry_import (change_id)
);
CREATE INDEX ix_contribution_wage_person_id_month ON contribution_wage (person_id, month);

CREATE TABLE institution (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    uscc TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    change_id BIGINT,
    CONSTRAINT pk_institution PRIMARY KEY (id),
    CONSTRAINT uq_institution_uscc UNIQUE (uscc),
    CONSTRAINT fk_institution_change_id_registry_import FOREIGN KEY(change_id) REFERENCES registry_import (change_id)
);

-- An agreement of one kind for a period; an institution without one has a row without days.
CREATE TABLE institution_agreement (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    institution_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    pinyin TEXT NOT NULL,
    initials TEXT NOT NULL,
    kind TEXT NOT NULL,
    region_code TEXT NOT NULL,
    agreement_no TEXT NOT NULL,
    from_on DATE,
    to_on DATE,
    replaces BIGINT,
    void BOOLEAN NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    source TEXT NOT NULL,
    change_id BIGINT,
    CONSTRAINT pk_institution_agreement PRIMARY KEY (id),
    CONSTRAINT uq_institution_agreement_replaces UNIQUE (replaces),
    CONSTRAINT ck_institution_agreement_kind CHECK (kind IN ('medical', 'rehabilitation', 'device')),
    CONSTRAINT ck_institution_agreement_period CHECK (to_on >= from_on),
    CONSTRAINT fk_institution_agreement_institution_id_institution
        FOREIGN KEY(institution_id) REFERENCES institution (id),
    CONSTRAINT fk_institution_agreement_region_code_region FOREIGN KEY(region_code) REFERENCES region (code),
    CONSTRAINT fk_institution_agreement_replaces_institution_agreement
        FOREIGN KEY(replaces) REFERENCES institution_agreement (id),
    CONSTRAINT fk_institution_agreement_change_id_registry_import
        FOREIGN KEY(change_id) REFERENCES registry_import (change_id)
);
CREATE INDEX ix_institution_agreement_institution_id ON institution_agreement (institution_id);

CREATE TABLE expert (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    uid UUID NOT NULL,
    id_number_sealed BYTEA NOT NULL,
    id_number_index BYTEA NOT NULL,
    id_number_tail_index BYTEA NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    change_id BIGINT,
    CONSTRAINT pk_expert PRIMARY KEY (id),
    CONSTRAINT uq_expert_uid UNIQUE (uid),
    CONSTRAINT uq_expert_id_number_index UNIQUE (id_number_index),
    CONSTRAINT fk_expert_change_id_registry_import FOREIGN KEY(change_id) REFERENCES registry_import (change_id)
);

-- CA08: an appointment lasts three years at most. `region_code`: the city (or the region) whose pool it is.
CREATE TABLE expert_term (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    expert_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    pinyin TEXT NOT NULL,
    initials TEXT NOT NULL,
    specialities TEXT[] NOT NULL,
    region_code TEXT NOT NULL,
    title TEXT NOT NULL,
    hospital TEXT NOT NULL,
    hospital_uscc TEXT,
    from_on DATE NOT NULL,
    to_on DATE NOT NULL,
    replaces BIGINT,
    void BOOLEAN NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    source TEXT NOT NULL,
    change_id BIGINT,
    CONSTRAINT pk_expert_term PRIMARY KEY (id),
    CONSTRAINT uq_expert_term_replaces UNIQUE (replaces),
    CONSTRAINT ck_expert_term_period CHECK (to_on >= from_on AND to_on < from_on + INTERVAL '3 years'),
    CONSTRAINT ck_expert_term_specialities CHECK (cardinality(specialities) > 0),
    CONSTRAINT fk_expert_term_expert_id_expert FOREIGN KEY(expert_id) REFERENCES expert (id),
    CONSTRAINT fk_expert_term_region_code_region FOREIGN KEY(region_code) REFERENCES region (code),
    CONSTRAINT fk_expert_term_replaces_expert_term FOREIGN KEY(replaces) REFERENCES expert_term (id),
    CONSTRAINT fk_expert_term_change_id_registry_import FOREIGN KEY(change_id) REFERENCES registry_import (change_id)
);
CREATE INDEX ix_expert_term_expert_id ON expert_term (expert_id);

-- SD014: an import rests on a decided change of exactly this file, and says the true moment.
CREATE FUNCTION public.fence_registry_import_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM public.fence_require_change(NEW.change_id, 'registry_import',
        (SELECT f.kind || ':' || f.digest || ':' || f.id FROM public.registry_file f WHERE f.id = NEW.file_id));
    NEW.at := clock_timestamp();
    RETURN NEW;
END $$;

-- SD014: rows come with their import, in its transaction and of its moment. Without one only the owner loads, and
-- anybody until the founding is closed.
CREATE FUNCTION public.fence_registry_row_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wrong bigint;
BEGIN
    SELECT coalesce(a.change_id, 0) INTO wrong FROM added a
    LEFT JOIN public.registry_import i ON i.change_id = a.change_id
    WHERE CASE WHEN a.change_id IS NULL
        THEN EXISTS (SELECT FROM public.founding) AND NOT pg_has_role(session_user,
            (SELECT relowner FROM pg_class WHERE oid = 'public.registry_import'::regclass), 'MEMBER')
        ELSE i.at <> a.recorded_at OR i.xmin <> pg_current_xact_id()::xid END
    LIMIT 1;
    IF wrong IS NOT NULL THEN
        PERFORM public.fence_refuse('SD014', 'the register changes by an import that was decided',
            jsonb_build_object('kind', 'registry_import', 'change_id', nullif(wrong, 0), 'target', TG_TABLE_NAME));
    END IF;
    RETURN NULL;
END $$;

-- Of a correction both rows speak of the same thing in the same region (else who sees the old one wouldn't see that it
-- is corrected), and the later one was recorded later.
CREATE FUNCTION public.fence_registry_correction() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    same boolean;
BEGIN
    EXECUTE format('SELECT o.%1$I = ($1 ->> %1$L)::bigint AND o.region_code = $1 ->> ''region_code'' '
        'AND o.recorded_at <= ($1 ->> ''recorded_at'')::timestamptz FROM public.%2$I o WHERE o.id = ($1 ->> ''replaces'')::bigint', TG_ARGV[0], TG_TABLE_NAME)
        INTO same USING to_jsonb(NEW);
    IF same IS NOT TRUE THEN
        PERFORM public.fence_refuse('SD014', 'a correction is of the same thing and comes later',
            jsonb_build_object('kind', 'registry_import', 'change_id', NEW.change_id, 'target', TG_TABLE_NAME));
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER registry_import_lawful BEFORE INSERT ON public.registry_import
    FOR EACH ROW EXECUTE FUNCTION public.fence_registry_import_lawful();

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['insured_person', 'insured_person_detail', 'employer', 'employer_detail', 'insured_unit',
                             'insured_unit_detail', 'enrolment', 'contribution_wage', 'institution',
                             'institution_agreement', 'expert', 'expert_term'] LOOP
        EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON public.%I REFERENCING NEW TABLE AS added '
            'FOR EACH STATEMENT EXECUTE FUNCTION public.fence_registry_row_lawful()', t || '_lawful', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['insured_person_detail:person_id', 'employer_detail:employer_id',
                             'insured_unit_detail:unit_id', 'enrolment:person_id', 'contribution_wage:person_id',
                             'institution_agreement:institution_id', 'expert_term:expert_id'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE INSERT ON public.%I FOR EACH ROW WHEN (NEW.replaces IS NOT NULL) '
            'EXECUTE FUNCTION public.fence_registry_correction(%L)',
            split_part(t, ':', 1) || '_correction', split_part(t, ':', 1), split_part(t, ':', 2));
    END LOOP;
    FOREACH t IN ARRAY ARRAY['registry_file', 'registry_import', 'insured_person', 'insured_person_detail',
                             'employer', 'employer_detail', 'insured_unit', 'insured_unit_detail', 'enrolment',
                             'contribution_wage', 'institution', 'institution_agreement', 'expert', 'expert_term'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON public.%I '
            'FOR EACH ROW EXECUTE FUNCTION public.fence_append_only()', t || '_append_only', t);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON public.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION public.fence_append_only()', t || '_keep', t);
    END LOOP;
END $$;

REVOKE ALL ON FUNCTION public.fence_registry_import_lawful(), public.fence_registry_row_lawful(),
    public.fence_registry_correction() FROM PUBLIC;

-- Officers see what lies in their regions. Numbers, codes and births alone (insured_person, employer, …) name nobody.
DO $$
DECLARE
    t text;
    seen CONSTANT text := 'region_code = ANY ((SELECT public.visible_regions())::text[])';
BEGIN
    FOREACH t IN ARRAY ARRAY['insured_person_detail', 'employer_detail', 'insured_unit_detail', 'enrolment',
                             'contribution_wage', 'institution_agreement', 'expert_term'] LOOP
        EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY region_scope ON public.%I TO sanshen_app USING (%s) WITH CHECK (%s)',
                       t, seen, seen);
        EXECUTE format('CREATE POLICY auditor_reads ON public.%I FOR SELECT TO sanshen_auditor USING (true)', t);
    END LOOP;
END $$;

GRANT SELECT, INSERT ON registry_file, registry_import, insured_person, insured_person_detail, employer,
    employer_detail, insured_unit, insured_unit_detail, enrolment, contribution_wage, institution,
    institution_agreement, expert, expert_term TO sanshen_app;
GRANT SELECT (id, uid, kind, name, digest, preview, subjects, uploaded_by, uploaded_at) ON registry_file TO sanshen_auditor;
GRANT SELECT (id, uid, id_number_index, id_number_tail_index, birth_on, sex, recorded_at, change_id)
    ON insured_person TO sanshen_auditor;
GRANT SELECT (id, uid, id_number_index, id_number_tail_index, recorded_at, change_id) ON expert TO sanshen_auditor;
GRANT SELECT ON registry_import, insured_person_detail, employer, employer_detail, insured_unit, insured_unit_detail,
    enrolment, contribution_wage, institution, institution_agreement, expert_term TO sanshen_auditor;
