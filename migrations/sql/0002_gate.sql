-- Signatures and the gate before an effect.

-- SD006 and SD007: signatures of a subject are numbered without gaps, and end with its decision.
CREATE FUNCTION public.fence_signature_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    expected integer;
BEGIN
    PERFORM public.fence_read_committed();
    PERFORM FROM public."case" c WHERE c.id = NEW.case_id FOR UPDATE;
    IF EXISTS (SELECT FROM public.case_decision d
               WHERE d.case_id = NEW.case_id AND d.subject = NEW.subject) THEN
        PERFORM public.fence_refuse('SD007', 'this subject is decided',
            jsonb_build_object('case_id', NEW.case_id, 'subject', NEW.subject));
    END IF;
    SELECT coalesce(max(s.seq), 0) + 1 INTO expected FROM public.signature s
    WHERE s.case_id = NEW.case_id AND s.subject = NEW.subject;
    IF NEW.seq <> expected THEN
        PERFORM public.fence_refuse('SD006', 'signature out of sequence',
            jsonb_build_object('case_id', NEW.case_id, 'subject', NEW.subject,
                               'expected', expected, 'given', NEW.seq));
    END IF;
    RETURN NEW;
END $$;

-- What an effect rests on: a change on the three duties of its process, a procedural decision (issued) on
-- two persons, a conclusion on what its risk class and levels of approval demand.
CREATE FUNCTION public.fence_required_duties(kind text, risk text, levels integer) RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT CASE kind
        WHEN 'deployed' THEN ARRAY['rule_edit', 'rule_recheck', 'rule_approve']
        WHEN 'issued' THEN ARRAY['initial_review', 'final_review']
        ELSE CASE risk
            WHEN 'normal' THEN ARRAY['initial_review', 'final_review']
            WHEN 'high' THEN ARRAY['initial_review', 'recheck', 'final_review']
            WHEN 'routed' THEN ARRAY['initial_review', 'recheck', 'risk_review', 'final_review']
        END || CASE WHEN levels = 2 THEN ARRAY['final_review_2'] ELSE '{}' END
    END
$$;

-- What is wrong with the n-th signature a decision names, if anything.
CREATE FUNCTION public.fence_signature_problem(d public.case_decision, duty_wanted text, given bigint)
RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    s public.signature;
BEGIN
    SELECT * INTO s FROM public.signature WHERE id = given;
    RETURN CASE
        WHEN given IS NULL OR s.id IS NULL THEN 'missing'
        WHEN s.case_id <> d.case_id OR s.subject <> d.subject THEN 'foreign'
        WHEN s.duty <> duty_wanted THEN 'wrong_duty'
        WHEN s.content_hash <> d.content_hash THEN 'stale'
        WHEN s.verdict <> 'agree' THEN 'negative'
        WHEN EXISTS (SELECT FROM public.signature later
                     WHERE later.case_id = s.case_id AND later.subject = s.subject
                       AND later.duty = s.duty AND later.seq > s.seq) THEN 'superseded'
        WHEN EXISTS (SELECT FROM public.performance_void v WHERE v.performance_id = s.performance_id)
            THEN 'voided'
        WHEN EXISTS (SELECT FROM public.performance p
                     CROSS JOIN LATERAL public.fence_actors(p.person_id, p.on_behalf_of) AS who
                     WHERE p.id = s.performance_id
                       AND public.fence_barred(s.case_id, who) IS NOT NULL) THEN 'barred'
    END;
END $$;

-- Two signatures by one natural person, counting the principals of whoever acted for another.
CREATE FUNCTION public.fence_same_person(ids bigint[]) RETURNS jsonb
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('problem', 'same_person', 'person_id', who,
                                                 'signature_ids', signatures)), '[]')
    FROM (SELECT who, jsonb_agg(DISTINCT s.id) AS signatures
          FROM public.signature s
          JOIN public.performance p ON p.id = s.performance_id
          CROSS JOIN LATERAL public.fence_actors(p.person_id, p.on_behalf_of) AS who
          WHERE s.id = ANY (ids)
          GROUP BY who HAVING count(DISTINCT s.id) > 1) AS repeated
$$;

-- Facts that collide although each was lawful when it was written (a rise, a link, a merge, a new set).
-- An act that a ruling had done again no longer collides; a collision ruled on stands as ruled.
CREATE FUNCTION public.fence_collisions(of_case bigint)
RETURNS TABLE (rule text, rule_version integer, scope text, scope_id bigint, person_id bigint,
               members text[], performance_ids bigint[])
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT m.set_key, m.version, m.scope, m.scope_id, who,
           array_agg(DISTINCT m.member ORDER BY m.member), array_agg(DISTINCT p.id ORDER BY p.id)
    FROM public."case" here
    JOIN public."case" c ON c.chain_id = here.chain_id
    JOIN public.performance p ON p.case_id = c.id
    CROSS JOIN LATERAL public.fence_actors(p.person_id, p.on_behalf_of) AS who
    CROSS JOIN LATERAL public.fence_members(c.id, p.task_id, p.duty, p.at) m
    WHERE here.id = of_case AND (m.scope = 'chain' OR c.id = here.id)
      AND m.kind = 'exclusive' AND m.scope <> 'party'
      AND NOT EXISTS (SELECT FROM public.performance_void v
                      WHERE v.performance_id = p.id AND v.cause = 'violation')
    GROUP BY m.set_key, m.version, m.scope, m.scope_id, who, m.maximum
    HAVING count(DISTINCT m.member) > m.maximum
       AND NOT EXISTS (SELECT FROM public.sod_violation known
                       JOIN public.violation_ruling r ON r.violation_id = known.id AND r.verdict = 'upheld'
                       WHERE known.rule = m.set_key AND known.scope_id = m.scope_id
                         AND known.person_id = who
                         AND known.members @> array_agg(DISTINCT m.member))
$$;

CREATE FUNCTION public.fence_note_collisions(of_case bigint, of_cause text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    x record;
    noted bigint;
BEGIN
    FOR x IN SELECT * FROM public.fence_collisions(of_case) LOOP
        INSERT INTO public.sod_violation
            (rule, rule_version, scope, scope_id, person_id, members, performance_ids, cause, at)
        VALUES (x.rule, x.rule_version, x.scope, x.scope_id, x.person_id, x.members, x.performance_ids,
                of_cause, clock_timestamp())
        ON CONFLICT (rule, scope_id, person_id, members) DO NOTHING RETURNING id INTO noted;
        INSERT INTO public.violation_case (violation_id, case_id)
        SELECT DISTINCT noted, p.case_id FROM public.performance p
        WHERE noted IS NOT NULL AND p.id = ANY (x.performance_ids);
    END LOOP;
END $$;

-- Minimum of distinct persons: sets that have begun on this case and have too few people in them.
CREATE FUNCTION public.fence_too_few(of_case bigint) RETURNS jsonb
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('problem', 'too_few_persons', 'set_key', key,
                                                 'minimum', maximum, 'persons', persons)), '[]')
    FROM (SELECT s.key, s.maximum, count(DISTINCT who) AS persons
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
          GROUP BY s.key, s.maximum HAVING count(DISTINCT who) < s.maximum) AS found
$$;

-- Violations that nobody has settled yet freeze the cases they touch.
CREATE FUNCTION public.fence_open_violations(of_case bigint) RETURNS jsonb
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('problem', 'violation', 'violation_id', vc.violation_id)), '[]')
    FROM public.violation_case vc
    WHERE vc.case_id = of_case
      AND NOT EXISTS (SELECT FROM public.violation_ruling r WHERE r.violation_id = vc.violation_id)
$$;

CREATE FUNCTION public.fence_decision_problems(d public.case_decision) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    risk CONSTANT text := public.fence_current_risk(d.case_id);
    required CONSTANT text[] :=
        public.fence_required_duties(d.kind, risk, public.fence_current_levels(d.case_id));
    problems jsonb := '[]';
    wrong text;
BEGIN
    IF risk IS NULL OR d.risk <> risk THEN
        problems := problems || jsonb_build_object('problem', 'risk', 'current', risk, 'given', d.risk);
    END IF;
    FOR n IN 1..greatest(cardinality(required), cardinality(d.signature_ids)) LOOP
        wrong := CASE WHEN n > coalesce(cardinality(required), 0) THEN 'surplus'
                 ELSE public.fence_signature_problem(d, required[n], d.signature_ids[n]) END;
        IF wrong IS NOT NULL THEN
            problems := problems || jsonb_build_object('problem', wrong, 'duty', required[n],
                                                       'signature_id', d.signature_ids[n]);
        END IF;
    END LOOP;
    IF EXISTS (SELECT FROM (SELECT s.seq, lag(s.seq) OVER (ORDER BY given.n) AS earlier
                            FROM unnest(d.signature_ids) WITH ORDINALITY AS given (id, n)
                            JOIN public.signature s ON s.id = given.id) AS pairs WHERE seq <= earlier) THEN
        problems := problems || jsonb_build_object('problem', 'order');
    END IF;
    RETURN problems || public.fence_same_person(d.signature_ids) || public.fence_too_few(d.case_id)
        || public.fence_open_violations(d.case_id)
        || coalesce((SELECT jsonb_agg(jsonb_build_object('problem', 'collision') || to_jsonb(x))
                     FROM public.fence_collisions(d.case_id) x), '[]');
END $$;

-- SD010. Takes the lock itself, so that raw SQL can't skip it.
CREATE FUNCTION public.fence_decision_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    problems jsonb;
BEGIN
    PERFORM public.fence_read_committed();
    PERFORM FROM public."case" c WHERE c.id = NEW.case_id FOR UPDATE;
    problems := public.fence_decision_problems(NEW);
    IF problems <> '[]' THEN
        PERFORM public.fence_refuse('SD010', 'the signatures do not carry this decision',
            jsonb_build_object('case_id', NEW.case_id, 'subject', NEW.subject,
                'risk', public.fence_current_risk(NEW.case_id),
                'required', to_jsonb(public.fence_required_duties(NEW.kind,
                    public.fence_current_risk(NEW.case_id), public.fence_current_levels(NEW.case_id))),
                'problems', problems));
    END IF;
    RETURN NEW;
END $$;

-- SD011: a document rests on a decision of its own case, and on none that an open violation froze.
CREATE FUNCTION public.fence_document_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.decision_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM public.case_decision d WHERE d.id = NEW.decision_id AND d.case_id = NEW.case_id) THEN
        PERFORM public.fence_refuse('SD011', 'the decision belongs to another case',
            jsonb_build_object('case_id', NEW.case_id, 'decision_id', NEW.decision_id));
    END IF;
    IF NEW.decision_id IS NOT NULL AND public.fence_open_violations(NEW.case_id) <> '[]' THEN
        PERFORM public.fence_refuse('SD011', 'the decision is frozen by an open violation',
            jsonb_build_object('case_id', NEW.case_id, 'decision_id', NEW.decision_id,
                               'problems', public.fence_open_violations(NEW.case_id)));
    END IF;
    RETURN NEW;
END $$;
