-- Grants of posts and what may never change about a person, an account, a case.

CREATE FUNCTION public.fence_hold(g public.post_grant, ends date, of_pair integer, of_side integer)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO public.post_hold (grant_id, person_id, side, period)
    VALUES (g.id, g.person_id, int4range(4 * of_pair + of_side, 4 * of_pair + of_side + 1),
            daterange(g.valid_from, g.valid_to) * daterange(NULL, ends));
EXCEPTION WHEN exclusion_violation THEN
    PERFORM public.fence_refuse('SD012', 'static exclusion: another post held at the same time',
        jsonb_build_object('person_id', g.person_id, 'post', g.post, 'pair', of_pair,
            'conflicts', (SELECT coalesce(jsonb_agg(DISTINCT h.grant_id), '[]') FROM public.post_hold h
                          WHERE h.person_id = g.person_id
                            AND h.side = int4range(4 * of_pair + 1 - of_side, 4 * of_pair + 2 - of_side)
                            AND h.period && daterange(g.valid_from, g.valid_to))));
END $$;

-- SD013: a revocation speaks of the very grant it ends. One grant at a time per person.
CREATE FUNCTION public.fence_grant_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('post_grant/' || NEW.person_id, 0));
    IF NEW.revokes IS NOT NULL AND NOT EXISTS (
        SELECT FROM public.post_grant g
        WHERE g.id = NEW.revokes AND g.revokes IS NULL AND g.person_id = NEW.person_id
          AND g.post = NEW.post AND g.region_code = NEW.region_code AND NEW.valid_from >= g.valid_from
          AND (g.valid_to IS NULL OR NEW.valid_from < g.valid_to)) THEN
        PERFORM public.fence_refuse('SD013', 'nothing to revoke in this grant',
            jsonb_build_object('person_id', NEW.person_id, 'post', NEW.post, 'revokes', NEW.revokes));
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION public.fence_grant_hold() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    x record;
BEGIN
    IF NEW.revokes IS NOT NULL THEN
        UPDATE public.post_hold SET period = period * daterange(NULL, NEW.valid_from)
        WHERE grant_id = NEW.revokes;
        RETURN NULL;
    END IF;
    FOR x IN SELECT pair, side FROM public.post_exclusion WHERE post = NEW.post ORDER BY pair LOOP
        PERFORM public.fence_hold(NEW, NULL, x.pair, x.side);
    END LOOP;
    RETURN NULL;
END $$;

-- A pair that arrives later counts for the grants that exist; one that is broken already is refused.
CREATE FUNCTION public.fence_exclusion_hold() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    g public.post_grant;
BEGIN
    LOCK TABLE public.post_grant IN SHARE ROW EXCLUSIVE MODE;
    FOR g IN SELECT * FROM public.post_grant WHERE post = NEW.post AND revokes IS NULL ORDER BY id LOOP
        PERFORM public.fence_hold(
            g, (SELECT r.valid_from FROM public.post_grant r WHERE r.revokes = g.id), NEW.pair, NEW.side);
    END LOOP;
    RETURN NULL;
END $$;

-- SD021: duties bind to persons, so nobody changes who somebody is.
CREATE FUNCTION public.fence_identity_fixed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM public.fence_refuse('SD021', format('the identity in %s is fixed', TG_TABLE_NAME),
        jsonb_build_object('table', TG_TABLE_NAME, 'id', OLD.id));
    RETURN NULL;
END $$;

-- SD022: bindings were written under the chain, role and process of the case.
CREATE FUNCTION public.fence_case_fixed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.process_key <> OLD.process_key
       OR EXISTS (SELECT FROM public.performance p WHERE p.case_id = OLD.id) THEN
        PERFORM public.fence_refuse('SD022', 'process, chain and role of a case are fixed',
            jsonb_build_object('case_id', OLD.id));
    END IF;
    RETURN NEW;
END $$;
