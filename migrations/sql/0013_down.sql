DROP TABLE seal_use, seal;
DROP FUNCTION public.fence_seal_lawful();
-- Documents made again, and those they replaced, can't be told apart by the code before: there must be none.
ALTER TABLE document DROP CONSTRAINT ck_document_state, DROP CONSTRAINT uq_document_number_version;
ALTER TABLE document
    ADD CONSTRAINT ck_document_state CHECK (state IN ('issued', 'served', 'revoked')),
    ADD CONSTRAINT uq_document_number UNIQUE (number);
ALTER TABLE document DROP COLUMN version, DROP COLUMN replaces_id, DROP COLUMN reason, DROP COLUMN issued_by,
    DROP COLUMN pdf_digest, DROP COLUMN content_digest, DROP COLUMN verify_code, DROP COLUMN signed_by;
DROP TABLE service, task_material;
