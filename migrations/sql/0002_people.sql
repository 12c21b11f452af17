-- One natural person under several records: merges, and doubts that wait for one.

CREATE FUNCTION public.fence_person_begins() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.canonical_id := NEW.id;
    RETURN NEW;
END $$;

-- SD018: aliases point at a canonical person, so that chains of merges stay flat. The locks keep every record
-- of both persons still: acts under way end first, later ones see the merge.
CREATE FUNCTION public.fence_alias_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM public.fence_read_committed();
    PERFORM pg_advisory_xact_lock(hashtextextended('person_alias', 0));
    PERFORM pg_advisory_xact_lock(hashtextextended('person/' || id, 0)) FROM (
        SELECT id FROM public.person
        WHERE canonical_id IN (NEW.person_id, NEW.canonical_id) ORDER BY id) AS records;
    IF public.fence_canonical(NEW.person_id) IS DISTINCT FROM NEW.person_id
       OR public.fence_canonical(NEW.canonical_id) IS DISTINCT FROM NEW.canonical_id THEN
        PERFORM public.fence_refuse('SD018', 'only canonical records are merged',
            jsonb_build_object('person_id', NEW.person_id, 'canonical_id', NEW.canonical_id));
    END IF;
    PERFORM public.fence_require_change(NEW.change_id, 'person_merge', NEW.person_id::text);
    RETURN NEW;
END $$;

CREATE FUNCTION public.fence_alias_merge() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    touched bigint;
BEGIN
    UPDATE public.person SET canonical_id = NEW.canonical_id WHERE canonical_id = NEW.person_id;
    PERFORM public.fence_merge_holds(NEW.person_id, NEW.canonical_id);
    FOR touched IN
        SELECT DISTINCT p.case_id FROM public.performance p
        JOIN public.person who ON who.id IN (p.person_id, p.on_behalf_of)
        WHERE who.canonical_id = NEW.canonical_id ORDER BY 1 LOOP
        PERFORM public.fence_rebind_case(touched, 'merge');
        PERFORM public.fence_note_bar(touched, NEW.canonical_id);
    END LOOP;
    RETURN NULL;
END $$;

-- The merge may reveal that somebody acted in a case whose party he was, or from which he was recused. What he did
-- before he became one, or stood back, is no violation; registration comes with the case's first parties.
CREATE FUNCTION public.fence_note_bar(of_case bigint, of_person bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    noted bigint;
BEGIN
    INSERT INTO public.sod_violation
        (rule, rule_version, scope, scope_id, person_id, members, performance_ids, cause, at)
    SELECT min(b.bar), 1, 'case', of_case, of_person, array_agg(DISTINCT p.duty ORDER BY p.duty),
           array_agg(DISTINCT p.id ORDER BY p.id), 'merge', clock_timestamp()
    FROM public.performance p
    JOIN public.case_bar b ON b.case_id = p.case_id AND b.person_id = of_person
        AND (p.at > b.since OR (p.at = b.since AND b.bar = 'party' AND p.duty = 'intake'))
    WHERE p.case_id = of_case AND of_person IN (SELECT public.fence_actors(p.person_id, p.on_behalf_of))
    HAVING count(*) > 0
    ON CONFLICT (rule, scope_id, person_id, members) DO NOTHING RETURNING id INTO noted;
    IF noted IS NOT NULL THEN
        INSERT INTO public.violation_case (violation_id, case_id) VALUES (noted, of_case);
    END IF;
END $$;

-- Holds move to the canonical person; one that collides stays where it is and is noted.
CREATE FUNCTION public.fence_merge_holds(of_person bigint, of_canonical bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    h public.post_hold;
BEGIN
    FOR h IN SELECT * FROM public.post_hold WHERE person_id = of_person ORDER BY id LOOP
        BEGIN
            UPDATE public.post_hold SET person_id = of_canonical WHERE id = h.id;
        EXCEPTION WHEN exclusion_violation THEN
            INSERT INTO public.sod_violation (rule, rule_version, scope, scope_id, person_id, members,
                                              performance_ids, cause, at)
            SELECT 'exclusion:' || lower(h.side) / 4, 1, 'post', lower(h.side) / 4, of_canonical,
                   array_agg(DISTINCT g.post ORDER BY g.post), '{}', 'merge', clock_timestamp()
            FROM public.post_hold other
            LEFT JOIN public.substitution s ON s.id IN (h.substitution_id, other.substitution_id)
            JOIN public.post_grant g ON g.id IN (h.grant_id, other.grant_id)
            WHERE other.person_id = of_canonical AND other.side -|- h.side AND other.period && h.period
            ON CONFLICT (rule, scope_id, person_id, members) DO NOTHING;
        END;
    END LOOP;
END $$;

CREATE FUNCTION public.fence_doubt_begins() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.cleared_at := NULL;
    NEW.verdict := NULL;
    NEW.change_id := NULL;
    RETURN NEW;
END $$;

-- A doubt is cleared by a change that three people decided, and then stays cleared.
CREATE FUNCTION public.fence_doubt_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.cleared_at IS NOT NULL THEN
        PERFORM public.fence_append_only();
    END IF;
    IF NEW.verdict = 'distinct' THEN
        PERFORM public.fence_require_change(NEW.change_id, 'identity_distinct', OLD.id::text);
    ELSIF NOT EXISTS (SELECT FROM public.person a JOIN public.person b ON b.canonical_id = a.canonical_id
                      WHERE a.id = OLD.person_id AND b.id = OLD.other_id) THEN
        PERFORM public.fence_refuse('SD018', 'the doubt speaks of records that are not merged',
            jsonb_build_object('person_id', OLD.person_id, 'canonical_id', OLD.other_id));
    END IF;
    RETURN NEW;
END $$;
