"""Expressions, rules over facts (hits are kept with what they saw), FEEL and decision models.

`feel` is the language, `dmn` the models written in it, `conformance` the public kit; `expressions.py` is the door to it
for processes and forms. None of these has a way out: no I/O, no Python.
"""
