"""Running cases under change: migration to another version, and modification of one case."""
