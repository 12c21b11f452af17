-- Controlled changes: rules, sets and people change by three people's decision, or by the owner's installation.

-- SD014. `of_kind` and `of_target` name what is changed; the decision is of that very content, whose digest is
-- among the facts that were signed.
CREATE FUNCTION public.fence_require_change(of_change bigint, of_kind text, of_target text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF of_change IS NULL
       AND pg_has_role(session_user, (SELECT relowner FROM pg_class WHERE oid = 'public.conflict_set'::regclass),
                       'MEMBER') THEN
        RETURN;
    END IF;
    IF NOT EXISTS (SELECT FROM public.controlled_change c
                   JOIN public.case_decision d ON d.case_id = c.case_id AND d.kind = 'deployed'
                   JOIN public.case_facts f ON f.case_id = c.case_id
                   WHERE c.case_id = of_change AND c.kind = of_kind AND c.target = of_target
                     AND f.facts ->> 'change_digest' = encode(c.digest, 'hex')) THEN
        PERFORM public.fence_refuse('SD014', 'no approved change carries this',
            jsonb_build_object('change_id', of_change, 'kind', of_kind, 'target', of_target));
    END IF;
END $$;

-- SD029: what was decided is what is applied.
CREATE FUNCTION public.fence_change_fixed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM public."case" c WHERE c.id = OLD.case_id FOR UPDATE;
    IF OLD.applied_at IS NOT NULL OR (
        (NEW.case_id, NEW.kind, NEW.target, NEW.payload, NEW.content, NEW.digest)
            IS DISTINCT FROM (OLD.case_id, OLD.kind, OLD.target, OLD.payload, OLD.content, OLD.digest)
        AND EXISTS (SELECT FROM public.case_decision d WHERE d.case_id = OLD.case_id)) THEN
        PERFORM public.fence_refuse('SD029', 'the change is decided', jsonb_build_object('change_id', OLD.case_id));
    END IF;
    RETURN NEW;
END $$;

-- A set changes at the moment of the change, so that what was done already is bound in the same transaction.
CREATE FUNCTION public.fence_set_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM public.fence_require_change(NEW.change_id, 'conflict_set', NEW.key);
    IF EXISTS (SELECT FROM public.conflict_set s
               WHERE (s.set_id = NEW.set_id) <> (s.key = NEW.key)) THEN
        PERFORM public.fence_refuse('SD014', 'a set keeps its number and its key',
            jsonb_build_object('change_id', NEW.change_id, 'kind', 'conflict_set', 'target', NEW.key));
    END IF;
    IF NEW.change_id IS NOT NULL THEN
        NEW.active_from := clock_timestamp();
    END IF;
    RETURN NEW;
END $$;

-- Members come with their set, in its transaction.
CREATE FUNCTION public.fence_member_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.conflict_set s
                   WHERE s.set_id = NEW.set_id AND s.version = NEW.version
                     AND s.xmin = pg_current_xact_id()::xid) THEN
        PERFORM public.fence_refuse('SD014', 'members are added with their set',
            jsonb_build_object('kind', 'conflict_set', 'set_id', NEW.set_id, 'version', NEW.version));
    END IF;
    RETURN NEW;
END $$;

-- At the commit, when all members are there.
CREATE FUNCTION public.fence_set_activate() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM public.fence_rebind(ARRAY[NEW.set_id]);
    RETURN NULL;
END $$;

CREATE FUNCTION public.fence_exclusion_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM public.fence_require_change(NEW.change_id, 'post_exclusion', NEW.pair::text);
    RETURN NEW;
END $$;

CREATE FUNCTION public.fence_tenure_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM public.fence_require_change(NEW.change_id, 'tenure_rule', NEW.post);
    RETURN NEW;
END $$;

-- A ruling may let facts that collide stand, or have acts done again: three people decide it.
CREATE FUNCTION public.fence_ruling_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM public.fence_require_change(NEW.change_id, 'violation_ruling', NEW.violation_id::text);
    RETURN NEW;
END $$;

-- SD019: acts are taken back by their actor while nothing came of them, by a ruling, or after a recusal.
CREATE FUNCTION public.fence_void_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    p public.performance;
    wrong text;
BEGIN
    SELECT * INTO p FROM public.performance WHERE id = NEW.performance_id;
    PERFORM FROM public."case" c WHERE c.id = p.case_id FOR UPDATE;
    wrong := CASE
        WHEN EXISTS (SELECT FROM public.case_decision d JOIN public.signature s ON s.id = ANY (d.signature_ids)
                     WHERE s.performance_id = p.id) AND NEW.cause <> 'violation' THEN 'decided'
        WHEN NEW.cause = 'withdrawn'
             AND public.fence_canonical(NEW.voided_by) IS DISTINCT FROM public.fence_canonical(p.person_id)
             THEN 'other_person'
        WHEN NEW.cause = 'withdrawn' AND EXISTS (
            SELECT FROM public.performance later WHERE later.case_id = p.case_id AND later.id > p.id
              AND public.fence_canonical(later.person_id) <> public.fence_canonical(p.person_id))
             THEN 'others_acted'
        WHEN NEW.cause = 'violation' AND NOT EXISTS (
            SELECT FROM public.violation_ruling r JOIN public.sod_violation v ON v.id = r.violation_id
            WHERE r.verdict = 'redo' AND p.id = ANY (v.performance_ids)) THEN 'no_ruling'
        WHEN NEW.cause = 'recusal' AND NOT EXISTS (
            SELECT FROM public.fence_actors(p.person_id, p.on_behalf_of) AS who
            WHERE public.fence_barred(p.case_id, who) IS NOT NULL) THEN 'not_recused'
    END;
    IF wrong IS NOT NULL THEN
        PERFORM public.fence_refuse('SD019', 'this act can not be taken back',
            jsonb_build_object('problem', wrong, 'performance_id', NEW.performance_id, 'cause', NEW.cause));
    END IF;
    RETURN NEW;
END $$;

-- SD031: a senior other person rules on an override (seniority itself is `decide`'s).
CREATE FUNCTION public.fence_override_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF public.fence_canonical(NEW.ruled_by) = public.fence_canonical(NEW.proposed_by)
       OR (TG_OP = 'UPDATE' AND (OLD.verdict IS NOT NULL
           OR (NEW.hit_id, NEW.proposed_by, NEW.reason, NEW.evidence)
              IS DISTINCT FROM (OLD.hit_id, OLD.proposed_by, OLD.reason, OLD.evidence))) THEN
        PERFORM public.fence_refuse('SD031', 'an override is ruled on once, by another person',
            jsonb_build_object('hit_id', NEW.hit_id, 'proposed_by', NEW.proposed_by, 'ruled_by', NEW.ruled_by));
    END IF;
    RETURN NEW;
END $$;
