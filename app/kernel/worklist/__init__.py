"""Tasks as people see them: queue, claim, open, assign, drafts, forms, the supervisor's board.

Must not move the process: completing a task is the engine's operation. Every write asks `decide`.
"""
