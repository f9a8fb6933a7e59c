"""What the tests of the rule book share: a rule at one point, one step away from it, and anywhere it may be used."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from types import SimpleNamespace

import pytest
from hypothesis import strategies as st

from sim import parameters
from sim.state import declared

LUCK = st.floats(-6.0, 6.0)
"""A standard normal draw; beyond 6 lies one draw in 500 million."""
UNIFORM = st.floats(2.0**-53, 1.0 - 2.0**-53)
SHARE = st.floats(0.0, 1.0)
YES_OR_NO = st.sampled_from((0, 1))


def numbers(**values):
    """Return parameters with these fields and no others, so that a rule which reads another one fails."""
    return SimpleNamespace(**values)


@dataclass
class Case:
    """A rule at one point, and where the result goes ("up", "down", "still") when one number grows."""

    rule: Callable
    at: dict
    p: SimpleNamespace
    moves: dict
    part: int | None = None

    @property
    def name(self):
        """The rule's name, with the number of the result if there are several."""
        return self.rule.__name__ + ("" if self.part is None else f"[{self.part}]")

    def value(self, **changes):
        """Return the result with some arguments or parameters changed."""
        at, p = dict(self.at), dict(vars(self.p))
        for name, value in changes.items():
            target = at if name in at else p
            assert name in target, f"{self.name} has no {name}"
            target[name] = value
        result = self.rule(**at, **({"p": numbers(**p)} if p else {}))
        return result if self.part is None else result[self.part]

    def direction(self, name, step=0.1):
        """Return where the result goes when the number `name` grows by one step."""
        before = self.value()
        after = self.value(**{name: (self.at | vars(self.p))[name] + step})
        return "still" if after == before else "up" if after > before else "down"


def steps(cases):
    """Return parametrisation over every number of every case."""
    return pytest.mark.parametrize(
        ("case", "name", "direction"),
        [
            pytest.param(case, name, direction, id=f"{case.name}-{name}-{direction}")
            for case in cases
            for name, direction in case.moves.items()
        ],
    )


def forgotten(cases):
    """Return the numbers of the cases for which no direction is stated."""
    return [(case.name, name) for case in cases for name in (case.at | vars(case.p)) if name not in case.moves]


def untested(module, cases):
    """Return the public rules of a module that no case is about."""
    rules = {
        name
        for name, thing in vars(module).items()
        if callable(thing) and thing.__module__ == module.__name__ and not name.startswith("_")
    }
    return rules - {case.rule.__name__ for case in cases}


def records(*names, off=()):
    """Draw a record of parameters: the fields named anywhere in their declared ranges, mechanisms in `off` off."""
    by_field = {parameter.field: parameter for parameter in parameters.catalogue().values()}
    drawn = {by_field[name].name: in_range(by_field[name]) for name in names}
    switch = dict.fromkeys([off] if isinstance(off, str) else off, False)
    return st.fixed_dictionaries(drawn).map(lambda values: parameters.record(parameters.resolve(values, switch)))


def in_range(parameter):
    """Draw a value of a parameter anywhere in its declared range."""
    if parameter.integer:
        return st.integers(parameter.low, parameter.high)
    return st.floats(parameter.low, parameter.high)


def of(record_type, name):
    """Draw a value of a state or trait anywhere in the range that `sim/state.py` declares for it."""
    metadata = {field: metadata for field, _, metadata in declared(record_type)}[name]
    return st.floats(metadata["low"], metadata["high"])


def limits(record_type, name):
    """Return the declared range of a state or trait."""
    metadata = {item.name: item.metadata for item in fields(record_type)}[name]
    return metadata["low"], metadata["high"]


def edge(name, which):
    """Return the "lowest" or "highest" value in the declared range of a parameter (dotted name)."""
    parameter = parameters.catalogue()[name]
    return parameter.low if which == "lowest" else parameter.high
