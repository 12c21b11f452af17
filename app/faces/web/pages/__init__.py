"""One module per page: authenticate, parse, one operation or query, template or redirect."""
