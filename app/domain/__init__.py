"""What this region's business computes and what it is set up with; the rest of a procedure is data in `workflows/`.

Packages in the order in which they may import one another: registry, recognition. They speak to the kernel through
its operations and ports, and must not import a face, read the wall clock or commit.
"""
