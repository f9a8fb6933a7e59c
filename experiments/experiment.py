"""An experiment as it was asked for: arms, design points, replications, and every single run of it.

Two arms, three design points and twenty replications are six cells and 120 runs. A cell is one clinic with
all its numbers known; a run is that clinic under one seed.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.draws import replication_seed
from sim.parameters import resolve


@dataclass(frozen=True)
class Arm:
    """One condition to compare: its name, the parameters it sets, the switches it turns on or off."""

    name: str
    set: dict
    switch: dict


@dataclass(frozen=True)
class Cell:
    """One arm at one design point: `values` holds every parameter, `setting` is what the model takes."""

    arm: str
    design_point: int
    point: dict
    values: dict
    setting: Any


@dataclass(frozen=True)
class Run:
    """One clinic under one seed."""

    run_id: str
    arm: str
    design_point: int
    replication: int
    seed: int
    setting: Any
    keep: str


@dataclass(frozen=True)
class Experiment:
    """A config that was read and found right.

    `base` holds what service file and config set, `switch` the config's switches; `points` are the design
    points, each a dict from parameter to value. `changed` tells which defaults were changed: name -> (value,
    file). `text` is the TOML as it was read; `references` are figures of the real service to set beside
    ours, `licence` the line that comes with its data. `primary` is the symptom scale that outcomes are read
    from, None if none is asked.
    """

    name: str
    question: str
    service: str | None
    world: str
    seed: int
    replications: int
    random_numbers: str
    keep: str
    figures: tuple[str, ...]
    estimates: tuple[str, ...]
    assignment: str
    intake: str
    forms: dict
    primary: str | None
    base: dict
    switch: dict
    arms: tuple[Arm, ...]
    points: tuple[dict, ...]
    sweep_keys: tuple[str, ...]
    changed: dict
    path: Path
    text: str
    references: tuple[dict, ...] = ()
    licence: str = ""

    @property
    def run_count(self):
        """How many runs there are: arms times points times replications."""
        return len(self.arms) * len(self.points) * self.replications

    def values(self, arm, point):
        """Return every parameter: defaults < service < config < arm < point of the sweep, switches last."""
        return resolve({**self.base, **arm.set, **point}, {**self.switch, **arm.switch})

    def cells(self):
        """Yield each `Cell`: arm by arm, the points of the sweep within each."""
        for arm in self.arms:
            for number, point in enumerate(self.points):
                values = self.values(arm, point)
                yield Cell(arm.name, number, point, values, self._setting(values))

    def runs(self):
        """Yield each `Run`: first all cells under the first seed, then all under the second, and so on."""
        cells = list(self.cells()) if self.replications > 1 else self.cells()
        for replication in range(self.replications):
            for number, cell in enumerate(cells):
                seed = self.run_seed(number, replication)
                run_id = self.run_id(cell, seed=seed)
                yield Run(run_id, cell.arm, cell.design_point, replication, seed, cell.setting, self.keep)

    def run_seed(self, cell_number, replication):
        """Return the seed of a run: the same in every cell if random numbers are common, else its own."""
        if self.random_numbers == "common":
            return replication_seed(self.seed, replication)
        return replication_seed(replication_seed(self.seed, cell_number), replication)

    def run_id(self, cell, *, seed):
        """Return the name of a run: 16 hexadecimal digits of a hash of all that decides its rows.

        Arm and design point are in it because they stand in every row: two arms may agree in every number
        (a switch turns off what the sweep varies) and still are two runs.
        """
        decides = {
            "arm": cell.arm,
            "design_point": cell.design_point,
            "values": cell.values,
            "assignment": self.assignment,
            "forms": self.forms,
            "primary": self.primary,
            "intake": self.intake,
            "world": self.world,
            "seed": seed,
            "keep": self.keep,
        }
        canonical = json.dumps(decides, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    def _setting(self, values):
        # Imported here because it loads Mesa, which takes a second: a config with mistakes is told at once.
        from sim.service import Setting

        chosen = {"assignment": self.assignment, "intake": self.intake, "world": self.world}
        return Setting(values, forms=self.forms, primary=self.primary, **chosen)
