"""Technical holds (暂停办理): a supervisor stops the work on a case, or on a process, and lets it go on.

No statutory suspension: clocks go on, and the pages say so.
"""
