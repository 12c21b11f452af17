"""Absences and time-boxed substitutes."""
