"""Segregation of duties: `decide` (pure), bindings, signatures, the gate, grants of posts.

The one place that answers "may this person do this?". Must not be by-passed: the fence in the database checks
again. See docs/segregation-of-duties.md.
"""
