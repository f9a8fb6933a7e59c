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
from experiments.store import frame
from experiments.writing import write_part
from sim.tables import ENDINGS

ENOUGH_BYTES = 128 * 2**20
"""A worker writes a part when it holds this much, rather than wait for the end of its chunk."""
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
    note, tray = Note(), Tray()
    for task in tasks:
        if (job.folder / "stop").exists():
            break
        try:
            done, seconds = one_run(job, task, tray, breakable)
        except KeyboardInterrupt:
            break
        note.done, note.failed, note.seconds = (
            note.done + done,
            note.failed + (not done),
            note.seconds + seconds,
        )
        if tray.bytes > ENOUGH_BYTES:
            empty(job, tray)
    empty(job, tray)
    return note


def one_run(job, task, tray, breakable):
    """Do one run and lay its tables in the tray; return whether it was done, and the seconds it took."""
    started, clock, stage = now(), time.monotonic(), "simulate"
    try:
        with breakable():
            data = _simulate(job)(task.run.setting, seed=task.run.seed, keep=job.keep)
        stage = "write"
        tables = {name: _table(job, name, data[name], task) for name in data if name in job.layout}
        counts = _counts(data["clients"])
        stage = "estimate"
        ending = {**counts, **_estimates(job, tables), "status": "done"}
        tables = {name: table for name, table in tables.items() if name in job.kept}
    except (Exception, SystemExit) as error:
        tables, ending = {}, failure(stage, type(error).__name__, str(error))
    seconds = time.monotonic() - clock
    tables["runs"] = _run_row(job, task, ending)
    timing = {"engine": job.engine, "worker": os.getpid(), "seconds": seconds, "started": started}
    tables["timings"] = _table(job, "timings", {name: [value] for name, value in timing.items()}, task)
    tray.add(task.run.run_id, tables)
    return ending["status"] == "done", seconds


def record_death(job, task):
    """Write the part of a run whose process ended without a word."""
    tray = Tray()
    message = "The process that ran it ended without a word: out of memory, killed from outside, or a crash."
    tray.add(task.run.run_id, {"runs": _run_row(job, task, failure("simulate", "WorkerDied", message))})
    timing = {"engine": job.engine, "worker": None, "seconds": None, "started": None}
    timings = _table(job, "timings", {name: [value] for name, value in timing.items()}, task)
    tray.tables["timings"] = [timings]
    empty(job, tray)


def empty(job, tray):
    """Write what is in the tray as one part."""
    if not tray.run_ids:
        return
    whole = {name: pa.concat_tables(tables).unify_dictionaries() for name, tables in tray.tables.items()}
    write_part(job.folder, whole, run_ids=tray.run_ids)
    tray.tables, tray.run_ids, tray.bytes = {}, [], 0


def failure(stage, error_type, message):
    """Return what stands in `runs` about a failed run; addresses in memory never repeat and are blotted out."""
    message = _ADDRESS.sub("0x...", message)[:2000] or "It gave no reason."
    return {"status": "failed", "stage": stage, "error_type": error_type, "message": message}


def _simulate(job):
    if job.simulate is not None:
        return job.simulate
    from sim.service import simulate  # here, because it loads Mesa

    return simulate


def _table(job, name, data, task):
    """Return one table of one run as Arrow, with the columns in front that say which run it is."""
    columns = job.layout[name]
    rows = len(next(iter(data.values())))
    run = task.run
    front = {
        "run_id": run.run_id,
        "arm": run.arm,
        "design_point": run.design_point,
        "replication": run.replication,
    }
    return to_arrow(name, columns, {**{column: [value] * rows for column, value in front.items()}, **data})


def _run_row(job, task, ending):
    known = {"experiment": job.experiment, "seed": task.run.seed, "world": job.world}
    known |= {column: task.point.get(name) for name, column in job.swept.items()}
    own = [column.name for column in job.layout["runs"][4:]]
    return _table(job, "runs", {name: [{**known, **ending}.get(name)] for name in own}, task)


def _counts(clients):
    """Return the counts that stand in `runs`: clients by ending, clients, sessions."""
    endings = list(clients["ending"])
    counts = {f"n_{ending}": endings.count(ending) for ending in ENDINGS}
    return {**counts, "n_clients": len(endings), "n_sessions": sum(clients["sessions_held"])}


def _estimates(job, tables):
    """Return each estimate and its standard error, None where there is none to give."""
    if not job.estimates:
        return {}
    from experiments.estimators import estimates

    frames = {name: frame(table) for name, table in tables.items()}
    found = {}
    for name, value in estimates(job.estimates, frames, scales=job.scales).items():
        found[name] = value.estimate if value.ok else None
        found[f"{name}_se"] = value.se if value.ok and value.se == value.se else None
    return found
