-- The triggers go with their tables.
ALTER TABLE rule_hit DROP COLUMN version_id, DROP COLUMN trigger, DROP COLUMN reason;
DROP INDEX ix_rule_hit_rule_id;
DROP TABLE rule_finding, rule_release, rule_file, rule_version;
DROP FUNCTION public.fence_rule_lawful(), public.fence_rule_file_lawful(), public.fence_rule_whole(),
    public.fence_rule_release_lawful(), public.fence_require_rule(bigint, text, text);
