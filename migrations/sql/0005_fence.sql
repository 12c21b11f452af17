-- Definitions of processes: deployed, rolled back and retired by three people's decision on exactly these files.

-- SD033. Before the founding is closed nobody is there who could decide; from then on not even the owner installs.
-- `deployments` of the decided change names every version it puts into force, with the digests of its files and of
-- what was parsed from them.
CREATE FUNCTION public.fence_require_process(of_change bigint, of_action text, of_key text, named jsonb)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    c public.controlled_change;
    problem text;
BEGIN
    IF of_change IS NULL THEN
        IF of_action <> 'deploy' OR EXISTS (SELECT FROM public.founding) THEN
            PERFORM public.fence_refuse('SD033', 'after the founding a process changes by a controlled change',
                jsonb_build_object('problem', 'founded', 'key', of_key));
        END IF;
        RETURN;
    END IF;
    SELECT * INTO c FROM public.controlled_change WHERE case_id = of_change;
    problem := CASE
        WHEN c.kind IS DISTINCT FROM 'process' THEN 'other_kind'
        WHEN NOT EXISTS (SELECT FROM public.case_decision d
                         JOIN public.case_facts f ON f.case_id = d.case_id
                         WHERE d.case_id = of_change AND d.kind = 'deployed'
                           AND f.facts ->> 'change_digest' = encode(c.digest, 'hex')) THEN 'undecided'
        WHEN (c.payload #>> '{values,action}') IS DISTINCT FROM of_action THEN 'other_action'
        WHEN of_action = 'retire' AND c.target <> of_key THEN 'other_process'
        WHEN of_action <> 'retire'
             AND NOT coalesce(c.payload #> '{values,deployments}' @> jsonb_build_array(named), false)
             THEN 'other_content'
        WHEN public.fence_editor_reviewed(of_change) THEN 'editor_reviewed'
    END;
    IF problem IS NOT NULL THEN
        PERFORM public.fence_refuse('SD033', 'no approved change carries this version',
            jsonb_build_object('problem', problem, 'change_id', of_change, 'key', of_key));
    END IF;
END $$;

-- Did anybody who ever edited the draft recheck or approve it? Both acts are looked at under canonical persons.
CREATE FUNCTION public.fence_editor_reviewed(of_change bigint) RETURNS boolean
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM public.process_draft d
        JOIN public.process_draft_editor e ON e.draft_id = d.id
        JOIN public.performance p ON p.case_id = of_change AND p.duty IN ('rule_recheck', 'rule_approve')
        WHERE d.change_id = of_change
          AND public.fence_canonical(e.person_id) IN
              (public.fence_canonical(p.person_id), public.fence_canonical(p.on_behalf_of)))
$$;

CREATE FUNCTION public.fence_definition_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM public.fence_require_process(NEW.change_id, 'deploy', NEW.key,
        jsonb_build_object('key', NEW.key, 'digest', NEW.digest, 'spec', encode(sha256(NEW.spec), 'hex')));
    RETURN NEW;
END $$;

-- At the commit, when all files are there: SHA-256 over path, NUL, length, NUL, content, in the order of paths
-- (definitions.digest_of).
CREATE FUNCTION public.fence_definition_whole() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found text;
BEGIN
    SELECT encode(sha256(string_agg(convert_to(f.path, 'UTF8') || '\x00'::bytea
                                    || convert_to(length(f.content)::text, 'UTF8') || '\x00'::bytea || f.content,
                                    ''::bytea ORDER BY f.path COLLATE "C")), 'hex')
    INTO found FROM public.definition_file f WHERE f.definition_id = NEW.id;
    IF NEW.change_id IS NOT NULL AND found IS DISTINCT FROM NEW.digest THEN
        PERFORM public.fence_refuse('SD033', 'the files are not those that were approved',
            jsonb_build_object('problem', 'files', 'change_id', NEW.change_id, 'key', NEW.key));
    END IF;
    RETURN NULL;
END $$;

-- Files come with their version, in its transaction.
CREATE FUNCTION public.fence_file_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.process_definition d
                   WHERE d.id = NEW.definition_id AND d.xmin = pg_current_xact_id()::xid) THEN
        PERFORM public.fence_refuse('SD033', 'files are added with their version',
            jsonb_build_object('problem', 'late_file', 'definition_id', NEW.definition_id, 'path', NEW.path));
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION public.fence_release_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    d public.process_definition;
BEGIN
    SELECT * INTO d FROM public.process_definition WHERE id = NEW.definition_id;
    IF d.key <> NEW.key THEN
        PERFORM public.fence_refuse('SD033', 'a version of another process',
            jsonb_build_object('problem', 'other_process', 'change_id', NEW.change_id, 'key', NEW.key));
    END IF;
    PERFORM public.fence_require_process(NEW.change_id, NEW.action, NEW.key,
        jsonb_build_object('key', NEW.key, 'digest', d.digest));
    RETURN NEW;
END $$;

CREATE TRIGGER process_definition_lawful BEFORE INSERT ON public.process_definition
    FOR EACH ROW EXECUTE FUNCTION public.fence_definition_lawful();
CREATE CONSTRAINT TRIGGER process_definition_whole AFTER INSERT ON public.process_definition
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.fence_definition_whole();
CREATE TRIGGER definition_file_lawful BEFORE INSERT ON public.definition_file
    FOR EACH ROW EXECUTE FUNCTION public.fence_file_lawful();
CREATE TRIGGER process_release_lawful BEFORE INSERT ON public.process_release
    FOR EACH ROW EXECUTE FUNCTION public.fence_release_lawful();

DO $$
DECLARE
    ledger text;
BEGIN
    FOREACH ledger IN ARRAY ARRAY['process_definition', 'definition_file', 'process_content', 'process_release',
        'process_draft_editor']
    LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON public.%I '
            'FOR EACH ROW EXECUTE FUNCTION public.fence_append_only()', ledger || '_append_only', ledger);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON public.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION public.fence_append_only()', ledger || '_keep', ledger);
    END LOOP;
END $$;

REVOKE ALL ON FUNCTION public.fence_require_process(bigint, text, text, jsonb), public.fence_editor_reviewed(bigint),
    public.fence_definition_lawful(), public.fence_definition_whole(), public.fence_file_lawful(),
    public.fence_release_lawful() FROM PUBLIC;
