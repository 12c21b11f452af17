"""Playing a process on paper: step by step with made-up data, or along all its paths. No database, no clock read."""
