DROP TABLE parameter_use, parameter_value, parameter_edition, parameter;
DROP FUNCTION public.fence_parameter_lawful(), public.fence_parameter_value_lawful(), public.fence_parameter_whole();
