"""Audit of event logs that other systems wrote: reading, measures, what separation of duties would have needed."""

from app.kernel.audit.logs.policy import Policy, PolicyInvalid, read_policy
from app.kernel.audit.logs.reading import read_log
from app.kernel.audit.logs.report import LogReport, analyse
from app.kernel.audit.logs.source import LogUnreadable

__all__ = ["LogReport", "LogUnreadable", "Policy", "PolicyInvalid", "analyse", "read_log", "read_policy"]
