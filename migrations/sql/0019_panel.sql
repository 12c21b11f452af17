-- Who sits on the newest panel of a case now, as canonical persons and whatever region the reader sees: a task of duty
-- panel_opinion belongs to them alone.
CREATE VIEW public.case_panel AS
    SELECT s.case_id, p.canonical_id AS person_id
    FROM public.expert_seat s
    JOIN public.person p ON p.id = s.person_id
    WHERE NOT EXISTS (SELECT FROM public.expert_vacancy v WHERE v.seat_id = s.id)
      AND s.panel_no = (SELECT max(d.panel_no) FROM public.expert_draw d WHERE d.case_id = s.case_id);
GRANT SELECT ON case_panel TO sanshen_app, sanshen_auditor;
