-- Reference data and what the fence derives: read only.
GRANT SELECT ON region, post, post_exclusion, conflict_set, conflict_member, post_hold, sod_binding,
    alembic_version TO sanshen_app;

-- Ledgers, decisions, audit, deployed definitions, parties and materials: they only grow.
GRANT SELECT, INSERT ON post_grant, duty_decision, performance, signature, case_risk, case_decision,
    audit_event, process_definition, definition_file, case_chain, case_party, material TO sanshen_app;

-- Working tables: only the columns that change.
GRANT SELECT, INSERT ON serial_counter, person, account, "case", case_facts, case_state, clock,
    clock_suspension, calendar_day, calendar_year, rule_hit, document, task, task_claim, notification
    TO sanshen_app;
GRANT UPDATE (value) ON serial_counter TO sanshen_app;
GRANT UPDATE (name, pinyin, id_number_sealed) ON person TO sanshen_app;
GRANT UPDATE (password_hash, password_changed_at, state, locale) ON account TO sanshen_app;
GRANT UPDATE (definition_id, chain_id, case_role, region_code, risk, track, status, outcome, subject_name,
    subject_pinyin, subject_index, organisation, event_on, content_hash, draft_no, version, received_at,
    accepted_at, decided_at, closed_at) ON "case" TO sanshen_app;
GRANT UPDATE (region_code, facts, sealed, updated_at) ON case_facts TO sanshen_app;
GRANT UPDATE (state, next_due_at) ON case_state TO sanshen_app;
GRANT UPDATE (length, unit, state, started_at, started_on, due_on, provisional, extended_by, warn_at,
    breach_at, warned_at, breached_at, stopped_at, stop_reason) ON clock TO sanshen_app;
GRANT UPDATE (ended_on) ON clock_suspension TO sanshen_app;
GRANT UPDATE (kind, source) ON calendar_day TO sanshen_app;
GRANT UPDATE (source) ON calendar_year TO sanshen_app;
GRANT UPDATE (disposition, disposed_by, disposed_at) ON rule_hit TO sanshen_app;
GRANT UPDATE (state, served_at) ON document TO sanshen_app;
GRANT UPDATE (region_code, title_zh, title_en, acts, post, form_id, state, version, due_on,
    waiting_for_staff, claimed_by, claimed_account, claimed_at, opened_at, draft, draft_saved_at,
    return_reason, completed_at, completed_by, outcome, opinion, result, draft_no, content_hash)
    ON task TO sanshen_app;
GRANT UPDATE (released_at, release_reason) ON task_claim TO sanshen_app;
GRANT UPDATE (read_at) ON notification TO sanshen_app;

-- What may be forgotten.
GRANT SELECT, INSERT, UPDATE, DELETE ON web_session, idempotency_key TO sanshen_app;
GRANT SELECT, INSERT, DELETE ON login_attempt TO sanshen_app;
