"""Cases and their facts: the schema a process declares, what is sealed, what is decided (the content hash).

Must not know any fact by name except through the process's `[index]`, nor move a case: that is the engine's.
"""
