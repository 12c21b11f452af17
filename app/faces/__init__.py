"""The ways in: web pages, command line, background worker. Each turns an intention into one operation of a lower floor.

Faces word refusals (`refusal_texts`) and choose the language. They must not hold a business rule, write SQL of
their own (web) or commit.
"""
