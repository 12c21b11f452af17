-- The triggers go with their functions.
DO $$
DECLARE
    routine regprocedure;
BEGIN
    FOR routine IN SELECT oid FROM pg_proc
                   WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'fence\_%' LOOP
        EXECUTE format('DROP FUNCTION %s CASCADE', routine);
    END LOOP;
END $$;
DROP VIEW public.duty_act;
DROP VIEW IF EXISTS public.case_bar;
DROP VIEW IF EXISTS public.post_collision;
DROP VIEW IF EXISTS public.conflict_set_in_force;
