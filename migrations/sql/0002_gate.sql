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

-- Minimum of distinct persons, as the gate tells it.
CREATE FUNCTION public.fence_too_few(of_case bigint) RETURNS jsonb
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('problem', 'too_few_persons', 'set_key', few.key,
                                                 'minimum', few.minimum, 'persons', few.persons)), '[]')
    FROM public.fence_few(of_case) AS few
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
