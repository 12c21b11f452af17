-- Performances, their bindings, and the risk class that decides which sets apply.

-- SD001: raises with the facts that stand against the act.
CREATE FUNCTION public.fence_refuse_member(m record, of_person bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM public.fence_refuse('SD001', format('conflict set %s: another duty of this person', m.set_key),
        jsonb_build_object('set_id', m.set_id, 'set_key', m.set_key, 'version', m.version,
            'scope', m.scope, 'scope_id', m.scope_id, 'member', m.member, 'person_id', of_person,
            'conflicts', (SELECT coalesce(jsonb_agg(b.performance_id ORDER BY b.slot), '[]')
                          FROM public.sod_binding b
                          WHERE b.set_id = m.set_id AND b.scope_id = m.scope_id
                            AND b.person_id = of_person AND b.member <> m.member)));
END $$;

-- Binds one person. Rivals that chose the same slot wait at the primary key; the loser looks again.
-- `strict` refuses when no slot is left, else an existing collision is left to the gate.
CREATE FUNCTION public.fence_bind(of_performance bigint, of_case bigint, of_person bigint, of_duty text,
                                  strict boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    m record;
    bound boolean;
    taken integer[];
    free integer;
BEGIN
    FOR m IN SELECT * FROM public.fence_members(of_case, of_duty) LOOP
        FOR attempt IN 0..m.maximum LOOP
            SELECT coalesce(bool_or(b.member = m.member), false), coalesce(array_agg(b.slot), '{}')
            INTO bound, taken FROM public.sod_binding b
            WHERE b.set_id = m.set_id AND b.scope_id = m.scope_id AND b.person_id = of_person;
            free := 1;
            WHILE free = ANY (taken) LOOP
                free := free + 1;
            END LOOP;
            EXIT WHEN bound OR free > m.maximum;
            BEGIN
                INSERT INTO public.sod_binding
                    (set_id, scope_id, person_id, slot, member, maximum, performance_id)
                VALUES (m.set_id, m.scope_id, of_person, free, m.member, m.maximum, of_performance)
                ON CONFLICT (set_id, scope_id, person_id, member) DO NOTHING;
                bound := true;
                EXIT;
            EXCEPTION WHEN unique_violation THEN
                NULL;
            END;
        END LOOP;
        IF strict AND NOT bound THEN
            PERFORM public.fence_refuse_member(m, of_person);
        END IF;
    END LOOP;
END $$;

-- Binds the actor and, when he acts for another, the principal; in a fixed order against deadlocks.
CREATE FUNCTION public.fence_bind_both(p public.performance, strict boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    who bigint;
BEGIN
    FOR who IN SELECT DISTINCT w FROM unnest(ARRAY[p.person_id, p.on_behalf_of]) AS w
               WHERE w IS NOT NULL ORDER BY w LOOP
        PERFORM public.fence_bind(p.id, p.case_id, who, p.duty, strict);
    END LOOP;
END $$;

CREATE FUNCTION public.fence_holds_platform_post(of_person bigint, on_day date) RETURNS boolean
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM public.post_grant g
        JOIN public.post p ON p.key = g.post AND p.kind = 'platform'
        LEFT JOIN public.post_grant r ON r.revokes = g.id
        WHERE g.person_id = of_person AND g.revokes IS NULL AND g.valid_from <= on_day
          AND (g.valid_to IS NULL OR g.valid_to > on_day)
          AND (r.valid_from IS NULL OR r.valid_from > on_day))
$$;

-- SD002 and SD003: who may never act, as actor or as principal.
CREATE FUNCTION public.fence_check_actor(of_case bigint, of_person bigint, at timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    party text;
    zone CONSTANT text := 'Asia/Shanghai';
BEGIN
    IF public.fence_holds_platform_post(of_person, (at AT TIME ZONE zone)::date)
       OR public.fence_holds_platform_post(of_person, (clock_timestamp() AT TIME ZONE zone)::date) THEN
        PERFORM public.fence_refuse('SD002', 'an administrator of the platform performs no duty',
            jsonb_build_object('reason', 'platform_post', 'person_id', of_person));
    END IF;
    SELECT cp.role INTO party FROM public.case_party cp
    JOIN public.person p ON p.id_number_index = cp.id_number_index
    WHERE cp.case_id = of_case AND p.id = of_person ORDER BY cp.role LIMIT 1;
    IF FOUND THEN
        PERFORM public.fence_refuse('SD003', 'a party of the case performs no duty in it',
            jsonb_build_object('case_id', of_case, 'person_id', of_person, 'role', party));
    END IF;
END $$;

CREATE FUNCTION public.fence_performance_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    account public.account;
    reason text;
BEGIN
    PERFORM public.fence_read_committed();
    SELECT * INTO account FROM public.account a WHERE a.id = NEW.account_id;
    reason := CASE
        WHEN account.kind = 'machine' THEN 'machine_account'
        WHEN account.state <> 'active' THEN 'account_not_active'
        WHEN EXISTS (SELECT FROM public.duty_decision d
                     WHERE d.id = NEW.decision_id AND d.verdict = 'deny') THEN 'decision_denied'
    END;
    IF reason IS NOT NULL THEN
        PERFORM public.fence_refuse('SD002', 'this account performs no duty',
            jsonb_build_object('reason', reason, 'account_id', NEW.account_id, 'person_id', NEW.person_id));
    END IF;
    PERFORM public.fence_check_actor(NEW.case_id, NEW.person_id, NEW.at);
    IF NEW.on_behalf_of IS NOT NULL THEN
        PERFORM public.fence_check_actor(NEW.case_id, NEW.on_behalf_of, NEW.at);
    END IF;
    RETURN NEW;
END $$;

-- After the insert, because bindings refer to the row. The share lock keeps the risk class still.
CREATE FUNCTION public.fence_performance_bind() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM public."case" c WHERE c.id = NEW.case_id FOR KEY SHARE;
    PERFORM public.fence_bind_both(NEW, true);
    RETURN NULL;
END $$;

-- SD004: a fall needs two different people. The number is taken under the lock, so that the latest
-- row is the one with the highest number.
CREATE FUNCTION public.fence_risk_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    before text;
BEGIN
    PERFORM public.fence_read_committed();
    PERFORM FROM public."case" c WHERE c.id = NEW.case_id FOR UPDATE;
    before := public.fence_current_risk(NEW.case_id);
    NEW.id := nextval(pg_get_serial_sequence('public.case_risk', 'id'));
    IF public.fence_risk_rank(NEW.risk) < public.fence_risk_rank(before)
       AND (NEW.proposed_by = NEW.approved_by) IS NOT FALSE THEN
        PERFORM public.fence_refuse('SD004', 'a fall of the risk class needs two different people',
            jsonb_build_object('case_id', NEW.case_id, 'from', before, 'to', NEW.risk,
                'proposed_by', NEW.proposed_by, 'approved_by', NEW.approved_by));
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION public.fence_risk_backfill() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    p public.performance;
BEGIN
    FOR p IN SELECT * FROM public.performance WHERE case_id = NEW.case_id ORDER BY id LOOP
        PERFORM public.fence_bind_both(p, false);
    END LOOP;
    RETURN NULL;
END $$;

-- For the owner, after a new version of a set: what was done already counts in it.
CREATE FUNCTION public.fence_rebind() RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    p public.performance;
    seen bigint := 0;
BEGIN
    LOCK TABLE public.performance IN SHARE ROW EXCLUSIVE MODE;
    FOR p IN SELECT * FROM public.performance ORDER BY id LOOP
        PERFORM public.fence_bind_both(p, false);
        seen := seen + 1;
    END LOOP;
    RETURN seen;
END $$;
