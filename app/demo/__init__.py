"""The demonstration region: made-up people and cases, loaded by playing the real operations."""

from app.demo.loading import load
from app.demo.logins import accounts

__all__ = ["accounts", "load"]
