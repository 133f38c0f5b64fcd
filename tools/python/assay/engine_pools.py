"""Where the workers of an engine are: processes of this machine, or the nodes of a Ray cluster.

A pool has a size, `share` what all parts need, `submit` one part, and says by which exceptions it
tells that a worker was `lost`. Leaving it cancels what is under way.
"""

from __future__ import annotations

import concurrent.futures
import os
import pickle
import subprocess
import sys
import threading
from typing import Any, Callable

from assay.engine_jobs import Part, compute


class Lost(RuntimeError):
    """A worker ended before its part was done."""



def _own_paths() -> str:
    """PYTHONPATH for workers: what this process can import and a fresh interpreter could not."""
    shared = (sys.prefix, sys.base_prefix)
    return os.pathsep.join(os.path.abspath(path) for path in sys.path
                           if not path.startswith(shared))


class Processes:
    """Worker processes on this machine.

    Parameters
    ----------
    workers
        How many; by default as many as there are processors for the threads of each.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers

    def pool(self, threads: int) -> _ProcessPool:
        return _ProcessPool(self.workers or max(1, (os.cpu_count() or 1) // threads))


class _ProcessPool:
    """A thread for each worker, which hands it one part after another.

    Unlike those of ``multiprocessing``, workers do not run the caller's main module again, and one
    that dies takes nothing but its own part with it.
    """

    lost = (Lost,)

    def __init__(self, size: int) -> None:
        self.size = size
        self._threads = concurrent.futures.ThreadPoolExecutor(size)
        self._own = threading.local()
        self._workers: list[subprocess.Popen] = []

    def share(self, job: Any) -> Any:
        return job

    def submit(self, job: Any, *part: Any) -> concurrent.futures.Future:
        return self._threads.submit(self._ask, (job, *part))

    def _ask(self, question: tuple) -> Part:
        worker = getattr(self._own, "worker", None) or self._started()
        try:
            pickle.dump(question, worker.stdin)
            worker.stdin.flush()
            return pickle.load(worker.stdout)
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            self._own.worker = None
            worker.kill()
            raise Lost(f"process {worker.pid} ended with {worker.wait()}") from error

    def _started(self) -> subprocess.Popen:
        worker = subprocess.Popen(
            [sys.executable, "-c", "from assay.engine_pools import serve; serve()"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
            env={**os.environ, "PYTHONPATH": _own_paths()})
        self._workers.append(worker)
        self._own.worker = worker
        return worker

    def __enter__(self) -> _ProcessPool:
        return self

    def __exit__(self, *_: Any) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.kill()
            worker.wait()
        self._threads.shutdown()
        for worker in self._workers:
            worker.stdout.close()


def serve() -> None:
    """The work of a process of `_ProcessPool`. What anything prints goes to stderr."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while True:
        try:
            question = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        pickle.dump(compute(*question), answers)
        answers.flush()


class Ray:
    """The nodes of a Ray cluster: the one this process is connected to, or that ``ray.init()`` finds
    or starts.
    """

    def pool(self, threads: int) -> _RayPool:
        try:
            import ray
        except ImportError as error:
            raise ImportError("engine='ray' needs Ray: pip install 'assay[ray]', or pip install ray"
                              ) from error
        if not ray.is_initialized():
            ray.init(log_to_driver=False, logging_level="ERROR")
        return _RayPool(ray, threads)


class _RayPool:
    """Parts as Ray tasks.

    Ray's own retries are off: `_in_order` counts lost parts and says which one was lost too often.
    """

    def __init__(self, ray: Any, threads: int) -> None:
        self._ray = ray
        self.lost = (ray.exceptions.RayError,)
        self.size = max(1, int(ray.cluster_resources().get("CPU", 1)) // threads)
        environment = {"env_vars": {"PYTHONPATH": _own_paths()}}
        self._compute = ray.remote(num_cpus=threads, max_retries=0,
                                   runtime_env=environment)(compute)
        self._running: dict[concurrent.futures.Future, Any] = {}

    def share(self, job: Any) -> Any:
        return self._ray.put(job)

    def submit(self, job: Any, *part: Any) -> concurrent.futures.Future:
        task = self._compute.remote(job, *part)
        future = task.future()
        self._running[future] = task
        future.add_done_callback(lambda done: self._running.pop(done, None))
        return future

    def __enter__(self) -> _RayPool:
        return self

    def __exit__(self, *_: Any) -> None:
        for task in list(self._running.values()):
            self._ray.cancel(task, force=True)


ENGINES: dict[str, Callable[[], Any]] = {"processes": Processes, "ray": Ray}


def engine_named(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    if given not in ENGINES:
        raise ValueError(f"engine: unknown '{given}'; there are {', '.join(ENGINES)}")
    return ENGINES[given]()
