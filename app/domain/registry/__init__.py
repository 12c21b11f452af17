"""Reference data (regions, posts, exclusions, conflict sets) and the founding of an installation.

The files in `data/` are the source; the owner's role installs them after a migration.
Must not know any procedure: those are deployed, not registered.
"""
