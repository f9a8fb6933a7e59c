"""One tiny clinic, number for number. Whoever changes numbers on purpose runs `python tests/sim/make_golden.py`."""

import json

import pytest

from tests.sim import make_golden

KNOWN = json.loads(make_golden.FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("assignment", KNOWN)
def test_the_tiny_clinic_is_what_it_was(assignment):
    """Counts exactly; sums and states to nine digits, because another machine's `exp` may round otherwise."""
    now = make_golden.golden(assignment)
    assert now.keys() == KNOWN[assignment].keys()
    for what, value in KNOWN[assignment].items():
        exact = not (isinstance(value, float) or isinstance(value, list) and isinstance(value[0], float))
        assert now[what] == (value if exact else pytest.approx(value, rel=1e-9, abs=1e-9)), HINT.format(what)


HINT = "{}: if this change of numbers is wanted, run `python tests/sim/make_golden.py` and say so in CHANGELOG.md"


def test_the_golden_clinic_has_something_to_show():
    for numbers in KNOWN.values():
        assert len(numbers["endings"]) >= 3
        assert sum(numbers["attendance"].values()) >= 30
        assert numbers["ruptures"].keys() >= {"none", "withdrawal"}
