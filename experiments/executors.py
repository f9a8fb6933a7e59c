"""Where runs are done: in this process, or in one process per core.

The runner asks for `submit(function, …)`, which gives a `concurrent.futures.Future`, and for `shutdown()`;
anything of that form will do, for instance Dask's `client.get_executor()`. A `kill()` is used where there is
one.
"""

import multiprocessing
import os
import signal
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager

ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)
"""Libraries read these when they load; a worker on each core needs no more threads than one."""


class Here(Executor):
    """Does the work at once, in this process: what a debugger can step through."""

    def submit(self, function, /, *args, **kwargs):
        """Call the function and return a future that is already done."""
        future = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class Processes(ProcessPoolExecutor):
    """Processes that start from nothing (spawn), have one thread each, and leave Ctrl-C to their parent."""

    def __init__(self, workers):
        """Prepare for this many processes; each starts when there is work for it."""
        super().__init__(workers, mp_context=multiprocessing.get_context("spawn"), initializer=_enter)

    def submit(self, function, /, *args, **kwargs):
        """Hand over a piece of work; starts a process if one is missing."""
        with _ctrl_c_held(), _one_thread_each():  # a new process inherits both
            return super().submit(function, *args, **kwargs)

    def kill(self):
        """End all processes at once."""
        for process in list((self._processes or {}).values()):
            process.kill()


@contextmanager
def _ctrl_c_held():
    """Hold Ctrl-C back for a moment; processes started meanwhile never get it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _one_thread_each():
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _enter():
    """Begin a worker process: deaf to Ctrl-C, one thread for Arrow, and gone as soon as its parent is."""
    import pyarrow

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pyarrow.set_cpu_count(1)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent():
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
