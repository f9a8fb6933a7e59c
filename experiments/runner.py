"""Running an experiment: find its folder, see what is done, do the rest on all cores, and stop without loss.

The tables never pass through here: each worker puts its own into the folder, as they come. What was done
stays done; the same command goes on where it stopped.
"""

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from experiments import manifest as labels
from experiments import needs, schema
from experiments.executors import Here, Processes
from experiments.identity import identity
from experiments.interrupt import Bell
from experiments.lock import Lock
from experiments.progress import Progress
from experiments.resuming import choose, make_tables, recover, statuses, tidy
from experiments.shift import Shift
from experiments.worker import Job, Task, work


@dataclass(frozen=True)
class Outcome:
    """What became of an experiment: how many of its runs are done and failed, and how many were there before.

    `done` and `failed` count the whole folder; `skipped` of them were there already. `notes` are sentences
    about what was set right on the way.
    """

    folder: Path
    done: int
    failed: int
    skipped: int
    interrupted: bool
    notes: tuple[str, ...] = ()


def run(
    experiment,
    *,
    out=Path("results"),
    workers=None,
    fresh=False,
    engine="mesa",
    simulate=None,
    executor_factory=Processes,
    show=Progress,
):
    """Do all runs of an experiment that are not yet done and return the `Outcome`.

    `workers` is the number of processes (None: one for each core); with one worker or one run all is done in
    this process. `simulate` stands in for `sim.service.simulate`. `executor_factory(workers)` returns an
    executor, and `show(total=…, already=…)` something like `Progress`. Raises ResultError, in one sentence,
    if the folder may not be gone on with or cannot be written.
    """
    runs = list(experiment.runs())
    made_with = identity(experiment, runs)
    folder, label = choose(Path(out) / experiment.name, made_with, fresh=fresh)
    if label and label["status"] == "done" and (outcome := _all_there(folder, label, experiment, runs)):
        return outcome
    with Lock(folder) as lock, Bell(folder) as bell:
        label = label or labels.make(experiment, made_with, runs=len(runs), engine=engine)
        make_tables(folder, label["tables"])
        _mark(folder, label, experiment, status="running")
        found = recover(folder, label["tables"])
        notes = [note for note in (lock.taken_over, *found.notes) if note]
        tasks = [Task(each, experiment.points[each.design_point]) for each in runs if each.run_id not in found.status]
        job = _job(experiment, folder, label, simulate=simulate, engine=engine)
        with show(total=len(runs), already=len(runs) - len(tasks)) as progress:
            for note in notes:
                progress.say(note)
            team = _team(len(tasks), workers=workers, executor_factory=executor_factory, bell=bell)
            shift = Shift(job, tasks, bell=bell, progress=progress, **team)
            try:
                shift.work()
            finally:
                outcome = _outcome(folder, found, shift, expected=len(runs), notes=notes)
                _close(folder, label, experiment, outcome)
    return outcome


def _all_there(folder, label, experiment, runs):
    """Return the outcome if a finished folder has every run, else None."""
    found = statuses(folder, label["tables"])
    if any(each.run_id not in found for each in runs):
        return None
    if any(label[key] != value for key, value in labels.changeable(experiment).items()):
        _mark(folder, label, experiment, status="done")
    failed = sum(status == "failed" for status in found.values())
    return Outcome(folder, len(found) - failed, failed, len(found), interrupted=False)


def _job(experiment, folder, label, *, simulate, engine):
    """Return what the workers need to know of the experiment."""
    keep = needs.at_hand(experiment.keep)
    return Job(
        folder=folder,
        experiment=experiment.name,
        world=experiment.world,
        keep=keep,
        kept=tuple(label["tables"]),
        layout=schema.layout(experiment, keep=keep),
        swept={name: entry["column"] for name, entry in label["sweep"].items()},
        estimates=tuple(experiment.estimates),
        scales=label["scales"],
        engine=engine,
        simulate=simulate,
    )


def _team(tasks, *, workers, executor_factory, bell):
    """Return who does the work, as arguments for a `Shift`: this process, or one more than can be busy."""
    workers = min(workers or cores(), tasks)
    if workers <= 1:
        return {"hire": Here, "work": partial(work, breakable=bell.breakable), "workers": 1, "room": 1}
    return {"hire": partial(executor_factory, workers), "work": work, "workers": workers, "room": workers + 1}


def cores():
    """Return how many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Windows, nor on a Mac
        return os.cpu_count() or 1


def _outcome(folder, found, shift, *, expected, notes):
    failed = found.failed + shift.failed
    done = len(found.status) - found.failed + shift.done
    return Outcome(folder, done, failed, len(found.status), done + failed < expected, tuple(notes))


def _close(folder, label, experiment, outcome):
    tidy(folder, label["tables"])  # a worker that was ended may have left half a file
    label |= {"ended": labels.now(), "runs_done": outcome.done, "runs_failed": outcome.failed}
    _mark(folder, label, experiment, status="interrupted" if outcome.interrupted else "done")


def _mark(folder, label, experiment, *, status):
    """Write the manifest and what lies beside it."""
    label |= {"status": status, **labels.changeable(experiment)}
    labels.write(folder, label)
    labels.write_companions(folder, experiment, label)
