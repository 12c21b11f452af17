"""Life cycle of process definitions: drafts, proposals, versions in force; decided by three people.

Drafts are edited freely (`drafts.py`), proposed as controlled changes of kind `process` (`change_kind.py`), and put
into force by the approved change alone (`releases.py`). The fence: migrations/sql/0005_fence.sql.
"""
