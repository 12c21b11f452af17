-- The triggers go with their functions, or with their tables.
DROP FUNCTION public.fence_definition_lawful() CASCADE;
DROP FUNCTION public.fence_definition_whole() CASCADE;
DROP FUNCTION public.fence_file_lawful() CASCADE;
DROP FUNCTION public.fence_release_lawful() CASCADE;
DROP FUNCTION public.fence_require_process(bigint, text, text, jsonb);
DROP FUNCTION public.fence_editor_reviewed(bigint);
DROP TRIGGER process_definition_append_only ON public.process_definition;
DROP TRIGGER process_definition_keep ON public.process_definition;
DROP TRIGGER definition_file_append_only ON public.definition_file;
DROP TRIGGER definition_file_keep ON public.definition_file;
DROP TABLE process_draft_editor, process_draft_file, process_draft, process_release, process_content;
ALTER TABLE process_definition DROP COLUMN change_id, DROP COLUMN notes;
