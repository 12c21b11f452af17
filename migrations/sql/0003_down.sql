DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['case', 'case_facts', 'task', 'material', 'document'] LOOP
        EXECUTE format('DROP POLICY region_scope ON public.%I', t);
        EXECUTE format('DROP POLICY auditor_reads ON public.%I', t);
        EXECUTE format('ALTER TABLE public.%I DISABLE ROW LEVEL SECURITY', t);
    END LOOP;
    -- Revoking a right on a table takes the rights on its columns with it.
    FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('REVOKE ALL ON public.%I FROM sanshen_app, sanshen_auditor', t);
    END LOOP;
END $$;
DROP FUNCTION public.visible_regions();
