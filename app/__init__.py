"""Sanshen 三审: case management of a region's work-injury insurance. Faces -> domain -> kernel -> storage."""
