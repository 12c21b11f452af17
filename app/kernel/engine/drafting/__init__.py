"""Files under work before three people decide on them: drafts of processes and of rules share one room."""
