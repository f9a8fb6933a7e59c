"""A stand-in for an experiment and for the model, so that the runner's tests need neither config nor clinic.

As a script it runs a sweep in a process of its own, which a test may then kill:
`python -m tests.experiments.fake FOLDER WORKERS SECONDS`.
"""

import hashlib
import os
import random
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from experiments import runner
from experiments.experiment import Arm, Run
from sim.output import absent_columns
from sim.tables import kept

ARMS = (Arm("as_usual", {}, {}), Arm("repair", {"rupture.repair_skill_mean": 1.0}, {}))
KEY = "alliance.pace"
CLIENTS = 12


@dataclass(frozen=True)
class FakeExperiment:
    """The fields and the method of an `Experiment` that the runner uses."""

    name: str = "fake"
    question: str = "Does the runner lose anything?"
    references: tuple = ()
    licence: str = ""
    service: str | None = None
    world: str = "mixed"
    seed: int = 1
    replications: int = 3
    random_numbers: str = "common"
    keep: str = "sessions"
    figures: tuple = ()
    estimates: tuple = ()
    assignment: str = "queue"
    intake: str = "referral"
    forms: dict = field(default_factory=lambda: {"phq9": "every", "wai_client": "every"})
    primary: str = "phq9"
    base: dict = field(default_factory=dict)
    switch: dict = field(default_factory=dict)
    arms: tuple = ARMS
    points: tuple = ({KEY: 0.1}, {KEY: 0.3})
    sweep_keys: tuple = (KEY,)
    changed: dict = field(default_factory=dict)
    path: Path = Path("fake.toml")
    text: str = 'name = "fake"\n'
    seconds: float = 0.0
    begun: str | None = None
    trouble: dict = field(default_factory=dict)

    def runs(self):
        """Yield every run, replication by replication; `trouble` maps a run's number to what befalls it."""
        number = 0
        for replication in range(self.replications):
            for arm in self.arms:
                for index in range(len(self.points)):
                    setting = self.setting(number)
                    text = f"{self.seed} {self.keep} {arm.name} {index} {replication}"
                    run_id = hashlib.sha256(text.encode()).hexdigest()[:16]
                    yield Run(run_id, arm.name, index, replication, self.seed + replication, setting, self.keep)
                    number += 1

    def setting(self, number):
        """Return what the made-up model is told of one run; `begun` is a file to touch at its start."""
        trouble = self.trouble.get(number)
        return {"seconds": self.seconds, "begun": self.begun, "trouble": trouble, "forms": self.forms}


def simulate(setting, *, seed, keep):
    """Return made-up tables that depend on the seed alone, after a while and perhaps not at all."""
    if setting["begun"]:
        Path(setting["begun"]).touch()
    end = time.monotonic() + setting["seconds"]
    while time.monotonic() < end:
        time.sleep(0.01)
    if setting["trouble"] == "error":
        raise ValueError(f"cannot go on at {hex(id(object()))} \udc80")
    if setting["trouble"] == "exit":
        sys.exit("a rule that wants to leave")
    if setting["trouble"] == "death":
        os.kill(os.getpid(), signal.SIGKILL)
    luck = random.Random(seed)
    tables = {table.name: table for table in kept(keep) if table.name not in ("runs", "timings")}
    made = {name: _made_up(table, luck, setting["forms"]) for name, table in tables.items()}
    if setting["trouble"] == "nan":
        made["clients"]["true_reactance"][3] = float("nan")
    if setting["trouble"] == "no_table":
        del made["therapists"]
    return made


def _made_up(table, luck, forms):
    rows = 5 if table.name == "therapists" else CLIENTS
    absent = absent_columns(table.name, forms)
    return {
        column.name: [_value(column, row, luck, key=table.key) for row in range(rows)]
        for column in table.columns
        if column.name not in absent
    }


def _value(column, row, luck, key):
    if column.name == key[0]:
        return row
    if column.name not in key and column.name != "sessions_held" and luck.random() < 0.1:
        return None
    if column.type == "text":
        return luck.choice(column.values) if column.values else f"note {luck.randrange(9)}"
    whole = luck.randrange(1, 20)
    return {"int": whole, "number": luck.random(), "bool": whole > 9}[column.type]


class Silent:
    """In place of a progress bar: shows nothing, remembers what was said."""

    said = ()

    def __init__(self, *, total, already):
        """Remember how much there is."""
        self.total, self.already, self.count = total, already, already
        Silent.said = ()

    def __enter__(self):
        """Return itself."""
        return self

    def __exit__(self, *exception):
        """Do nothing."""

    def add(self, count, *, failed=0):
        """Count."""
        self.count += count

    def say(self, sentence):
        """Remember."""
        Silent.said += (sentence,)


def run(experiment, folder, **options):
    """Run a fake experiment with the made-up model, without a word."""
    options = {"workers": 1, "simulate": simulate, "show": Silent, **options}
    return runner.run(experiment, out=Path(folder), **options)


def sweep(seconds, begun=None):
    """Return the experiment that the script runs."""
    return FakeExperiment(replications=10, seconds=seconds, begun=begun)


def main():
    """Run the sweep, and say with exit code 130 if it was interrupted."""
    folder, workers, seconds = sys.argv[1:]
    begun = str(Path(folder) / "fake" / "begun")
    outcome = run(sweep(float(seconds), begun), folder, workers=int(workers))
    print(outcome.done, outcome.failed, outcome.interrupted, flush=True)
    sys.exit(130 if outcome.interrupted else 0)


if __name__ == "__main__":
    main()
