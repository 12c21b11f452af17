-- Who may not touch a case: its parties, and whoever is recused from it.

-- A recusal holds until the head refuses it; an interest in a party recuses by itself, until a recusal by data
-- was refused. One definition for `decide` and the fence. `since`: what was done before then was done lawfully.
CREATE VIEW public.case_bar AS
    SELECT cp.case_id, p.canonical_id AS person_id, 'party' AS bar, cp.role AS cause, cp.at AS since
    FROM public.case_party cp
    JOIN public.person p ON p.id_number_index = cp.id_number_index
    UNION ALL
    SELECT r.case_id, p.canonical_id, 'recused', r.cause, r.at
    FROM public.recusal r
    JOIN public.person p ON p.id = r.person_id
    WHERE NOT EXISTS (SELECT FROM public.recusal_ruling v WHERE v.recusal_id = r.id AND v.verdict = 'refused')
    UNION ALL
    SELECT cp.case_id, p.canonical_id, 'recused', i.cause, greatest(i.declared_at, cp.at)
    FROM public.case_party cp
    JOIN public.person_interest i ON i.subject_index = cp.id_number_index AND i.ended_at IS NULL
    JOIN public.person p ON p.id = i.person_id
    WHERE NOT EXISTS (SELECT FROM public.recusal r
                      JOIN public.person same ON same.id = r.person_id
                      JOIN public.recusal_ruling v ON v.recusal_id = r.id AND v.verdict = 'refused'
                      WHERE r.case_id = cp.case_id AND same.canonical_id = p.canonical_id
                        AND r.origin = 'data' AND r.cause = i.cause);

-- SD003 or SD024 with the facts, or null.
CREATE FUNCTION public.fence_barred(of_case bigint, of_person bigint) RETURNS jsonb
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT jsonb_build_object('code', CASE b.bar WHEN 'party' THEN 'SD003' ELSE 'SD024' END,
                              'case_id', of_case, 'person_id', of_person,
                              CASE b.bar WHEN 'party' THEN 'role' ELSE 'cause' END, b.cause)
    FROM public.case_bar b WHERE b.case_id = of_case AND b.person_id = of_person
    ORDER BY b.bar, b.cause LIMIT 1
$$;

-- The lock lets acts under way end first and later ones see the recusal.
CREATE FUNCTION public.fence_recusal_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM public.fence_read_committed();
    PERFORM FROM public."case" c WHERE c.id = NEW.case_id FOR UPDATE;
    RETURN NEW;
END $$;

-- SD025: nobody rules on his own recusal.
CREATE FUNCTION public.fence_recusal_ruled() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    r public.recusal;
BEGIN
    SELECT * INTO r FROM public.recusal WHERE id = NEW.recusal_id;
    PERFORM FROM public."case" c WHERE c.id = r.case_id FOR UPDATE;
    IF public.fence_canonical(NEW.ruled_by) = public.fence_canonical(r.person_id) THEN
        PERFORM public.fence_refuse('SD025', 'nobody rules on his own recusal',
            jsonb_build_object('recusal_id', r.id, 'case_id', r.case_id, 'person_id', r.person_id));
    END IF;
    RETURN NEW;
END $$;
