"""The scripts for lavaan and Mplus: the same parameters and constraints as ours, in what these programs can read."""

import io
import re

import numpy as np
import pandas as pd
import pytest

from experiments.estimators.methods.panel.growth import NAMES as GROWTH
from experiments.estimators.methods.panel.growth import growth
from experiments.estimators.methods.panel.riclpm_model import Model
from experiments.estimators.methods.panel.syntax_lavaan import growth_lavaan, growth_model_text, riclpm_lavaan
from experiments.estimators.methods.panel.syntax_lavaan import riclpm_model_text as lavaan_model
from experiments.estimators.methods.panel.syntax_mplus import growth_mplus, mplus_data, riclpm_mplus
from tests.experiments.estimators.panel_data import pair

PAIR = ("wai_client", "phq9")
KINDS = [
    {},
    {"paths": "free"},
    {"residuals": "equal", "means": "constant"},
    {"intercepts": False},
    {"paths": "free", "residuals": "equal"},
]


@pytest.mark.parametrize("choices", KINDS)
def test_labels_of_the_lavaan_script_are_the_names_of_our_parameters_and_no_others(choices):
    kept = {**choices, "intercepts": "free" if choices.get("intercepts", True) else "none"}
    model = Model(PAIR, 5, **kept)
    ours = {name for part in (model.means_part, model.paths_part, model.residuals_part) for name in part[0]}
    if kept["intercepts"] == "free":
        ours |= set(model.intercepts_part[0])
    labels = re.findall(r"\b([a-z]\w*)\*", lavaan_model(PAIR, sessions=5, **choices))
    theirs = set(labels)
    if choices.get("residuals") != "equal":
        ours = {name.replace("residual_", "residual_") for name in ours}
    assert theirs == ours


def test_a_free_path_has_its_own_label_at_each_session_and_an_equal_one_the_same():
    free, equal = lavaan_model(PAIR, sessions=4, paths="free"), lavaan_model(PAIR, sessions=4)
    assert free.count("wai_client_to_phq9_3*") == 1
    assert equal.count("wai_client_to_phq9*") == 3


def test_the_r_script_reads_the_file_and_asks_for_full_information_maximum_likelihood():
    text = riclpm_lavaan("wide.csv", PAIR, sessions=3)
    assert 'read.csv("wide.csv"' in text
    assert 'missing = "ml"' in text
    model = text.partition("model <- '")[2].partition("'\n")[0]
    assert "'" not in model
    assert "RI_wai_client =~ 1*wai_client_s1 + 1*wai_client_s2 + 1*wai_client_s3" in model
    assert "W_phq9_2 ~ wai_client_to_phq9*W_wai_client_1 + phq9_to_phq9*W_phq9_1" in model


def test_the_plain_model_has_no_random_intercepts():
    assert "RI_" not in lavaan_model(PAIR, sessions=3, intercepts=False)
    assert "ri" not in re.findall(r"\b[a-z]+", riclpm_mplus("a.dat", PAIR, sessions=3, intercepts=False))
    assert not re.search(r"^ +ri", riclpm_mplus("a.dat", PAIR, sessions=3, intercepts=False), re.M)


@pytest.mark.parametrize("choices", KINDS)
@pytest.mark.parametrize("sessions", [3, 7, 24])
def test_mplus_gets_names_of_eight_characters_lines_of_ninety_and_a_semicolon_after_each_statement(choices, sessions):
    text = riclpm_mplus("wide.dat", PAIR, sessions=sessions, **choices)
    assert max(len(line) for line in text.splitlines()) <= 90
    model = text.partition("MODEL:\n")[2].partition("OUTPUT:")[0]
    statements = [line for line in model.splitlines() if not line.strip().startswith("!")]
    assert "".join(statements).rstrip().endswith(";")
    names = re.findall(r"[a-z][a-z0-9]*", " ".join(statements))
    assert max(len(name) for name in names) <= 8
    assert "MISSING = ALL (-999);" in text
    assert f"! x1-x{sessions} = wai_client_s1 to wai_client_s{sessions}" in text


def test_mplus_labels_are_shared_exactly_where_parameters_are_equal():
    def labels(**choices):
        found = re.findall(r"\((\w+)\)", riclpm_mplus("wide.dat", PAIR, sessions=5, **choices).partition("MODEL:\n")[2])
        return {label: found.count(label) for label in found}

    paths = {"pxx": 4, "pyx": 4, "pxy": 4, "pyy": 4}
    assert labels() == paths
    assert labels(paths="free") == {}
    assert labels(residuals="equal", means="constant") == paths | {"rx": 1, "ry": 1, "rxy": 4, "mx": 1, "my": 1}


def test_mplus_paths_go_from_the_session_before_under_the_label_from_to():
    text = riclpm_mplus("wide.dat", PAIR, sessions=3)
    assert "wy2 ON wx1 (pxy);" in text
    assert "wx3 ON wy2 (pyx);" in text


def test_the_mplus_data_file_has_no_header_a_number_for_a_gap_and_columns_in_the_order_of_the_names():
    x, y = pair(1, clients=20, sessions=3)
    x[0], y[0] = np.nan, np.nan
    table = pd.DataFrame(
        {f"phq9_s{t + 1}": y[:, t] for t in range(3)} | {f"wai_client_s{t + 1}": x[:, t] for t in range(3)}
    )
    back = np.loadtxt(io.StringIO(mplus_data(table, PAIR, sessions=3)), delimiter=",")
    assert back.shape == (19, 6)
    assert np.where(back == -999, np.nan, back) == pytest.approx(np.hstack([x, y])[1:], rel=1e-9, nan_ok=True)


def test_growth_scripts_name_what_growth_gives_and_time_starts_at_0():
    assert set(re.findall(r"\b([a-z]\w*)\*", growth_model_text("phq9", sessions=4))) == set(GROWTH)
    assert "slope =~ 0*phq9_s1 + 1*phq9_s2 + 2*phq9_s3 + 3*phq9_s4" in growth_lavaan("a.csv", "phq9", sessions=4)
    assert "i s | x1@0 x2@1 x3@2 x4@3;" in growth_mplus("a.dat", "phq9", sessions=4)


def test_growth_is_the_mixed_model_with_random_slopes_by_maximum_likelihood():
    smf = pytest.importorskip("statsmodels.formula.api")
    luck = np.random.default_rng(1)
    level, slope = luck.multivariate_normal([14, -0.6], [[20, -0.8], [-0.8, 0.3]], size=150).T
    scores = level[:, None] + slope[:, None] * np.arange(6) + luck.normal(0, 2, size=(150, 6))
    scores[luck.random(scores.shape) < 0.15] = np.nan
    got = growth(scores)
    client, time = np.nonzero(np.isfinite(scores))
    frame = pd.DataFrame({"client": client, "time": time, "score": scores[client, time]})
    other = smf.mixedlm("score ~ time", frame, groups="client", re_formula="~time").fit(reml=False)
    assert got["level_mean"].estimate == pytest.approx(other.fe_params["Intercept"], rel=1e-4)
    assert got["slope_mean"].estimate == pytest.approx(other.fe_params["time"], rel=1e-4)
    assert got["slope_variance"].estimate == pytest.approx(other.cov_re.iloc[1, 1], rel=1e-2)
    assert got.facts["loglik"] == pytest.approx(other.llf, abs=1e-4)


@pytest.mark.parametrize(
    "spoil, status",
    [
        (lambda s: s[:10], "too_few"),
        (lambda s: s[:, :2], "too_few"),
        (lambda s: s * np.nan, "missing"),
        (lambda s: np.where(np.isfinite(s), 7.0, np.nan), "constant"),
        (lambda s: np.where(np.arange(5) == 2, np.nan, s), "missing"),
    ],
)
def test_growth_of_bad_input_gives_a_named_reason(spoil, status):
    got = growth(spoil(pair(1)[1]))
    assert got.status == status
    assert got.note.endswith(".")
