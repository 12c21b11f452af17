-- Reference data and what the fence derives: read only.
GRANT SELECT ON region, post, post_hold, sod_binding, sod_tie, sod_violation, violation_case, duty_act, case_bar,
    post_collision,    conflict_set_in_force, alembic_version TO sanshen_app;

-- Ledgers, decisions, audit, deployed definitions, parties and materials: they only grow.
GRANT SELECT, INSERT ON post_grant, duty_decision, performance, signature, case_risk, case_decision,
    audit_event, post_exclusion, conflict_set, conflict_member, tenure_rule, person_alias, chain_link,
    case_transfer, grant_request, grant_step, substitution, performance_void, recusal, recusal_ruling,
    violation_ruling, founding, process_definition, definition_file, case_chain, case_party, material TO sanshen_app;

-- Working tables: only the columns that change.
GRANT SELECT, INSERT ON serial_counter, person, account, "case", case_facts, case_state, clock,
    clock_suspension, calendar_day, calendar_year, rule_hit, rule_override, document, task, task_claim,
    notification, consultation, absence, substitution_request, person_interest, identity_doubt, controlled_change TO sanshen_app;
GRANT UPDATE (value) ON serial_counter TO sanshen_app;
GRANT UPDATE (name, pinyin, id_number_sealed) ON person TO sanshen_app;
GRANT SELECT, INSERT, UPDATE (used_at, revoked_at) ON api_token TO sanshen_app;
GRANT UPDATE (password_hash, password_changed_at, state, locale) ON account TO sanshen_app;
GRANT UPDATE (definition_id, chain_id, case_role, region_code, risk, approval_levels, track, status, outcome, subject_name,
    subject_pinyin, subject_index, organisation, event_on, content_hash, draft_no, version, received_at,
    accepted_at, decided_at, closed_at) ON "case" TO sanshen_app;
GRANT UPDATE (region_code, facts, sealed, updated_at) ON case_facts TO sanshen_app;
GRANT UPDATE (state, undo_state, undo_task_id, next_due_at) ON case_state TO sanshen_app;
GRANT UPDATE (length, unit, state, started_at, started_on, due_on, provisional, extended_by, warn_at,
    breach_at, warned_at, breached_at, stopped_at, stop_reason) ON clock TO sanshen_app;
GRANT UPDATE (ended_on) ON clock_suspension TO sanshen_app;
GRANT UPDATE (kind, source) ON calendar_day TO sanshen_app;
GRANT UPDATE (source) ON calendar_year TO sanshen_app;
GRANT UPDATE (disposition, disposed_by, disposed_at) ON rule_hit TO sanshen_app;
GRANT UPDATE (state, served_at) ON document TO sanshen_app;
GRANT UPDATE (region_code, title_zh, title_en, acts, post, form_id, state, version, due_on,
    waiting_for_staff, waiting_since, home_region_code, claimed_by, claimed_account, claimed_at, opened_at, draft, draft_saved_at,
    return_reason, completed_at, completed_by, outcome, opinion, result, draft_no, content_hash)
    ON task TO sanshen_app;
GRANT UPDATE (released_at, release_reason) ON task_claim TO sanshen_app;
GRANT UPDATE (read_at) ON notification TO sanshen_app;
GRANT UPDATE (answered_at, agrees, answer, cancelled_at) ON consultation TO sanshen_app;
GRANT UPDATE (cancelled_at, cancelled_by) ON absence TO sanshen_app;
GRANT UPDATE (ended_at) ON person_interest TO sanshen_app;
GRANT UPDATE (cleared_at, verdict, change_id) ON identity_doubt TO sanshen_app;
GRANT UPDATE (target, payload, content, digest, reason, ground, effective_at, what_if, what_if_at, prepared_by,
    prepared_at, applied_at) ON controlled_change TO sanshen_app;
GRANT UPDATE (ruled_by, ruled_at, verdict, ruling) ON rule_override TO sanshen_app;
GRANT UPDATE (verdict, answer, decided_at, decided_by, substitution_id) ON substitution_request TO sanshen_app;

-- What may be forgotten.
GRANT SELECT, INSERT, UPDATE, DELETE ON web_session, idempotency_key TO sanshen_app;
GRANT SELECT, INSERT, DELETE ON login_attempt TO sanshen_app;
