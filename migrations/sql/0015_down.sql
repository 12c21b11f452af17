-- The triggers go with their tables.
DROP TABLE formula_file, formula_version;
DROP FUNCTION public.fence_formula_lawful(), public.fence_formula_file_lawful(), public.fence_formula_whole();
