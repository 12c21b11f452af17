-- Every function names pg_temp last: unnamed, it would be searched first, and a temporary table
-- of the caller could stand in for one of ours.

CREATE FUNCTION public.fence_refuse(code text, message text, detail jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = code, MESSAGE = message, DETAIL = detail::text;
END $$;

-- SD020: ledgers only grow, for the owner too.
CREATE FUNCTION public.fence_append_only() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM public.fence_refuse('SD020', format('%s is append-only', TG_TABLE_NAME),
        jsonb_build_object('table', TG_TABLE_NAME, 'operation', TG_OP));
    RETURN NULL;
END $$;

-- SD005: under a snapshot older than the lock a check would read yesterday's rows.
CREATE FUNCTION public.fence_read_committed() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        PERFORM public.fence_refuse('SD005', 'ledger writes need READ COMMITTED',
            jsonb_build_object('isolation', current_setting('transaction_isolation')));
    END IF;
END $$;

-- Duties bind natural persons: every comparison is between canonical ids.
CREATE FUNCTION public.fence_canonical(of_person bigint) RETURNS bigint
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT canonical_id FROM public.person WHERE id = of_person
$$;

-- A merge waits for acts under way and acts wait for a merge; acts don't wait for each other.
CREATE FUNCTION public.fence_hold_person(of_person bigint) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT pg_advisory_xact_lock_shared(hashtextextended('person/' || of_person, 0))
$$;

-- The day an instant falls on where the law applies.
CREATE FUNCTION public.fence_day(at timestamptz) RETURNS date
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT (at AT TIME ZONE 'Asia/Shanghai')::date
$$;

CREATE FUNCTION public.fence_current_risk(of_case bigint) RETURNS text
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT risk FROM public.case_risk WHERE case_id = of_case ORDER BY id DESC LIMIT 1
$$;

CREATE FUNCTION public.fence_risk_rank(risk text) RETURNS integer
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT array_position(ARRAY['normal', 'high', 'routed'], risk)
$$;

CREATE FUNCTION public.fence_current_levels(of_case bigint) RETURNS integer
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT approval_levels FROM public.case_risk WHERE case_id = of_case ORDER BY id DESC LIMIT 1
$$;

-- The newest version of every set.
CREATE VIEW public.conflict_set_in_force AS
    SELECT DISTINCT ON (v.set_id) v.* FROM public.conflict_set v
    WHERE v.active_from <= clock_timestamp() ORDER BY v.set_id, v.version DESC;

-- Region and period as a number that bindings can be keyed by.
CREATE FUNCTION public.fence_period_scope(region text, period text, at timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT hashtextextended(region || '/' || period || '/'
                            || date_trunc(period, at AT TIME ZONE 'Asia/Shanghai')::date, 0)
$$;

-- What a duty on a case counts as, in the sets in force that deny and apply to the case's risk class.
-- A case without any risk row is in all of them. (plpgsql, because it keeps plans.)
CREATE FUNCTION public.fence_members(of_case bigint, of_task bigint, of_duty text, at timestamptz)
RETURNS TABLE (set_id integer, version integer, set_key text, kind text, scope text, scope_id bigint,
               maximum integer, member text)
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    of_risk CONSTANT text := public.fence_current_risk(of_case);
BEGIN
    RETURN QUERY
    SELECT DISTINCT s.set_id, s.version, s.key, s.kind, s.scope,
           CASE s.scope WHEN 'task' THEN of_task
                        WHEN 'chain' THEN c.chain_id
                        WHEN 'region_period' THEN public.fence_period_scope(c.region_code, s.period, at)
                        ELSE c.id END,
           s.maximum, m.member
    FROM public."case" c
    CROSS JOIN public.conflict_set_in_force s
    JOIN public.conflict_member m
      ON m.set_id = s.set_id AND m.version = s.version AND m.duty = of_duty
     AND m.process_key IN ('', c.process_key) AND m.case_role IN ('', c.case_role)
    WHERE c.id = of_case AND s.severity = 'deny' AND s.kind <> 'minimum'
      AND (s.scope <> 'task' OR of_task IS NOT NULL)
      AND (of_risk IS NULL OR of_risk = ANY (s.risk_classes))
    ORDER BY 1, 8;
END $$;

-- Today's holds of merged records that exclude each other.
CREATE VIEW public.post_collision AS
    SELECT pa.canonical_id AS person_id, a.grant_id, b.grant_id AS other_grant_id
    FROM public.post_hold a
    JOIN public.person pa ON pa.id = a.person_id
    JOIN public.person pb ON pb.canonical_id = pa.canonical_id AND pb.id <> pa.id
    JOIN public.post_hold b ON b.person_id = pb.id AND b.side -|- a.side AND b.period && a.period
    WHERE (clock_timestamp() AT TIME ZONE 'Asia/Shanghai')::date <@ (a.period * b.period);
