"""Every registered estimate: declared in full, and with bad input a reason instead of a number or a traceback."""

import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments import explain
from experiments.estimators import OK, REASONS, REGISTRY, Fit, analysis, estimate
from experiments.estimators.references import references
from experiments.estimators.registry import needed_columns
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
    if name in (
        "held",
        "trainee_therapist",
        "dropout_unilateral",
        "minority",
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
    assert set(spec.source.split()) <= {*references(), *sources()}, spec.source
    (entry,) = (each for each in explain.find(name) if each["name"] == name)
    assert entry["formula"] == spec.formula
    assert not spec.caveat or spec.caveat.endswith(".")


@pytest.mark.parametrize("name", [name for name, spec in REGISTRY.items() if spec.headline])
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
