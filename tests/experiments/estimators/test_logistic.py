"""Logistic regression against tables worked by hand, statsmodels, and data that cannot be fitted."""

import math

import numpy as np
import pandas as pd
import pytest

from experiments.estimators.methods.logistic.logistic import logistic
from experiments.estimators.methods.logistic.separation import separation


def table(a, b, c, d):
    """Clients with a problem: `a` left, `b` stayed; without: `c` left, `d` stayed."""
    return pd.DataFrame(
        {
            "left": np.repeat([1, 0, 1, 0], [a, b, c, d]),
            "problem": np.repeat([1, 1, 0, 0], [a, b, c, d]),
        }
    )


@pytest.fixture(scope="module")
def clients():
    luck = np.random.default_rng(4)
    n = 500
    age, problem = luck.normal(38, 12, size=n), luck.random(n) < 0.3
    chance = 1 / (1 + np.exp(-(-0.2 - 0.02 * (age - 38) + 0.5 * problem)))
    left = pd.array(np.where(luck.random(n) < 0.05, None, luck.random(n) < chance), dtype="boolean")
    return pd.DataFrame({"dropout_unilateral": left, "age": age, "interpersonal_problems": problem})


PREDICTORS = ("age", "interpersonal_problems")


def fit(frame, predictors=PREDICTORS):
    return logistic(frame, outcome="dropout_unilateral", predictors=predictors)


def test_two_by_two_table_gives_the_odds_ratio_and_woolfs_error():
    got = logistic(table(30, 20, 40, 90), outcome="left", predictors=("problem",))
    se = math.sqrt(1 / 30 + 1 / 20 + 1 / 40 + 1 / 90)
    assert got["or_problem"].estimate == pytest.approx(30 * 90 / (20 * 40), rel=1e-9)
    assert got["problem"].se == pytest.approx(se, rel=1e-9)
    assert got["or_problem"].low == pytest.approx(3.375 * math.exp(-1.959963985 * se), rel=1e-8)
    assert got["or_problem"].high == pytest.approx(3.375 * math.exp(1.959963985 * se), rel=1e-8)
    assert got["intercept"].estimate == pytest.approx(math.log(40 / 90), rel=1e-9)
    assert (got.n, got.facts["events"]) == (180, 70)


def test_without_predictors_the_intercept_is_the_log_odds():
    got = logistic(table(30, 20, 40, 90), outcome="left")
    assert got["intercept"].estimate == pytest.approx(math.log(70 / 110))
    assert got["intercept"].se == pytest.approx(math.sqrt(1 / 70 + 1 / 110))
    assert got.facts["log_likelihood"] == pytest.approx(70 * math.log(70 / 180) + 110 * math.log(110 / 180))


def test_the_same_as_statsmodels(clients):
    from statsmodels.discrete.discrete_model import Logit

    whole = clients.dropna().astype(float)
    peer = Logit(whole["dropout_unilateral"], whole[list(PREDICTORS)].assign(one=1.0)).fit(disp=0, tol=1e-12)
    got = fit(clients)
    assert got.n == len(whole)
    for name, other in (("age", "age"), ("interpersonal_problems", "interpersonal_problems"), ("intercept", "one")):
        assert got[name].estimate == pytest.approx(peer.params[other], rel=1e-7)
        assert got[name].se == pytest.approx(peer.bse[other], rel=1e-6)
        assert got[name].p == pytest.approx(peer.pvalues[other], rel=1e-5)
    assert got.facts["log_likelihood"] == pytest.approx(peer.llf, rel=1e-10)


def test_order_of_rows_does_not_matter(clients):
    first, second = fit(clients), fit(clients.sample(frac=1, random_state=1))
    for name in first:
        assert second[name].estimate == pytest.approx(first[name].estimate, rel=1e-9)


@pytest.mark.parametrize(("factor", "shift"), [(0.1, 0), (1e6, 0), (1e-6, 5), (1.0, 1e5)])
def test_rescaling_a_predictor_rescales_its_coefficient(clients, factor, shift):
    first, second = fit(clients), fit(clients.assign(age=clients["age"] * factor + shift))
    assert second["age"].estimate * factor == pytest.approx(first["age"].estimate, rel=1e-5)
    assert second["age"].se * factor == pytest.approx(first["age"].se, rel=1e-5)
    assert second.facts["log_likelihood"] == pytest.approx(first.facts["log_likelihood"], rel=1e-9)


def test_turning_the_outcome_round_turns_the_signs(clients):
    first, second = fit(clients), fit(clients.assign(dropout_unilateral=~clients["dropout_unilateral"]))
    assert second["age"].estimate == pytest.approx(-first["age"].estimate, rel=1e-8)
    assert second["or_age"].estimate == pytest.approx(1 / first["or_age"].estimate, rel=1e-8)


X = np.arange(1.0, 21.0)
ONES = np.ones(20)


@pytest.mark.parametrize(
    ("event", "columns", "kind"),
    [
        (X > 10, [X], "complete"),
        (X <= 10, [X], "complete"),
        ((X > 10) | (X == 8), [X], "none"),
        (X > 10, [np.minimum(np.maximum(X, 10), 11)], "complete"),
        (X > 9, [np.where((X == 9) | (X == 10), 9.5, X)], "quasi-complete"),
        (X > 15, [(X > 12).astype(float)], "quasi-complete"),
        (X + 3 * np.sin(X) > 10, [X, np.sin(X)], "complete"),
        (np.sin(7 * X) > 0, [X], "none"),
    ],
)
def test_kinds_of_separation(event, columns, kind):
    assert separation(event.astype(float), np.column_stack([ONES, *columns])) == kind


@pytest.mark.parametrize("size", [1, 1e4, 1e-4])
def test_separation_is_a_status_and_no_number(size):
    frame = pd.DataFrame({"left": (X > 10).astype(float), "x": X * size, "z": np.sin(X)})
    got = logistic(frame, outcome="left", predictors=("x", "z"))
    assert got.status == "separation"
    assert "complete" in got.note
    assert math.isnan(got["or_x"].estimate)


def test_separation_by_one_empty_cell_among_many_clients():
    got = logistic(table(0, 20, 400, 600), outcome="left", predictors=("problem",))
    assert got.status == "separation"
    assert "quasi-complete" in got.note


def test_a_strong_effect_is_not_separation():
    luck = np.random.default_rng(2)
    x = luck.normal(size=2000)
    frame = pd.DataFrame({"left": luck.random(2000) < 1 / (1 + np.exp(-8 * x)), "x": x})
    got = logistic(frame, outcome="left", predictors=("x",))
    assert got.ok
    assert got["x"].estimate == pytest.approx(8, abs=3 * got["x"].se)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"age": np.nan}, "missing"),
        ({"age": 40.0}, "constant"),
        ({"dropout_unilateral": True}, "constant"),
        ({"dropout_unilateral": None}, "missing"),
    ],
)
def test_bad_columns_are_a_status(clients, change, status):
    got = fit(clients.assign(**change))
    assert (got.status, len(got)) == (status, 0)
    assert got.note.endswith(".")


def test_collinear_predictors_are_a_status(clients):
    got = fit(clients.assign(months=clients["age"] * 12 + 3), predictors=("age", "months"))
    assert got.status == "collinear"
    assert "months" in got.note


def test_too_few_clients_are_a_status(clients):
    assert fit(clients.dropna().head(9)).status == "too_few"


def test_a_column_that_is_not_there_is_a_mistake(clients):
    with pytest.raises(KeyError):
        fit(clients, predictors=("shoe_size",))


def test_an_outcome_that_counts_is_a_mistake(clients):
    with pytest.raises(ValueError, match="must hold 0 and 1"):
        logistic(clients, outcome="age", predictors=("interpersonal_problems",))


def test_an_infinite_predictor_is_called_by_its_name(clients):
    name = "interpersonal_problems"
    got = fit(
        clients.assign(**{name: clients[name].astype(float).where(clients.index != 3, np.inf)}), predictors=(name,)
    )
    assert got.status == "not_finite" and "infinite" in got.note
