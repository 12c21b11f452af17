-- What was opened and performed, under canonical persons, wherever the reader's region is: `decide` must count
-- acts on chain cases of other regions, as the fence does. (A view reads as its owner.)
CREATE VIEW public.duty_act AS
    SELECT p.id AS performance_id, actor.canonical_id AS person_id, p.person_id AS recorded_person_id,
           principal.canonical_id AS principal_id, actor.name, principal.name AS principal_name,
           p.duty, p.state, p.at, p.task_id, p.case_id, c.chain_id, c.case_no, c.process_key, c.case_role,
           c.region_code,
           EXISTS (SELECT FROM public.performance_void v WHERE v.performance_id = p.id) AS voided,
           EXISTS (SELECT FROM public.performance_void v
                   WHERE v.performance_id = p.id AND v.cause = 'violation') AS redone
    FROM public.performance p
    JOIN public.person actor ON actor.id = p.person_id
    LEFT JOIN public.person principal ON principal.id = p.on_behalf_of
    JOIN public."case" c ON c.id = p.case_id;
