GRANT SELECT, INSERT ON process_content, process_release, process_draft_editor, process_draft,
    process_draft_file TO sanshen_app;
GRANT UPDATE (owner_id, revision, change_id, submitted_revision, updated_at, discarded_at) ON process_draft
    TO sanshen_app;
GRANT UPDATE (digest) ON process_draft_file TO sanshen_app;
GRANT SELECT ON process_content, process_release, process_draft_editor, process_draft, process_draft_file,
    process_definition TO sanshen_auditor;
