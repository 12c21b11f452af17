-- Row-level security by region: the second wall behind the application's own filters.
-- Not on tables without a region (case_state, clock, task_claim: reached through their case) and not
-- on ledgers, which the fence must count whole. The owner, under whom triggers run, isn't bound.

-- app.regions: codes joined by commas, '*' for all, unset for none. Policies ask in a sub-select, so
-- that a statement computes it once and compares an indexed column with an array.
CREATE FUNCTION public.visible_regions() RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT CASE current_setting('app.regions', true)
        WHEN '*' THEN (SELECT array_agg(code) FROM public.region)
        ELSE string_to_array(current_setting('app.regions', true), ',')
    END
$$;
REVOKE ALL ON FUNCTION public.visible_regions() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.visible_regions() TO sanshen_app;

DO $$
DECLARE
    t text;
    whole text;
    seen CONSTANT text := '%I = ANY ((SELECT public.visible_regions())::text[])';
BEGIN
    FOREACH t IN ARRAY ARRAY['case', 'case_facts', 'task', 'material', 'document'] LOOP
        -- The office of a task that went to the next higher pool sees it, and so does everybody above.
        whole := format(seen, CASE t WHEN 'task' THEN 'scope_code' ELSE 'region_code' END);
        EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY region_scope ON public.%I TO sanshen_app USING (%s) WITH CHECK (%s)',
                       t, whole, whole);
        EXECUTE format('CREATE POLICY auditor_reads ON public.%I FOR SELECT TO sanshen_auditor USING (true)', t);
    END LOOP;
END $$;
