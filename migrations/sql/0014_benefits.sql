-- What an award grants, item by item, and what is to be paid of it. An entitlement is a line of a draft: it is never
-- changed, a new reckoning is a new draft. A payable is a lump sum or a running monthly payment; its amount is never
-- changed, only its state, and that only by a row of payable_event.
CREATE TABLE entitlement (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    case_id BIGINT NOT NULL,
    draft INTEGER NOT NULL,
    line INTEGER NOT NULL,
    item TEXT NOT NULL,
    payer TEXT NOT NULL,
    payee TEXT NOT NULL,
    grade INTEGER,
    cycle TEXT NOT NULL,
    base NUMERIC(20, 6),
    coefficient NUMERIC(20, 6),
    period_from DATE NOT NULL,
    period_to DATE,
    amount NUMERIC(15, 2) NOT NULL,
    provisional BOOLEAN NOT NULL,
    inputs JSONB NOT NULL,
    parameters JSONB NOT NULL,
    derivation JSONB NOT NULL,
    formula_digest TEXT NOT NULL,
    draft_digest TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_entitlement PRIMARY KEY (id),
    CONSTRAINT uq_entitlement_case_id_draft_line UNIQUE (case_id, draft, line),
    CONSTRAINT ck_entitlement_payer CHECK (payer IN ('fund', 'employer')),
    CONSTRAINT ck_entitlement_cycle CHECK (cycle IN ('once', 'monthly')),
    CONSTRAINT ck_entitlement_amount CHECK (amount >= 0),
    CONSTRAINT ck_entitlement_period CHECK (period_to IS NULL OR period_to >= period_from),
    -- 社保法 39, 条例 36: the employer's items have no way to the fund.
    CONSTRAINT ck_entitlement_employers_item CHECK (payer = 'employer'
        OR (item NOT IN ('leave_wages', 'leave_nursing', 'lump_sum_employment', 'illegal_employer')
            AND (item <> 'disability_allowance' OR grade <= 4))),
    CONSTRAINT fk_entitlement_case_id_case FOREIGN KEY (case_id) REFERENCES "case" (id)
);

CREATE TABLE payable (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    uid UUID NOT NULL,
    entitlement_id BIGINT NOT NULL,
    case_id BIGINT NOT NULL,
    decision_id BIGINT NOT NULL,
    item TEXT NOT NULL,
    payer TEXT NOT NULL,
    payee TEXT NOT NULL,
    cycle TEXT NOT NULL,
    amount NUMERIC(15, 2) NOT NULL,
    period_from DATE NOT NULL,
    period_to DATE,
    state TEXT NOT NULL DEFAULT 'ready',
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_payable PRIMARY KEY (id),
    CONSTRAINT uq_payable_uid UNIQUE (uid),
    CONSTRAINT uq_payable_entitlement_id UNIQUE (entitlement_id),
    CONSTRAINT ck_payable_payer CHECK (payer IN ('fund', 'employer')),
    CONSTRAINT ck_payable_state CHECK (state IN ('ready', 'frozen', 'stopped', 'superseded')),
    CONSTRAINT ck_payable_amount CHECK (amount > 0),
    CONSTRAINT ck_payable_employers_item CHECK (payer = 'employer'
        OR item NOT IN ('leave_wages', 'leave_nursing', 'lump_sum_employment', 'illegal_employer')),
    CONSTRAINT fk_payable_entitlement_id_entitlement FOREIGN KEY (entitlement_id) REFERENCES entitlement (id),
    CONSTRAINT fk_payable_case_id_case FOREIGN KEY (case_id) REFERENCES "case" (id),
    CONSTRAINT fk_payable_decision_id_case_decision FOREIGN KEY (decision_id) REFERENCES case_decision (id)
);
CREATE INDEX ix_payable_case_id ON payable (case_id);
CREATE INDEX ix_payable_ready ON payable (payer, period_from) WHERE state = 'ready';

CREATE TABLE payable_event (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    payable_id BIGINT NOT NULL,
    event TEXT NOT NULL,
    ground TEXT NOT NULL,
    effective_on DATE NOT NULL,
    decision_id BIGINT,
    person_id BIGINT,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_payable_event PRIMARY KEY (id),
    CONSTRAINT ck_payable_event_event CHECK (event IN ('freeze', 'resume', 'stop', 'supersede')),
    CONSTRAINT ck_payable_event_ground CHECK (ground IN ('condition_lost', 'refuses_assessment', 'refuses_treatment',
        'cause_gone', 'retired', 'payee_died', 'not_certified', 'overpaid', 'recognition_revoked',
        'assessment_revoked', 'new_injury', 'survivor_ended', 'survivor_in_prison', 'recalculated', 'reappeared')),
    CONSTRAINT fk_payable_event_payable_id_payable FOREIGN KEY (payable_id) REFERENCES payable (id),
    CONSTRAINT fk_payable_event_decision_id_case_decision FOREIGN KEY (decision_id) REFERENCES case_decision (id),
    CONSTRAINT fk_payable_event_person_id_person FOREIGN KEY (person_id) REFERENCES person (id)
);
CREATE INDEX ix_payable_event_payable_id ON payable_event (payable_id);

-- SD050: a decided case is reckoned no more.
CREATE FUNCTION public.fence_entitlement_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM public.case_decision d WHERE d.case_id = NEW.case_id) THEN
        PERFORM public.fence_refuse('SD050', 'the case is decided: its award is reckoned no more',
            jsonb_build_object('problem', 'decided', 'case_id', NEW.case_id));
    END IF;
    RETURN NEW;
END $$;

-- SD051: nothing is payable but a line of the very draft that a sealed award granted, unchanged.
CREATE FUNCTION public.fence_payable_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    e public.entitlement;
    problem text;
BEGIN
    SELECT * INTO e FROM public.entitlement WHERE id = NEW.entitlement_id;
    problem := CASE
        WHEN NOT EXISTS (SELECT FROM public.case_decision d
                         WHERE d.id = NEW.decision_id AND d.case_id = NEW.case_id
                           AND d.kind = 'decided' AND d.outcome = 'approved_positive') THEN 'undecided'
        WHEN (e.case_id, e.item, e.payer, e.payee, e.cycle, e.amount, e.period_from)
             IS DISTINCT FROM (NEW.case_id, NEW.item, NEW.payer, NEW.payee, NEW.cycle, NEW.amount, NEW.period_from)
             OR e.period_to IS DISTINCT FROM NEW.period_to THEN 'other_line'
        WHEN NOT EXISTS (SELECT FROM public.case_facts f
                         WHERE f.case_id = NEW.case_id AND f.facts ->> 'award_digest' = e.draft_digest
                           AND (f.facts ->> 'award_draft')::integer = e.draft) THEN 'other_draft'
        WHEN NEW.state <> 'ready' THEN 'other_state'
        WHEN public.fence_open_violations(NEW.case_id) <> '[]' THEN 'violation'
    END;
    IF problem IS NOT NULL THEN
        PERFORM public.fence_refuse('SD051', 'no sealed award carries this payment',
            jsonb_build_object('problem', problem, 'case_id', NEW.case_id, 'entitlement_id', NEW.entitlement_id));
    END IF;
    RETURN NEW;
END $$;

-- SD052: ready -> frozen -> ready; stopped and superseded are final. Freezing protects and needs nobody's decision,
-- nor does a stop because recognition or grade were revoked: that was decided. All else names a decision in the chain.
CREATE FUNCTION public.fence_payable_event_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    p public.payable;
    follows text;
    problem text;
BEGIN
    SELECT * INTO p FROM public.payable WHERE id = NEW.payable_id FOR UPDATE;
    follows := CASE
        WHEN NEW.event = 'freeze' AND p.state = 'ready' THEN 'frozen'
        WHEN NEW.event = 'resume' AND p.state = 'frozen' THEN 'ready'
        WHEN NEW.event = 'stop' AND p.state IN ('ready', 'frozen') THEN 'stopped'
        WHEN NEW.event = 'supersede' AND p.state IN ('ready', 'frozen') THEN 'superseded'
    END;
    problem := CASE
        WHEN follows IS NULL THEN 'state'
        WHEN NEW.event = 'freeze' THEN NULL
        WHEN NEW.event = 'stop' AND NEW.ground IN ('recognition_revoked', 'assessment_revoked') THEN NULL
        WHEN NOT EXISTS (SELECT FROM public.case_decision d
                         JOIN public."case" c ON c.id = d.case_id
                         JOIN public."case" mine ON mine.id = p.case_id
                         WHERE d.id = NEW.decision_id AND c.chain_id = mine.chain_id
                           AND d.kind = 'decided') THEN 'undecided'
    END;
    IF problem IS NOT NULL THEN
        PERFORM public.fence_refuse('SD052', 'the payment can''t become that',
            jsonb_build_object('problem', problem, 'payable_id', NEW.payable_id, 'state', p.state,
                               'event', NEW.event));
    END IF;
    UPDATE public.payable SET state = follows WHERE id = p.id;
    RETURN NEW;
END $$;

CREATE TRIGGER entitlement_lawful BEFORE INSERT ON public.entitlement
    FOR EACH ROW EXECUTE FUNCTION public.fence_entitlement_lawful();
CREATE TRIGGER payable_lawful BEFORE INSERT ON public.payable
    FOR EACH ROW EXECUTE FUNCTION public.fence_payable_lawful();
CREATE TRIGGER payable_event_lawful BEFORE INSERT ON public.payable_event
    FOR EACH ROW EXECUTE FUNCTION public.fence_payable_event_lawful();

DO $$
DECLARE
    t text;
    -- Who sees the case sees its money: cases move between regions, so the case's own policy decides.
    seen CONSTANT text := 'EXISTS (SELECT FROM public."case" c WHERE c.id = case_id)';
BEGIN
    FOREACH t IN ARRAY ARRAY['entitlement', 'payable_event'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON public.%I '
            'FOR EACH ROW EXECUTE FUNCTION public.fence_append_only()', t || '_append_only', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['entitlement', 'payable', 'payable_event'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON public.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION public.fence_append_only()', t || '_keep', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['entitlement', 'payable'] LOOP
        EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY region_scope ON public.%I TO sanshen_app USING (%s) WITH CHECK (%s)',
                       t, seen, seen);
        EXECUTE format('CREATE POLICY auditor_reads ON public.%I FOR SELECT TO sanshen_auditor USING (true)', t);
    END LOOP;
END $$;

REVOKE ALL ON FUNCTION public.fence_entitlement_lawful(), public.fence_payable_lawful(),
    public.fence_payable_event_lawful() FROM PUBLIC;
GRANT SELECT, INSERT ON entitlement, payable, payable_event TO sanshen_app;
GRANT SELECT ON entitlement, payable, payable_event TO sanshen_auditor;
