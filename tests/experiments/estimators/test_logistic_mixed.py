"""Logistic mixed models: the integral against brute force, exact zeros, invariances, and data that cannot be fitted."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

from experiments.estimators.methods.logistic.logistic import logistic
from experiments.estimators.methods.logistic.logistic_marginal import Marginal, gather, rule
from experiments.estimators.methods.logistic.logistic_mixed import random_intercept
from experiments.estimators.methods.logistic.logistic_slope import random_slope

FREE = ((0, 0), (1, 0), (1, 1))


def draw(seed=1, *, therapists=40, clients=20, sd=0.7, slope_sd=0.0):
    luck = np.random.default_rng(seed)
    therapist = np.repeat(np.arange(therapists), clients)
    minority, age = luck.integers(0, 2, size=therapist.size), luck.normal(38, 12, size=therapist.size)
    u, v = luck.normal(size=(2, therapists)) * [[sd], [slope_sd]]
    log_odds = -1.0 + 0.4 * minority - 0.02 * (age - 38) + u[therapist] + v[therapist] * minority
    left = luck.random(therapist.size) < 1 / (1 + np.exp(-log_odds))
    return pd.DataFrame(
        {"therapist_id": therapist, "dropout_unilateral": left.astype(float), "minority": minority, "age": age}
    )


@pytest.fixture(scope="module")
def clients():
    return draw()


def intercept(frame, predictors=("minority", "age"), **more):
    return random_intercept(frame, outcome="dropout_unilateral", predictors=predictors, group="therapist_id", **more)


def slope(frame, **more):
    return random_slope(
        frame,
        outcome="dropout_unilateral",
        predictors=("minority", "age"),
        slope="minority",
        group="therapist_id",
        **more,
    )


def marginal(frame, *, q, points, predictors=("minority",)):
    fixed = np.column_stack([np.ones(len(frame)), *(frame[name] for name in predictors)]).astype(float)
    cells = gather(frame["dropout_unilateral"].to_numpy(), fixed, fixed[:, :q], frame["therapist_id"].to_numpy())
    return Marginal(cells, free=FREE[: 1 if q == 1 else 3], points=points)


def brute_force(frame, parameters, q):
    """The log-likelihood by the trapezoid rule over u from -8 to 8, which is exact for such smooth bells."""
    b, theta = parameters[:2], parameters[2:]
    triangle = np.array([[theta[0]]]) if q == 1 else np.array([[theta[0], 0], [theta[1], theta[2]]])
    line = np.linspace(-8, 8, 161)
    u = np.stack(np.meshgrid(*[line] * q), axis=-1).reshape(-1, q)
    density = np.prod(stats.norm.pdf(u), axis=1) * (line[1] - line[0]) ** q
    total = 0.0
    for _, rows in frame.groupby("therapist_id"):
        x = np.column_stack([np.ones(len(rows)), rows["minority"]])
        log_odds = (x @ b)[:, None] + x[:, :q] @ triangle @ u.T
        chance = np.where(rows["dropout_unilateral"].to_numpy()[:, None] == 1, expit(log_odds), expit(-log_odds))
        total += math.log(density @ chance.prod(axis=0))
    return total


@pytest.mark.parametrize(("q", "parameters"), [(1, [-0.8, 0.4, 0.9]), (2, [-0.8, 0.4, 0.9, -0.3, 0.6])])
def test_the_likelihood_is_the_integral(q, parameters):
    frame = draw(therapists=4, clients=6)
    value, _ = marginal(frame, q=q, points=25)(np.array(parameters))
    assert value == pytest.approx(brute_force(frame, np.array(parameters), q), rel=1e-7)


@pytest.mark.parametrize("points", [1, 9, 25])
def test_no_point_is_left_out_of_the_quadrature(points):
    """The rule is exact for x^(2 points - 2), of which the rare outer points make up nearly all."""
    nodes, log_weights = rule(points, 1)
    x = nodes[:, 0]
    power = 2 * points - 2
    assert np.sum(np.exp(log_weights - x**2 / 2) * x**power) == pytest.approx(math.prod(range(1, power, 2)), rel=1e-10)


@pytest.mark.parametrize("points", [1, 2, 9])
@pytest.mark.parametrize("q", [1, 2])
def test_the_gradient_is_exact_for_any_number_of_points(clients, q, points):
    model = marginal(clients, q=q, points=points)
    place = np.array([-0.8, 0.4, 0.9, -0.3, 0.6])[: 3 if q == 1 else 5]
    _, gradient = model(place)
    for index in range(place.size):
        step = np.zeros(place.size)
        step[index] = 1e-4
        slope_there = (model(place + step)[0] - model(place - step)[0]) / 2e-4
        assert gradient[index] == pytest.approx(slope_there, abs=2e-5)


def test_gathering_alike_clients_changes_nothing(clients):
    frame = clients.assign(dropout_unilateral=clients["dropout_unilateral"])
    gathered, single = (
        marginal(frame, q=2, points=5, predictors=each) for each in (("minority",), ("minority", "age"))
    )
    place = np.array([-0.8, 0.4, 0.9, -0.3, 0.6])
    assert len(gathered.cells.events) < len(single.cells.events) == len(frame)
    assert gathered.cells.trials.sum() == len(frame)
    assert gathered(place)[0] == pytest.approx(single(np.insert(place, 2, 0.0))[0], rel=1e-12)


def test_more_points_change_little(clients):
    first, second = intercept(clients, points=9), intercept(clients, points=25)
    assert second["sd"].estimate == pytest.approx(first["sd"].estimate, rel=1e-4)
    assert second["icc"].se == pytest.approx(first["icc"].se, rel=1e-3)


def test_laplace_is_one_point_and_finds_less(clients):
    few = draw(3, therapists=150, clients=4, sd=1.2)
    assert intercept(few, points=1)["sd"].estimate < intercept(few)["sd"].estimate


def test_icc_is_tau2_over_tau2_plus_pi2_over_3(clients):
    got = intercept(clients)
    tau2, bottom = got["variance"].estimate, math.pi**2 / 3
    assert tau2 == pytest.approx(got["sd"].estimate ** 2)
    assert got["icc"].estimate == pytest.approx(tau2 / (tau2 + bottom))
    assert got["icc"].se == pytest.approx(got["variance"].se * bottom / (tau2 + bottom) ** 2)
    assert 0 < got["icc"].low < got["icc"].estimate < got["icc"].high < 1
    assert got["icc"].low == pytest.approx(got["variance"].low / (got["variance"].low + bottom))


def test_the_test_at_the_boundary_is_half_a_chi_square(clients):
    got = intercept(clients)
    plain = logistic(clients, outcome="dropout_unilateral", predictors=("minority", "age"))
    lrt = 2 * (got.facts["log_likelihood"] - plain.facts["log_likelihood"])
    assert got.facts["lrt"] == pytest.approx(lrt)
    assert got["sd"].p == pytest.approx(stats.chi2.sf(lrt, 1) / 2)


def alike(therapists=12):
    """Therapists who lose exactly the same share of their clients: less spread than chance."""
    return pd.DataFrame(
        {
            "therapist_id": np.repeat(np.arange(therapists), 20),
            "dropout_unilateral": np.tile(np.repeat([1.0, 0.0], [5, 15]), therapists),
            "minority": np.tile([0, 1] * 10, therapists),
        }
    )


def test_alike_therapists_have_a_variance_of_exactly_0():
    got = intercept(alike(), predictors=("minority",))
    plain = logistic(alike(), outcome="dropout_unilateral", predictors=("minority",))
    assert [got[name].estimate for name in ("sd", "variance", "icc")] == [0.0, 0.0, 0.0]
    assert got.ok and got["icc"].ok and "boundary" in got["icc"].note
    assert (got["icc"].low, got["icc"].p, got.facts["boundary"]) == (0.0, 1.0, 1)
    assert math.isnan(got["icc"].se)
    assert got["minority"] == plain["minority"]


def test_the_upper_end_at_the_boundary_is_where_the_profile_has_fallen_by_1_92():
    frame = alike()
    high = intercept(frame, predictors=())["sd"].high
    model = marginal(frame, q=1, points=25, predictors=())
    grid = [model(np.array([b, high]))[0] for b in np.linspace(-1.5, -0.7, 401)]
    top = intercept(frame, predictors=()).facts["log_likelihood"]
    assert top - max(grid) == pytest.approx(stats.chi2.ppf(0.95, 1) / 2, abs=1e-3)


def test_the_interval_begins_at_0_exactly_where_chance_could_make_the_difference():
    for seed in range(8):
        got = intercept(draw(seed, therapists=12, sd=0.25), predictors=())
        assert (got["sd"].low == 0) == (got.facts["lrt"] <= stats.chi2.ppf(0.95, 1))
        assert got["sd"].high > got["sd"].estimate


@pytest.mark.parametrize("model", [intercept, slope])
def test_order_of_rows_and_names_of_therapists_do_not_matter(clients, model):
    shuffled = clients.sample(frac=1, random_state=3)
    shuffled = shuffled.assign(therapist_id="T" + (97 - shuffled["therapist_id"]).astype(str))
    first, second = model(clients), model(shuffled)
    for name in first:
        assert second[name].estimate == pytest.approx(first[name].estimate, rel=1e-5, abs=1e-7)
        assert second[name].se == pytest.approx(first[name].se, rel=1e-4, nan_ok=True)


@pytest.mark.parametrize(("factor", "move"), [(0.1, 0.0), (1e5, 0.0), (1.0, -38.0), (1e-3, 1e3)])
def test_rescaling_a_predictor_leaves_the_therapists_alone(clients, factor, move):
    first, second = intercept(clients), intercept(clients.assign(age=clients["age"] * factor + move))
    assert second["sd"].estimate == pytest.approx(first["sd"].estimate, rel=1e-5)
    assert second["age"].estimate * factor == pytest.approx(first["age"].estimate, rel=1e-5)
    assert second.facts["log_likelihood"] == pytest.approx(first.facts["log_likelihood"], rel=1e-9)


def test_doubling_the_unit_of_the_slope_halves_its_sd():
    frame = draw(5, slope_sd=0.9)
    first, second = slope(frame), slope(frame.assign(minority=frame["minority"] * 2))
    assert second["sd_slope"].estimate * 2 == pytest.approx(first["sd_slope"].estimate, rel=1e-5)
    assert second["sd_slope"].se * 2 == pytest.approx(first["sd_slope"].se, rel=1e-4)
    assert second["correlation"].estimate == pytest.approx(first["correlation"].estimate, rel=1e-4)


def test_gaps_are_left_out(clients):
    gaps = pd.concat([clients, clients.head(3).assign(age=np.nan), clients.head(2).assign(therapist_id=np.nan)])
    first, second = intercept(clients), intercept(gaps)
    assert second.n == len(clients)
    assert second["sd"].estimate == pytest.approx(first["sd"].estimate, rel=1e-9)


def test_a_slope_never_lowers_the_likelihood_and_covariance_never_either():
    for seed in range(4):
        frame = draw(seed, therapists=25, slope_sd=0.6)
        base = intercept(frame, points=7).facts["log_likelihood"]
        alone, free = slope(frame, covariance="none"), slope(frame)
        assert base - 1e-6 <= alone.facts["log_likelihood"] <= free.facts["log_likelihood"] + 1e-6
        assert "correlation" not in alone


def test_slopes_that_do_not_differ_have_an_sd_of_exactly_0():
    got = random_slope(
        alike(),
        outcome="dropout_unilateral",
        predictors=("minority",),
        slope="minority",
        group="therapist_id",
        covariance="none",
    )
    assert (got["sd_slope"].estimate, got["sd_slope"].low, got["sd_slope"].p) == (0.0, 0.0, 1.0)
    assert got["sd_intercept"].estimate == 0.0
    assert got.facts["boundary"] == 1


def test_a_correlation_at_its_end_is_exactly_1_and_says_so():
    luck = np.random.default_rng(0)
    therapist = np.repeat(np.arange(20), 30)
    minority, u = luck.integers(0, 2, size=therapist.size), luck.normal(size=20)
    log_odds = -0.5 + u[therapist] * (0.8 + 0.8 * minority)
    left = luck.random(therapist.size) < 1 / (1 + np.exp(-log_odds))
    frame = pd.DataFrame({"therapist_id": therapist, "dropout_unilateral": left, "minority": minority})
    got = random_slope(
        frame, outcome="dropout_unilateral", predictors=("minority",), slope="minority", group="therapist_id"
    )
    assert got["correlation"].estimate == 1.0
    assert "boundary" in got["correlation"].note
    assert math.isnan(got["correlation"].se)
    assert got.facts["boundary"] == 1
    assert got["sd_slope"].estimate > 0


@pytest.mark.parametrize("model", [intercept, slope])
@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"therapist_id": 1}, "one_group"),
        ({"therapist_id": np.nan}, "missing"),
        ({"therapist_id": np.arange(800)}, "too_few"),
        ({"dropout_unilateral": np.nan}, "missing"),
        ({"dropout_unilateral": 1.0}, "constant"),
        ({"age": 40.0}, "constant"),
        ({"dropout_unilateral": np.repeat(np.arange(40) % 2, 20)}, "separation"),
    ],
)
def test_bad_columns_are_a_status(clients, model, change, status):
    got = model(clients.assign(**change))
    assert (got.status, len(got)) == (status, 0)
    assert got.note.endswith(".")


def test_a_separated_predictor_is_a_status(clients):
    frame = clients.assign(age=clients["age"] + 1000 * clients["dropout_unilateral"])
    assert intercept(frame).status == "separation"


def test_collinear_predictors_are_a_status(clients):
    frame = clients.assign(months=12 * clients["age"])
    assert intercept(frame, predictors=("age", "months")).status == "collinear"


def test_a_predictor_that_separates_within_therapists_gives_no_number_that_looks_fine():
    """Every therapist has another threshold of age above which all leave: the likelihood has no maximum."""
    luck = np.random.default_rng(1)
    therapist = np.repeat(np.arange(20), 20)
    age, threshold = luck.normal(size=400), luck.normal(size=20) * 2
    frame = pd.DataFrame(
        {"therapist_id": therapist, "dropout_unilateral": (age > threshold[therapist]).astype(float), "age": age}
    )
    assert intercept(frame, predictors=("age",)).status in ("separation", "not_converged")
    slopes = random_slope(
        frame, outcome="dropout_unilateral", predictors=("age",), slope="age", group="therapist_id", points=3
    )
    assert slopes.status in ("separation", "not_converged")


def test_an_sd_that_runs_away_is_no_number():
    """All clients of each therapist do the same, but for one client: the SD is finite, huge, and unknown."""
    frame = pd.DataFrame(
        {"therapist_id": np.repeat(np.arange(8), 30), "dropout_unilateral": np.repeat([0.0, 1.0] * 4, 30)}
    )
    frame.loc[0, "dropout_unilateral"] = 1.0
    got = intercept(frame, predictors=())
    assert got.status == "not_converged" or got["sd"].high > 10


def test_one_therapist_more_does_not_turn_a_reason_into_a_number_or_back():
    """Three therapists are one_group, four give numbers."""
    assert intercept(draw(therapists=3)).status == "one_group"
    assert intercept(draw(therapists=4)).ok


def test_a_wrong_name_is_a_mistake(clients):
    with pytest.raises(KeyError):
        random_intercept(clients, outcome="dropout_unilateral", group="supervisor_id")


@pytest.mark.statistics
def test_without_differences_half_of_the_variances_are_exactly_0_and_few_tests_say_otherwise():
    """400 data sets without therapist effects; exact binomial at 5 %, false alarm .001; zeros at least half."""
    fits = [intercept(draw(seed, therapists=30, clients=15, sd=0.0), predictors=()) for seed in range(400)]
    assert all(fit.ok for fit in fits)
    assert 0.45 <= np.mean([fit["sd"].estimate == 0 for fit in fits]) <= 0.68
    found = sum(fit["sd"].p < 0.05 for fit in fits)
    assert found <= stats.binom.ppf(0.9995, 400, 0.05)


def test_a_predictor_far_from_0_in_small_units_does_no_harm(clients):
    moved = intercept(clients.assign(age=clients["age"] * 1e-5 + 1e3))
    plain = intercept(clients)
    assert moved["age"].estimate * 1e-5 == pytest.approx(plain["age"].estimate, rel=1e-4)
    assert moved["sd"].estimate == pytest.approx(plain["sd"].estimate, rel=1e-4)
