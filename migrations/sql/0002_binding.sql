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

-- Takes a slot for one person in one set. Rivals that chose the same slot wait at the primary key; the loser
-- looks again. Answers false when no slot is left.
CREATE FUNCTION public.fence_take_slot(m record, of_performance bigint, of_person bigint) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    bound boolean;
    taken integer[];
    free integer;
BEGIN
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
            RETURN true;
        EXCEPTION WHEN unique_violation THEN
            NULL;
        END;
    END LOOP;
    RETURN bound;
END $$;

-- Who is bound to a same-person set in a scope: whoever did the first member that no ruling had done again.
CREATE FUNCTION public.fence_tied_to(m record) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    tie public.sod_tie;
    act public.performance;
BEGIN
    SELECT * INTO tie FROM public.sod_tie t WHERE t.set_id = m.set_id AND t.scope_id = m.scope_id;
    IF NOT public.fence_redone(tie.performance_id) THEN
        RETURN public.fence_canonical(tie.person_id);
    END IF;
    -- The key is taken by what was done again, so a lock stands in for it.
    PERFORM pg_advisory_xact_lock(hashtextextended('tie/' || m.set_id || '/' || m.scope_id, 0));
    SELECT p.* INTO act FROM public.performance p
    JOIN public."case" c ON c.id = p.case_id
    JOIN public.conflict_member cm
      ON cm.set_id = m.set_id AND cm.version = m.version AND cm.duty = p.duty
     AND cm.process_key IN ('', c.process_key) AND cm.case_role IN ('', c.case_role)
    WHERE m.scope_id = CASE m.scope WHEN 'task' THEN p.task_id WHEN 'chain' THEN c.chain_id ELSE c.id END
      AND NOT public.fence_redone(p.id)
    ORDER BY p.id LIMIT 1;
    RETURN public.fence_canonical(act.person_id);
END $$;

-- SD008, binding of duty: whoever performs the first member of a scope performs them all.
CREATE FUNCTION public.fence_tie(m record, of_performance bigint, of_person bigint, strict boolean)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    tied bigint;
BEGIN
    INSERT INTO public.sod_tie (set_id, scope_id, person_id, performance_id)
    VALUES (m.set_id, m.scope_id, of_person, of_performance) ON CONFLICT DO NOTHING;
    IF NOT strict THEN
        RETURN;
    END IF;
    tied := public.fence_tied_to(m);
    IF tied <> of_person THEN
        PERFORM public.fence_refuse('SD008', format('set %s: the same person must perform this', m.set_key),
            jsonb_build_object('set_id', m.set_id, 'set_key', m.set_key, 'version', m.version,
                'scope', m.scope, 'scope_id', m.scope_id, 'person_id', of_person, 'tied_to', tied));
    END IF;
END $$;

-- SD009: acts on other cases of the same party within the window. A window is no key, so a lock on the
-- party stands in for one.
CREATE FUNCTION public.fence_check_window(m record, of_case bigint, of_person bigint, now timestamptz)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    x record;
    acts jsonb;
BEGIN
    FOR x IN SELECT cp.id_number_index AS party, cp.role, s.window_days
             FROM public.conflict_set s
             JOIN public.case_party cp ON cp.case_id = of_case AND cp.role = s.party_role
             WHERE s.set_id = m.set_id AND s.version = m.version ORDER BY 1 LOOP
        PERFORM pg_advisory_xact_lock(hashtextextended('party/' || encode(x.party, 'hex'), 0));
        SELECT jsonb_agg(p.id ORDER BY p.id) INTO acts
        FROM public.case_party other
        JOIN public."case" c ON c.id = other.case_id
        JOIN public.performance p ON p.case_id = c.id
        JOIN public.conflict_member cm
          ON cm.set_id = m.set_id AND cm.version = m.version AND cm.duty = p.duty
         AND cm.process_key IN ('', c.process_key) AND cm.case_role IN ('', c.case_role)
        WHERE other.id_number_index = x.party AND other.role = x.role AND cm.member <> m.member
          AND p.at > least(now, clock_timestamp()) - make_interval(days => x.window_days)
          AND of_person IN (public.fence_canonical(p.person_id), public.fence_canonical(p.on_behalf_of));
        IF acts IS NOT NULL THEN
            PERFORM public.fence_refuse('SD009', format('set %s: acted for this party lately', m.set_key),
                jsonb_build_object('set_id', m.set_id, 'set_key', m.set_key, 'version', m.version,
                    'days', x.window_days, 'role', x.role, 'person_id', of_person, 'conflicts', acts));
        END IF;
    END LOOP;
END $$;

-- `strict` refuses what collides, else an existing collision is left to be noted (sod_violation).
CREATE FUNCTION public.fence_bind(p public.performance, of_person bigint, strict boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    m record;
BEGIN
    FOR m IN SELECT * FROM public.fence_members(p.case_id, p.task_id, p.duty, p.at) LOOP
        IF m.scope = 'party' THEN
            IF strict THEN
                PERFORM public.fence_check_window(m, p.case_id, of_person, p.at);
            END IF;
        ELSIF m.kind = 'same' THEN
            PERFORM public.fence_tie(m, p.id, of_person, strict);
        ELSIF NOT public.fence_take_slot(m, p.id, of_person) AND strict THEN
            PERFORM public.fence_refuse_member(m, of_person);
        END IF;
    END LOOP;
END $$;

-- The natural persons who act in a performance: the actor and, when he acts for another, the principal.
CREATE FUNCTION public.fence_actors(person_id bigint, on_behalf_of bigint) RETURNS SETOF bigint
LANGUAGE sql ROWS 1 SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT DISTINCT canonical_id FROM public.person WHERE id IN (person_id, on_behalf_of) ORDER BY 1
$$;

-- In a fixed order against deadlocks.
CREATE FUNCTION public.fence_bind_both(p public.performance, strict boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    who bigint;
BEGIN
    FOR who IN SELECT public.fence_actors(p.person_id, p.on_behalf_of) LOOP
        PERFORM public.fence_bind(p, who, strict);
    END LOOP;
END $$;

CREATE FUNCTION public.fence_holds_platform_post(of_person bigint, on_day date) RETURNS boolean
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM public.person who
        JOIN public.post_grant g ON g.person_id = who.id
        JOIN public.post p ON p.key = g.post AND p.kind = 'platform'
        LEFT JOIN public.post_grant r ON r.revokes = g.id
        WHERE who.canonical_id = of_person AND g.revokes IS NULL AND g.valid_from <= on_day
          AND (g.valid_to IS NULL OR g.valid_to > on_day)
          AND (r.valid_from IS NULL OR r.valid_from > on_day))
$$;

-- SD002, SD003, SD024, SD027, SD028: who may never act, as actor or as principal (a canonical id).
CREATE FUNCTION public.fence_check_actor(of_case bigint, of_person bigint, at timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    barred jsonb;
BEGIN
    IF public.fence_holds_platform_post(of_person, public.fence_day(at))
       OR public.fence_holds_platform_post(of_person, public.fence_day(clock_timestamp())) THEN
        PERFORM public.fence_refuse('SD002', 'an administrator of the platform performs no duty',
            jsonb_build_object('reason', 'platform_post', 'person_id', of_person));
    END IF;
    barred := public.fence_barred(of_case, of_person);
    IF barred IS NOT NULL THEN
        PERFORM public.fence_refuse(barred ->> 'code', 'this person performs no duty in the case', barred);
    END IF;
    IF EXISTS (SELECT FROM public.identity_doubt d JOIN public.person p ON p.id IN (d.person_id, d.other_id)
               WHERE d.cleared_at IS NULL AND p.canonical_id = of_person) THEN
        PERFORM public.fence_refuse('SD027', 'who this person is stands in question',
            jsonb_build_object('person_id', of_person));
    END IF;
    IF public.fence_posts_collide(of_person) THEN
        PERFORM public.fence_refuse('SD028', 'the merged person holds posts that exclude each other',
            jsonb_build_object('person_id', of_person));
    END IF;
END $$;

-- Posts that a merge brought together; they collide until one of them ends. Few people have two records.
CREATE FUNCTION public.fence_posts_collide(of_person bigint) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.person p WHERE p.canonical_id = of_person AND p.id <> of_person) THEN
        RETURN false;
    END IF;
    RETURN EXISTS (SELECT FROM public.post_collision c WHERE c.person_id = of_person);
END $$;

-- SD034: windows, periods and stays count from the time an act states, so from the founding on that is the time it
-- is written, within what clocks of several hosts and a wait for a lock may differ. Before, history may be recorded.
CREATE FUNCTION public.fence_check_time(at timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    tolerance CONSTANT interval := '5 minutes';
    now CONSTANT timestamptz := clock_timestamp();
BEGIN
    IF at BETWEEN now - tolerance AND now + tolerance OR NOT EXISTS (SELECT FROM public.founding) THEN
        RETURN;
    END IF;
    PERFORM public.fence_refuse('SD034', 'an act bears the time at which it is written',
        jsonb_build_object('at', at, 'now', now));
END $$;

CREATE FUNCTION public.fence_performance_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    account public.account;
    reason text;
    who bigint;
BEGIN
    PERFORM public.fence_read_committed();
    PERFORM public.fence_check_time(NEW.at);
    -- The share lock keeps risk class, chain and recusals still; a merge of either person waits.
    PERFORM FROM public."case" c WHERE c.id = NEW.case_id FOR KEY SHARE;
    PERFORM public.fence_hold_person(w) FROM unnest(ARRAY[NEW.person_id, NEW.on_behalf_of]) AS w
    WHERE w IS NOT NULL ORDER BY w;
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
    FOR who IN SELECT public.fence_actors(NEW.person_id, NEW.on_behalf_of) LOOP
        PERFORM public.fence_check_actor(NEW.case_id, who, NEW.at);
    END LOOP;
    IF NEW.on_behalf_of IS NOT NULL THEN
        PERFORM public.fence_check_substitution(NEW);
    END IF;
    RETURN NEW;
END $$;

-- After the insert, because bindings refer to the row.
CREATE FUNCTION public.fence_performance_bind() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM public.fence_bind_both(NEW, true);
    RETURN NULL;
END $$;

-- SD004: a fall, of the class or of the levels of approval, needs two different people. The number is taken under the lock, so that the latest
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
    IF (public.fence_risk_rank(NEW.risk) < public.fence_risk_rank(before)
        OR NEW.approval_levels < public.fence_current_levels(NEW.case_id))
       AND (public.fence_canonical(NEW.proposed_by) = public.fence_canonical(NEW.approved_by)) IS NOT FALSE THEN
        PERFORM public.fence_refuse('SD004', 'a fall of the risk class needs two different people',
            jsonb_build_object('case_id', NEW.case_id, 'from', before, 'to', NEW.risk,
                'proposed_by', NEW.proposed_by, 'approved_by', NEW.approved_by));
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION public.fence_risk_backfill() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM public.fence_rebind_case(NEW.case_id, 'risk');
    RETURN NULL;
END $$;

-- What was done on a case counts under what holds now; what collides is noted.
CREATE FUNCTION public.fence_rebind_case(of_case bigint, cause text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    p public.performance;
BEGIN
    FOR p IN SELECT * FROM public.performance WHERE case_id = of_case ORDER BY id LOOP
        PERFORM public.fence_bind_both(p, false);
    END LOOP;
    IF FOUND THEN
        PERFORM public.fence_note_collisions(of_case, cause);
    END IF;
END $$;

-- After a new version of sets: what was done under any of their duties counts in them.
CREATE FUNCTION public.fence_rebind(of_sets integer[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    touched bigint;
BEGIN
    LOCK TABLE public.performance IN SHARE ROW EXCLUSIVE MODE;
    FOR touched IN
        SELECT DISTINCT p.case_id FROM public.performance p
        WHERE p.duty IN (SELECT m.duty FROM public.conflict_member m
                         JOIN public.conflict_set_in_force s USING (set_id, version)
                         WHERE m.set_id = ANY (of_sets))
        ORDER BY 1 LOOP
        PERFORM public.fence_rebind_case(touched, 'activation');
    END LOOP;
END $$;
