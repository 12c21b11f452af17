"""The proof that no way through a process reaches a guarded effect without the duties it requires.

`diagram` reads a process, `translation` makes a net of it, `reach` says what its joins wait for, `reduction` makes
the net small, `exploration` walks all its markings, `verdicts` says what that means.
"""
