"""The RI-CLPM: exact on exact moments, derivatives right, no reason to fear a change of units, named reasons else."""

import numpy as np
import pytest

from experiments.estimators.methods.panel.fit_indices import fit_indices
from experiments.estimators.methods.panel.patterns import likelihood, patterns
from experiments.estimators.methods.panel.riclpm import riclpm, start
from experiments.estimators.methods.panel.riclpm_model import Model
from experiments.estimators.methods.panel.riclpm_numbers import standardised
from experiments.estimators.methods.panel.saturated import baseline_loglik, marginal, saturated
from experiments.estimators.methods.panel.scoring import climb
from tests.experiments.estimators.panel_data import NAMES, dropout_masks, endless, pair, parameters

KINDS = {
    "usual": {},
    "free paths": {"paths": "free"},
    "all equal": {"residuals": "equal", "means": "constant"},
    "plain": {"intercepts": "none"},
    "on the edge": {"intercepts": "line"},
}


@pytest.fixture(params=KINDS.values(), ids=KINDS)
def model(request):
    return Model(NAMES, 5, **request.param)


@pytest.fixture(scope="module")
def data():
    return pair(1)


@pytest.fixture(scope="module")
def fit(data):
    return riclpm(*data, names=NAMES)


def by_differences(function, theta, size):
    """Return derivatives by central differences, one row a parameter."""
    rows = []
    for index in range(theta.size):
        up, down = theta.copy(), theta.copy()
        up[index] += size[index]
        down[index] -= size[index]
        rows.append((function(up) - function(down)) / (2 * size[index]))
    return np.array(rows)


def test_moments_are_those_of_the_process_written_out_step_by_step():
    model = Model(NAMES, 4, paths="free")
    theta = parameters(model)
    _, paths, residuals, shared = model.split(theta)
    by_name = dict(zip([*model.paths_part[0], *model.residuals_part[0]], [*paths, *residuals], strict=True))
    step = [np.array([[by_name[f"{a}_to_{b}_{t}"] for b in NAMES] for a in NAMES]) for t in (2, 3, 4)]
    start_of = np.array([[0.4, -0.7], [-0.7, 15.0]])
    new = [
        np.array(
            [
                [by_name[f"alliance_residual_variance_{t}"], by_name[f"residual_covariance_{t}"]],
                [by_name[f"residual_covariance_{t}"], by_name[f"symptoms_residual_variance_{t}"]],
            ]
        )
        for t in (2, 3, 4)
    ]
    now = [start_of]
    for path, noise in zip(step, new, strict=True):
        now.append(path.T @ now[-1] @ path + noise)
    lasting = np.array([[shared[0], shared[2]], [shared[2], shared[1]]])
    sigma = model.moments(theta).sigma
    for t in range(4):
        carried = np.eye(2)
        for later in range(t, 4):
            block = sigma[np.ix_([t, 4 + t], [later, 4 + later])]
            assert block == pytest.approx(now[t] @ carried + lasting)
            carried = carried @ step[later] if later < 3 else carried


def test_derivatives_of_means_and_covariances_are_those_found_by_differences(model):
    theta = parameters(model)
    size = 1e-6 * np.maximum(np.abs(theta), 0.01)
    moments = model.moments(theta)
    assert by_differences(lambda at: model.moments(at).mu, theta, size) == pytest.approx(moments.by_mu, abs=1e-7)
    found = by_differences(lambda at: model.moments(at).sigma, theta, size)
    assert found == pytest.approx(moments.by_sigma, rel=1e-6, abs=1e-6)


def test_second_derivatives_are_those_found_by_differences(model):
    theta, luck = parameters(model), np.random.default_rng(1)
    slope = luck.normal(size=(10, 10))
    slope += slope.T
    size = 1e-5 * np.maximum(np.abs(theta), 0.01)
    found = by_differences(lambda at: np.einsum("kij,ij->k", model.moments(at).by_sigma, slope), theta, size)
    assert model.bend(theta, slope) == pytest.approx(found, rel=1e-5, abs=1e-4)


def test_likelihood_is_the_sum_of_the_normal_densities_of_what_each_client_has():
    from scipy import stats

    both = np.hstack(pair(2, clients=60, sessions=4))
    model = Model(NAMES, 4)
    moments = model.moments(parameters(model))
    total = 0.0
    for row in both:
        seen = np.isfinite(row)
        if seen.any():
            density = stats.multivariate_normal(moments.mu[seen], moments.sigma[np.ix_(seen, seen)])
            total += density.logpdf(row[seen])
    assert likelihood(patterns(both), moments.mu, moments.sigma).value == pytest.approx(total, rel=1e-12)


def test_observed_information_is_minus_the_second_difference_of_the_likelihood():
    both = np.hstack(pair(2, clients=60, sessions=3))
    model, data = Model(NAMES, 3), patterns(both)
    theta = parameters(model)
    size = 1e-5 * np.maximum(np.abs(theta), 0.01)

    def slope(at):
        moments = model.moments(at)
        by_mu, by_sigma = likelihood(data, moments.mu, moments.sigma).gradient()
        return moments.by_mu @ by_mu + np.einsum("kij,ij->k", moments.by_sigma, by_sigma)

    def value(at):
        moments = model.moments(at)
        return likelihood(data, moments.mu, moments.sigma).value

    from experiments.estimators.methods.panel.scoring import _observed

    moments = model.moments(theta)
    here = likelihood(data, moments.mu, moments.sigma)
    assert by_differences(value, theta, size) == pytest.approx(slope(theta), rel=1e-5, abs=1e-4)
    found = _observed(model, theta, here, moments)
    assert found == pytest.approx(-by_differences(slope, theta, size), rel=1e-4, abs=1e-3)


def test_an_endless_sample_with_dropout_and_gaps_gives_the_planted_parameters_and_a_perfect_fit(model):
    theta = parameters(model)
    data = endless(model, theta, dropout_masks(5), [400, 300, 200, 500, 100])
    sign = np.sign(theta[-1]) if model.intercepts == "line" else 1.0
    top = climb(model, data, start(model, data, stability=0.3, sign=sign))
    got = top.theta.copy()
    if model.intercepts == "line":
        got[-2:] *= np.sign(got[-2])
    assert top.converged
    assert got == pytest.approx(theta, rel=1e-5, abs=1e-5)
    facts = fit_indices(top, saturated(data), baseline_loglik(data), n=data.clients, parameters=model.size)
    assert facts["chi2"] == pytest.approx(0, abs=1e-6)
    assert facts["cfi"] == 1
    assert facts["rmsea"] == 0


def test_without_gaps_the_saturated_model_has_the_sample_means_and_covariances():
    both = np.hstack(pair(3, gaps=0, dropout=False))
    top = saturated(patterns(both))
    assert top.moments.mu == pytest.approx(both.mean(axis=0))
    assert top.moments.sigma == pytest.approx(np.cov(both.T, ddof=0))


def test_with_gaps_in_one_variable_the_saturated_model_is_the_textbook_regression_of_it():
    """Anderson's closed form for two variables, the second missing for some."""
    luck = np.random.default_rng(4)
    x = luck.normal(size=200)
    y = np.where(x < 0.3, 2 + 0.5 * x + luck.normal(size=200), np.nan)
    here = np.isfinite(y)
    slope = np.cov(x[here], y[here])[0, 1] / np.var(x[here], ddof=1)
    rest = np.var(y[here] - slope * x[here])
    top = saturated(patterns(np.column_stack([x, y])))
    assert top.moments.mu[1] == pytest.approx(y[here].mean() + slope * (x.mean() - x[here].mean()), rel=1e-7)
    assert top.moments.sigma[1, 1] == pytest.approx(rest + slope**2 * x.var(), rel=1e-6)


def test_marginal_moments_use_whoever_has_the_score(data):
    both = np.hstack(data)
    mean, variance = marginal(patterns(both))
    assert mean == pytest.approx(np.nanmean(both, axis=0))
    assert variance == pytest.approx(np.nanvar(both, axis=0))


def test_standardised_paths_of_the_first_step_are_paths_times_ratios_of_sds():
    model = Model(NAMES, 3)
    theta = parameters(model)
    sd = np.sqrt(np.diag(model.within(theta)[2]))
    expected = theta[model.cuts[1]][1] * sd[0] / sd[4]
    assert standardised(model, theta)["alliance_to_symptoms"][0] == pytest.approx(expected)


def test_the_order_of_clients_does_not_matter(data, fit):
    order = np.random.default_rng(5).permutation(len(data[0]))
    again = riclpm(data[0][order], data[1][order], names=NAMES)
    for name in fit:
        assert again[name].estimate == pytest.approx(fit[name].estimate, rel=1e-6, abs=1e-9)


def test_other_units_change_paths_by_their_ratio_and_nothing_that_is_free_of_units(data, fit):
    again = riclpm(1000 * data[0] + 7, 0.01 * data[1] - 3, names=NAMES)
    name = "alliance_to_symptoms"
    assert again[name].estimate == pytest.approx(fit[name].estimate * 1e-5, rel=1e-5)
    assert again[name].se == pytest.approx(fit[name].se * 1e-5, rel=1e-5)
    assert again["symptoms_intercept_variance"].estimate == pytest.approx(
        fit["symptoms_intercept_variance"].estimate * 1e-4, rel=1e-5
    )
    for name in ("alliance_to_symptoms_std", "symptoms_to_alliance_std", "intercept_correlation"):
        assert again[name].estimate == pytest.approx(fit[name].estimate, rel=1e-5)
        assert again[name].se == pytest.approx(fit[name].se, rel=1e-5)
    for fact in ("chi2", "cfi", "tli", "rmsea", "srmr"):
        assert again.facts[fact] == pytest.approx(fit.facts[fact], rel=1e-5, abs=1e-7)


def test_swapping_the_series_swaps_the_names_and_nothing_else(data, fit):
    again = riclpm(data[1], data[0], names=NAMES[::-1])
    assert again.facts["loglik"] == pytest.approx(fit.facts["loglik"])
    assert again["alliance_to_symptoms"].estimate == pytest.approx(fit["alliance_to_symptoms"].estimate, rel=1e-6)


def test_clients_without_any_score_change_nothing(data, fit):
    empty = np.full((20, 5), np.nan)
    again = riclpm(*(np.vstack([each, empty]) for each in data), names=NAMES)
    assert again.n == fit.n
    assert again.facts["bic"] == pytest.approx(fit.facts["bic"])


def test_degrees_of_freedom_are_moments_less_parameters(data):
    count = {
        name: riclpm(*data, **choices).facts["df"]
        for name, choices in {
            "usual": {},
            "free": {"paths": "free"},
            "equal": {"residuals": "equal", "means": "constant"},
            "plain": {"intercepts": False},
        }.items()
    }
    assert count == {"usual": 65 - 32, "free": 65 - 44, "equal": 65 - 15, "plain": 65 - 29}


def test_freeing_something_never_lowers_the_likelihood(data, fit):
    assert riclpm(*data, paths="free").facts["loglik"] >= fit.facts["loglik"]
    assert riclpm(*data, intercepts=False).facts["loglik"] <= fit.facts["loglik"]
    assert fit.facts["loglik_saturated"] >= fit.facts["loglik"]


def test_the_plain_model_finds_paths_where_clients_only_differ_for_good():
    """The reason for the random intercepts: no path at all within clients, levels related. 20 tests at .05: more than 5
    false alarms have a chance of .0003."""
    alarms = {True: 0, False: 0}
    for seed in range(20):
        luck = np.random.default_rng(seed)
        level = luck.multivariate_normal([0, 0], [[1, -0.5], [-0.5, 1]], size=400)
        x, y = (level[:, [i]] + luck.normal(size=(400, 5)) for i in (0, 1))
        for intercepts in alarms:
            alarms[intercepts] += riclpm(x, y, intercepts=intercepts, indices=False)["x_to_y"].p < 0.05
    assert alarms[True] <= 5
    assert alarms[False] == 20


def test_intercepts_at_the_edge_are_held_there_with_a_note():
    """No lasting differences at all: the unrestricted maximum has an impossible covariance matrix half of the time."""
    edges = 0
    for seed in range(8):
        fit = riclpm(*pair(seed, spread=(0, 0), dropout=False), indices=False)
        assert fit.ok
        x, y = (fit[f"{name}_intercept_variance"].estimate for name in "xy")
        assert min(x, y) >= 0
        if fit.facts["boundary"]:
            edges += 1
            assert "boundary" in fit.note
            assert fit["intercept_covariance"].estimate ** 2 == pytest.approx(x * y, rel=1e-6, abs=1e-12)
    assert edges > 0


def test_an_impossible_residual_variance_is_no_result():
    """Alternating scores: session 2 is session 1 and 3 over, with less noise than none."""
    luck = np.random.default_rng(1)
    x = np.repeat(luck.normal(size=(100, 1)), 3, axis=1)
    x[:, 0] += luck.normal(size=100)
    x[:, 2] -= x[:, 0] - x[:, 1]
    got = riclpm(x, luck.normal(size=(100, 3)))
    assert got.status == "not_converged"
    assert np.isnan(got["x_to_y"].estimate)


@pytest.mark.parametrize(
    "spoil, status",
    [
        (lambda x, y: (x[:40], y[:40]), "too_few"),
        (lambda x, y: (x[:0], y[:0]), "missing"),
        (lambda x, y: (x[:, :2], y[:, :2]), "too_few"),
        (lambda x, y: (np.full_like(x, np.nan), y), "missing"),
        (lambda x, y: (x * np.nan, y * np.nan), "missing"),
        (lambda x, y: (np.where(np.isfinite(x), 3.0, np.nan), y), "constant"),
        (lambda x, y: (x, np.where(np.arange(5) == 4, np.nan, y)), "missing"),
        (lambda x, y: (x, 2 * x + 1), "collinear"),
    ],
)
def test_bad_input_gives_a_named_reason_and_a_sentence(data, spoil, status):
    got = riclpm(*spoil(*data), names=NAMES)
    assert got.status == status
    assert got.note.endswith(".")
    assert np.isnan(got["alliance_to_symptoms"].estimate)


def test_infinite_scores_count_as_gaps(data, fit):
    x = data[0].copy()
    x[~np.isfinite(x)] = np.inf
    assert riclpm(x, data[1], names=NAMES).facts["loglik"] == pytest.approx(fit.facts["loglik"])


@pytest.mark.parametrize("choice", [{"paths": "alike"}, {"residuals": "constant"}, {"means": "equal"}])
def test_a_choice_that_there_is_not_is_refused(data, choice):
    with pytest.raises(ValueError, match="must be one of"):
        riclpm(*data, **choice)


def test_where_nobody_has_a_pair_of_sessions_there_are_estimates_and_no_fit_indices():
    """One half was asked at sessions 1-3 and 5, the other at 1-4: nobody has 4 and 5."""
    x, y = pair(4, clients=600, dropout=False, gaps=0)
    for each in (x, y):
        each[:300, 3], each[300:, 4] = np.nan, np.nan
    got = riclpm(x, y)
    assert got.ok
    assert "no fit indices" in got.note
    assert np.isnan(got.facts["chi2"]) and np.isfinite(got.facts["aic"])
