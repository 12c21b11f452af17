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

CREATE FUNCTION public.fence_current_risk(of_case bigint) RETURNS text
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT risk FROM public.case_risk WHERE case_id = of_case ORDER BY id DESC LIMIT 1
$$;

CREATE FUNCTION public.fence_risk_rank(risk text) RETURNS integer
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT array_position(ARRAY['normal', 'high', 'routed'], risk)
$$;

-- What a duty on a case counts as, in the newest versions of the sets that deny and apply to the
-- case's risk class. A case without any risk row is in all of them. (plpgsql, because it keeps plans.)
CREATE FUNCTION public.fence_members(of_case bigint, of_duty text)
RETURNS TABLE (set_id integer, version integer, set_key text, scope text, scope_id bigint,
               maximum integer, member text)
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    of_risk CONSTANT text := public.fence_current_risk(of_case);
BEGIN
    RETURN QUERY
    SELECT DISTINCT s.set_id, s.version, s.key, s.scope,
           CASE s.scope WHEN 'chain' THEN c.chain_id ELSE c.id END, s.maximum, m.member
    FROM public."case" c
    CROSS JOIN (SELECT DISTINCT ON (v.set_id) v.* FROM public.conflict_set v
                WHERE v.active_from <= clock_timestamp() ORDER BY v.set_id, v.version DESC) s
    JOIN public.conflict_member m
      ON m.set_id = s.set_id AND m.version = s.version AND m.duty = of_duty
     AND m.process_key IN ('', c.process_key) AND m.case_role IN ('', c.case_role)
    WHERE c.id = of_case AND s.severity = 'deny' AND (of_risk IS NULL OR of_risk = ANY (s.risk_classes))
    ORDER BY 1, 7;
END $$;
