-- Substitutes: a post that the principal holds himself, for a time, under the same static exclusions.

-- SD017.
CREATE FUNCTION public.fence_substitution_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wrong text;
BEGIN
    PERFORM public.fence_lock_posts(w) FROM unnest(ARRAY[NEW.principal_id, NEW.substitute_id]) AS w ORDER BY w;
    wrong := CASE
        WHEN NEW.revokes IS NULL AND (
            public.fence_canonical(NEW.principal_id) = public.fence_canonical(NEW.substitute_id)
            OR public.fence_canonical(NEW.approved_by) IN (public.fence_canonical(NEW.principal_id),
                public.fence_canonical(NEW.substitute_id), public.fence_canonical(NEW.requested_by)))
             THEN 'same_person'
        WHEN public.fence_holds_platform_post(public.fence_canonical(NEW.substitute_id), NEW.valid_from)
             THEN 'platform_post'
        WHEN NEW.revokes IS NULL AND NOT EXISTS (
            SELECT FROM public.post_grant g JOIN public.person p ON p.id = g.person_id
            LEFT JOIN public.post_grant r ON r.revokes = g.id
            WHERE p.canonical_id = public.fence_canonical(NEW.principal_id) AND g.revokes IS NULL
              AND g.post = NEW.post AND g.region_code = NEW.region_code
              AND daterange(NEW.valid_from, NEW.valid_to) <@
                  (daterange(g.valid_from, g.valid_to) * daterange(NULL, r.valid_from)))
             THEN 'post_not_held'
        WHEN NEW.revokes IS NOT NULL AND NOT EXISTS (
            SELECT FROM public.substitution s
            WHERE s.id = NEW.revokes AND s.revokes IS NULL AND s.principal_id = NEW.principal_id
              AND s.substitute_id = NEW.substitute_id AND s.post = NEW.post
              AND s.region_code = NEW.region_code AND NEW.valid_from >= s.valid_from
              AND NEW.valid_from < s.valid_to)
             THEN 'nothing_to_revoke'
    END;
    IF wrong IS NOT NULL THEN
        PERFORM public.fence_refuse('SD017', 'this substitution is not lawful',
            jsonb_build_object('problem', wrong, 'principal_id', NEW.principal_id,
                               'substitute_id', NEW.substitute_id, 'post', NEW.post));
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION public.fence_substitution_hold() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    x record;
BEGIN
    IF NEW.revokes IS NOT NULL THEN
        UPDATE public.post_hold SET period = period * daterange(NULL, NEW.valid_from)
        WHERE substitution_id = NEW.revokes;
        RETURN NULL;
    END IF;
    FOR x IN SELECT pair, side FROM public.post_exclusion WHERE post = NEW.post ORDER BY pair LOOP
        PERFORM public.fence_hold(NULL, NEW.id, NEW.substitute_id, NEW.post,
                                  daterange(NEW.valid_from, NEW.valid_to), x.pair, x.side);
    END LOOP;
    RETURN NULL;
END $$;

-- SD026: acting for somebody needs a substitution in force for the task's post, and a principal who still
-- holds it.
CREATE FUNCTION public.fence_check_substitution(p public.performance) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    on_day CONSTANT date := public.fence_day(p.at);
BEGIN
    IF NOT EXISTS (
        SELECT FROM public.task t
        JOIN public.substitution s ON s.post = t.post AND s.region_code = t.region_code AND s.revokes IS NULL
        LEFT JOIN public.substitution ended ON ended.revokes = s.id
        JOIN public.post_grant g ON g.post = s.post AND g.region_code = s.region_code AND g.revokes IS NULL
        JOIN public.person holder ON holder.id = g.person_id
        LEFT JOIN public.post_grant r ON r.revokes = g.id
        WHERE t.id = p.task_id AND t.case_id = p.case_id
          AND public.fence_canonical(s.substitute_id) = public.fence_canonical(p.person_id)
          AND public.fence_canonical(s.principal_id) = public.fence_canonical(p.on_behalf_of)
          AND holder.canonical_id = public.fence_canonical(p.on_behalf_of)
          AND on_day <@ (daterange(s.valid_from, s.valid_to) * daterange(NULL, ended.valid_from))
          AND on_day <@ (daterange(g.valid_from, g.valid_to) * daterange(NULL, r.valid_from))) THEN
        PERFORM public.fence_refuse('SD026', 'no substitution in force for this act',
            jsonb_build_object('case_id', p.case_id, 'task_id', p.task_id, 'person_id', p.person_id,
                               'on_behalf_of', p.on_behalf_of, 'day', on_day));
    END IF;
END $$;
