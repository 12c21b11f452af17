-- A draft is files under work with an owner and editors who can't review it, whatever they are files of.
ALTER TABLE process_content RENAME TO draft_content;
ALTER TABLE process_draft RENAME TO draft;
ALTER TABLE process_draft_file RENAME TO draft_file;
ALTER TABLE process_draft_editor RENAME TO draft_editor;

-- Constraints, indexes and triggers follow their tables' names.
DO $$
DECLARE
    named record;
BEGIN
    FOR named IN
        SELECT c.conrelid::regclass AS of_table, c.conname AS old FROM pg_constraint c
        WHERE c.conrelid IN ('draft_content'::regclass, 'draft'::regclass, 'draft_file'::regclass,
                             'draft_editor'::regclass)
    LOOP
        EXECUTE format('ALTER TABLE %s RENAME CONSTRAINT %I TO %I', named.of_table, named.old,
            replace(replace(named.old, 'process_draft', 'draft'), 'process_content', 'draft_content'));
    END LOOP;
    FOR named IN
        SELECT t.tgrelid::regclass AS of_table, t.tgname AS old FROM pg_trigger t
        WHERE NOT t.tgisinternal AND t.tgrelid IN ('draft_content'::regclass, 'draft_editor'::regclass)
    LOOP
        EXECUTE format('ALTER TRIGGER %I ON %s RENAME TO %I', named.old, named.of_table,
            replace(replace(named.old, 'process_draft', 'draft'), 'process_content', 'draft_content'));
    END LOOP;
END $$;
ALTER INDEX ix_process_draft_change_id RENAME TO ix_draft_change_id;

ALTER TABLE draft ADD COLUMN kind TEXT NOT NULL DEFAULT 'process';
ALTER TABLE draft ALTER COLUMN kind DROP DEFAULT;
ALTER TABLE draft ADD CONSTRAINT ck_draft_kind CHECK (kind IN ('process', 'rule'));

-- Did anybody who ever edited the draft recheck or approve it? Both acts are looked at under canonical persons.
CREATE OR REPLACE FUNCTION public.fence_editor_reviewed(of_change bigint) RETURNS boolean
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM public.draft d
        JOIN public.draft_editor e ON e.draft_id = d.id
        JOIN public.performance p ON p.case_id = of_change AND p.duty IN ('rule_recheck', 'rule_approve')
        WHERE d.change_id = of_change
          AND public.fence_canonical(e.person_id) IN
              (public.fence_canonical(p.person_id), public.fence_canonical(p.on_behalf_of)))
$$;
