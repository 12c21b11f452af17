-- Dated, sourced parameters.
SELECT 1;
