-- Dated, sourced parameters: definitions (the owner's), editions decided by three people, their rows.

CREATE TABLE parameter (
    key TEXT NOT NULL,
    topic TEXT NOT NULL,
    position INTEGER NOT NULL,
    title_zh TEXT NOT NULL,
    title_en TEXT NOT NULL,
    kind TEXT NOT NULL,
    unit TEXT NOT NULL,
    carries_over BOOLEAN NOT NULL,
    detail JSONB NOT NULL,
    CONSTRAINT pk_parameter PRIMARY KEY (key),
    CONSTRAINT ck_parameter_key CHECK (key ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT ck_parameter_kind CHECK (kind IN ('number', 'text', 'date'))
);

-- All rows of one parameter in one region as they stood from `active_from` on; no region: the whole country.
CREATE TABLE parameter_edition (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    key TEXT NOT NULL,
    region_code TEXT,
    edition INTEGER NOT NULL,
    active_from TIMESTAMP WITH TIME ZONE NOT NULL,
    approval JSONB NOT NULL,
    change_id BIGINT,
    CONSTRAINT pk_parameter_edition PRIMARY KEY (id),
    CONSTRAINT uq_parameter_edition_key_region_code_edition UNIQUE NULLS NOT DISTINCT (key, region_code, edition),
    CONSTRAINT uq_parameter_edition_change_id UNIQUE (change_id),
    CONSTRAINT ck_parameter_edition_edition CHECK (edition > 0),
    CONSTRAINT fk_parameter_edition_key_parameter FOREIGN KEY(key) REFERENCES parameter (key),
    CONSTRAINT fk_parameter_edition_region_code_region FOREIGN KEY(region_code) REFERENCES region (code),
    CONSTRAINT fk_parameter_edition_change_id_controlled_change
        FOREIGN KEY(change_id) REFERENCES controlled_change (case_id)
);

-- `slot`: the values of the parameter's dimensions, joined by '/'. Periods include both days.
CREATE TABLE parameter_value (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    edition_id BIGINT NOT NULL,
    slot TEXT NOT NULL,
    value TEXT NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    source TEXT NOT NULL,
    tag TEXT NOT NULL,
    CONSTRAINT pk_parameter_value PRIMARY KEY (id),
    CONSTRAINT parameter_value_one_at_a_time EXCLUDE USING gist (
        int8range(edition_id, edition_id, '[]') WITH &&,
        int8range(hashtextextended(slot, 0), hashtextextended(slot, 0), '[]') WITH &&,
        daterange(valid_from, valid_to, '[]') WITH &&),
    CONSTRAINT ck_parameter_value_period CHECK (valid_to >= valid_from),
    CONSTRAINT ck_parameter_value_value CHECK (value <> ''),
    CONSTRAINT ck_parameter_value_source CHECK (source <> ''),
    CONSTRAINT ck_parameter_value_tag CHECK (tag IN ('V', 'E', 'K', 'D', 'TEST')),
    CONSTRAINT fk_parameter_value_edition_id_parameter_edition
        FOREIGN KEY(edition_id) REFERENCES parameter_edition (id)
);

-- What a calculation for a case looked up, and what it was given: a later value changes none of it.
CREATE TABLE parameter_use (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    case_id BIGINT NOT NULL,
    purpose TEXT NOT NULL,
    edition_id BIGINT NOT NULL,
    slot TEXT NOT NULL,
    region_code TEXT,
    on_day DATE NOT NULL,
    value TEXT NOT NULL,
    provisional BOOLEAN NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_parameter_use PRIMARY KEY (id),
    CONSTRAINT fk_parameter_use_case_id_case FOREIGN KEY(case_id) REFERENCES "case" (id),
    CONSTRAINT fk_parameter_use_edition_id_parameter_edition
        FOREIGN KEY(edition_id) REFERENCES parameter_edition (id),
    CONSTRAINT fk_parameter_use_region_code_region FOREIGN KEY(region_code) REFERENCES region (code)
);
CREATE INDEX ix_parameter_use_case_id ON parameter_use (case_id);
CREATE INDEX ix_parameter_use_edition_id ON parameter_use (edition_id);

-- SD014 too. Before the founding is closed nobody is there who could decide; from then on not even the owner
-- installs values. A change comes into force at the moment it is written, and once.
CREATE FUNCTION public.fence_parameter_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    named CONSTANT text := NEW.key || '@' || coalesce(NEW.region_code, 'national');
BEGIN
    IF NEW.change_id IS NOT NULL THEN
        PERFORM public.fence_require_change(NEW.change_id, 'parameter', named);
        NEW.active_from := clock_timestamp();
    ELSIF EXISTS (SELECT FROM public.founding) THEN
        PERFORM public.fence_refuse('SD014', 'after the founding a parameter changes by a controlled change',
            jsonb_build_object('kind', 'parameter', 'target', named));
    END IF;
    RETURN NEW;
END $$;

-- Rows come with their edition, in its transaction.
CREATE FUNCTION public.fence_parameter_value_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.parameter_edition e
                   WHERE e.id = NEW.edition_id AND e.xmin = pg_current_xact_id()::xid) THEN
        PERFORM public.fence_refuse('SD014', 'values are added with their edition',
            jsonb_build_object('kind', 'parameter', 'edition_id', NEW.edition_id));
    END IF;
    RETURN NEW;
END $$;

-- At the commit, when all rows are there: they are those that were signed.
CREATE FUNCTION public.fence_parameter_whole() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found jsonb;
BEGIN
    SELECT jsonb_agg(jsonb_build_object('slot', v.slot, 'value', v.value, 'valid_from', v.valid_from::text,
                                        'valid_to', v.valid_to::text, 'source', v.source, 'tag', v.tag)
                     ORDER BY v.slot COLLATE "C", v.valid_from)
    INTO found FROM public.parameter_value v WHERE v.edition_id = NEW.id;
    IF NEW.change_id IS NOT NULL AND found IS DISTINCT FROM (
        SELECT c.payload #> '{values,rows}' FROM public.controlled_change c WHERE c.case_id = NEW.change_id) THEN
        PERFORM public.fence_refuse('SD014', 'the values are not those that were approved',
            jsonb_build_object('kind', 'parameter', 'change_id', NEW.change_id, 'target', NEW.key));
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER parameter_edition_lawful BEFORE INSERT ON public.parameter_edition
    FOR EACH ROW EXECUTE FUNCTION public.fence_parameter_lawful();
CREATE CONSTRAINT TRIGGER parameter_edition_whole AFTER INSERT ON public.parameter_edition
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.fence_parameter_whole();
CREATE TRIGGER parameter_value_lawful BEFORE INSERT ON public.parameter_value
    FOR EACH ROW EXECUTE FUNCTION public.fence_parameter_value_lawful();

DO $$
DECLARE
    ledger text;
BEGIN
    FOREACH ledger IN ARRAY ARRAY['parameter_edition', 'parameter_value', 'parameter_use'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON public.%I '
            'FOR EACH ROW EXECUTE FUNCTION public.fence_append_only()', ledger || '_append_only', ledger);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON public.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION public.fence_append_only()', ledger || '_keep', ledger);
    END LOOP;
END $$;

REVOKE ALL ON FUNCTION public.fence_parameter_lawful(), public.fence_parameter_value_lawful(),
    public.fence_parameter_whole() FROM PUBLIC;

GRANT SELECT ON parameter TO sanshen_app;
GRANT SELECT, INSERT ON parameter_edition, parameter_value, parameter_use TO sanshen_app;
GRANT SELECT ON parameter, parameter_edition, parameter_value, parameter_use TO sanshen_auditor;
