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

CREATE FUNCTION public.fence_required_duties(risk text) RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT CASE risk
        WHEN 'normal' THEN ARRAY['initial_review', 'final_review']
        WHEN 'high' THEN ARRAY['initial_review', 'recheck', 'final_review']
        WHEN 'routed' THEN ARRAY['initial_review', 'recheck', 'risk_review', 'final_review']
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
          CROSS JOIN LATERAL (SELECT DISTINCT w AS who FROM unnest(ARRAY[p.person_id, p.on_behalf_of]) AS w
                              WHERE w IS NOT NULL) actors
          WHERE s.id = ANY (ids)
          GROUP BY who HAVING count(DISTINCT s.id) > 1) AS repeated
$$;

-- Facts that collide although each was lawful when it was written (a rise, a link, a new set).
CREATE FUNCTION public.fence_collisions(of_case bigint) RETURNS jsonb
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('problem', 'collision', 'set_id', set_id,
                                                 'person_id', who, 'members', members)), '[]')
    FROM (SELECT m.set_id, who, jsonb_agg(DISTINCT m.member) AS members
          FROM public."case" here
          JOIN public."case" c ON c.chain_id = here.chain_id
          JOIN public.performance p ON p.case_id = c.id
          CROSS JOIN LATERAL (SELECT DISTINCT w AS who FROM unnest(ARRAY[p.person_id, p.on_behalf_of]) AS w
                              WHERE w IS NOT NULL) actors
          CROSS JOIN LATERAL public.fence_members(c.id, p.duty) m
          WHERE here.id = of_case AND (m.scope = 'chain' OR c.id = here.id)
          GROUP BY m.set_id, who, m.maximum HAVING count(DISTINCT m.member) > m.maximum) AS found
$$;

CREATE FUNCTION public.fence_decision_problems(d public.case_decision) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    risk CONSTANT text := public.fence_current_risk(d.case_id);
    required CONSTANT text[] := public.fence_required_duties(risk);
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
    RETURN problems || public.fence_same_person(d.signature_ids) || public.fence_collisions(d.case_id);
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
                'required', to_jsonb(public.fence_required_duties(public.fence_current_risk(NEW.case_id))),
                'problems', problems));
    END IF;
    RETURN NEW;
END $$;

-- SD011: a document rests on a decision of its own case.
CREATE FUNCTION public.fence_document_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.decision_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM public.case_decision d WHERE d.id = NEW.decision_id AND d.case_id = NEW.case_id) THEN
        PERFORM public.fence_refuse('SD011', 'the decision belongs to another case',
            jsonb_build_object('case_id', NEW.case_id, 'decision_id', NEW.decision_id));
    END IF;
    RETURN NEW;
END $$;
