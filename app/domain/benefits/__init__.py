"""Awards (待遇核定): what each item comes to and who pays it, drafts, payment plans, stopping and freezing.

How an item is reckoned stands in `workflows/benefits/` and is never reckoned here a second time.
"""
