"""Expressions, rule sets evaluated over facts (hits are kept with what they saw), FEEL and decision models.

`feel` is the whole language, `dmn` the models written in it, `conformance` the public kit. `expressions.py` is the
subset that processes, forms and rules are evaluated with; none of these has a way out: no I/O, no Python.
"""
