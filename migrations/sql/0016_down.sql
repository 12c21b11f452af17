DROP TRIGGER performance_nothing_before_take_over ON public.performance;
DROP TABLE case_take_over;
DROP FUNCTION public.fence_take_over_lawful(), public.fence_nothing_before_take_over();
