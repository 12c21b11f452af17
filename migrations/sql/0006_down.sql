DROP TRIGGER case_version_fixed ON public."case";
DROP TABLE case_intervention, incident, hold;
DROP FUNCTION public.fence_intervention_lawful(), public.fence_intervention_once(), public.fence_version_fixed();
DROP INDEX ix_task_completed_at, ix_case_process;
ALTER TABLE case_state DROP COLUMN waiting;
