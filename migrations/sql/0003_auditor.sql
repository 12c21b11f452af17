-- The auditor reads everything but secrets: password hashes, sealed columns, session tokens.
DO $$
DECLARE
    t record;
BEGIN
    FOR t IN
        SELECT c.table_name, string_agg(quote_ident(c.column_name), ', ' ORDER BY c.ordinal_position) AS readable
        FROM information_schema.columns c
        JOIN information_schema.tables USING (table_schema, table_name)
        WHERE c.table_schema = 'public' AND table_type = 'BASE TABLE'
          AND c.column_name NOT IN
              ('password_hash', 'id_number_sealed', 'sealed', 'token_digest', 'csrf_token')
        GROUP BY c.table_name
    LOOP
        EXECUTE format('GRANT SELECT (%s) ON public.%I TO sanshen_auditor', t.readable, t.table_name);
    END LOOP;
END $$;
GRANT SELECT ON duty_act, case_bar, post_collision, conflict_set_in_force TO sanshen_auditor;
