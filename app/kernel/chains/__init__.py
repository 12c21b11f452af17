"""All cases of one injury: late links and splits, transfers to another region's office, what a reader may see.

Links and splits are controlled changes; their rows' triggers move the cases and bind again. See docs/chains.md.
"""
