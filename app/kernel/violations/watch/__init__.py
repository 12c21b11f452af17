"""The violation watch: recomputes segregation of duties from what was done, and from nothing the fence derived.

Sources: performances, signatures, case decisions, merges, links, transfers, risk rows, grants and the versions of
the sets. Never `sod_binding`, `sod_tie`, `post_hold` or a function of the fence: a watch that asks the guard
learns nothing about him. See docs/violation-watch.md.
"""
