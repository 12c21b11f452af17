-- Versions of rules with their files, which of them is in force from which day, and what came of their hits.
CREATE TABLE rule_version (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    rule_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    digest TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by TEXT NOT NULL,
    approval JSONB NOT NULL,
    change_id BIGINT,
    CONSTRAINT pk_rule_version PRIMARY KEY (id),
    CONSTRAINT ck_rule_version_version CHECK (version > 0),
    CONSTRAINT uq_rule_version_rule_id_version UNIQUE (rule_id, version),
    CONSTRAINT uq_rule_version_id_rule_id_version UNIQUE (id, rule_id, version),
    CONSTRAINT fk_rule_version_change_id_controlled_change FOREIGN KEY (change_id) REFERENCES controlled_change (case_id)
);

CREATE TABLE rule_file (
    version_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    content BYTEA NOT NULL,
    CONSTRAINT pk_rule_file PRIMARY KEY (version_id, name),
    CONSTRAINT ck_rule_file_name CHECK (name IN ('rule.toml', 'rule.dmn', 'cases.toml')),
    CONSTRAINT fk_rule_file_version_id_rule_version FOREIGN KEY (version_id) REFERENCES rule_version (id)
);

-- The newest of the latest day that has come stands: a version, or none after a retirement.
CREATE TABLE rule_release (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    rule_id TEXT NOT NULL,
    action TEXT NOT NULL,
    version_id BIGINT,
    effective_from DATE NOT NULL,
    change_id BIGINT,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_rule_release PRIMARY KEY (id),
    CONSTRAINT ck_rule_release_action CHECK (action IN ('deploy', 'retire')),
    CONSTRAINT ck_rule_release_of CHECK ((action = 'retire') = (version_id IS NULL)),
    CONSTRAINT uq_rule_release_change_id UNIQUE (change_id),
    CONSTRAINT fk_rule_release_version_id_rule_version FOREIGN KEY (version_id) REFERENCES rule_version (id),
    CONSTRAINT fk_rule_release_change_id_controlled_change FOREIGN KEY (change_id) REFERENCES controlled_change (case_id)
);
CREATE INDEX ix_rule_release_rule_id ON rule_release (rule_id, effective_from, id);

-- What statistical rules found over many cases: no case of its own, a person says what came of it.
CREATE TABLE rule_finding (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    version_id BIGINT NOT NULL,
    rule_id TEXT NOT NULL,
    rule_version INTEGER NOT NULL,
    severity TEXT NOT NULL,
    action TEXT NOT NULL,
    region_code TEXT NOT NULL,
    subject TEXT NOT NULL,
    period_from DATE NOT NULL,
    period_to DATE NOT NULL,
    message_zh TEXT NOT NULL,
    message_en TEXT NOT NULL,
    inputs JSONB NOT NULL,
    inputs_digest TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    disposition TEXT,
    reason TEXT,
    disposed_by BIGINT,
    disposed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_rule_finding PRIMARY KEY (id),
    CONSTRAINT ck_rule_finding_disposition CHECK (disposition IN ('explained', 'followed')),
    CONSTRAINT ck_rule_finding_disposed_whole CHECK ((disposition IS NULL) = (disposed_by IS NULL)
        AND (disposition IS NULL) = (disposed_at IS NULL) AND (disposition IS NULL) = (reason IS NULL)),
    CONSTRAINT uq_rule_finding_rule_id_rule_version_subject_inputs_digest
        UNIQUE (rule_id, rule_version, subject, inputs_digest),
    CONSTRAINT fk_rule_finding_version_id_rule_id_rule_version_rule_version
        FOREIGN KEY (version_id, rule_id, rule_version) REFERENCES rule_version (id, rule_id, version),
    CONSTRAINT fk_rule_finding_region_code_region FOREIGN KEY (region_code) REFERENCES region (code),
    CONSTRAINT fk_rule_finding_disposed_by_person FOREIGN KEY (disposed_by) REFERENCES person (id)
);
CREATE INDEX ix_rule_finding_open ON rule_finding (rule_id, id) WHERE disposition IS NULL;

ALTER TABLE rule_hit ADD COLUMN version_id BIGINT;
ALTER TABLE rule_hit ADD COLUMN trigger TEXT;
ALTER TABLE rule_hit ADD COLUMN reason TEXT;
ALTER TABLE rule_hit ADD CONSTRAINT fk_rule_hit_version_id_rule_id_rule_version_rule_version
    FOREIGN KEY (version_id, rule_id, rule_version) REFERENCES rule_version (id, rule_id, version);
CREATE INDEX ix_rule_hit_rule_id ON rule_hit (rule_id, id);

-- SD035. As with processes: before the founding is closed nobody is there who could decide; from then on only what
-- three people decided, and exactly the files they signed.
CREATE FUNCTION public.fence_require_rule(of_change bigint, of_action text, of_rule text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    c public.controlled_change;
    problem text;
BEGIN
    IF of_change IS NULL THEN
        IF of_action <> 'deploy' OR EXISTS (SELECT FROM public.founding) THEN
            PERFORM public.fence_refuse('SD035', 'after the founding a rule changes by a controlled change',
                jsonb_build_object('problem', 'founded', 'rule', of_rule));
        END IF;
        RETURN;
    END IF;
    SELECT * INTO c FROM public.controlled_change WHERE case_id = of_change;
    problem := CASE
        WHEN c.kind IS DISTINCT FROM 'rule' THEN 'other_kind'
        WHEN NOT EXISTS (SELECT FROM public.case_decision d
                         JOIN public.case_facts f ON f.case_id = d.case_id
                         WHERE d.case_id = of_change AND d.kind = 'deployed'
                           AND f.facts ->> 'change_digest' = encode(c.digest, 'hex')) THEN 'undecided'
        WHEN (c.payload #>> '{values,action}') IS DISTINCT FROM of_action THEN 'other_action'
        WHEN c.target IS DISTINCT FROM of_rule THEN 'other_rule'
        WHEN public.fence_editor_reviewed(of_change) THEN 'editor_reviewed'
    END;
    IF problem IS NOT NULL THEN
        PERFORM public.fence_refuse('SD035', 'no approved change carries this version',
            jsonb_build_object('problem', problem, 'change_id', of_change, 'rule', of_rule));
    END IF;
END $$;

CREATE FUNCTION public.fence_rule_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM public.fence_require_rule(NEW.change_id, 'deploy', NEW.rule_id);
    RETURN NEW;
END $$;

-- Files come with their version, in its transaction, and are the texts that were signed.
CREATE FUNCTION public.fence_rule_file_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    of_change bigint;
    signed text;
BEGIN
    SELECT v.change_id INTO of_change FROM public.rule_version v
    WHERE v.id = NEW.version_id AND v.xmin = pg_current_xact_id()::xid;
    IF NOT FOUND THEN
        PERFORM public.fence_refuse('SD035', 'files are added with their version',
            jsonb_build_object('problem', 'late_file', 'version_id', NEW.version_id, 'name', NEW.name));
    END IF;
    IF of_change IS NOT NULL THEN
        SELECT c.payload #>> ARRAY['values', replace(NEW.name, '.', '_')] INTO signed
        FROM public.controlled_change c WHERE c.case_id = of_change;
        IF NEW.content IS DISTINCT FROM convert_to(signed || E'\n', 'UTF8') THEN
            PERFORM public.fence_refuse('SD035', 'the files are not those that were approved',
                jsonb_build_object('problem', 'files', 'change_id', of_change, 'name', NEW.name));
        END IF;
    END IF;
    RETURN NEW;
END $$;

-- At the commit: all three files are there, and the digest is theirs (SHA-256 over name, NUL, length, NUL, content, in the
-- order of names).
CREATE FUNCTION public.fence_rule_whole() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found text;
    files bigint;
BEGIN
    SELECT encode(sha256(string_agg(convert_to(f.name, 'UTF8') || '\x00'::bytea
                                    || convert_to(length(f.content)::text, 'UTF8') || '\x00'::bytea || f.content,
                                    ''::bytea ORDER BY f.name COLLATE "C")), 'hex'), count(*)
    INTO found, files FROM public.rule_file f WHERE f.version_id = NEW.id;
    IF files <> 3 OR found IS DISTINCT FROM NEW.digest THEN
        PERFORM public.fence_refuse('SD035', 'a version without exactly its files',
            jsonb_build_object('problem', 'files', 'change_id', NEW.change_id, 'rule', NEW.rule_id));
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION public.fence_rule_release_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v public.rule_version;
BEGIN
    PERFORM public.fence_require_rule(NEW.change_id, NEW.action, NEW.rule_id);
    SELECT * INTO v FROM public.rule_version WHERE id = NEW.version_id;
    IF NEW.action = 'deploy' AND (v.rule_id <> NEW.rule_id OR v.change_id IS DISTINCT FROM NEW.change_id) THEN
        PERFORM public.fence_refuse('SD035', 'a version of another rule or change',
            jsonb_build_object('problem', 'other_version', 'change_id', NEW.change_id, 'rule', NEW.rule_id));
    END IF;
    IF NEW.change_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM public.controlled_change c WHERE c.case_id = NEW.change_id
              AND c.payload #>> '{values,effective_from}' = NEW.effective_from::text) THEN
        PERFORM public.fence_refuse('SD035', 'in force from another day than was approved',
            jsonb_build_object('problem', 'other_day', 'change_id', NEW.change_id, 'rule', NEW.rule_id));
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER rule_version_lawful BEFORE INSERT ON public.rule_version
    FOR EACH ROW EXECUTE FUNCTION public.fence_rule_lawful();
CREATE CONSTRAINT TRIGGER rule_version_whole AFTER INSERT ON public.rule_version
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.fence_rule_whole();
CREATE TRIGGER rule_file_lawful BEFORE INSERT ON public.rule_file
    FOR EACH ROW EXECUTE FUNCTION public.fence_rule_file_lawful();
CREATE TRIGGER rule_release_lawful BEFORE INSERT ON public.rule_release
    FOR EACH ROW EXECUTE FUNCTION public.fence_rule_release_lawful();

DO $$
DECLARE
    ledger text;
BEGIN
    FOREACH ledger IN ARRAY ARRAY['rule_version', 'rule_file', 'rule_release']
    LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON public.%I '
            'FOR EACH ROW EXECUTE FUNCTION public.fence_append_only()', ledger || '_append_only', ledger);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON public.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION public.fence_append_only()', ledger || '_keep', ledger);
    END LOOP;
END $$;

REVOKE ALL ON FUNCTION public.fence_require_rule(bigint, text, text), public.fence_rule_lawful(),
    public.fence_rule_file_lawful(), public.fence_rule_whole(), public.fence_rule_release_lawful() FROM PUBLIC;
GRANT SELECT, INSERT ON rule_version, rule_file, rule_release, rule_finding TO sanshen_app;
GRANT UPDATE (disposition, reason, disposed_by, disposed_at) ON rule_finding TO sanshen_app;
GRANT UPDATE (reason) ON rule_hit TO sanshen_app;
GRANT SELECT ON rule_version, rule_file, rule_release, rule_finding TO sanshen_auditor;
GRANT SELECT (version_id, trigger, reason) ON rule_hit TO sanshen_auditor;
