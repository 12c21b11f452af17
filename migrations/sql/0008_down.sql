-- Versions of rules and their hits.
SELECT 1;
