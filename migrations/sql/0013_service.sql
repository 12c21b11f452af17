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
