DROP TABLE rule_verdict, rule_trial_case, rule_trial;
-- Drafts of rules stay as discarded ones: the code before doesn't list those.
UPDATE draft SET discarded_at = coalesce(discarded_at, now()) WHERE kind <> 'process';
ALTER TABLE draft DROP CONSTRAINT ck_draft_base_process, DROP CONSTRAINT ck_draft_base_rule,
    DROP COLUMN base_rule_version_id, DROP CONSTRAINT ck_draft_kind, DROP COLUMN kind;

ALTER INDEX ix_draft_change_id RENAME TO ix_process_draft_change_id;
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
            replace(regexp_replace(named.old, 'draft', 'process_draft', 'g'), 'process_draft_content',
                    'process_content'));
    END LOOP;
    FOR named IN
        SELECT t.tgrelid::regclass AS of_table, t.tgname AS old FROM pg_trigger t
        WHERE NOT t.tgisinternal AND t.tgrelid IN ('draft_content'::regclass, 'draft_editor'::regclass)
    LOOP
        EXECUTE format('ALTER TRIGGER %I ON %s RENAME TO %I', named.old, named.of_table,
            replace(regexp_replace(named.old, 'draft', 'process_draft', 'g'), 'process_draft_content',
                    'process_content'));
    END LOOP;
END $$;
ALTER TABLE draft_editor RENAME TO process_draft_editor;
ALTER TABLE draft_file RENAME TO process_draft_file;
ALTER TABLE draft RENAME TO process_draft;
ALTER TABLE draft_content RENAME TO process_content;

CREATE OR REPLACE FUNCTION public.fence_editor_reviewed(of_change bigint) RETURNS boolean
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM public.process_draft d
        JOIN public.process_draft_editor e ON e.draft_id = d.id
        JOIN public.performance p ON p.case_id = of_change AND p.duty IN ('rule_recheck', 'rule_approve')
        WHERE d.change_id = of_change
          AND public.fence_canonical(e.person_id) IN
              (public.fence_canonical(p.person_id), public.fence_canonical(p.on_behalf_of)))
$$;
