"""Expressions (a safe subset of FEEL) and rule sets evaluated over facts; hits are kept with what they saw.

Expressions have no way out: no I/O, no loops, no Python. A full FEEL interpreter and DMN tables will stand behind
the same interface.
"""
