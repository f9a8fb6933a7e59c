"""Every number of the model, declared once and looked up by everybody.

`sim/data/parameters.toml` is the list: default, unit, range, source, meaning. Validation of configs, `alliance
explain`, the tables in the docs and (later) sliders all read it, so a number cannot mean two things in two places.
"""

import math
import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from types import SimpleNamespace
from typing import NamedTuple

KINDS = ("science", "service", "form")


@dataclass(frozen=True)
class Parameter:
    """One declared number: its dotted name, default, unit, allowed range, kind, source keys and meaning."""

    name: str
    default: float
    unit: str
    low: float
    high: float
    kind: str
    sources: tuple[str, ...]
    text: str
    integer: bool = False

    @property
    def field(self):
        """The name under which rules read it: `alliance.pace` is `p.alliance_pace`."""
        return self.name.replace(".", "_")

    @property
    def assumed(self):
        """True where no source stands behind the default."""
        return not self.sources

    def problem(self, value):
        """Return what is wrong with `value` as a clause ("must lie in …"), or None if nothing is."""
        rule = f"must lie in {_plain(self.low)} to {_plain(self.high)} ({self.unit})"
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"must be a number, and {rule}"
        if not self.low <= value <= self.high:  # so also for nan
            return rule
        if self.integer and value != int(value):
            return f"must be a whole number ({self.unit})"
        return None


@dataclass(frozen=True)
class Switch:
    """A mechanism that can be switched off: its id, what off means, and the parameters that off sets."""

    name: str
    text: str
    sets: dict


class Order(NamedTuple):
    """Two parameters of which the first must never exceed the second, and their unit."""

    less: str
    more: str
    unit: str


ORDERS = (
    Order("service.caseload_min", "service.caseload_max", "clients at once"),
    Order("distress.transient_sd", "population.distress_sd", "distress SD"),
    Order("service.referral_weeks", "service.weeks", "weeks"),
)


def broken_orders(values):
    """Return a sentence for each pair of `ORDERS` that a full set of values breaks."""
    return [
        f"{less} = {values[less]:.12g} must not be more than {more} = {values[more]:.12g} ({unit})."
        for less, more, unit in ORDERS
        if values[less] > values[more]
    ]


def _data(name):
    return tomllib.loads(files("sim").joinpath("data", name).read_text(encoding="utf-8"))


@cache
def catalogue():
    """Return all declared parameters, a dict from dotted name to `Parameter`, in the order of the file."""
    found = {}
    for theme, entries in _data("parameters.toml").items():
        for key, entry in entries.items():
            low, high = entry["range"]
            found[f"{theme}.{key}"] = Parameter(
                name=f"{theme}.{key}",
                default=entry["default"],
                unit=entry["unit"],
                low=low,
                high=high,
                kind=entry["kind"],
                sources=() if entry["source"] == "assumed" else tuple(entry["source"].split()),
                text=entry["text"],
                integer=entry.get("integer", False),
            )
    return found


@cache
def switches():
    """Return all switches, a dict from switch id to `Switch`."""
    return {name: Switch(name, entry["text"], entry["set"]) for name, entry in _data("switches.toml").items()}


@cache
def sources():
    """Return the references, a dict from key to a dict with `text`, `for` and, where there is one, `doi`."""
    return _data("sources.toml")


def nearest(name, known):
    """Return the known names closest in spelling to `name`, best first, at most three."""
    return get_close_matches(str(name), list(known), n=3, cutoff=0.6)


def resolve(overrides=None, switch=None):
    """Return the value of every parameter as a dict from dotted name to number.

    `overrides` maps dotted names to numbers; `switch` maps switch ids to True (on, the default) or False (off).
    Off is applied last, so it wins over an override. Raises ValueError, in one sentence, for a name that is
    not declared or a value outside its range.
    """
    known = catalogue()
    values = {name: parameter.default for name, parameter in known.items()}
    for name, value in (overrides or {}).items():
        if name not in known:
            raise ValueError(unknown("parameter", name, known))
        problem = known[name].problem(value)
        if problem:
            raise ValueError(f"{name} = {value!r} {problem}.")
        values[name] = value
    for name, on in (switch or {}).items():
        if name not in switches():
            raise ValueError(unknown("switch", name, switches()))
        if not on:
            values.update(_off(switches()[name], values))
    return {name: int(value) if known[name].integer else float(value) for name, value in values.items()}


def _off(switch, values):
    """Return what a switch sets when off; a word stands for the value that keeps a mean as the spread goes.

    The mean of exp(s * z), with z standard normal, is exp(s * s / 2): that is what a log-normal spread adds.
    """
    spread = values["therapist.skill_sd"]
    retention, skill = spread * values["ending.retention"], spread * values["change.skill"]
    worked_out = {
        "mean_rate": values["change.rate_median"] * math.exp(values["change.rate_log_sd"] ** 2 / 2),
        "mean_rate_over_therapists": values["change.rate_median"] * math.exp(skill**2 / 2),
        "mean_hazard_over_clients": values["ending.dissatisfied"] + values["ending.frailty"] ** 2 / 2,
        "mean_hazard_over_therapists": values["ending.dissatisfied"] + retention**2 / 2,
        "client_level": values["rating.client_level"],
    }
    return {name: worked_out.get(value, value) for name, value in switch.sets.items()}


def record(values):
    """Return the parameters as an object with one attribute each (`p.alliance_pace`), for the rules to read."""
    return SimpleNamespace(**{name.replace(".", "_"): value for name, value in values.items()})


def defaults():
    """Return the record of all default values."""
    return record(resolve())


def unknown(what, name, known):
    """Return the sentence for a name that does not exist, with the nearest names that do."""
    near = nearest(name, known)
    hint = f"did you mean {' or '.join(near)}?" if near else "`alliance explain` lists what there is."
    return f"{name} is not a known {what}; {hint}"


def _plain(number):
    return f"{number:.12g}"
