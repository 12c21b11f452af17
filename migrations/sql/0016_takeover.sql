-- Cases begun on paper or in another system. What was done there is text and files: it gives nobody a duty.
CREATE TABLE case_take_over (
    case_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    origin TEXT NOT NULL,
    entry TEXT,
    reference TEXT NOT NULL,
    dates JSONB NOT NULL,
    done_before TEXT NOT NULL,
    notes TEXT NOT NULL,
    evidence TEXT[] NOT NULL,
    entered_by BIGINT,
    entered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_case_take_over PRIMARY KEY (case_id),
    CONSTRAINT ck_case_take_over_kind CHECK (kind IN ('open', 'decided')),
    CONSTRAINT ck_case_take_over_origin CHECK (origin IN ('paper', 'system')),
    CONSTRAINT ck_case_take_over_entry CHECK ((kind = 'open') = (entry IS NOT NULL)),
    CONSTRAINT ck_case_take_over_reference CHECK (reference <> ''),
    CONSTRAINT ck_case_take_over_evidence CHECK (cardinality(evidence) > 0),
    CONSTRAINT fk_case_take_over_case_id_case FOREIGN KEY (case_id) REFERENCES "case" (id),
    CONSTRAINT fk_case_take_over_entered_by_person FOREIGN KEY (entered_by) REFERENCES person (id)
);
CREATE INDEX ix_case_take_over_reference ON case_take_over (reference);

-- SD070: only while the case is being opened, so that no case that ran here is said to have run elsewhere. What is
-- decided elsewhere is closed here; what goes on here isn't decided.
CREATE FUNCTION public.fence_take_over_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    c public."case";
    problem text;
BEGIN
    PERFORM public.fence_check_time(NEW.entered_at);
    SELECT * INTO c FROM public."case" WHERE id = NEW.case_id FOR UPDATE;
    problem := CASE
        WHEN EXISTS (SELECT FROM public.case_state s WHERE s.case_id = NEW.case_id)
            OR EXISTS (SELECT FROM public.task t WHERE t.case_id = NEW.case_id) THEN 'begun'
        WHEN EXISTS (SELECT FROM public.performance p WHERE p.case_id = NEW.case_id
                     AND (p.duty <> 'intake' OR p.at < NEW.entered_at)) THEN 'performed'
        WHEN (NEW.kind = 'decided') IS DISTINCT FROM (c.decided_at IS NOT NULL AND c.closed_at IS NOT NULL)
            THEN 'state'
        WHEN greatest(c.received_at, c.accepted_at, c.decided_at) > NEW.entered_at THEN 'future'
    END;
    IF problem IS NOT NULL THEN
        PERFORM public.fence_refuse('SD070', 'a case is taken over with its opening only',
            jsonb_build_object('problem', problem, 'case_id', NEW.case_id));
    END IF;
    RETURN NEW;
END $$;

-- SD071: nobody did anything in the case before it was entered here; in one decided elsewhere nobody does but enter it.
CREATE FUNCTION public.fence_nothing_before_take_over() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    taken public.case_take_over;
BEGIN
    SELECT * INTO taken FROM public.case_take_over WHERE case_id = NEW.case_id;
    IF FOUND AND (NEW.at < taken.entered_at OR (taken.kind = 'decided' AND NEW.duty <> 'intake')) THEN
        PERFORM public.fence_refuse('SD071', 'what was done elsewhere earns no duty here',
            jsonb_build_object('case_id', NEW.case_id, 'duty', NEW.duty, 'at', NEW.at,
                               'entered_at', taken.entered_at));
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER take_over_lawful BEFORE INSERT ON public.case_take_over
    FOR EACH ROW EXECUTE FUNCTION public.fence_take_over_lawful();
CREATE TRIGGER take_over_append_only BEFORE UPDATE OR DELETE ON public.case_take_over
    FOR EACH ROW EXECUTE FUNCTION public.fence_append_only();
CREATE TRIGGER take_over_keep BEFORE TRUNCATE ON public.case_take_over
    FOR EACH STATEMENT EXECUTE FUNCTION public.fence_append_only();
CREATE TRIGGER performance_nothing_before_take_over BEFORE INSERT ON public.performance
    FOR EACH ROW EXECUTE FUNCTION public.fence_nothing_before_take_over();

-- Who sees the case sees what it began with: cases move between regions, so the case's own policy decides.
ALTER TABLE public.case_take_over ENABLE ROW LEVEL SECURITY;
CREATE POLICY region_scope ON public.case_take_over TO sanshen_app
    USING (EXISTS (SELECT FROM public."case" c WHERE c.id = case_id))
    WITH CHECK (EXISTS (SELECT FROM public."case" c WHERE c.id = case_id));
CREATE POLICY auditor_reads ON public.case_take_over FOR SELECT TO sanshen_auditor USING (true);

REVOKE ALL ON FUNCTION public.fence_take_over_lawful(), public.fence_nothing_before_take_over() FROM PUBLIC;
GRANT SELECT, INSERT ON case_take_over TO sanshen_app;
GRANT SELECT ON case_take_over TO sanshen_auditor;
