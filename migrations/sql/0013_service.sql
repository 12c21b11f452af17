-- Which files were received at which task: the proof of a service, among others.
CREATE TABLE task_material (
    task_id BIGINT NOT NULL,
    material_id BIGINT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_task_material PRIMARY KEY (task_id, material_id),
    CONSTRAINT fk_task_material_task_id_task FOREIGN KEY (task_id) REFERENCES task (id),
    CONSTRAINT fk_task_material_material_id_material FOREIGN KEY (material_id) REFERENCES material (id)
);

-- Every attempt to serve a document on a party, those that failed too. The file of a case that shows its clocks.
CREATE TABLE service (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    case_id BIGINT NOT NULL,
    document_id BIGINT NOT NULL,
    receipt_id BIGINT,
    party TEXT NOT NULL,
    way TEXT NOT NULL,
    result TEXT NOT NULL,
    sent_on DATE,
    received_at TIMESTAMP WITH TIME ZONE,
    receiver TEXT DEFAULT '' NOT NULL,
    reference TEXT DEFAULT '' NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    consent BOOLEAN DEFAULT 'false' NOT NULL,
    notice_until DATE,
    task_id BIGINT,
    performed_by BIGINT,
    on_behalf_of BIGINT,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_service PRIMARY KEY (id),
    CONSTRAINT ck_service_way
        CHECK (way IN ('direct', 'left', 'entrusted', 'post', 'electronic', 'public_notice')),
    CONSTRAINT ck_service_result CHECK (result IN ('received', 'failed', 'published', 'deemed')),
    CONSTRAINT ck_service_received CHECK ((received_at IS NOT NULL) = (result IN ('received', 'deemed'))),
    CONSTRAINT ck_service_consent CHECK (way <> 'electronic' OR result <> 'received' OR consent),
    CONSTRAINT ck_service_notice
        CHECK ((result IN ('published', 'deemed')) <= (way = 'public_notice' AND notice_until IS NOT NULL)),
    CONSTRAINT ck_service_performed CHECK (performed_by IS NOT NULL OR result = 'deemed'),
    CONSTRAINT fk_service_case_id_case FOREIGN KEY (case_id) REFERENCES "case" (id),
    CONSTRAINT fk_service_document_id_document FOREIGN KEY (document_id) REFERENCES document (id),
    CONSTRAINT fk_service_receipt_id_document FOREIGN KEY (receipt_id) REFERENCES document (id),
    CONSTRAINT fk_service_task_id_task FOREIGN KEY (task_id) REFERENCES task (id),
    CONSTRAINT fk_service_performed_by_person FOREIGN KEY (performed_by) REFERENCES person (id),
    CONSTRAINT fk_service_on_behalf_of_person FOREIGN KEY (on_behalf_of) REFERENCES person (id)
);
CREATE INDEX ix_service_case_id ON service (case_id, id);
CREATE TRIGGER service_append_only BEFORE UPDATE OR DELETE ON public.service
    FOR EACH ROW EXECUTE FUNCTION public.fence_append_only();
CREATE TRIGGER service_keep BEFORE TRUNCATE ON public.service
    FOR EACH STATEMENT EXECUTE FUNCTION public.fence_append_only();
CREATE TRIGGER task_material_append_only BEFORE UPDATE OR DELETE ON public.task_material
    FOR EACH ROW EXECUTE FUNCTION public.fence_append_only();
CREATE TRIGGER task_material_keep BEFORE TRUNCATE ON public.task_material
    FOR EACH STATEMENT EXECUTE FUNCTION public.fence_append_only();

GRANT SELECT, INSERT ON service, task_material TO sanshen_app;
GRANT SELECT ON service, task_material TO sanshen_auditor;

-- What is issued is a PDF; a document made again is a new version beside the old one.
ALTER TABLE document
    ADD COLUMN version INTEGER DEFAULT 1 NOT NULL,
    ADD COLUMN replaces_id BIGINT,
    ADD COLUMN reason TEXT DEFAULT '' NOT NULL,
    ADD COLUMN issued_by BIGINT,
    ADD COLUMN pdf_digest TEXT,
    ADD COLUMN content_digest TEXT,
    ADD COLUMN verify_code TEXT,
    ADD COLUMN signed_by TEXT DEFAULT '' NOT NULL;
ALTER TABLE document DROP CONSTRAINT uq_document_number, DROP CONSTRAINT ck_document_state;
ALTER TABLE document
    ADD CONSTRAINT uq_document_number_version UNIQUE (number, version),
    ADD CONSTRAINT uq_document_verify_code UNIQUE (verify_code),
    ADD CONSTRAINT uq_document_replaces_id UNIQUE (replaces_id),
    ADD CONSTRAINT ck_document_state CHECK (state IN ('issued', 'served', 'revoked', 'replaced')),
    ADD CONSTRAINT ck_document_replaces CHECK ((version > 1) = (replaces_id IS NOT NULL AND reason <> '')),
    ADD CONSTRAINT fk_document_replaces_id_document FOREIGN KEY (replaces_id) REFERENCES document (id),
    ADD CONSTRAINT fk_document_issued_by_person FOREIGN KEY (issued_by) REFERENCES person (id);
GRANT SELECT (version, replaces_id, reason, issued_by, pdf_digest, content_digest, verify_code, signed_by)
    ON document TO sanshen_auditor;

-- The seals of each authority. The owner installs them; the application reads.
CREATE TABLE seal (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    region_code TEXT NOT NULL,
    kind TEXT NOT NULL,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    authority_zh TEXT NOT NULL,
    keeper_post TEXT NOT NULL,
    valid_from DATE NOT NULL,
    valid_until DATE,
    CONSTRAINT pk_seal PRIMARY KEY (id),
    CONSTRAINT uq_seal_region_code_kind_valid_from UNIQUE (region_code, kind, valid_from),
    CONSTRAINT ck_seal_period CHECK (valid_until IS NULL OR valid_until >= valid_from),
    CONSTRAINT fk_seal_region_code_region FOREIGN KEY (region_code) REFERENCES region (code),
    CONSTRAINT fk_seal_keeper_post_post FOREIGN KEY (keeper_post) REFERENCES post (key)
);

-- Each use of a seal: by the act that took the decision the document tells, and by nothing else.
CREATE TABLE seal_use (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    seal_id BIGINT NOT NULL,
    document_id BIGINT NOT NULL,
    decision_id BIGINT NOT NULL,
    person_id BIGINT,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_seal_use PRIMARY KEY (id),
    CONSTRAINT uq_seal_use_document_id UNIQUE (document_id),
    CONSTRAINT fk_seal_use_seal_id_seal FOREIGN KEY (seal_id) REFERENCES seal (id),
    CONSTRAINT fk_seal_use_document_id_document FOREIGN KEY (document_id) REFERENCES document (id),
    CONSTRAINT fk_seal_use_decision_id_case_decision FOREIGN KEY (decision_id) REFERENCES case_decision (id),
    CONSTRAINT fk_seal_use_person_id_person FOREIGN KEY (person_id) REFERENCES person (id)
);
CREATE INDEX ix_seal_use_seal_id ON seal_use (seal_id, id);

-- SD060: a seal stands under what tells a decision past the gate, of its own authority, on a day on which it is valid.
CREATE FUNCTION public.fence_seal_lawful() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM public.seal s
    JOIN public.document d ON d.id = NEW.document_id AND d.region_code = s.region_code
    WHERE s.id = NEW.seal_id AND d.decision_id = NEW.decision_id
      AND d.issued_on >= s.valid_from AND (s.valid_until IS NULL OR d.issued_on <= s.valid_until);
    IF NOT FOUND THEN
        PERFORM public.fence_refuse('SD060', 'a seal is used only under a decision of its own authority, while valid',
            jsonb_build_object('seal_id', NEW.seal_id, 'document_id', NEW.document_id,
                               'decision_id', NEW.decision_id));
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION public.fence_seal_lawful() FROM PUBLIC;
CREATE TRIGGER seal_use_lawful BEFORE INSERT ON public.seal_use
    FOR EACH ROW EXECUTE FUNCTION public.fence_seal_lawful();
CREATE TRIGGER seal_use_append_only BEFORE UPDATE OR DELETE ON public.seal_use
    FOR EACH ROW EXECUTE FUNCTION public.fence_append_only();
CREATE TRIGGER seal_use_keep BEFORE TRUNCATE ON public.seal_use
    FOR EACH STATEMENT EXECUTE FUNCTION public.fence_append_only();

GRANT SELECT ON seal TO sanshen_app;
GRANT SELECT, INSERT ON seal_use TO sanshen_app;
GRANT SELECT ON seal, seal_use TO sanshen_auditor;
