-- Technical holds: a case, or all cases of a process (or of one version of it) in a region and below. Clocks go on.
CREATE TABLE hold (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    case_id BIGINT,
    process_key TEXT,
    definition_id BIGINT,
    region_code TEXT,
    regions TEXT[],
    reason TEXT NOT NULL,
    held_by BIGINT NOT NULL,
    held_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_by BIGINT,
    ended_at TIMESTAMP WITH TIME ZONE,
    end_reason TEXT,
    CONSTRAINT pk_hold PRIMARY KEY (id),
    CONSTRAINT ck_hold_of_one CHECK ((case_id IS NULL) <> (process_key IS NULL)),
    CONSTRAINT ck_hold_scope CHECK ((process_key IS NULL) = (region_code IS NULL)
        AND (region_code IS NULL) = (regions IS NULL) AND (definition_id IS NULL OR process_key IS NOT NULL)),
    CONSTRAINT ck_hold_ended_whole CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
    CONSTRAINT fk_hold_case_id_case FOREIGN KEY (case_id) REFERENCES "case" (id),
    CONSTRAINT fk_hold_definition_id_process_definition FOREIGN KEY (definition_id) REFERENCES process_definition (id),
    CONSTRAINT fk_hold_region_code_region FOREIGN KEY (region_code) REFERENCES region (code),
    CONSTRAINT fk_hold_held_by_person FOREIGN KEY (held_by) REFERENCES person (id),
    CONSTRAINT fk_hold_ended_by_person FOREIGN KEY (ended_by) REFERENCES person (id)
);
CREATE UNIQUE INDEX uq_hold_case ON hold (case_id) WHERE ended_at IS NULL AND case_id IS NOT NULL;
CREATE UNIQUE INDEX uq_hold_process ON hold (process_key, region_code, definition_id) NULLS NOT DISTINCT
    WHERE ended_at IS NULL AND process_key IS NOT NULL;
CREATE INDEX ix_hold_case_id ON hold (case_id);

-- An automatic step (or a person's own step) that failed: what, why, how often tried, what became of it.
CREATE TABLE incident (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    case_id BIGINT NOT NULL,
    definition_id BIGINT NOT NULL,
    step_key TEXT NOT NULL,
    kind TEXT NOT NULL,
    task_id BIGINT,
    triggered_by BIGINT,
    cause TEXT NOT NULL,
    detail TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    attempts_most INTEGER NOT NULL,
    state TEXT NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_at TIMESTAMP WITH TIME ZONE NOT NULL,
    next_try_at TIMESTAMP WITH TIME ZONE,
    resolved_at TIMESTAMP WITH TIME ZONE,
    resolved_by BIGINT,
    resolution TEXT,
    reason TEXT,
    CONSTRAINT pk_incident PRIMARY KEY (id),
    CONSTRAINT ck_incident_kind CHECK (kind IN ('start', 'completion', 'automatic', 'message', 'timer')),
    CONSTRAINT ck_incident_state CHECK (state IN ('retrying', 'waiting', 'resolved')),
    CONSTRAINT ck_incident_resolution CHECK (resolution IN ('passed', 'resolved')),
    CONSTRAINT ck_incident_resolved_whole CHECK ((state = 'resolved') = (resolved_at IS NOT NULL)
        AND (resolved_at IS NULL) = (resolution IS NULL)),
    CONSTRAINT fk_incident_case_id_case FOREIGN KEY (case_id) REFERENCES "case" (id),
    CONSTRAINT fk_incident_definition_id_process_definition FOREIGN KEY (definition_id)
        REFERENCES process_definition (id),
    CONSTRAINT fk_incident_task_id_task FOREIGN KEY (task_id) REFERENCES task (id),
    CONSTRAINT fk_incident_triggered_by_person FOREIGN KEY (triggered_by) REFERENCES person (id),
    CONSTRAINT fk_incident_resolved_by_person FOREIGN KEY (resolved_by) REFERENCES person (id)
);
CREATE UNIQUE INDEX uq_incident_open ON incident (case_id, step_key) WHERE state <> 'resolved';
CREATE INDEX ix_incident_retry ON incident (next_try_at) WHERE state = 'retrying';
CREATE INDEX ix_incident_case_id ON incident (case_id);

-- A case that a decided change migrates to another version or modifies, and what came of it.
CREATE TABLE case_intervention (
    change_id BIGINT NOT NULL,
    case_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT DEFAULT 'waiting' NOT NULL,
    reason TEXT,
    params JSONB DEFAULT '{}'::jsonb NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_case_intervention PRIMARY KEY (change_id, case_id),
    CONSTRAINT ck_case_intervention_kind CHECK (kind IN ('migration', 'modification')),
    CONSTRAINT ck_case_intervention_state CHECK (state IN ('waiting', 'done', 'refused')),
    CONSTRAINT ck_case_intervention_finished_whole CHECK ((state = 'waiting') = (finished_at IS NULL)),
    CONSTRAINT fk_case_intervention_change_id_controlled_change FOREIGN KEY (change_id)
        REFERENCES controlled_change (case_id),
    CONSTRAINT fk_case_intervention_case_id_case FOREIGN KEY (case_id) REFERENCES "case" (id)
);
CREATE INDEX ix_case_intervention_case_id ON case_intervention (case_id);

-- Events a case waits at, for the counts of the heat map; open tasks stand in `task`.
ALTER TABLE case_state ADD COLUMN waiting TEXT[];

-- What the heat map reads: cases of a process, and tasks finished lately.
CREATE INDEX ix_case_process ON "case" (process_key, definition_id, id);
CREATE INDEX ix_task_completed_at ON task (completed_at) WHERE state = 'completed';

-- SD032: only what three people decided is done to a running case, and once.
CREATE FUNCTION public.fence_intervention_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    c public.controlled_change;
BEGIN
    SELECT * INTO c FROM public.controlled_change WHERE case_id = NEW.change_id;
    PERFORM public.fence_require_change(NEW.change_id, NEW.kind, c.target);
    IF NEW.state <> 'waiting'
       OR (NEW.kind = 'migration'
           AND NOT coalesce(c.payload -> 'values' -> 'case_ids' @> to_jsonb(NEW.case_id), false))
       OR (NEW.kind = 'modification' AND c.target <> NEW.case_id::text) THEN
        PERFORM public.fence_refuse('SD032', 'the change does not name this case',
            jsonb_build_object('change_id', NEW.change_id, 'case_id', NEW.case_id, 'kind', NEW.kind));
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION public.fence_intervention_once() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.state <> 'waiting' OR (NEW.change_id, NEW.case_id, NEW.kind, NEW.created_at)
           IS DISTINCT FROM (OLD.change_id, OLD.case_id, OLD.kind, OLD.created_at) THEN
        PERFORM public.fence_refuse('SD032', 'the result of an intervention is fixed',
            jsonb_build_object('change_id', OLD.change_id, 'case_id', OLD.case_id, 'kind', OLD.kind));
    END IF;
    RETURN NEW;
END $$;

-- SD022 too: a running case stays on its version until a decided migration, not carried out yet, moves it.
CREATE FUNCTION public.fence_version_fixed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM public.case_intervention i
        JOIN public.controlled_change c ON c.case_id = i.change_id
        JOIN public.process_definition d ON d.id = NEW.definition_id AND d.key = NEW.process_key
        WHERE i.case_id = OLD.id AND i.kind = 'migration' AND i.state = 'waiting'
          AND (c.payload -> 'values' ->> 'from_id')::bigint = OLD.definition_id
          AND (c.payload -> 'values' ->> 'to_id')::bigint = NEW.definition_id) THEN
        PERFORM public.fence_refuse('SD022', 'the version a case runs on is fixed',
            jsonb_build_object('case_id', OLD.id, 'from', OLD.definition_id, 'to', NEW.definition_id));
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER case_intervention_lawful BEFORE INSERT ON public.case_intervention
    FOR EACH ROW EXECUTE FUNCTION public.fence_intervention_lawful();
CREATE TRIGGER case_intervention_once BEFORE UPDATE ON public.case_intervention
    FOR EACH ROW EXECUTE FUNCTION public.fence_intervention_once();
CREATE TRIGGER case_version_fixed BEFORE UPDATE OF definition_id ON public."case"
    FOR EACH ROW WHEN (NEW.definition_id IS DISTINCT FROM OLD.definition_id)
    EXECUTE FUNCTION public.fence_version_fixed();
REVOKE ALL ON FUNCTION public.fence_intervention_lawful(), public.fence_intervention_once(),
    public.fence_version_fixed() FROM PUBLIC;

GRANT SELECT, INSERT ON hold, incident, case_intervention TO sanshen_app;
GRANT UPDATE (ended_by, ended_at, end_reason) ON hold TO sanshen_app;
GRANT UPDATE (definition_id, cause, detail, attempts, attempts_most, state, last_at, next_try_at, resolved_at,
    resolved_by, resolution, reason) ON incident TO sanshen_app;
GRANT UPDATE (state, reason, params, finished_at) ON case_intervention TO sanshen_app;
GRANT UPDATE (waiting) ON case_state TO sanshen_app;
GRANT SELECT ON hold, incident, case_intervention TO sanshen_auditor;
GRANT SELECT (waiting) ON case_state TO sanshen_auditor;
