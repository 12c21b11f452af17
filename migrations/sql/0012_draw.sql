-- Draws of experts and the opinions of panels (docs/expert-draw.md). All append-only: who sits was drawn, and the
-- draw can be computed again from what stands here. Nobody is put on a panel by hand: a seat is refused unless it is
-- the one that the two secrets give.

CREATE TABLE expert_draw (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    uid UUID NOT NULL,
    case_id BIGINT NOT NULL,
    panel_no INTEGER NOT NULL,
    round INTEGER NOT NULL,
    kind TEXT NOT NULL,
    replaces BIGINT,
    device BOOLEAN NOT NULL,
    reach TEXT NOT NULL,
    candidate_hash TEXT NOT NULL,
    left_out JSONB NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_expert_draw PRIMARY KEY (id),
    CONSTRAINT uq_expert_draw_uid UNIQUE (uid),
    CONSTRAINT uq_expert_draw_case_id_round UNIQUE (case_id, round),
    CONSTRAINT ck_expert_draw_kind CHECK (kind IN ('panel', 'seat')),
    CONSTRAINT ck_expert_draw_replaces CHECK ((replaces IS NOT NULL) = (kind = 'seat')),
    CONSTRAINT ck_expert_draw_reach CHECK (reach IN ('city', 'region')),
    CONSTRAINT ck_expert_draw_candidate_hash CHECK (candidate_hash ~ '^[0-9a-f]{64}$'),
    CONSTRAINT fk_expert_draw_case_id_case FOREIGN KEY(case_id) REFERENCES "case" (id)
);

CREATE TABLE expert_draw_seat (
    draw_id BIGINT NOT NULL,
    seat INTEGER NOT NULL,
    speciality TEXT NOT NULL,
    CONSTRAINT pk_expert_draw_seat PRIMARY KEY (draw_id, seat),
    CONSTRAINT ck_expert_draw_seat_seat CHECK (seat BETWEEN 1 AND 5),
    CONSTRAINT ck_expert_draw_seat_speciality CHECK (speciality ~ '^[a-z_]{1,40}$'),
    CONSTRAINT fk_expert_draw_seat_draw_id_expert_draw FOREIGN KEY(draw_id) REFERENCES expert_draw (id)
);

CREATE TABLE expert_draw_candidate (
    draw_id BIGINT NOT NULL,
    key TEXT NOT NULL,
    person_id BIGINT NOT NULL,
    city TEXT NOT NULL,
    specialities TEXT[] NOT NULL,
    CONSTRAINT pk_expert_draw_candidate PRIMARY KEY (draw_id, key),
    CONSTRAINT uq_expert_draw_candidate_draw_id_person_id UNIQUE (draw_id, person_id),
    CONSTRAINT ck_expert_draw_candidate_key CHECK (key ~ '^[A-Za-z0-9_-]{1,40}$'),
    CONSTRAINT fk_expert_draw_candidate_draw_id_expert_draw FOREIGN KEY(draw_id) REFERENCES expert_draw (id),
    CONSTRAINT fk_expert_draw_candidate_person_id_person FOREIGN KEY(person_id) REFERENCES person (id),
    CONSTRAINT fk_expert_draw_candidate_city_region FOREIGN KEY(city) REFERENCES region (code)
);

CREATE TABLE expert_draw_commitment (
    draw_id BIGINT NOT NULL,
    role TEXT NOT NULL,
    person_id BIGINT NOT NULL,
    task_id BIGINT NOT NULL,
    commitment TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_expert_draw_commitment PRIMARY KEY (draw_id, role),
    CONSTRAINT uq_expert_draw_commitment_draw_id_commitment UNIQUE (draw_id, commitment),
    CONSTRAINT ck_expert_draw_commitment_role CHECK (role IN ('operator', 'witness')),
    CONSTRAINT ck_expert_draw_commitment_commitment CHECK (commitment ~ '^[0-9a-f]{64}$'),
    CONSTRAINT fk_expert_draw_commitment_draw_id_expert_draw FOREIGN KEY(draw_id) REFERENCES expert_draw (id),
    CONSTRAINT fk_expert_draw_commitment_person_id_person FOREIGN KEY(person_id) REFERENCES person (id),
    CONSTRAINT fk_expert_draw_commitment_task_id_task FOREIGN KEY(task_id) REFERENCES task (id)
);

CREATE TABLE expert_draw_secret (
    draw_id BIGINT NOT NULL,
    role TEXT NOT NULL,
    person_id BIGINT NOT NULL,
    secret TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_expert_draw_secret PRIMARY KEY (draw_id, role),
    CONSTRAINT fk_expert_draw_secret_commitment FOREIGN KEY(draw_id, role) REFERENCES expert_draw_commitment (draw_id, role),
    CONSTRAINT fk_expert_draw_secret_person_id_person FOREIGN KEY(person_id) REFERENCES person (id)
);

CREATE TABLE expert_draw_void (
    draw_id BIGINT NOT NULL,
    reason TEXT NOT NULL,
    person_id BIGINT NOT NULL,
    task_id BIGINT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_expert_draw_void PRIMARY KEY (draw_id),
    CONSTRAINT fk_expert_draw_void_draw_id_expert_draw FOREIGN KEY(draw_id) REFERENCES expert_draw (id),
    CONSTRAINT fk_expert_draw_void_person_id_person FOREIGN KEY(person_id) REFERENCES person (id),
    CONSTRAINT fk_expert_draw_void_task_id_task FOREIGN KEY(task_id) REFERENCES task (id)
);

CREATE TABLE expert_seat (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    case_id BIGINT NOT NULL,
    panel_no INTEGER NOT NULL,
    seat INTEGER NOT NULL,
    draw_id BIGINT NOT NULL,
    key TEXT NOT NULL,
    person_id BIGINT NOT NULL,
    replaces BIGINT,
    drawn_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_expert_seat PRIMARY KEY (id),
    CONSTRAINT uq_expert_seat_draw_id_seat UNIQUE (draw_id, seat),
    CONSTRAINT uq_expert_seat_case_id_panel_no_seat_replaces UNIQUE NULLS NOT DISTINCT (case_id, panel_no, seat, replaces),
    CONSTRAINT fk_expert_seat_case_id_case FOREIGN KEY(case_id) REFERENCES "case" (id),
    CONSTRAINT fk_expert_seat_draw_id_key FOREIGN KEY(draw_id, key) REFERENCES expert_draw_candidate (draw_id, key),
    CONSTRAINT fk_expert_seat_draw_id_seat FOREIGN KEY(draw_id, seat) REFERENCES expert_draw_seat (draw_id, seat),
    CONSTRAINT fk_expert_seat_person_id_person FOREIGN KEY(person_id) REFERENCES person (id),
    CONSTRAINT fk_expert_seat_replaces_expert_seat FOREIGN KEY(replaces) REFERENCES expert_seat (id)
);
CREATE INDEX ix_expert_seat_person_id ON expert_seat (person_id);
ALTER TABLE expert_draw ADD CONSTRAINT fk_expert_draw_replaces_expert_seat
    FOREIGN KEY(replaces) REFERENCES expert_seat (id);

CREATE TABLE expert_vacancy (
    seat_id BIGINT NOT NULL,
    cause TEXT NOT NULL,
    reason TEXT NOT NULL,
    person_id BIGINT NOT NULL,
    task_id BIGINT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_expert_vacancy PRIMARY KEY (seat_id),
    CONSTRAINT ck_expert_vacancy_cause CHECK (cause IN ('declined', 'conflict', 'unreachable', 'ill', 'other')),
    CONSTRAINT fk_expert_vacancy_seat_id_expert_seat FOREIGN KEY(seat_id) REFERENCES expert_seat (id),
    CONSTRAINT fk_expert_vacancy_person_id_person FOREIGN KEY(person_id) REFERENCES person (id),
    CONSTRAINT fk_expert_vacancy_task_id_task FOREIGN KEY(task_id) REFERENCES task (id)
);

-- One opinion of each expert at a sitting (the task); dissent stays.
CREATE TABLE panel_opinion (
    task_id BIGINT NOT NULL,
    seat_id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    content JSONB NOT NULL,
    remark TEXT NOT NULL,
    signed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_panel_opinion PRIMARY KEY (task_id, seat_id),
    CONSTRAINT ck_panel_opinion_verdict CHECK (verdict IN ('signed', 'tests')),
    CONSTRAINT fk_panel_opinion_task_id_task FOREIGN KEY(task_id) REFERENCES task (id),
    CONSTRAINT fk_panel_opinion_seat_id_expert_seat FOREIGN KEY(seat_id) REFERENCES expert_seat (id),
    CONSTRAINT fk_panel_opinion_person_id_person FOREIGN KEY(person_id) REFERENCES person (id)
);

-- Who sits on a panel now: drawn and not stood down; the newest panel of the case only.
CREATE VIEW panel_member AS
    SELECT s.* FROM expert_seat s
    WHERE NOT EXISTS (SELECT FROM expert_vacancy v WHERE v.seat_id = s.id)
      AND s.panel_no = (SELECT max(d.panel_no) FROM expert_draw d WHERE d.case_id = s.case_id);

CREATE FUNCTION public.fence_sha256_hex(of_text text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT encode(sha256(convert_to(of_text, 'UTF8')), 'hex')
$$;

-- The hash of what is drawn from, as app/domain/assessment/draw.py reckons it.
CREATE FUNCTION public.fence_candidate_hash(of_draw bigint) RETURNS text
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT public.fence_sha256_hex(concat_ws(E'\n', 'sanshen-draw-1', d.uid::text,
        (SELECT string_agg(s.seat || '|' || s.speciality, E'\n' ORDER BY s.seat)
         FROM public.expert_draw_seat s WHERE s.draw_id = d.id),
        (SELECT string_agg(line, E'\n' ORDER BY line COLLATE "C") FROM (
            SELECT c.key || '|' || c.city || '|' || (SELECT string_agg(one, ',' ORDER BY one COLLATE "C")
                                                     FROM unnest(c.specialities) one) AS line
            FROM public.expert_draw_candidate c WHERE c.draw_id = d.id) AS lines)))
    FROM public.expert_draw d WHERE d.id = of_draw
$$;

-- The draw computed again: seat after seat the lowest score among those of its speciality who don't sit yet.
CREATE FUNCTION public.fence_drawn(of_draw bigint) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    seed text;
    wanted record;
    chosen text;
    taken text[] := '{}';
    drawn jsonb := '{}';
BEGIN
    SELECT public.fence_sha256_hex(d.candidate_hash || E'\n' || o.secret || E'\n' || w.secret) INTO STRICT seed
    FROM public.expert_draw d
    JOIN public.expert_draw_secret o ON o.draw_id = d.id AND o.role = 'operator'
    JOIN public.expert_draw_secret w ON w.draw_id = d.id AND w.role = 'witness'
    WHERE d.id = of_draw;
    FOR wanted IN SELECT * FROM public.expert_draw_seat s WHERE s.draw_id = of_draw ORDER BY s.seat LOOP
        SELECT c.key INTO chosen FROM public.expert_draw_candidate c
        WHERE c.draw_id = of_draw AND wanted.speciality = ANY (c.specialities) AND c.key <> ALL (taken)
        ORDER BY public.fence_sha256_hex(seed || ':' || wanted.seat || ':' || c.key) COLLATE "C" LIMIT 1;
        taken := taken || chosen;
        drawn := drawn || jsonb_build_object(wanted.seat::text, chosen);
    END LOOP;
    RETURN drawn;
EXCEPTION WHEN no_data_found THEN
    RETURN NULL;
END $$;

-- A draw is over when its seats are taken or it was given up.
CREATE FUNCTION public.fence_draw_is_open(of_draw bigint) RETURNS boolean
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT NOT EXISTS (SELECT FROM public.expert_draw_void v WHERE v.draw_id = of_draw)
       AND NOT EXISTS (SELECT FROM public.expert_seat s WHERE s.draw_id = of_draw)
$$;

-- SD040: one draw of a case at a time; a seat is drawn again only when its expert stood down.
CREATE FUNCTION public.fence_draw_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    problem text;
BEGIN
    PERFORM public.fence_read_committed();
    PERFORM FROM public."case" c WHERE c.id = NEW.case_id FOR UPDATE;
    problem := CASE
        WHEN EXISTS (SELECT FROM public.expert_draw d
                     WHERE d.case_id = NEW.case_id AND public.fence_draw_is_open(d.id)) THEN 'draw_open'
        WHEN NEW.round <> 1 + (SELECT count(*) FROM public.expert_draw d WHERE d.case_id = NEW.case_id) THEN 'round'
        WHEN NEW.panel_no < coalesce((SELECT max(panel_no) FROM public.expert_draw d WHERE d.case_id = NEW.case_id), 1)
            THEN 'panel_no'
        WHEN NEW.device IS DISTINCT FROM coalesce((SELECT f.facts ->> 'confirmation_type' = 'assistive_device'
            FROM public.case_facts f WHERE f.case_id = NEW.case_id), false) THEN 'device'
        WHEN NEW.kind = 'seat' AND NOT EXISTS (SELECT FROM public.expert_seat s
            JOIN public.expert_vacancy v ON v.seat_id = s.id
            WHERE s.id = NEW.replaces AND s.case_id = NEW.case_id AND s.panel_no = NEW.panel_no
              AND NOT EXISTS (SELECT FROM public.expert_seat n WHERE n.replaces = s.id)) THEN 'not_vacant'
        WHEN NEW.kind = 'panel' AND EXISTS (SELECT FROM public.expert_seat s
            WHERE s.case_id = NEW.case_id AND s.panel_no = NEW.panel_no) THEN 'panel_sits'
        END;
    IF problem IS NOT NULL THEN
        PERFORM public.fence_refuse('SD040', 'this can''t be drawn',
            jsonb_build_object('case_id', NEW.case_id, 'problem', problem));
    END IF;
    RETURN NEW;
END $$;

-- Whom an assessment is about beside the injury's worker: the dependant's name; null, the worker.
CREATE FUNCTION public.fence_assessed_dependant(of_case bigint) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT f.facts ->> 'dependant_name' FROM public.case_facts f
    WHERE f.case_id = of_case AND f.facts ->> 'assessment_kind' = 'dependant'
$$;
-- SD040: nobody who is barred, sat on an earlier panel of the chain on the same person (a reassessment or review is by
-- others), or sat in this case already; all before the first commitment. A case that ended before its expert gave an
-- opinion has released him.
CREATE FUNCTION public.fence_candidate_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    who CONSTANT bigint := public.fence_canonical(NEW.person_id);
    of_case public."case"%ROWTYPE;
    problem text;
BEGIN
    SELECT c.* INTO of_case FROM public.expert_draw d JOIN public."case" c ON c.id = d.case_id WHERE d.id = NEW.draw_id;
    problem := CASE
        WHEN EXISTS (SELECT FROM public.expert_draw_commitment k WHERE k.draw_id = NEW.draw_id) THEN 'too_late'
        WHEN EXISTS (SELECT FROM public.case_bar b WHERE b.case_id = of_case.id AND b.person_id = who) THEN 'barred'
        WHEN EXISTS (SELECT FROM public.expert_seat s JOIN public."case" c ON c.id = s.case_id
                     WHERE c.chain_id = of_case.chain_id AND public.fence_canonical(s.person_id) = who
                       AND (c.id = of_case.id
                            OR ('capacity_assessment' = ALL (ARRAY[c.process_key, of_case.process_key])
                                AND (c.status = 'open'
                                     OR EXISTS (SELECT FROM public.panel_opinion o WHERE o.seat_id = s.id))
                                AND public.fence_assessed_dependant(c.id)
                                    IS NOT DISTINCT FROM public.fence_assessed_dependant(of_case.id)))) THEN 'earlier_panel'
        END;
    IF problem IS NOT NULL THEN
        PERFORM public.fence_refuse('SD040', 'this expert may not be drawn',
            jsonb_build_object('case_id', of_case.id, 'person_id', who, 'problem', problem));
    END IF;
    RETURN NEW;
END $$;

-- SD040: the plan is fixed with the first commitment.
CREATE FUNCTION public.fence_draw_plan_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM public.expert_draw_commitment k WHERE k.draw_id = NEW.draw_id) THEN
        PERFORM public.fence_refuse('SD040', 'the seats are fixed', jsonb_build_object('draw_id', NEW.draw_id, 'problem', 'too_late'));
    END IF;
    RETURN NEW;
END $$;

-- SD040: two different people commit, each for the duty opened in this case; what is drawn from stands fast: three or
-- five seats (or the one that is vacant), a device with an expert of devices and two of the injury, and the hash is
-- that of what stands here.
CREATE FUNCTION public.fence_commitment_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    who CONSTANT bigint := public.fence_canonical(NEW.person_id);
    of_draw public.expert_draw%ROWTYPE;
    size integer;
    devices integer;
    problem text;
BEGIN
    PERFORM public.fence_read_committed();
    SELECT d.* INTO of_draw FROM public.expert_draw d WHERE d.id = NEW.draw_id;
    PERFORM FROM public."case" c WHERE c.id = of_draw.case_id FOR UPDATE;
    SELECT count(*), count(*) FILTER (WHERE speciality = 'assistive_device') INTO size, devices
    FROM public.expert_draw_seat s WHERE s.draw_id = NEW.draw_id;
    problem := CASE
        WHEN NOT public.fence_draw_is_open(NEW.draw_id) THEN 'draw_over'
        WHEN EXISTS (SELECT FROM public.expert_draw_commitment k
                     WHERE k.draw_id = NEW.draw_id AND public.fence_canonical(k.person_id) = who) THEN 'same_person'
        WHEN NOT EXISTS (SELECT FROM public.performance p WHERE p.case_id = of_draw.case_id AND p.task_id = NEW.task_id
                         AND public.fence_canonical(p.person_id) = who
                         AND p.duty = CASE NEW.role WHEN 'operator' THEN 'draw' ELSE 'witness' END) THEN 'duty'
        WHEN of_draw.kind = 'panel' AND size NOT IN (3, 5) OR of_draw.kind = 'seat' AND size <> 1 THEN 'size'
        WHEN of_draw.device AND of_draw.kind = 'panel' AND (devices < 1 OR size - devices < 2) THEN 'device'
        WHEN of_draw.kind = 'seat' AND NOT EXISTS (
            SELECT FROM public.expert_seat vacated
            JOIN public.expert_draw_seat first ON first.draw_id = vacated.draw_id AND first.seat = vacated.seat
            JOIN public.expert_draw_seat again ON again.draw_id = NEW.draw_id AND again.seat = first.seat
                                              AND again.speciality = first.speciality
            WHERE vacated.id = of_draw.replaces) THEN 'other_seat'
        WHEN of_draw.candidate_hash IS DISTINCT FROM public.fence_candidate_hash(NEW.draw_id) THEN 'candidates'
        END;
    IF problem IS NOT NULL THEN
        PERFORM public.fence_refuse('SD040', 'this commitment is not lawful',
            jsonb_build_object('draw_id', NEW.draw_id, 'role', NEW.role, 'problem', problem));
    END IF;
    RETURN NEW;
END $$;

-- SD040: a secret comes out after both commitments, from who committed to it, and is the one committed to.
CREATE FUNCTION public.fence_secret_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    problem text;
BEGIN
    SELECT CASE
        WHEN NOT public.fence_draw_is_open(NEW.draw_id) THEN 'draw_over'
        WHEN 2 <> (SELECT count(*) FROM public.expert_draw_commitment k WHERE k.draw_id = NEW.draw_id) THEN 'too_early'
        WHEN public.fence_canonical(k.person_id) <> public.fence_canonical(NEW.person_id) THEN 'other_person'
        WHEN k.commitment <> public.fence_sha256_hex(d.uid::text || ':' || NEW.role || ':' || NEW.secret) THEN 'other_secret'
        END INTO problem
    FROM public.expert_draw d
    JOIN public.expert_draw_commitment k ON k.draw_id = d.id AND k.role = NEW.role
    WHERE d.id = NEW.draw_id;
    IF problem IS NOT NULL THEN
        PERFORM public.fence_refuse('SD040', 'this secret is not the one committed to',
            jsonb_build_object('draw_id', NEW.draw_id, 'role', NEW.role, 'problem', problem));
    END IF;
    RETURN NEW;
END $$;

-- SD041: a seat is the one the draw gives, in the panel the draw was for.
CREATE FUNCTION public.fence_seat_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM public.fence_read_committed();
    PERFORM FROM public."case" c WHERE c.id = NEW.case_id FOR UPDATE;
    IF NOT EXISTS (SELECT FROM public.expert_draw d
                   JOIN public.expert_draw_candidate c ON c.draw_id = d.id AND c.key = NEW.key
                   WHERE d.id = NEW.draw_id AND d.case_id = NEW.case_id AND d.panel_no = NEW.panel_no
                     AND d.replaces IS NOT DISTINCT FROM NEW.replaces AND c.person_id = NEW.person_id
                     AND NOT EXISTS (SELECT FROM public.expert_draw_void v WHERE v.draw_id = d.id))
       OR public.fence_drawn(NEW.draw_id) ->> NEW.seat::text IS DISTINCT FROM NEW.key THEN
        PERFORM public.fence_refuse('SD041', 'this expert was not drawn for the seat',
            jsonb_build_object('case_id', NEW.case_id, 'seat', NEW.seat, 'key', NEW.key));
    END IF;
    RETURN NEW;
END $$;

-- SD042: only who sits on the panel opens its task, gives an opinion, each for himself.
CREATE FUNCTION public.fence_panel_performance() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM public.expert_draw d WHERE d.case_id = NEW.case_id)
       AND NOT EXISTS (SELECT FROM public.panel_member m WHERE m.case_id = NEW.case_id
                       AND public.fence_canonical(m.person_id) = public.fence_canonical(NEW.person_id)) THEN
        PERFORM public.fence_refuse('SD042', 'not on the panel',
            jsonb_build_object('case_id', NEW.case_id, 'person_id', NEW.person_id));
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION public.fence_opinion_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.panel_member m JOIN public.task t ON t.case_id = m.case_id
                   WHERE m.id = NEW.seat_id AND t.id = NEW.task_id AND t.duty = 'panel_opinion'
                     AND public.fence_canonical(m.person_id) = public.fence_canonical(NEW.person_id)
                     AND EXISTS (SELECT FROM public.performance p WHERE p.task_id = t.id AND p.duty = t.duty
                                 AND public.fence_canonical(p.person_id) = public.fence_canonical(NEW.person_id))) THEN
        PERFORM public.fence_refuse('SD042', 'not on the panel',
            jsonb_build_object('seat_id', NEW.seat_id, 'person_id', NEW.person_id));
    END IF;
    RETURN NEW;
END $$;

-- SD040: a draw is given up, a seat left, only while that can still be.
CREATE FUNCTION public.fence_draw_void_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT public.fence_draw_is_open(NEW.draw_id) THEN
        PERFORM public.fence_refuse('SD040', 'the draw is over', jsonb_build_object('draw_id', NEW.draw_id, 'problem', 'draw_over'));
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER expert_draw_lawful BEFORE INSERT ON public.expert_draw
    FOR EACH ROW EXECUTE FUNCTION public.fence_draw_lawful();
CREATE TRIGGER expert_draw_seat_lawful BEFORE INSERT ON public.expert_draw_seat
    FOR EACH ROW EXECUTE FUNCTION public.fence_draw_plan_lawful();
CREATE TRIGGER expert_draw_candidate_lawful BEFORE INSERT ON public.expert_draw_candidate
    FOR EACH ROW EXECUTE FUNCTION public.fence_candidate_lawful();
CREATE TRIGGER expert_draw_commitment_lawful BEFORE INSERT ON public.expert_draw_commitment
    FOR EACH ROW EXECUTE FUNCTION public.fence_commitment_lawful();
CREATE TRIGGER expert_draw_secret_lawful BEFORE INSERT ON public.expert_draw_secret
    FOR EACH ROW EXECUTE FUNCTION public.fence_secret_lawful();
CREATE TRIGGER expert_draw_void_lawful BEFORE INSERT ON public.expert_draw_void
    FOR EACH ROW EXECUTE FUNCTION public.fence_draw_void_lawful();
CREATE TRIGGER expert_seat_lawful BEFORE INSERT ON public.expert_seat
    FOR EACH ROW EXECUTE FUNCTION public.fence_seat_lawful();
CREATE TRIGGER panel_opinion_lawful BEFORE INSERT ON public.panel_opinion
    FOR EACH ROW EXECUTE FUNCTION public.fence_opinion_lawful();
CREATE TRIGGER performance_panel BEFORE INSERT ON public.performance
    FOR EACH ROW WHEN (NEW.duty = 'panel_opinion') EXECUTE FUNCTION public.fence_panel_performance();

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['expert_draw', 'expert_draw_seat', 'expert_draw_candidate', 'expert_draw_commitment',
                             'expert_draw_secret', 'expert_draw_void', 'expert_seat', 'expert_vacancy', 'panel_opinion'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON public.%I '
            'FOR EACH ROW EXECUTE FUNCTION public.fence_append_only()', t || '_append_only', t);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON public.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION public.fence_append_only()', t || '_keep', t);
        EXECUTE format('GRANT SELECT, INSERT ON public.%I TO sanshen_app', t);
        EXECUTE format('GRANT SELECT ON public.%I TO sanshen_auditor', t);
    END LOOP;
END $$;
GRANT SELECT ON panel_member TO sanshen_app, sanshen_auditor;

REVOKE ALL ON FUNCTION public.fence_sha256_hex(text), public.fence_candidate_hash(bigint), public.fence_drawn(bigint),
    public.fence_draw_is_open(bigint), public.fence_draw_lawful(), public.fence_candidate_lawful(),
    public.fence_draw_plan_lawful(), public.fence_commitment_lawful(), public.fence_secret_lawful(),
    public.fence_seat_lawful(), public.fence_panel_performance(), public.fence_opinion_lawful(),
    public.fence_draw_void_lawful(), public.fence_assessed_dependant(bigint) FROM PUBLIC;
