-- Versions of all benefit formulas together: their models import one another, and the worked examples judge the whole.
CREATE TABLE formula_version (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    version INTEGER NOT NULL,
    digest TEXT NOT NULL,
    effective_from DATE NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by TEXT NOT NULL,
    approval JSONB NOT NULL,
    change_id BIGINT,
    CONSTRAINT pk_formula_version PRIMARY KEY (id),
    CONSTRAINT ck_formula_version_version CHECK (version > 0),
    CONSTRAINT uq_formula_version_version UNIQUE (version),
    CONSTRAINT uq_formula_version_change_id UNIQUE (change_id),
    CONSTRAINT fk_formula_version_change_id_controlled_change FOREIGN KEY (change_id) REFERENCES controlled_change (case_id)
);
CREATE INDEX ix_formula_version_effective_from ON formula_version (effective_from, id);

CREATE TABLE formula_file (
    version_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    content BYTEA NOT NULL,
    CONSTRAINT pk_formula_file PRIMARY KEY (version_id, name),
    CONSTRAINT ck_formula_file_name CHECK (name ~ '^[a-z][a-z0-9_]*[.](dmn|toml)$'),
    CONSTRAINT fk_formula_file_version_id_formula_version FOREIGN KEY (version_id) REFERENCES formula_version (id)
);

-- SD036. Before the founding is closed nobody is there who could decide; from then on only what three people decided,
-- exactly the files they signed (by their common digest), from the day they signed.
CREATE FUNCTION public.fence_formula_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    c public.controlled_change;
    problem text;
BEGIN
    IF NEW.change_id IS NULL THEN
        IF EXISTS (SELECT FROM public.founding) THEN
            PERFORM public.fence_refuse('SD036', 'after the founding formulas change by a controlled change',
                jsonb_build_object('problem', 'founded', 'version', NEW.version));
        END IF;
        RETURN NEW;
    END IF;
    SELECT * INTO c FROM public.controlled_change WHERE case_id = NEW.change_id;
    problem := CASE
        WHEN c.kind IS DISTINCT FROM 'formula' THEN 'other_kind'
        WHEN NOT EXISTS (SELECT FROM public.case_decision d
                         JOIN public.case_facts f ON f.case_id = d.case_id
                         WHERE d.case_id = NEW.change_id AND d.kind = 'deployed'
                           AND f.facts ->> 'change_digest' = encode(c.digest, 'hex')) THEN 'undecided'
        WHEN (c.payload #>> '{values,digest}') IS DISTINCT FROM NEW.digest THEN 'files'
        WHEN (c.payload #>> '{values,effective_from}') IS DISTINCT FROM NEW.effective_from::text THEN 'other_day'
        WHEN public.fence_editor_reviewed(NEW.change_id) THEN 'editor_reviewed'
    END;
    IF problem IS NOT NULL THEN
        PERFORM public.fence_refuse('SD036', 'no approved change carries these formulas',
            jsonb_build_object('problem', problem, 'change_id', NEW.change_id, 'version', NEW.version));
    END IF;
    RETURN NEW;
END $$;

-- Files come with their version, in its transaction.
CREATE FUNCTION public.fence_formula_file_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.formula_version v
                   WHERE v.id = NEW.version_id AND v.xmin = pg_current_xact_id()::xid) THEN
        PERFORM public.fence_refuse('SD036', 'files are added with their version',
            jsonb_build_object('problem', 'late_file', 'version_id', NEW.version_id, 'name', NEW.name));
    END IF;
    RETURN NEW;
END $$;

-- At the commit: the digest is that of the files (SHA-256 over name, NUL, length, NUL, content, in the order of names).
CREATE FUNCTION public.fence_formula_whole() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found text;
BEGIN
    SELECT encode(sha256(string_agg(convert_to(f.name, 'UTF8') || '\x00'::bytea
                                    || convert_to(length(f.content)::text, 'UTF8') || '\x00'::bytea || f.content,
                                    ''::bytea ORDER BY f.name COLLATE "C")), 'hex')
    INTO found FROM public.formula_file f WHERE f.version_id = NEW.id;
    IF found IS DISTINCT FROM NEW.digest THEN
        PERFORM public.fence_refuse('SD036', 'a version without exactly its files',
            jsonb_build_object('problem', 'files', 'change_id', NEW.change_id, 'version', NEW.version));
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER formula_version_lawful BEFORE INSERT ON public.formula_version
    FOR EACH ROW EXECUTE FUNCTION public.fence_formula_lawful();
CREATE CONSTRAINT TRIGGER formula_version_whole AFTER INSERT ON public.formula_version
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.fence_formula_whole();
CREATE TRIGGER formula_file_lawful BEFORE INSERT ON public.formula_file
    FOR EACH ROW EXECUTE FUNCTION public.fence_formula_file_lawful();

DO $$
DECLARE
    ledger text;
BEGIN
    FOREACH ledger IN ARRAY ARRAY['formula_version', 'formula_file']
    LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON public.%I '
            'FOR EACH ROW EXECUTE FUNCTION public.fence_append_only()', ledger || '_append_only', ledger);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON public.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION public.fence_append_only()', ledger || '_keep', ledger);
    END LOOP;
END $$;

REVOKE ALL ON FUNCTION public.fence_formula_lawful(), public.fence_formula_file_lawful(),
    public.fence_formula_whole() FROM PUBLIC;
GRANT SELECT, INSERT ON formula_version, formula_file TO sanshen_app;
GRANT SELECT ON formula_version, formula_file TO sanshen_auditor;
