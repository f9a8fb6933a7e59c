"""What a worker does with the runs it is handed: simulate, estimate, write; hand back a note, not the tables.

A run that fails is one row in `runs` that says where and why; its neighbours go on. Between two runs the
worker looks for a file `stop` in the result's folder: then it writes what it has and goes home.
"""

import os
import re
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from experiments.manifest import now
from experiments.schema import to_arrow
from experiments.store import RUN_COLUMNS, frame
from experiments.writing import write_part
from sim.tables import ENDINGS

ENOUGH_BYTES = 128 * 2**20
"""A worker writes a part when it holds this much, rather than wait for the end of its chunk."""
OWN = ("runs", "timings")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")


@dataclass(frozen=True)
class Job:
    """What all runs of an experiment share; it travels to the workers as plain data, but for `simulate`.

    The model hands over what `keep` says, with the columns of `layout`; of these tables `kept` are written.
    """

    folder: Path
    experiment: str
    world: str
    keep: str
    kept: tuple[str, ...]
    layout: dict
    swept: dict
    estimates: tuple[str, ...]
    scales: dict
    engine: str
    simulate: Callable | None = None


@dataclass(frozen=True)
class Task:
    """One run, and the values of the swept parameters at its design point."""

    run: Any
    point: dict


@dataclass
class Note:
    """What a worker hands back of a chunk: how many runs were done and failed, and the seconds they took."""

    done: int = 0
    failed: int = 0
    seconds: float = 0.0

    def count(self, done, seconds):
        """Count one more run, done or failed."""
        self.done, self.failed, self.seconds = self.done + done, self.failed + (not done), self.seconds + seconds


@dataclass
class Tray:
    """The tables of runs that are done and not yet written: table name -> list of Arrow tables."""

    tables: dict = field(default_factory=dict)
    run_ids: list = field(default_factory=list)
    bytes: int = 0

    def add(self, run_id, tables):
        """Lay the tables of one run in the tray."""
        self.run_ids.append(run_id)
        for name, table in tables.items():
            self.tables.setdefault(name, []).append(table)
            self.bytes += table.nbytes


def work(job, tasks, breakable=nullcontext):
    """Do the runs of one chunk, write their part, and return a `Note`.

    `breakable()` surrounds the model: only there may a second Ctrl-C break in, and it loses that run alone.
    """
    note, tray, simulate = Note(), Tray(), _prepare(job)
    for task in tasks:
        if (job.folder / "stop").exists():
            break
        try:
            done, seconds = one_run(job, task, tray, simulate=simulate, breakable=breakable)
        except KeyboardInterrupt:
            break
        note.count(done, seconds)
        if tray.bytes > ENOUGH_BYTES:
            empty(job, tray)
    empty(job, tray)
    return note


def one_run(job, task, tray, *, simulate, breakable):
    """Do one run and lay its tables in the tray; return whether it was done, and the seconds it took."""
    started, clock, stage = now(), time.monotonic(), "simulate"
    try:
        with breakable():
            data = simulate(task.run.setting, seed=task.run.seed, keep=job.keep)
        stage = "write"
        tables = {name: _table(job, name, data[name], task) for name in job.layout if name not in OWN}
        counts = _counts(data["clients"])
        stage = "estimate"
        ending = {**counts, **_estimates(job, tables), "status": "done"}
        tables = {name: table for name, table in tables.items() if name in job.kept}
    except (Exception, SystemExit) as error:
        tables, ending = {}, failure(stage, type(error).__name__, error)
    seconds = time.monotonic() - clock
    timing = {"engine": job.engine, "worker": os.getpid(), "seconds": seconds, "started": started}
    tray.add(task.run.run_id, {**tables, **_own_rows(job, task, ending, timing)})
    return ending["status"] == "done", seconds


def record_death(job, task):
    """Write the part of a run whose process ended without a word."""
    tray = Tray()
    message = "The process that ran it ended without a word: out of memory, killed from outside, or a crash."
    ending = failure("simulate", "WorkerDied", message)
    tray.add(task.run.run_id, _own_rows(job, task, ending, {"engine": job.engine}))
    empty(job, tray)


def empty(job, tray):
    """Write what is in the tray as one part."""
    if not tray.run_ids:
        return
    whole = {name: pa.concat_tables(tables).unify_dictionaries() for name, tables in tray.tables.items()}
    write_part(job.folder, whole, run_ids=tray.run_ids)
    tray.tables, tray.run_ids, tray.bytes = {}, [], 0


def failure(stage, error_type, reason):
    """Return what stands in `runs` about a failed run; addresses in memory never repeat and are blotted out."""
    message = _ADDRESS.sub("0x...", str(reason))[:2000] or "It gave no reason."
    message = message.encode("utf-8", "replace").decode("utf-8")
    return {"status": "failed", "stage": stage, "error_type": error_type, "message": message}


def _prepare(job):
    """Return the model's `simulate`; what is slow to load is loaded here, so that no run's clock counts it."""
    if job.estimates:
        import experiments.estimators  # noqa: F401
    if job.simulate is not None:
        return job.simulate
    from sim.service import simulate

    return simulate


def _table(job, name, data, task):
    """Return one table of one run as Arrow, with the columns in front that say which run it is."""
    columns = job.layout[name]
    rows = len(next(iter(data.values())))
    front = {column: [getattr(task.run, column)] * rows for column in RUN_COLUMNS}
    return to_arrow(name, columns, {**front, **data})


def _own_rows(job, task, ending, timing):
    """Return the row of a run in each of the tables that the model knows nothing of."""
    known = {"experiment": job.experiment, "seed": task.run.seed, "world": job.world, **ending}
    known |= {column: task.point.get(name) for name, column in job.swept.items()}
    return {"runs": _row(job, "runs", known, task), "timings": _row(job, "timings", timing, task)}


def _row(job, name, known, task):
    columns = [column.name for column in job.layout[name] if column.name not in RUN_COLUMNS]
    return _table(job, name, {column: [known.get(column)] for column in columns}, task)


def _counts(clients):
    """Return the counts that stand in `runs`: clients by ending, clients, sessions."""
    endings = list(clients["ending"])
    counts = {f"n_{ending}": endings.count(ending) for ending in ENDINGS}
    return {**counts, "n_clients": len(endings), "n_sessions": sum(clients["sessions_held"])}


def _estimates(job, tables):
    """Return each estimate, its standard error (None where there is none to give) and its status."""
    if not job.estimates:
        return {}
    from experiments.estimators import estimates

    frames = {name: frame(table) for name, table in tables.items()}
    found = {}
    for name, value in estimates(job.estimates, frames, scales=job.scales).items():
        found[name] = value.estimate if value.ok else None
        found[f"{name}_se"] = value.se if value.ok and value.se == value.se else None
        found[f"{name}_status"] = value.status
    return found
