"""Models built for the check, each with the verdict it must get."""
