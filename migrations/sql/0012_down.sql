-- Takes 0012_draw back.
DROP TRIGGER performance_panel ON public.performance;
DROP VIEW panel_member;
ALTER TABLE expert_draw DROP CONSTRAINT fk_expert_draw_replaces_expert_seat;
DROP TABLE panel_opinion, expert_vacancy, expert_seat, expert_draw_void, expert_draw_secret, expert_draw_commitment,
    expert_draw_candidate, expert_draw_seat, expert_draw;
DROP FUNCTION public.fence_draw_lawful, public.fence_candidate_lawful, public.fence_draw_plan_lawful,
    public.fence_commitment_lawful, public.fence_secret_lawful, public.fence_seat_lawful,
    public.fence_panel_performance, public.fence_opinion_lawful, public.fence_draw_void_lawful,
    public.fence_assessed_dependant, public.fence_draw_is_open, public.fence_drawn, public.fence_candidate_hash, public.fence_sha256_hex;
