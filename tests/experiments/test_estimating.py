"""`alliance estimate`: one estimate from any written result, with what was lost and why."""

import json

import numpy as np
import pandas as pd
import pytest

from experiments import cli, estimating
from experiments.estimators import REGISTRY, monte_carlo
from experiments.store import Result, StoreError
from tests.experiments import synthetic
from tests.experiments.test_report import PACES


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return synthetic.write(tmp_path_factory.mktemp("made_up"), points=PACES, replications=3, clients=80)


@pytest.mark.parametrize("name", ["dropout_rate", "alliance_outcome_r", "repaired_share"])
def test_it_finds_again_what_the_runs_wrote_when_they_ended(result, name):
    again = {(part.arm, part.design_point): part for part in estimating.estimate(result, name)}
    for written in monte_carlo(result.table("runs"), name):
        part = again[written.arm, written.design_point]
        np.testing.assert_allclose((part.mean, part.se, part.low), (written.mean, written.se, written.low), rtol=1e-9)


def test_one_arm_and_one_point_can_be_asked_for(result):
    (part,) = estimating.estimate(result, "dropout_rate", arm="repair", design_point=1)
    assert (part.arm, part.design_point, part.n_runs) == ("repair", 1, 3)


@pytest.mark.parametrize(
    ("name", "only", "sentence"),
    [
        ("dropout_rat", {}, "dropout_rat is not a known estimate; did you mean dropout_rate"),
        ("dropout_rate", {"arm": "repare"}, "arm 'repare' is not in .*; its arms are as_usual, repair."),
        ("dropout_rate", {"design_point": 7}, "design point 7 is not in .*; it has 0 to 1."),
    ],
)
def test_a_wrong_name_is_told_in_one_sentence(result, name, only, sentence):
    with pytest.raises(ValueError, match=sentence):
        estimating.estimate(result, name, **only)


def spoiled(frames):
    clients = frames["clients"]
    first = frames["runs"]["run_id"].iloc[0]
    clients.loc[clients["run_id"] == first, "wai_client_s3"] = 4.0
    return frames


def test_runs_without_a_number_are_counted_with_their_reason(tmp_path):
    result = synthetic.write(tmp_path, points=PACES, replications=3, clients=80, change=spoiled)
    part = estimating.estimate(result, "alliance_outcome_r")[0]
    assert (part.n_runs, part.n_absent, part.reasons) == (2, 1, {"constant": 1})
    text = estimating.as_text(result, "alliance_outcome_r", [part])
    assert "2 of 3" in text and "everybody has the same value" in text


def without_tables(result, tmp_path, *, keep):
    (folder := tmp_path / "less").mkdir()
    manifest = json.loads((result.folder / "manifest.json").read_text())
    manifest["tables"] = {name: manifest["tables"][name] for name in keep}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "parts").symlink_to(result.folder / "parts")
    return Result(folder)


def test_a_result_that_keeps_only_runs_still_tells_what_they_wrote(result, tmp_path):
    less = without_tables(result, tmp_path, keep=("runs",))
    (part,) = estimating.estimate(less, "dropout_rate", arm="repair", design_point=0)
    (full,) = estimating.estimate(result, "dropout_rate", arm="repair", design_point=0)
    assert part.mean == pytest.approx(full.mean)


def test_a_table_that_was_not_kept_is_named(result, tmp_path):
    less = without_tables(result, tmp_path, keep=("runs", "clients"))
    less.table("runs")
    with pytest.raises(StoreError, match='needs the table appointments.*keep = "sessions" or more'):
        estimating.estimate(
            less, next(name for name, each in REGISTRY.items() if each.table == "appointments" and not each.routine)
        )


def test_the_command_prints_the_number_and_json(result, capsys):
    assert cli.main(["estimate", str(result.folder), "dropout_rate"]) == 0
    assert "Dropout rate (share of clients) [dropout_rate]" in capsys.readouterr().out
    assert cli.main(["estimate", str(result.folder), "dropout_rate", "--json", "--arm", "repair"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {each["arm"] for each in found} == {"repair"} and all(0 < each["mean"] < 1 for each in found)
    assert cli.main(["estimate", str(result.folder), "nonsense"]) == 2
    assert "not a known estimate" in capsys.readouterr().err


def rows_of(**columns):
    frame = pd.DataFrame({"part": "or_minority", "status": "ok", "note": "", "n": 100, "se": 0.1, **columns})
    for name in ("low", "high", "p"):
        frame[name] = np.nan
    return frame.assign(arm="as_usual", design_point=0, replication=range(len(frame)))


def test_ratios_are_averaged_on_the_log_scale(result):
    rows = rows_of(estimate=[0.25, 1.0, 4.0])
    (part,) = estimating.over_runs(result, "therapist_dropout_icc", rows)
    assert part.mean == pytest.approx(1.0)
    assert 0 < part.low < 1 < part.high and part.low * part.high == pytest.approx(1.0)


def test_the_interval_of_a_share_stays_a_share(result):
    rows = rows_of(estimate=[0.0, 0.0, 0.3]).assign(part="")
    (part,) = estimating.over_runs(result, "dropout_rate", rows)
    assert part.low == 0.0 and part.mean == pytest.approx(0.1)


def test_notes_are_counted_over_runs(result):
    rows = rows_of(estimate=[0.0, 0.0, 0.3], note=["At its boundary.", "At its boundary.", ""]).assign(part="")
    parts = estimating.over_runs(result, "dropout_rate", rows)
    assert "In 2 of 3 runs: At its boundary." in estimating.as_text(result, "dropout_rate", parts)
