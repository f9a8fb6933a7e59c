"""Estimates against numbers counted by hand, planted truths and formulas; and what they say when they cannot."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.estimators import REASONS, REGISTRY, estimate, estimates
from experiments.estimators.correlation import fisher_interval, pearson, residual_change
from experiments.estimators.summary import clustered_mean, difference_of_groups, share
from tests.experiments import synthetic

SCALES = synthetic.SCALES

FIVE = pd.DataFrame(
    {
        "client_id": range(5),
        "sessions_held": [0, 1, 3, 6, 12],
        "waited_weeks": [None, 2, 5, 6, 9],
        "ending": ["never_started", "dissatisfied", "good_enough", "in_therapy", "planned_end"],
        "dropout_unilateral": [None, True, False, None, False],
        "phq9_intake": [12, 16, 9, 20, 18],
        "phq9_end": [None, None, 3, None, 10],
        "phq9_last": [None, 16, 4, 15, 11],
        "reliable_improvement": [None, False, True, False, True],
        "recovered": [None, False, False, False, False],
        "wai_client_s1": [None, 2.0, 4.0, 3.0, 4.5],
        "wai_client_s3": [None, None, 4.25, None, 4.5],
        "wai_client_last": [None, 2.0, 4.25, 3.5, 5.0],
        "ruptures": [0, 1, 0, 4, 3],
        "ruptures_repaired": [0, 0, 0, 2, 2],
    }
)
"""Five clients: one who never came, one who left after a session, one well after three, one still coming, one done."""


def value(name, clients=FIVE, **tables):
    return estimate(name, {"clients": clients, **tables}, scales=SCALES)


@pytest.mark.parametrize(
    ("name", "expected", "n"),
    [
        ("dropout_rate", 1 / 4, 4),
        ("never_started_rate", 1 / 5, 5),
        ("good_enough_rate", 1 / 4, 4),
        ("n_sessions_mean", (1 + 3 + 12) / 3, 3),
        ("reliable_improvement_rate", 1.0, 2),
        ("waited_within_6_weeks", 1 / 2, 2),
        ("phq9_intake_mean", (9 + 18) / 2, 2),
        ("phq9_end_mean", (3 + 10) / 2, 2),
        ("repaired_share", 4 / 8, 8),
        ("wai_client_s3_mean", 4.375, 2),
    ],
)
def test_five_clients_counted_by_hand(name, expected, n):
    got = value(name)
    assert (got.estimate, got.n, got.status) == (pytest.approx(expected), n, "ok")


def test_pre_post_d_by_hand_uses_the_end_form_and_no_score_from_before_therapy():
    clients = pd.DataFrame(
        {
            "sessions_held": [4, 4, 4, 4, 4, 1],
            "phq9_intake": [10, 12, 14, 16, 18, 27],
            "phq9_end": [5, None, 7, None, 13, None],
            "phq9_last": [9, 8, 9, 10, 14, 27],
        }
    )
    got = value("pre_post_d", clients)
    before, after = np.array([10, 12, 14, 16, 18]), np.array([5, 8, 7, 10, 13])
    assert got.n == 5
    assert got.estimate == pytest.approx((before.mean() - after.mean()) / before.std(ddof=1))


def test_recovery_counts_those_at_or_above_the_cut_off_who_end_below_it():
    clients = pd.DataFrame(
        {
            "sessions_held": [2, 2, 2, 2, 1, 2],
            "ending": ["planned_end"] * 5 + ["in_therapy"],
            "phq9_intake": [10, 15, 9, 20, 20, 20],
            "phq9_end": [9, 10, 2, 4, 4, 4],
            "phq9_last": [9, 10, 2, 4, 4, 4],
            "recovered": [False, False, False, True, True, True],
        }
    )
    assert value("recovered_rate", clients).estimate == pytest.approx(2 / 3)
    assert value("reliably_recovered_rate", clients).estimate == pytest.approx(1 / 3)


def test_without_the_cut_off_there_is_no_recovery_but_a_sentence():
    got = estimate("recovered_rate", {"clients": FIVE})
    assert got.status == "missing"
    assert "cut-off" in got.note


def test_rupture_rate_counts_held_sessions_that_were_asked():
    sessions = pd.DataFrame(
        {
            "client_id": [0, 0, 1, 1, 1],
            "held": [True, True, True, False, True],
            "rupture_client": pd.array([True, False, None, True, False], dtype="boolean"),
        }
    )
    got = value("rupture_rate", appointments=sessions)
    assert (got.estimate, got.n) == (pytest.approx(1 / 3), 3)


def test_early_alliance_of_dropouts_is_the_last_rating_up_to_session_3():
    stay, leave = 4 + np.arange(6) / 6, 3 + np.arange(6) / 6
    clients = pd.DataFrame(
        {
            "sessions_held": [8] * 6 + [2] * 6,
            "ending": ["planned_end"] * 6 + ["dissatisfied"] * 6,
            "dropout_unilateral": [False] * 6 + [True] * 6,
            "wai_client_s1": [1.0] * 12,
            "wai_client_s3": [*stay, *[None] * 6],
            "wai_client_last": [*[5.0] * 6, *leave],
        }
    )
    assert value("alliance_dropout_d", clients).estimate == pytest.approx(1 / stay.std(ddof=1))


def planted(r, *, n, seed):
    """Return clients whose alliance goes with residualised change at a true correlation r."""
    luck = np.random.default_rng(seed)
    before, alliance, rest = luck.normal(size=(3, n))
    after = 0.6 * before - (r * alliance + math.sqrt(1 - r * r) * rest)
    return pd.DataFrame(
        {
            "sessions_held": 8,
            "phq9_intake": before,
            "phq9_end": after,
            "phq9_last": after,
            "wai_client_s3": alliance,
        }
    )


@pytest.mark.parametrize("r", [-0.3, 0.0, 0.28, 0.6])
def test_a_planted_correlation_is_found(r):
    got = value("alliance_outcome_r", planted(r, n=20_000, seed=6))
    assert got.estimate == pytest.approx(r, abs=0.02)


def test_alliance_outcome_r_leaves_out_short_therapies_without_an_end_form():
    clients = planted(0.3, n=40, seed=7)
    clients.loc[:9, "sessions_held"] = 3
    clients.loc[:4, "phq9_end"] = None
    assert value("alliance_outcome_r", clients).n == 35


def test_fisher_z_interval_is_the_textbook_one():
    got = fisher_interval(0.5, 28)
    assert (got.low, got.high) == pytest.approx((0.156, 0.736), abs=1e-3)


def test_pearson_agrees_with_numpy_and_residual_change_with_least_squares():
    x, y = np.random.default_rng(8).normal(size=(2, 50))
    assert pearson(x, y, what="x and y").estimate == pytest.approx(np.corrcoef(x, y)[0, 1])
    change, status = residual_change(x, y)
    assert status == "ok"
    assert change.sum() == pytest.approx(0, abs=1e-9)
    assert change @ x == pytest.approx(0, abs=1e-9)
    assert np.var(change) == pytest.approx(np.var(y) * (1 - np.corrcoef(x, y)[0, 1] ** 2))


def test_known_clinic_of_leavers_gives_the_published_d():
    """Known answer: session rating a = u + e; leaving logistic(-4.22 - .75 a); d = .555 on session 1, .198 leave."""
    luck = np.random.default_rng(9)
    n = 100_000
    u = luck.normal(0, math.sqrt(0.7), size=(n, 1))
    latent = u + luck.normal(0, math.sqrt(0.3), size=(n, 12))
    report = latent[:, 0] + luck.normal(0, math.sqrt(1 / 0.9 - 1), size=n)
    left = (luck.random((n, 12)) < 1 / (1 + np.exp(4.22 + 0.75 * latent))).any(axis=1)
    assert share(left.astype(float), what="clients").estimate == pytest.approx(0.198, abs=0.005)
    got = difference_of_groups(report[~left], report[left], what="ratings")
    assert got.estimate == pytest.approx(0.555, abs=0.025)


def test_standard_errors_are_the_spread_of_repeated_clinics():
    names = ["dropout_rate", "pre_post_d", "alliance_outcome_r", "phq9_intake_mean", "n_sessions_mean"]
    seen = {name: [] for name in names}
    for seed in range(60):
        clients, _ = synthetic.clinic(seed, clients=200)
        for name, got in estimates(names, {"clients": clients}).items():
            seen[name].append((got.estimate, got.se))
    for name, pairs in seen.items():
        estimate_, se = np.array(pairs).T
        assert se.mean() == pytest.approx(estimate_.std(ddof=1), rel=0.4), name


def test_error_of_a_clustered_mean_is_that_of_cluster_means_when_sizes_are_equal():
    values = np.random.default_rng(10).normal(size=(12, 5))
    mean, se, groups = clustered_mean(values.ravel(), np.repeat(np.arange(12), 5))
    assert (mean, groups) == (pytest.approx(values.mean()), 12)
    assert se == pytest.approx(values.mean(axis=1).std(ddof=1) / math.sqrt(12))


@pytest.mark.parametrize("name", REGISTRY)
def test_a_table_that_was_not_kept_gives_missing_and_says_what_is_needed(name):
    got = estimate(name, {}, scales=SCALES)
    assert got.status == "missing"
    assert math.isnan(got.estimate)
    assert REGISTRY[name].columns[0] in got.note and got.note.endswith(".")


@pytest.mark.parametrize("name", REGISTRY)
def test_no_clients_give_a_named_reason(name):
    empty = {"clients": FIVE.iloc[:0], "appointments": pd.DataFrame(columns=["client_id", "held", "rupture_client"])}
    got = estimate(name, empty, scales=SCALES)
    assert got.status in REASONS and math.isnan(got.estimate) and got.note


@pytest.mark.parametrize("name", [name for name in REGISTRY if REGISTRY[name].table == "clients"])
def test_columns_without_a_single_value_give_a_named_reason_or_a_true_zero(name):
    blank = FIVE.assign(**{column: None for column in FIVE if column not in ("client_id", "ending")})
    got = value(name, blank)
    assert got.status in REASONS or name == "never_started_rate"


def test_a_constant_column_is_named_and_gives_no_correlation():
    flat = planted(0.3, n=40, seed=11).assign(wai_client_s3=4.0)
    assert value("alliance_outcome_r", flat).status == "constant"
    same = planted(0.3, n=40, seed=11).assign(phq9_intake=15)
    assert value("pre_post_d", same).status == "constant"
    assert value("alliance_outcome_r", same).status == "constant"


def test_an_outcome_that_is_all_intake_gives_no_correlation_of_rounding_errors():
    clients = planted(0.3, n=40, seed=12)
    copied = clients.assign(phq9_end=clients["phq9_intake"] * 0.7 + 1)
    assert value("alliance_outcome_r", copied).status == "constant"


def test_nine_clients_are_too_few_for_a_correlation_and_the_sentence_says_so():
    got = value("alliance_outcome_r", planted(0.3, n=9, seed=13))
    assert got.status == "too_few"
    assert "There are 9 clients" in got.note and "at least 10" in got.note


def test_a_share_of_nobody_has_no_standard_error_that_claims_certainty():
    got = share(np.zeros(30), what="clients")
    assert got.estimate == 0 and math.isnan(got.se)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_an_infinite_score_is_never_printed():
    got = value("phq9_intake_mean", FIVE.assign(phq9_intake=[12, 16, np.inf, 20, 18]))
    assert got.status == "not_finite"


GAPPY = st.one_of(st.none(), st.integers(0, 27))


@settings(max_examples=80, deadline=None)
@given(st.data(), st.integers(0, 30))
def test_whatever_the_forms_hold_an_estimate_is_finite_or_has_a_reason(data, n):
    column = st.lists(GAPPY, min_size=n, max_size=n)
    mark = st.lists(st.one_of(st.none(), st.booleans()), min_size=n, max_size=n)
    marks = ("dropout_unilateral", "reliable_improvement", "recovered")
    clients = pd.DataFrame({name: data.draw(mark if name in marks else column) for name in FIVE if name != "ending"})
    clients["ending"] = data.draw(st.lists(st.sampled_from(sorted(FIVE["ending"])), min_size=n, max_size=n))
    for name in REGISTRY:
        got = value(name, clients)
        assert got.status in REASONS or (got.ok and math.isfinite(got.estimate)), name
        assert not got.se < 0, name


def test_every_estimate_has_words_a_unit_and_a_formula():
    for name, spec in REGISTRY.items():
        assert spec.name == name
        assert spec.label and spec.unit and spec.formula
        assert spec.sentence.endswith(".") and len(spec.sentence) < 200
