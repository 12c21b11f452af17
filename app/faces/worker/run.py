"""`run_worker`: two queues, the recovery of stalled jobs and the outbox, until SIGTERM.

Two Procrastinate workers share the process: one for ordinary jobs, one for suspects, i.e. jobs
whose worker died; suspects run one at a time, so that a job that kills its worker is found out
and dead-lettered while the others that died beside it are cleared.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from procrastinate import App, JobContext, PsycopgConnector, RetryStrategy
from procrastinate.worker import Worker

from app.faces.worker.delivery import channels, deliver_due
from app.faces.worker.registry import JOBS, Job
from app.kernel.kernel import Kernel
from app.kernel.transaction import Unit, run, system_actor
from app.storage.database import conninfo
from app.storage.jobs import QUEUE, SCHEMA, SUSPECT_QUEUE, recover_stalled

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """Times in seconds. `deaths`: a job is dead after so many deaths of its worker."""

    outgoing: Path
    concurrency: int = 4
    heartbeat: float = 10.0
    silence: float = 30.0
    recovery: float = 10.0
    delivery: float = 1.0
    polling: float = 5.0
    grace: float = 20.0
    deaths: int = 3
    restart: float = 5.0


def run_worker(kernel: Kernel, options: WorkerOptions, jobs: Sequence[Job] = JOBS) -> None:
    """Run until SIGTERM or SIGINT; running jobs get `grace` seconds. Survives lost connections."""
    asyncio.run(_Life(kernel, options, jobs).run())


class _Life:
    def __init__(self, kernel: Kernel, options: WorkerOptions, jobs: Sequence[Job]) -> None:
        self._kernel = kernel
        self._options = options
        self._jobs = jobs
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopped.set)
        while not self._stopped.is_set():
            try:
                await self._work()
            except Exception:
                # A worker outlives its database: it starts over until told to stop.
                logger.exception("the worker starts over")
            await self._pause(self._options.restart)

    async def _work(self) -> None:
        app = queue_app(self._kernel, self._jobs)
        async with app.open_async():
            workers: list[Any] = [  # its methods carry no types
                self._worker(app, QUEUE, self._options.concurrency),
                self._worker(app, SUSPECT_QUEUE, 1),
            ]
            lives = [asyncio.create_task(worker.run()) for worker in workers]
            loops = [asyncio.create_task(loop) for loop in self._loops()]
            await asyncio.wait([*lives, *loops], return_when=asyncio.FIRST_COMPLETED)
            for worker in workers:
                worker.stop()
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
            await asyncio.gather(*lives)

    def _loops(self) -> list[Coroutine[Any, Any, Any]]:
        known = channels(self._options.outgoing)
        return [
            self._every(self._options.recovery, self._recover),
            self._every(self._options.delivery, lambda: deliver_due(self._kernel, known)),
            self._stopped.wait(),
        ]

    def _worker(self, app: App, queue: str, concurrency: int) -> Worker:
        return Worker(
            app,
            queues=[queue],
            name=queue,
            concurrency=concurrency,
            fetch_job_polling_interval=self._options.polling,
            abort_job_polling_interval=60.0,
            shutdown_graceful_timeout=self._options.grace,
            delete_jobs="successful",
            install_signal_handlers=False,
            update_heartbeat_interval=self._options.heartbeat,
            stalled_worker_timeout=self._options.silence,
        )

    async def _every(self, seconds: float, work: Callable[[], object]) -> None:
        while True:
            try:
                await asyncio.to_thread(work)
            except Exception:
                logger.exception("%s failed and is tried again", work)
            await asyncio.sleep(seconds)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopped.wait(), seconds)
        except TimeoutError:
            return

    def _recover(self) -> None:
        run(self._kernel, self._recover_stalled, system_actor())

    def _recover_stalled(self, unit: Unit) -> None:
        options = self._options
        for job in recover_stalled(unit.session, silence=options.silence, attempts=options.deaths):
            logger.warning("job %s (%s) lost its worker, death %s", job.id, job.task, job.attempts)
            if job.dead:
                payload = {"job_id": job.id, "task": job.task, "attempts": job.attempts}
                unit.record("job.dead", payload)


def queue_app(kernel: Kernel, jobs: Sequence[Job]) -> App:
    """The library's application with our jobs, on the kernel's database under the same role."""
    connector = PsycopgConnector(
        conninfo=conninfo(kernel.database.url),
        kwargs={"options": f"-c search_path={SCHEMA}", "application_name": "sanshen-worker"},
        min_size=1,
        max_size=6,
    )
    app = App(connector=connector)
    for job in jobs:
        _register(app, kernel, job)
    return app


def _register(app: App, kernel: Kernel, job: Job) -> None:
    def handle(context: JobContext, /, **args: Any) -> None:
        job_id = context.job.id
        if job_id is None:
            raise RuntimeError("a fetched job has an id")
        job.handler(kernel, job_id, args)

    task: Any = app.task(
        name=job.name,
        queue=QUEUE,
        pass_context=True,
        retry=RetryStrategy(max_attempts=job.attempts - 1, exponential_wait=2),
        queueing_lock=job.name if job.cron else None,
    )(handle)
    if job.cron:
        app.periodic(cron=job.cron)(task)
