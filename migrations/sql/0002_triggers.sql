CREATE TRIGGER performance_lawful BEFORE INSERT ON public.performance
    FOR EACH ROW EXECUTE FUNCTION public.fence_performance_lawful();
CREATE TRIGGER performance_bind AFTER INSERT ON public.performance
    FOR EACH ROW EXECUTE FUNCTION public.fence_performance_bind();
CREATE TRIGGER case_risk_lawful BEFORE INSERT ON public.case_risk
    FOR EACH ROW EXECUTE FUNCTION public.fence_risk_lawful();
CREATE TRIGGER case_risk_backfill AFTER INSERT ON public.case_risk
    FOR EACH ROW EXECUTE FUNCTION public.fence_risk_backfill();
CREATE TRIGGER signature_lawful BEFORE INSERT ON public.signature
    FOR EACH ROW EXECUTE FUNCTION public.fence_signature_lawful();
CREATE TRIGGER case_decision_lawful BEFORE INSERT ON public.case_decision
    FOR EACH ROW EXECUTE FUNCTION public.fence_decision_lawful();
CREATE TRIGGER document_lawful BEFORE INSERT OR UPDATE OF decision_id, case_id ON public.document
    FOR EACH ROW EXECUTE FUNCTION public.fence_document_lawful();
CREATE TRIGGER post_grant_lawful BEFORE INSERT ON public.post_grant
    FOR EACH ROW EXECUTE FUNCTION public.fence_grant_lawful();
CREATE TRIGGER post_grant_hold AFTER INSERT ON public.post_grant
    FOR EACH ROW EXECUTE FUNCTION public.fence_grant_hold();
CREATE TRIGGER post_exclusion_hold AFTER INSERT ON public.post_exclusion
    FOR EACH ROW EXECUTE FUNCTION public.fence_exclusion_hold();
CREATE TRIGGER account_fixed BEFORE UPDATE OF person_id ON public.account
    FOR EACH ROW WHEN (NEW.person_id IS DISTINCT FROM OLD.person_id)
    EXECUTE FUNCTION public.fence_identity_fixed();
CREATE TRIGGER person_fixed BEFORE UPDATE OF id_number_index ON public.person
    FOR EACH ROW WHEN (NEW.id_number_index IS DISTINCT FROM OLD.id_number_index)
    EXECUTE FUNCTION public.fence_identity_fixed();
CREATE TRIGGER case_fixed BEFORE UPDATE OF process_key, chain_id, case_role ON public."case"
    FOR EACH ROW WHEN ((NEW.process_key, NEW.chain_id, NEW.case_role)
                       IS DISTINCT FROM (OLD.process_key, OLD.chain_id, OLD.case_role))
    EXECUTE FUNCTION public.fence_case_fixed();

DO $$
DECLARE
    ledger text;
BEGIN
    FOREACH ledger IN ARRAY ARRAY['performance', 'sod_binding', 'signature', 'case_risk', 'case_decision',
        'duty_decision', 'audit_event', 'post_grant', 'conflict_set', 'conflict_member', 'post_exclusion']
    LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON public.%I '
            'FOR EACH ROW EXECUTE FUNCTION public.fence_append_only()', ledger || '_append_only', ledger);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON public.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION public.fence_append_only()', ledger || '_keep', ledger);
    END LOOP;
END $$;

-- Nobody calls the fence; it fires. (Firing a trigger asks for no right to execute.)
DO $$
DECLARE
    routine regprocedure;
BEGIN
    FOR routine IN SELECT oid FROM pg_proc
                   WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'fence\_%' LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', routine);
    END LOOP;
END $$;
