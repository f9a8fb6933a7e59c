"""Every registered estimate: declared in full, and with bad input a reason instead of a number or a traceback."""

import math
import re
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments import explain
from experiments.estimators import OK, REASONS, REGISTRY, Fit, analysis, estimate
from experiments.estimators.estimator import Estimator
from experiments.estimators.methods.panel.products import CAVEAT
from experiments.estimators.references import references
from experiments.estimators.registry import needed_columns
from experiments.estimators.value import counted, too_few
from sim.parameters import sources
from tests.experiments.synthetic import SCALES

ROOT = Path(__file__).resolve().parents[2]
EVERY = pytest.mark.parametrize("name", REGISTRY)
MORE = {
    "gad7": {**SCALES["phq9"], "label": "GAD-7", "max": 21, "cutoff": 8, "reliable_change": 4},
    "core_om": {**SCALES["phq9"], "label": "CORE-OM", "max": 40, "cutoff": 10, "reliable_change": 5},
}
NORMS = {"clinic_mean": 13.8, "clinic_sd": 6.0, "community_norm_mean": 2.9, "community_norm_sd": 3.5}
ALL_SCALES = {**SCALES, **MORE, "phq9": {**SCALES["phq9"], **NORMS, "reliability": 0.87, "primary": True}}
TEXT = {
    "ending": ["dissatisfied", "good_enough", "planned_end", "external", "in_therapy", "never_started"],
    "attendance": ["held", "no_show", "cancelled_by_client"],
    "rupture": ["none", "withdrawal", "confrontation"],
    "main_problem": ["depression", "anxiety"],
}


def column(name, rows, luck):
    """Return made-up values of a column, by its name."""
    if name in TEXT:
        return luck.choice(TEXT[name], size=rows)
    if name == "contract_sessions":
        return np.where(luck.random(rows) < 0.5, np.nan, 12.0)
    if name.startswith("dropout_") or name in (
        "held",
        "trainee_therapist",
        "minority",
        "interpersonal_problems",
        "reliable_improvement",
        "recovered",
        "rupture_client",
    ):
        return luck.integers(0, 2, size=rows).astype(bool)
    if name == "sessions_held":
        return luck.integers(0, 20, size=rows)
    if name in ("ruptures", "ruptures_repaired", "referral_week", "week", "start_week"):
        return luck.integers(0, 9, size=rows)
    return luck.normal(10, 4, size=rows)


def tables_for(name, *, clients, sessions=6, therapists=5, seed=1):
    """Return tables with the columns that an estimate needs, and the ids that tie them together."""
    luck, made = np.random.default_rng(seed), {}
    for table, own in needed_columns(name, scale="phq9"):
        made.setdefault(table, []).append(own)
    frames = {}
    for table in {*made, "clients"}:
        rows = {"clients": clients, "treatments": clients, "therapists": therapists}.get(table, clients * sessions)
        frame = pd.DataFrame({own: column(own, rows, luck) for own in made.get(table, ())})
        if table == "therapists":
            frame["therapist_id"] = np.arange(rows)
        else:
            each = np.repeat(np.arange(clients), rows // clients if clients else 1)
            frame["client_id"], frame["therapist_id"] = each, each % therapists
        if table == "appointments":
            frame["session"] = frame["appointment"] = np.tile(np.arange(1, sessions + 1), clients)
            frame["week"], frame["held"] = frame["session"], True
        frames[table] = frame
    return frames


def spoil(tables, how):
    """Return the tables with every measured column spoiled: gaps everywhere, or one value for all."""
    ids = {"client_id", "therapist_id", "session", "appointment", "week", "held"}
    spoiled = {}
    for table, frame in tables.items():
        frame = frame.copy()
        for name in set(frame.columns) - ids:
            if how == "gaps":
                frame[name] = None if name in TEXT else np.nan
            elif len(frame):
                frame[name] = frame[name].iloc[0]
        spoiled[table] = frame
    return spoiled


BAD = {
    "nobody": lambda name: tables_for(name, clients=0),
    "one client": lambda name: tables_for(name, clients=1),
    "three clients": lambda name: tables_for(name, clients=3),
    "one therapist": lambda name: tables_for(name, clients=40, therapists=1),
    "gaps everywhere": lambda name: spoil(tables_for(name, clients=40), "gaps"),
    "one value for all": lambda name: spoil(tables_for(name, clients=40), "constant"),
    "one session each": lambda name: tables_for(name, clients=40, sessions=1),
}


@EVERY
@pytest.mark.parametrize("what", BAD)
def test_bad_input_gives_a_named_status_and_a_sentence_or_a_finite_number(name, what):
    result = analysis(name, BAD[what](name), scales=ALL_SCALES)
    values = [result, *result.values()] if isinstance(result, Fit) else [result]
    for value in values:
        assert value.status in (OK, *REASONS)
        if value.status != OK:
            assert value.note.endswith("."), value
            assert "nan" not in value.note
    for value in values[-1:] if not isinstance(result, Fit) else result.values():
        assert value.ok == math.isfinite(value.estimate), value


@EVERY
@pytest.mark.parametrize("what", ["nobody", "gaps everywhere"])
def test_without_data_no_estimate_gives_a_number(name, what):
    assert not estimate(name, BAD[what](name), scales=ALL_SCALES).ok


@EVERY
def test_an_estimate_is_declared_in_full(name):
    spec = REGISTRY[name]
    assert len(name) <= 25, "a column of its status needs at most 32 letters"
    assert spec.sentence.endswith(".") and spec.formula and spec.unit and spec.label
    assert len(spec.sentence) < 200
    assert set(spec.source.split()) <= {*references(), *sources()}, spec.source
    (entry,) = (each for each in explain.find(name) if each["name"] == name)
    assert entry["formula"] == spec.formula
    assert not spec.caveat or spec.caveat.endswith(".")


SEVERAL = pytest.mark.parametrize("name", [name for name, spec in REGISTRY.items() if spec.headline])
OPTIONAL = (
    *("age", "minority", "interpersonal_problems", "wsas_intake", "true_distress_intake", "true_distress_end"),
    *(
        "dropout_therapist_judged",
        "dropout_missed_last",
        "dropout_incomplete_protocol",
        "phq9_intake",
        "phq9_end",
        "phq9_last",
    ),
)
"""Columns of clients that some estimates use where a run has them."""


def fair(name):
    """Return what an estimate gives of fair tables that have every optional column too."""
    tables = tables_for(name, clients=400, sessions=10, therapists=20)
    clients, luck = tables["clients"], np.random.default_rng(2)
    more = {own: column(own, len(clients), luck) for own in OPTIONAL if own not in clients}
    return analysis(name, {**tables, "clients": clients.assign(**more)}, scales=ALL_SCALES)


@SEVERAL
def test_every_number_of_several_has_a_unit_and_a_meaning(name):
    spec, given = REGISTRY[name], list(fair(name))
    assert given, "the tables are fair, so there are numbers"
    for part in given:
        unit, meaning = spec.part(part)
        assert unit and meaning, f"{name} does not declare {part}"
    for pattern in spec.parts:
        assert any(fnmatchcase(part, pattern) for part in given), f"{name} gives no {pattern}"


def test_a_number_of_its_own_name_comes_before_the_headline_and_a_pattern_after_it():
    spec = Estimator(
        *(len, "Lengths", "How long."), unit="points", formula="len", source="", columns=(), headline="by_1"
    )
    spec = replace(spec, parts={"by_2": ("share", "own name"), "by_*": ("ratio", "pattern")})
    assert spec.part("by_1") == ("points", "How long.")
    assert spec.part("by_2") == ("share", "own name")
    assert spec.part("by_3") == ("ratio", "pattern")
    assert spec.part("other") == ("", "")


def test_only_a_positive_number_is_called_a_ratio():
    """The mean over runs of what is called a ratio is taken of its logarithms."""
    words = {name: [spec.unit, *(unit for unit, _ in spec.parts.values())] for name, spec in REGISTRY.items()}
    assert {unit for units in words.values() for unit in units if unit.endswith("ratio")} <= {"ratio", "odds ratio"}


def test_of_one_the_note_is_in_the_singular():
    assert too_few(1, fewest=9, what="finished courses with two scores").note == (
        "There is 1 finished course with two scores; the estimate needs at least 9."
    )
    result = estimate("therapist_effect_icc", BAD["one therapist"]("therapist_effect_icc"), scales=ALL_SCALES)
    assert result.note.startswith("There is 1 value of therapist_id;")
    assert counted(1, "sessions") == "1 session" and counted(2, "sessions") == "2 sessions"


@pytest.mark.parametrize("name", ["between_therapist_slope", "within_therapist_slope", "concealment_levels"])
def test_one_therapist_is_too_few_groups_for_slopes_between_them(name):
    result = estimate(name, BAD["one therapist"](name), scales=ALL_SCALES)
    assert (result.status, "1 value of therapist_id" in result.note) == ("one_group", True)


@pytest.mark.parametrize("name", ["alliance_effort_outcome", "alliance_effort_symptoms"])
def test_what_the_caveat_says_is_not_said_again_in_a_note(name):
    result = fair(name)
    assert REGISTRY[name].caveat == CAVEAT
    assert not any(CAVEAT in note for note in (result.note, *(value.note for value in result.values())))


@SEVERAL
def test_the_headline_is_one_of_the_numbers(name):
    result = analysis(name, tables_for(name, clients=400, sessions=8, therapists=20), scales=ALL_SCALES)
    assert isinstance(result, Fit)
    assert result.ok, result.note
    assert REGISTRY[name].headline in result


def test_the_references_say_what_they_are_cited_for():
    for key, entry in references().items():
        assert set(entry) == {"text", "for", "status"}, key
        assert entry["status"] in ("verified", "recalled"), key
    assert not set(references()) & set(sources()), "a reference stands in one place"


def test_the_example_in_the_docs_runs_and_gives_what_it_says(capsys):
    code = re.search(r"```python\n(.*?)```", (ROOT / "docs/estimators.md").read_text("utf-8"), re.DOTALL)[1]
    exec(compile(code, "estimators.md", "exec"), {})
    assert capsys.readouterr().out.startswith("1764.05")
