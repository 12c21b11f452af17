-- The triggers go with their tables.
DROP TABLE payable_event, payable, entitlement;
DROP FUNCTION public.fence_entitlement_lawful(), public.fence_payable_lawful(), public.fence_payable_event_lawful();
