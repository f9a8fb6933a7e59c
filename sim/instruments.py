"""The instruments of a clinic as they are declared: what each form measures, who fills it in and when, and its norms.

Think of the cabinet with the blank forms: the PHQ-9 in one drawer, the WAI-SR in the next. On each drawer stands what
the form reads, how far it reaches, where its cut-off lies, and how trustworthy that is. The drawers' labels are
`sim/data/measures.toml`; what happens when somebody fills a form in stands in `sim/measures.py`.
"""

import math
import tomllib
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

OCCASIONS = ("intake", "session", "end")
"""When a form can be asked."""


@dataclass(frozen=True)
class Latent:
    """What a form can read, and the reference population in which a form's clinic norm holds (mean, SD).

    `later` names the theme with which it comes, where the model does not have it yet. `parts_mean` and `parts_sd` say
    by how much goal, task and bond lie off the whole; `parts_correlation`, how closely two parts go together.
    """

    name: str
    text: str
    status: str
    mean: float = 0.0
    sd: float = 1.0
    community_mean: float | None = None
    community_sd: float | None = None
    parts_mean: tuple = ()
    parts_sd: tuple = ()
    parts_correlation: float | None = None
    later: str = ""


@dataclass(frozen=True)
class Scale:
    """One instrument: range and step, direction, cut-off, reliable change, norms, reliability, and its map.

    `reads` names a `Latent`, `rater` who fills it in, `occasions` when it can be asked. `level`, `slope`, `bend`,
    `reach` (above 1: some are at the very top) and `error` (SD of the error, in SD of what is read) are the map;
    `loading` is how far a symptom scale follows distress.
    """

    name: str
    label: str
    what: str
    unit: str
    card: int
    reads: str
    rater: str
    occasions: tuple
    min: float
    max: float
    higher_is_worse: bool
    clinic_mean: float
    clinic_sd: float
    reliability: float
    source: str
    status: str
    note: str
    step: float | None = None
    items: tuple = ()
    cutoff: float | None = None
    reliable_change: float | None = None
    community_norm_mean: float | None = None
    community_norm_sd: float | None = None
    skew: str = ""
    loading: float = 1.0
    own_community_mean: float = 0.0
    level: float = 0.0
    slope: float = 1.0
    bend: float = 1.0
    reach: float = 1.0
    error: float = 0.0

    @cached_property
    def steps(self):
        """The number of steps from the lowest to the highest score: 27 on the PHQ-9, 48 on twelve items of 1 to 5."""
        return round((self.max - self.min) * sum(self.items) if self.items else (self.max - self.min) / self.step)

    @cached_property
    def own_weight(self):
        """How far a symptom scale follows what a client has on this scale alone: sqrt(1 - loading * loading)."""
        return math.sqrt(1.0 - self.loading * self.loading)

    @cached_property
    def whole(self):
        """True if scores are whole numbers."""
        return self.step == 1

    @property
    def is_symptom_scale(self):
        """True for symptoms and functioning: asked at intake, before sessions and at the end."""
        return self.occasions == OCCASIONS

    @property
    def has_own_part(self):
        """True if a client's answer holds a lasting part that no other form reads."""
        return self.is_symptom_scale or self.occasions == ("end",)

    @property
    def rule(self):
        """How a schedule of this form must look, in words."""
        if "session" in self.occasions:
            return '"every" or rising session numbers from 1, such as (1, 3, 5)'
        return f'"{self.occasions[0]}": it is asked once'

    def accepts(self, when):
        """Return whether it can be asked so: "every" or rising session numbers; asked once, "intake" or "end".

        A symptom scale with no session numbers, (), is asked at intake and at the end alone.
        """
        if "session" not in self.occasions:
            return when == self.occasions[0]
        if not isinstance(when, tuple | list):
            return when == "every"
        return list(when) == sorted(set(when)) and all(type(number) is int and number >= 1 for number in when)

    @property
    def later(self):
        """The theme that must come before this form can be asked; "" if it can be asked now."""
        return latents()[self.reads].later


@cache
def _file():
    return tomllib.loads(files("sim").joinpath("data", "measures.toml").read_text(encoding="utf-8"))


def _fixed(entry):
    """Return an entry whose lists are tuples, so that nobody can change a declared instrument."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}


@cache
def latents():
    """Return all that forms can read, a dict from name to `Latent`."""
    return {name: Latent(name=name, **_fixed(entry)) for name, entry in _file()["latent"].items()}


@cache
def scales():
    """Return all instruments, a dict from short name to `Scale`."""
    return {name: Scale(name=name, **_fixed(entry)) for name, entry in _file().items() if name != "latent"}


@cache
def askable():
    """Return the instruments that a service can ask now, a dict from short name to `Scale`."""
    return {name: scale for name, scale in scales().items() if not scale.later}


@cache
def symptom_scales():
    """Return the short names of the symptom scales that can be asked now, in the order of the file."""
    return tuple(name for name, scale in askable().items() if scale.is_symptom_scale)


def community():
    """Return mean and SD of latent distress in the community, in SD of the reference clinic."""
    return latents()["distress"].community_mean, latents()["distress"].community_sd


@cache
def form_of(column):
    """Return the form whose answer a column holds: "phq9" for `phq9_intake`; None if it is no form's."""
    found = [name for name in scales() if column == name or column.startswith(f"{name}_")]
    return max(found, key=len, default=None)


def default_primary(forms):
    """Return the symptom scale that outcomes are read from unless a config says so: the PHQ-9, else the first asked."""
    asked = [name for name in symptom_scales() if name in forms]
    return "phq9" if "phq9" in asked else next(iter(asked), None)
