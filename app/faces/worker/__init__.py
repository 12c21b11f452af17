"""The background worker: runs deferred and periodic jobs and delivers the outbox."""

from app.faces.worker.run import WorkerOptions, run_worker

__all__ = ["WorkerOptions", "run_worker"]
