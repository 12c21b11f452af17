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
CREATE TRIGGER document_lawful BEFORE INSERT OR UPDATE OF decision_id, case_id, served_at ON public.document
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

CREATE TRIGGER case_region_fixed BEFORE UPDATE OF region_code ON public."case"
    FOR EACH ROW WHEN (NEW.region_code IS DISTINCT FROM OLD.region_code)
    EXECUTE FUNCTION public.fence_region_fixed();
CREATE TRIGGER case_transfer_lawful BEFORE INSERT ON public.case_transfer
    FOR EACH ROW EXECUTE FUNCTION public.fence_transfer_lawful();
CREATE TRIGGER case_transfer_move AFTER INSERT ON public.case_transfer
    FOR EACH ROW EXECUTE FUNCTION public.fence_transfer_move();
CREATE TRIGGER case_joins BEFORE INSERT ON public."case"
    FOR EACH ROW EXECUTE FUNCTION public.fence_case_joins();
CREATE TRIGGER chain_link_lawful BEFORE INSERT ON public.chain_link
    FOR EACH ROW EXECUTE FUNCTION public.fence_link_lawful();
CREATE TRIGGER chain_link_move AFTER INSERT ON public.chain_link
    FOR EACH ROW EXECUTE FUNCTION public.fence_link_move();
CREATE CONSTRAINT TRIGGER chain_link_whole AFTER INSERT ON public.chain_link
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.fence_link_whole();
CREATE TRIGGER person_begins BEFORE INSERT ON public.person
    FOR EACH ROW EXECUTE FUNCTION public.fence_person_begins();
CREATE TRIGGER person_alias_lawful BEFORE INSERT ON public.person_alias
    FOR EACH ROW EXECUTE FUNCTION public.fence_alias_lawful();
CREATE TRIGGER person_alias_merge AFTER INSERT ON public.person_alias
    FOR EACH ROW EXECUTE FUNCTION public.fence_alias_merge();
CREATE TRIGGER identity_doubt_begins BEFORE INSERT ON public.identity_doubt
    FOR EACH ROW EXECUTE FUNCTION public.fence_doubt_begins();
CREATE TRIGGER identity_doubt_lawful BEFORE UPDATE ON public.identity_doubt
    FOR EACH ROW EXECUTE FUNCTION public.fence_doubt_lawful();
CREATE TRIGGER grant_step_lawful BEFORE INSERT ON public.grant_step
    FOR EACH ROW EXECUTE FUNCTION public.fence_step_lawful();
CREATE TRIGGER substitution_lawful BEFORE INSERT ON public.substitution
    FOR EACH ROW EXECUTE FUNCTION public.fence_substitution_lawful();
CREATE TRIGGER substitution_hold AFTER INSERT ON public.substitution
    FOR EACH ROW EXECUTE FUNCTION public.fence_substitution_hold();
CREATE TRIGGER controlled_change_fixed BEFORE UPDATE ON public.controlled_change
    FOR EACH ROW EXECUTE FUNCTION public.fence_change_fixed();
CREATE TRIGGER conflict_set_lawful BEFORE INSERT ON public.conflict_set
    FOR EACH ROW EXECUTE FUNCTION public.fence_set_lawful();
CREATE TRIGGER conflict_member_lawful BEFORE INSERT ON public.conflict_member
    FOR EACH ROW EXECUTE FUNCTION public.fence_member_lawful();
CREATE CONSTRAINT TRIGGER conflict_set_activate AFTER INSERT ON public.conflict_set
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.fence_set_activate();
CREATE TRIGGER post_exclusion_lawful BEFORE INSERT ON public.post_exclusion
    FOR EACH ROW EXECUTE FUNCTION public.fence_exclusion_lawful();
CREATE TRIGGER tenure_rule_lawful BEFORE INSERT ON public.tenure_rule
    FOR EACH ROW EXECUTE FUNCTION public.fence_tenure_lawful();
CREATE TRIGGER violation_ruling_lawful BEFORE INSERT ON public.violation_ruling
    FOR EACH ROW EXECUTE FUNCTION public.fence_ruling_lawful();
CREATE TRIGGER performance_void_lawful BEFORE INSERT ON public.performance_void
    FOR EACH ROW EXECUTE FUNCTION public.fence_void_lawful();
CREATE TRIGGER rule_override_lawful BEFORE INSERT OR UPDATE ON public.rule_override
    FOR EACH ROW EXECUTE FUNCTION public.fence_override_lawful();
CREATE TRIGGER recusal_lawful BEFORE INSERT ON public.recusal
    FOR EACH ROW EXECUTE FUNCTION public.fence_recusal_lawful();
CREATE TRIGGER recusal_ruling_lawful BEFORE INSERT ON public.recusal_ruling
    FOR EACH ROW EXECUTE FUNCTION public.fence_recusal_ruled();

DO $$
DECLARE
    ledger text;
BEGIN
    FOREACH ledger IN ARRAY ARRAY['performance', 'sod_binding', 'signature', 'case_risk', 'case_decision',
        'duty_decision', 'audit_event', 'post_grant', 'conflict_set', 'conflict_member', 'post_exclusion',
        'tenure_rule', 'person_alias', 'chain_link', 'case_transfer', 'grant_request', 'grant_step',
        'substitution', 'sod_tie', 'performance_void', 'recusal', 'recusal_ruling', 'sod_violation',
        'violation_case', 'violation_ruling', 'founding']
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
