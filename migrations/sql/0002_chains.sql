-- Chains: late links and splits move cases; what was done counts in the chain they come to.

CREATE FUNCTION public.fence_chain_refuse(of_chain bigint, problem text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT public.fence_refuse('SD023', 'the chain does not take this case',
        jsonb_build_object('chain_id', of_chain, 'problem', problem))
$$;

-- SD023: nothing joins a chain that was given up; whoever retires one waits for cases under way.
CREATE FUNCTION public.fence_case_joins() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM public.case_chain WHERE id = NEW.chain_id AND retired_at IS NOT NULL FOR SHARE) THEN
        PERFORM public.fence_chain_refuse(NEW.chain_id, 'retired');
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION public.fence_link_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    here bigint;
BEGIN
    PERFORM public.fence_read_committed();
    PERFORM FROM public.case_chain c WHERE c.id IN (NEW.from_chain_id, NEW.to_chain_id) ORDER BY c.id FOR UPDATE;
    SELECT c.chain_id INTO here FROM public."case" c WHERE c.id = NEW.case_id FOR UPDATE;
    IF here <> NEW.from_chain_id THEN
        PERFORM public.fence_chain_refuse(NEW.from_chain_id, 'moved');
    END IF;
    IF EXISTS (SELECT FROM public.case_chain WHERE id = NEW.to_chain_id AND retired_at IS NOT NULL) THEN
        PERFORM public.fence_chain_refuse(NEW.to_chain_id, 'retired');
    END IF;
    PERFORM public.fence_require_change(NEW.change_id, 'chain_' || NEW.kind, NEW.from_chain_id::text);
    RETURN NEW;
END $$;

CREATE FUNCTION public.fence_link_move() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE public.case_chain SET retired_at = NEW.at WHERE id = NEW.from_chain_id AND retired_at IS NULL;
    UPDATE public."case" SET chain_id = NEW.to_chain_id WHERE id = NEW.case_id;
    PERFORM public.fence_rebind_case(NEW.case_id, 'link');
    RETURN NULL;
END $$;

-- At the commit: all cases of the former chain have moved, so none is left with bindings of the others.
CREATE FUNCTION public.fence_link_whole() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM public."case" c WHERE c.chain_id = NEW.from_chain_id) THEN
        PERFORM public.fence_chain_refuse(NEW.from_chain_id, 'not_whole');
    END IF;
    RETURN NULL;
END $$;
