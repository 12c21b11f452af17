-- Facts that collide although each was lawful when it was written: a rise, a link, a merge, a new version of a set.

-- A ruling had it done again: it binds on (its person does not come back to it) but collides no more.
CREATE FUNCTION public.fence_redone(of_performance bigint) RETURNS boolean
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM public.performance_void v
                   WHERE v.performance_id = of_performance AND v.cause = 'violation')
$$;

-- What the acts of a case, and for sets of chain scope those of its chain, count as, by natural person.
CREATE FUNCTION public.fence_counted(of_case bigint)
RETURNS TABLE (set_id integer, version integer, set_key text, kind text, scope text, scope_id bigint,
               maximum integer, member text, act bigint, at timestamptz, who bigint)
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT m.set_id, m.version, m.set_key, m.kind, m.scope, m.scope_id, m.maximum, m.member, p.id, p.at, who
    FROM public."case" here
    JOIN public."case" c ON c.chain_id = here.chain_id
    JOIN public.performance p ON p.case_id = c.id
    CROSS JOIN LATERAL public.fence_actors(p.person_id, p.on_behalf_of) AS who
    CROSS JOIN LATERAL public.fence_members(c.id, p.task_id, p.duty, p.at) m
    WHERE here.id = of_case AND (m.scope = 'chain' OR c.id = here.id) AND NOT public.fence_redone(p.id)
$$;

-- Acts of a person that a set knows, of whatever case.
CREATE FUNCTION public.fence_counted_far(of_set integer, of_version integer, of_person bigint)
RETURNS TABLE (act bigint, at timestamptz, case_id bigint, task_id bigint, duty text, member text)
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT p.id, p.at, p.case_id, p.task_id, p.duty, m.member
    FROM public.person record
    JOIN public.performance p ON record.id IN (p.person_id, p.on_behalf_of)
    JOIN public."case" c ON c.id = p.case_id
    JOIN public.conflict_member m
      ON m.set_id = of_set AND m.version = of_version AND m.duty = p.duty
     AND m.process_key IN ('', c.process_key) AND m.case_role IN ('', c.case_role)
    WHERE record.canonical_id = of_person AND NOT public.fence_redone(p.id)
$$;

-- An act that a ruling had done again no longer collides; a collision ruled on stands as ruled.
-- (plpgsql, because it keeps plans.)
CREATE FUNCTION public.fence_collisions(of_case bigint)
RETURNS TABLE (rule text, rule_version integer, scope text, scope_id bigint, person_id bigint,
               members text[], performance_ids bigint[])
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH done AS MATERIALIZED (SELECT * FROM public.fence_counted(of_case)),
    -- Exclusive, within the chain.
    near AS (
        SELECT d.set_key, d.version, d.scope, d.scope_id, d.who,
               array_agg(DISTINCT d.member ORDER BY d.member) AS members,
               array_agg(DISTINCT d.act ORDER BY d.act) AS acts
        FROM done d
        WHERE d.kind = 'exclusive' AND d.scope IN ('task', 'case', 'chain')
        GROUP BY d.set_key, d.version, d.scope, d.scope_id, d.who, d.maximum
        HAVING count(DISTINCT d.member) > d.maximum
    ),
    -- Exclusive, over the cases of a region in a period.
    period AS (
        SELECT d.set_key, d.version, d.scope, d.scope_id, d.who,
               array_agg(DISTINCT n.member ORDER BY n.member), array_agg(DISTINCT f.act ORDER BY f.act)
        FROM (SELECT DISTINCT set_id, set_key, version, scope, scope_id, who, maximum FROM done
              WHERE kind = 'exclusive' AND scope = 'region_period') d
        CROSS JOIN LATERAL public.fence_counted_far(d.set_id, d.version, d.who) f
        CROSS JOIN LATERAL public.fence_members(f.case_id, f.task_id, f.duty, f.at) n
        WHERE n.set_id = d.set_id AND n.scope_id = d.scope_id
        GROUP BY d.set_key, d.version, d.scope, d.scope_id, d.who, d.maximum
        HAVING count(DISTINCT n.member) > d.maximum
    ),
    -- Two acts for one party within the window; told of the case of the later one.
    pairs AS (
        SELECT d.set_key, d.version, d.who, d.act, d.member, f.act AS other_act, f.member AS other_member,
               CASE WHEN f.act > d.act THEN f.case_id ELSE of_case END AS scope_id
        FROM done d
        JOIN public.conflict_set s ON s.set_id = d.set_id AND s.version = d.version
        JOIN public.case_party mine ON mine.case_id = of_case AND mine.role = s.party_role
        JOIN public.case_party theirs ON theirs.id_number_index = mine.id_number_index AND theirs.role = mine.role
        CROSS JOIN LATERAL public.fence_counted_far(d.set_id, d.version, d.who) f
        WHERE d.scope = 'party' AND f.case_id = theirs.case_id AND f.member <> d.member
          AND greatest(f.at - d.at, d.at - f.at) < make_interval(days => s.window_days)
    ),
    party AS (
        SELECT x.set_key, x.version, 'party', x.scope_id, x.who,
               array_agg(DISTINCT side.member ORDER BY side.member), array_agg(DISTINCT side.act ORDER BY side.act)
        FROM pairs x
        CROSS JOIN LATERAL (VALUES (x.act, x.member), (x.other_act, x.other_member)) AS side (act, member)
        GROUP BY x.set_key, x.version, x.scope_id, x.who
    ),
    -- Same person: whoever is not the one who did the first of them.
    tied AS (
        SELECT d.set_key, d.version, d.scope, d.scope_id, (array_agg(d.who ORDER BY d.act, d.who))[1] AS holder,
               array_agg(DISTINCT d.member ORDER BY d.member) AS members,
               array_agg(DISTINCT d.act ORDER BY d.act) AS acts
        FROM done d WHERE d.kind = 'same' GROUP BY d.set_key, d.version, d.scope, d.scope_id
        HAVING count(DISTINCT d.who) > 1
    ),
    same AS (
        SELECT DISTINCT t.set_key, t.version, t.scope, t.scope_id, d.who, t.members, t.acts
        FROM tied t JOIN done d ON (d.set_key, d.scope_id) = (t.set_key, t.scope_id) AND d.who <> t.holder
    )
    SELECT x.* FROM (TABLE near UNION ALL TABLE period UNION ALL TABLE party UNION ALL TABLE same) x
    WHERE NOT EXISTS (SELECT FROM public.sod_violation known
                      JOIN public.violation_ruling r ON r.violation_id = known.id AND r.verdict = 'upheld'
                      WHERE known.rule = x.set_key AND known.scope_id = x.scope_id
                        AND public.fence_canonical(known.person_id) = x.who AND known.members @> x.members);
END $$;

-- Minimum of distinct persons: sets that have begun on a case and have too few people in them. `most`: who did most.
CREATE FUNCTION public.fence_few(of_case bigint)
RETURNS TABLE (key text, version integer, minimum integer, persons bigint, most bigint, members text[], acts bigint[])
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT s.key, s.version, s.maximum, count(DISTINCT who), mode() WITHIN GROUP (ORDER BY who),
           array_agg(DISTINCT m.member ORDER BY m.member), array_agg(DISTINCT p.id ORDER BY p.id)
    FROM public.conflict_set_in_force s
    JOIN public."case" c ON c.id = of_case
    JOIN public.conflict_member m
      ON m.set_id = s.set_id AND m.version = s.version
     AND m.process_key IN ('', c.process_key) AND m.case_role IN ('', c.case_role)
    JOIN public.performance p ON p.case_id = c.id AND p.duty = m.duty AND p.state = 'performed'
    CROSS JOIN LATERAL public.fence_actors(p.person_id, p.on_behalf_of) AS who
    WHERE s.kind = 'minimum' AND s.severity = 'deny'
      AND public.fence_current_risk(of_case) = ANY (s.risk_classes)
      AND NOT EXISTS (SELECT FROM public.performance_void v WHERE v.performance_id = p.id)
    GROUP BY s.key, s.version, s.maximum HAVING count(DISTINCT who) < s.maximum
$$;

CREATE FUNCTION public.fence_note_violation(of_rule text, of_version integer, of_scope text, of_scope_id bigint,
    of_person bigint, of_members text[], of_acts bigint[], of_cause text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    noted bigint;
BEGIN
    INSERT INTO public.sod_violation
        (rule, rule_version, scope, scope_id, person_id, members, performance_ids, cause, at)
    VALUES (of_rule, of_version, of_scope, of_scope_id, of_person, of_members, of_acts, of_cause, clock_timestamp())
    ON CONFLICT (rule, scope_id, person_id, members) DO NOTHING RETURNING id INTO noted;
    INSERT INTO public.violation_case (violation_id, case_id)
    SELECT DISTINCT noted, p.case_id FROM public.performance p
    WHERE noted IS NOT NULL AND p.id = ANY (of_acts);
END $$;

CREATE FUNCTION public.fence_note_collisions(of_case bigint, of_cause text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    x record;
BEGIN
    FOR x IN SELECT * FROM public.fence_collisions(of_case) LOOP
        PERFORM public.fence_note_violation(x.rule, x.rule_version, x.scope, x.scope_id, x.person_id, x.members,
                                            x.performance_ids, of_cause);
    END LOOP;
    PERFORM public.fence_note_few(of_case, of_cause);
END $$;

-- Before the decision too few people are no collision: others may still act, and the gate waits for them. A set that
-- asks for more from now on is held against what is decided and not finished. Where another violation tells of the
-- same acts of the same person, nothing is told twice.
CREATE FUNCTION public.fence_note_few(of_case bigint, of_cause text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    x record;
BEGIN
    IF NOT EXISTS (SELECT FROM public.case_decision d JOIN public."case" c ON c.id = d.case_id
                   WHERE d.case_id = of_case AND (of_cause <> 'activation' OR c.status = 'open')) THEN
        RETURN;
    END IF;
    FOR x IN SELECT * FROM public.fence_few(of_case) LOOP
        CONTINUE WHEN EXISTS (
            SELECT FROM public.sod_violation v JOIN public.violation_case t ON t.violation_id = v.id
            WHERE t.case_id = of_case AND public.fence_canonical(v.person_id) = x.most
              AND v.performance_ids && x.acts);
        PERFORM public.fence_note_violation(x.key, x.version, 'case', of_case, x.most, x.members, x.acts, of_cause);
    END LOOP;
END $$;
