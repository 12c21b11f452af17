"""Incidents (事件): automatic steps that failed, tried again with back-off, then waiting for a person."""
