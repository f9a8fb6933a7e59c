"""Mediation: the product of two least-squares slopes, with intervals that draw clients (or caseloads) anew."""

import numpy as np
import pandas as pd
import pytest

from experiments.estimators.methods.panel.mediation import mediation
from experiments.estimators.methods.panel.products import CAVEAT, monte_carlo_interval
from experiments.estimators.methods.panel.within_lag import within_lag
from experiments.estimators.methods.panel.within_mediation import _paths, within_mediation

THREE = ("alliance", "effort", "symptoms")


def people(seed=1, clients=200):
    luck = np.random.default_rng(seed)
    intake, alliance = luck.normal(15, 5, clients), luck.normal(3.8, 0.6, clients)
    effort = 0.2 + 0.1 * alliance - 0.004 * intake + luck.normal(0, 0.1, clients)
    end = 5 + 0.5 * intake - alliance - 8 * effort + luck.normal(0, 3, clients)
    return alliance, effort, end, intake


@pytest.fixture(scope="module")
def fit():
    alliance, effort, end, intake = people()
    return mediation(alliance, effort, end, covariates={"intake": intake})


def test_paths_are_least_squares_slopes(fit):
    alliance, effort, end, intake = people()
    one = np.ones(alliance.size)
    a = np.linalg.lstsq(np.column_stack([one, alliance, intake]), effort, rcond=None)[0][1]
    slopes = np.linalg.lstsq(np.column_stack([one, alliance, intake, effort]), end, rcond=None)[0]
    total = np.linalg.lstsq(np.column_stack([one, alliance, intake]), end, rcond=None)[0][1]
    got = [fit[name].estimate for name in ("a", "b", "direct", "indirect", "total")]
    assert got == pytest.approx([a, slopes[3], slopes[1], a * slopes[3], total])


def test_standard_errors_are_those_of_statsmodels_robust_ones(fit):
    sm = pytest.importorskip("statsmodels.api")
    alliance, effort, end, intake = people()
    first = sm.OLS(effort, sm.add_constant(np.column_stack([alliance, intake]))).fit(cov_type="HC0")
    second = sm.OLS(end, sm.add_constant(np.column_stack([alliance, intake, effort]))).fit(cov_type="HC0")
    small = np.sqrt(200 / 199 * 199 / 196)
    assert fit["a"].se == pytest.approx(first.bse[1] * small)
    assert fit["b"].se == pytest.approx(second.bse[3] * small)
    assert fit["direct"].se == pytest.approx(second.bse[1] * small)


def test_clusters_of_one_are_clients_and_repeated_clients_as_clusters_do_not_shrink_the_error(fit):
    alliance, effort, end, intake = people()
    alone = mediation(alliance, effort, end, covariates={"intake": intake}, clusters=np.arange(200))
    assert alone["b"].se == pytest.approx(fit["b"].se)
    assert alone["indirect"].low == pytest.approx(fit["indirect"].low, rel=0.2)
    twice = [np.tile(each, 2) for each in (alliance, effort, end, intake)]
    same = mediation(*twice[:3], covariates={"intake": twice[3]}, clusters=np.tile(np.arange(200), 2))
    assert same["b"].se == pytest.approx(fit["b"].se, rel=0.02)
    assert mediation(*twice[:3], covariates={"intake": twice[3]})["b"].se == pytest.approx(
        fit["b"].se / np.sqrt(2), rel=0.02
    )


def test_bootstrap_is_seeded_and_another_seed_gives_nearly_the_same_interval():
    columns = people()[:3]
    first, again, other = (mediation(*columns, seed=seed)["indirect"] for seed in (1, 1, 2))
    assert (first.low, first.high) == (again.low, again.high)
    assert first.low != other.low
    assert first.low == pytest.approx(other.low, abs=0.15 * (first.high - first.low))


def test_bootstrap_interval_is_that_of_refitting_drawn_clients_one_by_one():
    alliance, effort, end, _ = people(clients=60)
    got = mediation(alliance, effort, end, draws=50, seed=3)["indirect"]
    times = np.random.default_rng(3).multinomial(60, np.full(60, 1 / 60), size=50)
    products = []
    for each in times:
        rows = np.repeat(np.arange(60), each)
        one = np.ones(60)
        a = np.linalg.lstsq(np.column_stack([one, alliance[rows]]), effort[rows], rcond=None)[0][1]
        b = np.linalg.lstsq(np.column_stack([one, alliance[rows], effort[rows]]), end[rows], rcond=None)[0][2]
        products.append(a * b)
    assert (got.low, got.high) == pytest.approx(tuple(np.quantile(products, [0.025, 0.975])))


def test_monte_carlo_interval_of_a_product_with_a_known_factor_is_normal():
    low, high = monte_carlo_interval((2.0, 3.0), np.diag([1e-18, 0.25]), seed=1)
    assert (low, high) == pytest.approx((6 - 1.96, 6 + 1.96), abs=0.05)


def test_monte_carlo_interval_of_two_zeros_leaves_out_a_fortieth_of_the_product_normal_on_each_side():
    """The density of the product of two standard normal numbers is K0(|x|) / pi."""
    from scipy import integrate, special

    for end in np.abs(monte_carlo_interval((0.0, 0.0), np.eye(2), seed=1)):
        beyond = integrate.quad(lambda x: special.k0(x) / np.pi, end, np.inf)[0]
        assert beyond == pytest.approx(0.025, abs=3.3 * np.sqrt(0.025 * 0.975 / 20_000))


def test_the_note_says_what_mediation_cannot_show(fit):
    assert fit.note == fit["indirect"].note == CAVEAT
    assert "unmeasured" in CAVEAT


def test_rho_is_the_error_correlation_that_would_explain_all():
    """A mediator that moves nothing, with errors that go together: the product is all confounding, rho is that."""
    luck = np.random.default_rng(5)
    alliance, hidden = luck.normal(size=(2, 20000))
    effort, end = 0.5 * alliance + hidden, hidden + luck.normal(size=20000)
    got = mediation(alliance, effort, end, draws=10)
    assert got["indirect"].low > 0.4
    assert got.facts["rho"] == pytest.approx(1 / np.sqrt(2), abs=0.02)


def test_units_multiply_through():
    alliance, effort, end, _ = people()
    base, other = mediation(alliance, effort, end), mediation(alliance * 10, effort * 100 - 3, end / 2)
    assert other["indirect"].estimate == pytest.approx(base["indirect"].estimate / 20)
    assert other["indirect"].high == pytest.approx(base["indirect"].high / 20)


@pytest.mark.parametrize(
    "spoil, status",
    [
        (lambda x, m, y: (x[:10], m[:10], y[:10]), "too_few"),
        (lambda x, m, y: (x[:0], m[:0], y[:0]), "missing"),
        (lambda x, m, y: (x, m * np.nan, y), "missing"),
        (lambda x, m, y: (x, np.full_like(m, 0.5), y), "constant"),
        (lambda x, m, y: (x, m, np.full_like(m, 0.5)), "constant"),
        (lambda x, m, y: (x, 2 * x - 1, y), "collinear"),
    ],
)
def test_bad_input_gives_a_named_reason_and_a_sentence(spoil, status):
    got = mediation(*spoil(*people()[:3]))
    assert got.status == status
    assert got.note.endswith(".")
    assert np.isnan(got["indirect"].estimate)


def test_one_therapist_is_no_sample_of_therapists():
    assert mediation(*people()[:3], clusters=np.ones(200)).status == "one_group"


def test_gaps_take_a_client_out(fit):
    alliance, effort, end, intake = (np.append(each, [1.0, np.nan]) for each in people())
    effort[-2] = np.nan
    again = mediation(alliance, effort, end, covariates={"intake": intake})
    assert again.n == 200
    assert again["indirect"].estimate == pytest.approx(fit["indirect"].estimate)


def sessions(seed=1, clients=250, length=9):
    luck = np.random.default_rng(seed)
    z = np.zeros((clients, length, 3))
    e = luck.normal(size=z.shape) * [0.4, 0.12, 3.0]
    for t in range(length):
        last = z[:, t - 1] if t else np.zeros((clients, 3))
        symptoms = 0.4 * last[:, 2] - 0.5 * last[:, 0] - 6 * last[:, 1] + e[:, t, 2]
        alliance = 0.3 * last[:, 0] - 0.03 * symptoms + e[:, t, 0]
        z[:, t] = np.column_stack([alliance, 0.2 * last[:, 1] + 0.1 * alliance + e[:, t, 1], symptoms])
    return z + luck.normal(size=(clients, 1, 3)) * [0.5, 0.1, 4.0]


@pytest.fixture(scope="module")
def within():
    return within_mediation(sessions(), names=THREE, draws=100)


def test_within_clients_b_and_the_direct_path_are_the_corrected_lagged_paths(within):
    lagged = within_lag(sessions(), names=THREE)
    assert within["b"].estimate == pytest.approx(lagged["effort_to_symptoms"].estimate)
    assert within["b"].se == pytest.approx(lagged["effort_to_symptoms"].se, rel=1e-5)
    assert within["direct"].estimate == pytest.approx(lagged["alliance_to_symptoms"].estimate)


def test_one_session_later_a_is_a_lagged_path_too():
    got = within_mediation(sessions(), names=THREE, same_session=False, draws=0)
    lagged = within_lag(sessions(), names=THREE)
    assert got["a"].estimate == pytest.approx(lagged["alliance_to_effort"].estimate)
    assert np.isnan(got["indirect"].low)
    assert np.isfinite(got["indirect_monte_carlo"].low)


def test_a_of_the_same_session_holds_the_symptoms_before_it_still():
    """What is new in effort is .1 of what is new in the alliance; symptoms before the session move both."""
    noise = np.array([[0.25, 0.025, -0.27], [0.025, 0.0169, -0.027], [-0.27, -0.027, 9.0]])
    assert _paths(np.zeros((3, 3)), noise, units=np.ones(3), same_session=True)[0] == pytest.approx(0.1, abs=0.02)
    assert _paths(np.zeros((3, 3)), noise, units=np.array([2.0, 1.0, 5.0]), same_session=True)[0] == pytest.approx(
        0.05, abs=0.01
    )


def test_within_clients_the_interval_is_seeded_and_holds_the_product(within):
    again = within_mediation(sessions(), names=THREE, draws=100)
    assert again["indirect"] == within["indirect"]
    assert within["indirect"].low < within["indirect"].estimate < within["indirect"].high
    assert within["indirect"].low < -0.6 < within["indirect"].high
    assert within.note == CAVEAT


def test_within_clients_lasting_differences_change_nothing(within):
    moved = sessions() + np.random.default_rng(9).normal(size=(250, 1, 3)) * 5
    again = within_mediation(moved, names=THREE, draws=0)
    assert again["indirect"].estimate == pytest.approx(within["indirect"].estimate, rel=1e-5)


@pytest.mark.parametrize(
    "spoil, status",
    [
        (lambda z: z[:5], "too_few"),
        (lambda z: z * np.nan, "missing"),
        (lambda z: np.where(np.arange(3) == 1, 0.5, z), "constant"),
        (lambda z: z[:, :, [0, 0, 2]], "collinear"),
    ],
)
def test_within_clients_bad_input_gives_a_named_reason(spoil, status):
    got = within_mediation(spoil(sessions()), names=THREE, draws=10)
    assert got.status == status
    assert got.note.endswith(".")


def test_clients_whose_therapist_pandas_does_not_know_are_left_out():
    cause, mediator, outcome = np.random.default_rng(4).normal(size=(3, 60))
    therapists = pd.Series(np.arange(60) % 12, dtype="Int64")
    got = mediation(cause, mediator, outcome, clusters=therapists.where(therapists.index > 1), draws=20)
    want = mediation(cause[2:], mediator[2:], outcome[2:], clusters=therapists[2:], draws=20)
    assert (got.n, got["a"]) == (58, want["a"])
