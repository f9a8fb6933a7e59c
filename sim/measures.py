"""From what is latent to what stands on a form: PHQ-9, WAI-SR, and what an observer codes.

A client's distress is a place on a line; the PHQ-9 is a ruler with whole points, an end at 0 and at 27, and a tremor.
The scales' norms, cut-offs and maps stand in `sim/data/measures.toml`.
"""

import math
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from sim.maths import clamp, exponential, logistic


@dataclass(frozen=True)
class Scale:
    """One instrument: range, direction, cut-off, reliable change, norms, reliability and the map from the latent."""

    name: str
    label: str
    what: str
    unit: str
    min: float
    max: float
    higher_is_worse: bool
    clinic_mean: float
    clinic_sd: float
    source: str
    note: str
    cutoff: float | None = None
    reliable_change: float | None = None
    community_norm_mean: float | None = None
    community_norm_sd: float | None = None
    reliability: float = 1.0
    level: float = 0.0
    slope: float = 1.0
    bend: float = 1.0
    items: tuple = ()

    @property
    def error_sd(self):
        """SD of the rating error on the latent line, from the reliability in the reference clinic (latent SD 1)."""
        return math.sqrt(1.0 / self.reliability - 1.0)


@cache
def _file():
    return tomllib.loads(files("sim").joinpath("data", "measures.toml").read_text(encoding="utf-8"))


@cache
def scales():
    """Return all instruments, a dict from short name to `Scale`."""
    return {name: Scale(name=name, **entry) for name, entry in _file().items() if name != "latent"}


@cache
def community():
    """Return mean and SD of latent distress in the community, in SD of the reference clinic."""
    return _file()["latent"]["community_mean"], _file()["latent"]["community_sd"]


def symptom_score(distress, error, scale, factor=1.0):
    """Return the score of a symptom scale, a whole number within its range.

    score = max * logistic(level + slope * (distress + factor * error_sd * error)) ** bend, rounded;
    `distress` in SD of the reference clinic, `error` standard normal.
    """
    latent = distress + factor * scale.error_sd * error
    share = logistic(scale.level + scale.slope * latent) ** scale.bend
    return int(math.floor(scale.max * share + 0.5))


def alliance_item_mean(felt, level, slope, items):
    """Return an alliance subscale as an item mean on 1-5, in steps of 1/items.

    mean = 1 + 4 * logistic(level + slope * felt), rounded to the steps; `felt` in alliance units.
    """
    mean = 1.0 + 4.0 * logistic(level + slope * felt)
    return clamp(math.floor(mean * items + 0.5) / items, 1.0, 5.0)


def total_item_mean(goal, task, bond, items):
    """Return the item mean of the whole form from its three subscales with their numbers of items."""
    goals, tasks, bonds = items
    return (goals * goal + tasks * task + bonds * bond) / (goals + tasks + bonds)


def end_form_probability(ending, p):
    """Return the chance that the end form comes back, by kind of ending (a name from `tables.ENDINGS`)."""
    by_ending = {
        "good_enough": p.form_end_good_enough,
        "planned_end": p.form_end_planned,
        "dissatisfied": p.form_end_dissatisfied,
        "external": p.form_end_external,
    }
    return by_ending.get(ending, 0.0)


def is_scheduled(schedule, session):
    """Return whether a form is asked at a session: the schedule is "every", a tuple of session numbers, or None."""
    if schedule is None:
        return False
    return schedule == "every" or session in schedule


def calls_it_rupture(new_strain, threshold, luck, p):
    """Return 1 if a rater calls it a rupture: new strain plus error above the rater's threshold (al.), else 0.

    `luck` standard normal. A session without new strain is never called one. Source: eubanks2018 (raters differ).
    """
    if new_strain <= 0.0:
        return 0
    return 1 if new_strain + p.view_strain_error * luck > threshold else 0


def coded_shares(supportive, exploratory, controlling, error_1, error_2, error_3, p):
    """Return the shares as an observer codes them: each off by a factor, then made to sum to 1.

    `error_1` to `error_3` are standard normal. Source: assumed.
    """
    coded_supportive = supportive * exponential(p.communication_coding_error * error_1)
    coded_exploratory = exploratory * exponential(p.communication_coding_error * error_2)
    coded_controlling = controlling * exponential(p.communication_coding_error * error_3)
    total = coded_supportive + coded_exploratory + coded_controlling
    return coded_supportive / total, coded_exploratory / total, coded_controlling / total
