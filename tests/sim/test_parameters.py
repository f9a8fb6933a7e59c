"""Every number once: declared in full, read somewhere, and refused in one sentence where it cannot be."""

import ast
import math
import re
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import parameters
from sim.parameters import KINDS, catalogue, record, resolve, sources, switches
from tests.sim import clinic

PARAMETERS = list(catalogue().values())
SWITCHES = list(switches().values())
by_name = pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda parameter: parameter.name)
by_switch = pytest.mark.parametrize("switch", SWITCHES, ids=lambda switch: switch.name)
WORDS = (
    "mean_rate",
    "mean_rate_over_therapists",
    "mean_hazard_over_clients",
    "mean_hazard_over_therapists",
    "client_level",
)
"""Values in switches.toml that are worked out from other parameters."""


# --- what is declared -----------------------------------------------------------------------------------


@by_name
def test_every_parameter_is_declared_in_full(parameter):
    assert parameter.unit and parameter.text and parameter.kind in KINDS
    assert parameter.low < parameter.high
    assert parameter.low <= parameter.default <= parameter.high
    assert parameter.problem(parameter.default) is None
    if parameter.integer:
        assert all(isinstance(number, int) for number in (parameter.default, parameter.low, parameter.high))


@by_name
def test_every_parameter_has_a_source_in_the_references_or_is_assumed(parameter):
    assert parameter.assumed == (not parameter.sources)
    for key in parameter.sources:
        assert key in sources(), f"{parameter.name} cites {key}"


def test_every_reference_says_what_it_is_and_what_it_is_cited_for():
    assert sources()
    for key, entry in sources().items():
        assert re.fullmatch(r"[a-z0-9_]+", key)
        assert entry["text"].strip() and entry["for"].strip()


def test_no_two_parameters_are_read_under_the_same_name():
    fields = [parameter.field for parameter in PARAMETERS]
    assert len(set(fields)) == len(fields)
    assert all(field.isidentifier() for field in fields)


def source_texts():
    """Return the Python text of all of `sim`."""
    found = []

    def walk(folder):
        for item in folder.iterdir():
            if item.is_dir():
                walk(item)
            elif item.name.endswith(".py"):
                found.append(item.read_text(encoding="utf-8"))

    walk(files("sim"))
    return found


def test_every_parameter_is_read_somewhere_and_nothing_else_is():
    """No dead knob: rules read `p.theme_name`, agents and the service `model.p.theme_name`."""
    read = set()
    for text in source_texts():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value).rsplit(".")[-1] == "p":
                read.add(node.attr)
    assert read == {parameter.field for parameter in PARAMETERS}


# --- switches -------------------------------------------------------------------------------------------


@by_switch
def test_a_switch_sets_parameters_that_exist_to_values_in_their_range(switch):
    assert switch.text and switch.sets
    for name, value in switch.sets.items():
        assert name in catalogue()
        assert value in WORDS if isinstance(value, str) else catalogue()[name].problem(value) is None


@by_switch
def test_a_switch_changes_only_what_it_names_and_on_is_the_default(switch):
    assert resolve(switch={switch.name: True}) == resolve()
    off = resolve(switch={switch.name: False})
    assert {name for name, value in off.items() if value != resolve()[name]} <= set(switch.sets)
    for name, value in switch.sets.items():
        if not isinstance(value, str):
            assert off[name] == value


@by_switch
def test_off_wins_over_an_override(switch):
    name, value = next(iter(switch.sets.items()))
    if not isinstance(value, str):
        assert resolve({name: catalogue()[name].high}, {switch.name: False})[name] == value


@by_switch
def test_every_switch_changes_a_table_of_a_small_clinic(switch):
    usual, off = (clinic.tables(LIVELY, switch={switch.name: state}) for state in (True, False))
    assert usual != off, f"{switch.name} makes no difference"


LIVELY = clinic.BUSY | {"service.clients": 25, "service.leaves_list": 0.2, "population.minority_therapists": 0.5}
"""Every mechanism has something to do in here."""


def test_values_that_a_switch_works_out():
    off = resolve({"change.rate_median": 0.1, "change.rate_log_sd": 1.2}, {"rate_differences": False})
    assert off["change.rate_median"] == pytest.approx(0.1 * math.exp(0.72))
    assert off["change.rate_log_sd"] == 0.0
    off = resolve({"ending.dissatisfied": -4.0, "ending.frailty": 1.5}, {"frailty": False})
    assert (off["ending.dissatisfied"], off["ending.frailty"]) == (pytest.approx(-4.0 + 1.125), 0.0)
    off = resolve({"ending.dissatisfied": -4.0, "ending.retention": 0.8}, {"retention_skill": False})
    assert (off["ending.dissatisfied"], off["ending.retention"]) == (pytest.approx(-4.0 + 0.32), 0.0)
    off = resolve({"change.rate_median": 0.1, "change.skill": 0.5}, {"therapist_skills": False})
    assert off["change.rate_median"] == pytest.approx(0.1 * math.exp(0.125))
    off = resolve({"rating.client_level": 1.7}, {"rater_bias": False})
    assert off["rating.therapist_level"] == 1.7


# --- resolving ------------------------------------------------------------------------------------------


def test_resolving_gives_every_parameter_its_default():
    assert resolve() == {parameter.name: parameter.default for parameter in PARAMETERS}
    assert list(resolve()) == list(catalogue())


@by_name
def test_both_ends_of_a_range_are_allowed_and_nothing_beyond(parameter):
    for value in (parameter.low, parameter.high):
        assert resolve({parameter.name: value})[parameter.name] == value
    for value in (np.nextafter(parameter.low, -math.inf), np.nextafter(parameter.high, math.inf)):
        with pytest.raises(ValueError, match=re.escape(parameter.name)):
            resolve({parameter.name: float(value)})


@given(st.data())
def test_whole_numbers_stay_whole_and_the_rest_are_floats(data):
    parameter = data.draw(st.sampled_from(PARAMETERS))
    drawn = st.integers if parameter.integer else st.floats
    value = resolve({parameter.name: data.draw(drawn(parameter.low, parameter.high))})[parameter.name]
    assert type(value) is (int if parameter.integer else float)


def test_a_record_has_one_attribute_for_each_parameter():
    p = record(resolve({"alliance.pace": 0.3}))
    assert p.alliance_pace == 0.3
    assert set(vars(p)) == {parameter.field for parameter in PARAMETERS}
    assert vars(parameters.defaults()) == vars(record(resolve()))


PACE = "must lie in 0 to 1 (share per session)"


@pytest.mark.parametrize(
    ("overrides", "switch", "sentence"),
    [
        ({"alliance.pace": 1.5}, {}, f"alliance.pace = 1.5 {PACE}."),
        ({"alliance.pace": -0.1}, {}, f"alliance.pace = -0.1 {PACE}."),
        ({"alliance.pace": math.nan}, {}, f"alliance.pace = nan {PACE}."),
        ({"alliance.pace": math.inf}, {}, f"alliance.pace = inf {PACE}."),
        ({"alliance.pace": "fast"}, {}, f"alliance.pace = 'fast' must be a number, and {PACE}."),
        ({"alliance.pace": True}, {}, f"alliance.pace = True must be a number, and {PACE}."),
        ({"alliance.pace": None}, {}, f"alliance.pace = None must be a number, and {PACE}."),
        ({"service.clients": 2.5}, {}, "service.clients = 2.5 must be a whole number (clients)."),
        ({"service.clients": 0}, {}, "service.clients = 0 must lie in 1 to 1000000 (clients)."),
        ({"aliance.pace": 0.5}, {}, "aliance.pace is not a known parameter; did you mean alliance.pace?"),
        ({"zzz": 0.5}, {}, "zzz is not a known parameter; `alliance explain` lists what there is."),
        ({}, {"repairs": False}, "repairs is not a known switch; did you mean repair?"),
        ({}, {"zzz": False}, "zzz is not a known switch; `alliance explain` lists what there is."),
        ({}, {"zzz": True}, "zzz is not a known switch; `alliance explain` lists what there is."),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(overrides, switch, sentence):
    with pytest.raises(ValueError) as refusal:
        resolve(overrides, switch)
    start, _, hint = sentence.partition("did you mean ")
    assert str(refusal.value).startswith(start + ("did you mean " if hint else ""))
    if hint:
        assert hint.removesuffix("?") in str(refusal.value)
        assert str(refusal.value).endswith("?")
    else:
        assert str(refusal.value) == sentence


def test_resolving_leaves_its_arguments_alone():
    overrides, switch = {"alliance.pace": 0.3}, {"repair": False}
    resolve(overrides, switch)
    assert (overrides, switch) == ({"alliance.pace": 0.3}, {"repair": False})
