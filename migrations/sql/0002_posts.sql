-- Grants of posts and what may never change about a person, an account, a case.

-- Writes one derived hold, under the canonical person. `source` names the grant or substitution. The constraint
-- compares the holds of one record; those that collided in a merge stay under the record they came with, so the
-- other records of the person are asked here. fence_lock_posts keeps rivals out.
CREATE FUNCTION public.fence_hold(of_grant bigint, of_substitution bigint, of_person bigint, of_post text,
                                  held daterange, of_pair integer, of_side integer) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    who CONSTANT bigint := public.fence_canonical(of_person);
    conflicts jsonb;
BEGIN
    SELECT jsonb_agg(DISTINCT h.grant_id) INTO conflicts
    FROM public.person p
    JOIN public.post_hold h ON int8range(h.person_id, h.person_id, '[]') && int8range(p.id, p.id, '[]')
    WHERE p.canonical_id = who AND h.period && held
      AND h.side = int4range(4 * of_pair + 1 - of_side, 4 * of_pair + 2 - of_side);
    IF conflicts IS NOT NULL THEN
        PERFORM public.fence_refuse('SD012', 'static exclusion: another post held at the same time',
            jsonb_build_object('person_id', who, 'post', of_post, 'pair', of_pair, 'conflicts', conflicts));
    END IF;
    INSERT INTO public.post_hold (grant_id, substitution_id, person_id, side, period)
    VALUES (of_grant, of_substitution, who, int4range(4 * of_pair + of_side, 4 * of_pair + of_side + 1), held);
EXCEPTION WHEN exclusion_violation THEN
    PERFORM public.fence_refuse('SD012', 'static exclusion: another post held at the same time',
        jsonb_build_object('person_id', who, 'post', of_post, 'pair', of_pair, 'conflicts', '[]'::jsonb));
END $$;

-- One change of what a person holds at a time; a merge of the person waits.
CREATE FUNCTION public.fence_lock_posts(of_person bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM public.fence_hold_person(of_person);
    PERFORM pg_advisory_xact_lock(hashtextextended('post_grant/' || public.fence_canonical(of_person), 0));
END $$;

-- SD013: a revocation speaks of the very grant it ends. One grant at a time per person.
CREATE FUNCTION public.fence_grant_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM public.fence_lock_posts(NEW.person_id);
    IF NEW.revokes IS NOT NULL AND NOT EXISTS (
        SELECT FROM public.post_grant g
        WHERE g.id = NEW.revokes AND g.revokes IS NULL AND g.person_id = NEW.person_id
          AND g.post = NEW.post AND g.region_code = NEW.region_code AND NEW.valid_from >= g.valid_from
          AND (g.valid_to IS NULL OR NEW.valid_from < g.valid_to)) THEN
        PERFORM public.fence_refuse('SD013', 'nothing to revoke in this grant',
            jsonb_build_object('person_id', NEW.person_id, 'post', NEW.post, 'revokes', NEW.revokes));
    END IF;
    PERFORM public.fence_check_chain(NEW);
    IF NEW.revokes IS NULL THEN
        PERFORM public.fence_check_tenure(NEW);
    END IF;
    RETURN NEW;
END $$;

-- SD015: four natural persons asked for, reviewed, approved and assigned exactly this grant, and none of them
-- is the one who gets it. Before the founding is closed there is nobody yet who could.
CREATE FUNCTION public.fence_check_chain(g public.post_grant) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    people bigint[] := ARRAY[g.person_id, g.requested_by, g.reviewed_by, g.approved_by, g.assigned_by];
    wrong text;
BEGIN
    IF (SELECT count(*) <> count(DISTINCT public.fence_canonical(w)) FROM unnest(people) AS w
        WHERE w IS NOT NULL) THEN
        wrong := 'same_person';
    ELSIF g.request_id IS NULL THEN
        IF EXISTS (SELECT FROM public.founding) THEN
            wrong := 'no_request';
        END IF;
    ELSIF NOT EXISTS (
        SELECT FROM public.grant_request r
        WHERE r.id = g.request_id AND r.person_id = g.person_id AND r.post = g.post
          AND r.region_code = g.region_code AND r.valid_from = g.valid_from
          AND r.valid_to IS NOT DISTINCT FROM g.valid_to AND r.revokes IS NOT DISTINCT FROM g.revokes) THEN
        wrong := 'other_request';
    ELSIF (SELECT array_agg(s.person_id ORDER BY s.id) FROM public.grant_step s WHERE s.request_id = g.request_id)
          IS DISTINCT FROM ARRAY[g.requested_by, g.reviewed_by, g.approved_by, g.assigned_by] THEN
        wrong := 'steps_missing';
    END IF;
    IF wrong IS NOT NULL THEN
        PERFORM public.fence_refuse('SD015', 'the permission chain does not carry this grant',
            jsonb_build_object('problem', wrong, 'person_id', g.person_id, 'post', g.post,
                               'request_id', g.request_id));
    END IF;
END $$;

-- Who may take a step holds its post by grant in the region or above it.
CREATE FUNCTION public.fence_takes_step(of_person bigint, step text, of_region text, on_day date)
RETURNS boolean
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM public.post_grant g
        JOIN public.person p ON p.id = g.person_id AND p.canonical_id = of_person
        JOIN public.post ON post.key = g.post
        JOIN public.region ON region.code = of_region
        LEFT JOIN public.post_grant r ON r.revokes = g.id
        WHERE g.revokes IS NULL AND on_day <@ (daterange(g.valid_from, g.valid_to) * daterange(NULL, r.valid_from))
          AND g.region_code = ANY (string_to_array(region.path, '/'))
          AND CASE step WHEN 'apply' THEN post.kind = 'supervision'
                        WHEN 'review' THEN post.kind = 'audit'
                        WHEN 'approve' THEN post.key = 'dept_head'
                        WHEN 'assign' THEN post.key = 'security_admin' END)
$$;

-- SD015 too: steps come in order, each by another natural person than the grantee and those before.
CREATE FUNCTION public.fence_step_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    steps CONSTANT text[] := ARRAY['apply', 'review', 'approve', 'assign'];
    request public.grant_request;
    taken text[];
    wrong text;
BEGIN
    SELECT * INTO request FROM public.grant_request WHERE id = NEW.request_id FOR UPDATE;
    SELECT coalesce(array_agg(s.step ORDER BY s.id), '{}') INTO taken FROM public.grant_step s
    WHERE s.request_id = NEW.request_id;
    NEW.id := nextval(pg_get_serial_sequence('public.grant_step', 'id'));
    wrong := CASE
        WHEN taken && ARRAY['assign', 'refuse', 'cancel'] THEN 'ended'
        WHEN NEW.step = ANY (steps) AND NEW.step <> steps[cardinality(taken) + 1] THEN 'order'
        WHEN NEW.step IN ('refuse', 'cancel') AND taken = '{}' THEN 'order'
        WHEN NEW.step <> 'cancel'
             AND public.fence_canonical(NEW.person_id) = public.fence_canonical(request.person_id) THEN 'grantee'
        WHEN NEW.step <> 'cancel' AND EXISTS (
            SELECT FROM public.grant_step s WHERE s.request_id = NEW.request_id
              AND public.fence_canonical(s.person_id) = public.fence_canonical(NEW.person_id)) THEN 'same_person'
        WHEN NEW.step <> 'cancel' AND NOT public.fence_takes_step(
            public.fence_canonical(NEW.person_id),
            CASE NEW.step WHEN 'refuse' THEN steps[cardinality(taken) + 1] ELSE NEW.step END,
            request.region_code, public.fence_day(NEW.at)) THEN 'post_not_held'
        WHEN NEW.step = 'cancel' AND NOT EXISTS (
            SELECT FROM public.grant_step s WHERE s.request_id = NEW.request_id AND s.step = 'apply'
              AND public.fence_canonical(s.person_id) = public.fence_canonical(NEW.person_id))
             THEN 'not_applicant'
    END;
    IF wrong IS NOT NULL THEN
        PERFORM public.fence_refuse('SD015', 'this step of the permission chain can not be taken',
            jsonb_build_object('problem', wrong, 'request_id', NEW.request_id, 'step', NEW.step,
                               'person_id', NEW.person_id));
    END IF;
    RETURN NEW;
END $$;

-- SD016: the stay that this grant continues would last longer than the post allows. A grant without an end
-- is held against the limit by `decide`, day by day.
CREATE FUNCTION public.fence_check_tenure(g public.post_grant) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    t public.tenure_rule;
    since date := g.valid_from;
    earlier date;
BEGIN
    SELECT * INTO t FROM public.tenure_rule r
    WHERE r.post = g.post AND r.active_from <= clock_timestamp() ORDER BY r.version DESC LIMIT 1;
    IF NOT FOUND OR t.severity <> 'deny' THEN
        RETURN;
    END IF;
    LOOP
        SELECT min(x.valid_from) INTO earlier FROM public.post_grant x
        JOIN public.person who ON who.id = x.person_id
        LEFT JOIN public.post_grant r ON r.revokes = x.id
        WHERE who.canonical_id = public.fence_canonical(g.person_id) AND x.post = g.post AND x.revokes IS NULL
          AND x.valid_from < since
          AND coalesce(r.valid_from, x.valid_to, since) + make_interval(months => t.gap_months) >= since;
        EXIT WHEN earlier IS NULL;
        since := earlier;
    END LOOP;
    IF coalesce(g.valid_to, g.valid_from) > since + make_interval(months => t.months) THEN
        PERFORM public.fence_refuse('SD016', 'longer in this post than allowed',
            jsonb_build_object('person_id', g.person_id, 'post', g.post, 'since', since,
                               'until', g.valid_to, 'months', t.months));
    END IF;
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
        PERFORM public.fence_hold(NEW.id, NULL, NEW.person_id, NEW.post,
                                  daterange(NEW.valid_from, NEW.valid_to), x.pair, x.side);
    END LOOP;
    RETURN NULL;
END $$;

-- A pair that arrives later counts for what is held already; one that is broken already is refused.
CREATE FUNCTION public.fence_exclusion_hold() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    x record;
BEGIN
    LOCK TABLE public.post_grant, public.substitution IN SHARE ROW EXCLUSIVE MODE;
    FOR x IN SELECT g.id AS of_grant, NULL::bigint AS of_substitution, g.person_id,
                    daterange(g.valid_from, g.valid_to) * daterange(NULL, r.valid_from) AS held
             FROM public.post_grant g LEFT JOIN public.post_grant r ON r.revokes = g.id
             WHERE g.post = NEW.post AND g.revokes IS NULL
             UNION ALL
             SELECT NULL, s.id, s.substitute_id,
                    daterange(s.valid_from, s.valid_to) * daterange(NULL, r.valid_from)
             FROM public.substitution s LEFT JOIN public.substitution r ON r.revokes = s.id
             WHERE s.post = NEW.post AND s.revokes IS NULL
             ORDER BY 1, 2 LOOP
        PERFORM public.fence_hold(x.of_grant, x.of_substitution, x.person_id, NEW.post, x.held,
                                  NEW.pair, NEW.side);
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

-- SD022: bindings were written under the chain, role and process of the case. A chain link moves the chain.
CREATE FUNCTION public.fence_case_fixed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.process_key <> OLD.process_key
       OR (NEW.case_role <> OLD.case_role
           AND EXISTS (SELECT FROM public.performance p WHERE p.case_id = OLD.id))
       OR (NEW.chain_id <> OLD.chain_id
           AND NEW.chain_id IS DISTINCT FROM (SELECT l.to_chain_id FROM public.chain_link l
                                              WHERE l.case_id = OLD.id ORDER BY l.id DESC LIMIT 1)) THEN
        PERFORM public.fence_refuse('SD022', 'process, chain and role of a case are fixed',
            jsonb_build_object('case_id', OLD.id));
    END IF;
    RETURN NEW;
END $$;

-- SD030: a transfer starts where the case is; its papers and open tasks go along.
CREATE FUNCTION public.fence_transfer_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM public."case" c WHERE c.id = NEW.case_id AND c.region_code = NEW.from_region FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM public.fence_refuse('SD030', 'the case is not where the transfer starts',
            jsonb_build_object('case_id', NEW.case_id, 'from', NEW.from_region, 'to', NEW.to_region));
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION public.fence_transfer_move() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE public."case" SET region_code = NEW.to_region WHERE id = NEW.case_id;
    UPDATE public.case_facts SET region_code = NEW.to_region WHERE case_id = NEW.case_id;
    UPDATE public.material SET region_code = NEW.to_region WHERE case_id = NEW.case_id;
    UPDATE public.document SET region_code = NEW.to_region WHERE case_id = NEW.case_id;
    UPDATE public.task SET region_code = NEW.to_region, home_region_code = NULL WHERE case_id = NEW.case_id;
    RETURN NULL;
END $$;

-- SD030 too: a case goes to another region's office on record.
CREATE FUNCTION public.fence_region_fixed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.region_code IS DISTINCT FROM (SELECT t.to_region FROM public.case_transfer t
                                         WHERE t.case_id = OLD.id AND t.from_region = OLD.region_code
                                         ORDER BY t.id DESC LIMIT 1) THEN
        PERFORM public.fence_refuse('SD030', 'a case moves to another region by a recorded transfer',
            jsonb_build_object('case_id', OLD.id, 'from', OLD.region_code, 'to', NEW.region_code));
    END IF;
    RETURN NEW;
END $$;
