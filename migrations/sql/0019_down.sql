DROP VIEW public.case_panel;
