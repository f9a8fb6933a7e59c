"""Linear mixed models against printed answers, closed forms of balanced data, the dense likelihood, and statsmodels."""

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from experiments.estimators.methods.mixed.linear_mixed import linear_mixed, prepared
from experiments.estimators.methods.mixed.linear_mixed_criterion import criterion, profile
from experiments.estimators.methods.mixed.linear_mixed_search import gradient, unpack
from tests.statistics.plants_mixed import lines_of_clients, sessions_of_clients

DYESTUFF = """1545 1440 1440 1520 1580 1540 1555 1490 1560 1495 1595 1550 1605 1510 1560
1445 1440 1595 1465 1545 1595 1630 1515 1635 1625 1520 1455 1450 1480 1445"""
"""Davies (1947), as printed in the documentation of lme4: six batches of five samples."""
BATCHES = pd.DataFrame({"y": np.array(DYESTUFF.split(), float), "batch": np.repeat(np.arange(6), 5)})
SLOPE = {"outcome": "oq45", "fixed": ("session",), "groups": {"client_id": ("session",)}}
NESTED = {"outcome": "wai_client", "fixed": ("session",), "groups": {"client_id": (), "therapist_id": ()}}


def lines(seed=1, **sizes):
    return lines_of_clients(np.random.default_rng(seed), **sizes)


def nested(seed=1, **sizes):
    return sessions_of_clients(np.random.default_rng(seed), **sizes)


def close(got, expected, rel=1e-6):
    np.testing.assert_allclose(got, expected, rtol=rel, atol=0)


def estimates(fit):
    return {name: value.estimate for name, value in fit.items()}


# --- printed answers ---


def test_dyestuff_by_reml():
    fit = linear_mixed(BATCHES, outcome="y", groups={"batch": ()})
    close([fit["variance_batch"].estimate, fit["variance_residual"].estimate], [1764.05, 2451.25], 1e-7)
    close([fit["intercept"].estimate, fit["intercept"].se], [1527.5, 19.383412], 1e-7)
    close(fit.facts["criterion"], 319.654277, 1e-8)
    close(fit.facts["df_intercept"], 5.0)


def test_dyestuff_by_ml():
    fit = linear_mixed(BATCHES, outcome="y", groups={"batch": ()}, method="ml")
    close([fit["variance_batch"].estimate, fit["variance_residual"].estimate], [1388.3333, 2451.25], 1e-7)
    close(fit.facts["criterion"], 327.327060, 1e-8)
    assert fit.facts["aic"] == pytest.approx(327.327060 + 2 * 3)


# --- closed forms of balanced data ---


def one_way(between, groups=8, size=6, seed=3):
    """Return balanced scores, their mean squares, and sizes; `between` is the SD of the groups' means."""
    luck = np.random.default_rng(seed)
    y = luck.normal(size=(groups, size)) + between * luck.normal(size=(groups, 1))
    within = y - y.mean(axis=1, keepdims=True)
    msb = size * y.mean(axis=1).var(ddof=1)
    frame = pd.DataFrame({"y": y.ravel(), "therapist_id": np.repeat(np.arange(groups), size)})
    return frame, msb, np.sum(within**2) / (groups * (size - 1)), groups, size


def test_balanced_groups_have_the_variances_and_errors_of_the_analysis_of_variance():
    frame, msb, msw, groups, size = one_way(1.0)
    fit = linear_mixed(frame, outcome="y", groups={"therapist_id": ()})
    se = math.sqrt(2 / size**2 * (msb**2 / (groups - 1) + msw**2 / (groups * (size - 1))))
    close([fit["variance_therapist_id"].estimate, fit["variance_residual"].estimate], [(msb - msw) / size, msw])
    close([fit["variance_therapist_id"].se, fit["intercept"].se], [se, math.sqrt(msb / (groups * size))])
    close([fit["variance_residual"].se, fit.facts["df_intercept"]], [msw * math.sqrt(2 / (groups * (size - 1))), 7.0])


def test_intervals_of_variances_are_those_of_mean_squares():
    frame, msb, msw, groups, size = one_way(1.0)
    fit = linear_mixed(frame, outcome="y", groups={"therapist_id": ()})
    residual, between = fit["variance_residual"], fit["variance_therapist_id"]
    ends = groups * (size - 1) * msw / stats.chi2.ppf([0.975, 0.025], groups * (size - 1))
    close([residual.low, residual.high], ends, 1e-5)
    seen = between.se * math.sqrt((groups - 1) / 2)
    assert msb / size < seen < 1.01 * msb / size
    ends = (groups - 1) * seen / stats.chi2.ppf([0.975, 0.025], groups - 1) - (seen - between.estimate)
    close([between.low, between.high], ends)


def test_balanced_groups_that_differ_less_than_chance_have_a_variance_of_exactly_zero():
    frame, msb, msw, *_ = one_way(0.0, seed=2)
    assert msb < msw
    fit = linear_mixed(frame, outcome="y", groups={"therapist_id": ()})
    zero = fit["variance_therapist_id"]
    assert (zero.estimate, zero.status) == (0.0, "ok") and "boundary" in zero.note and math.isnan(zero.se)
    assert fit["sd_therapist_id"].estimate == 0.0 and fit.facts["boundary"] == 1
    close([fit["variance_residual"].estimate, fit["intercept"].se], [frame["y"].var(), frame["y"].sem()])
    assert fit.facts["df_intercept"] == pytest.approx(len(frame) - 1)


def test_balanced_lines_have_the_mean_and_standard_error_of_the_clients_own_lines():
    luck = np.random.default_rng(4)
    session = np.arange(6.0)
    y = luck.normal(80, 10, (30, 1)) + luck.normal(-1, 1, (30, 1)) * session + luck.normal(0, 4, (30, 6))
    own = np.polyfit(session, y.T, 1)[0]
    frame = pd.DataFrame({"y": y.ravel(), "session": np.tile(session, 30), "client_id": np.repeat(np.arange(30), 6)})
    fit = linear_mixed(frame, outcome="y", fixed=("session",), groups={"client_id": ("session",)})
    close([fit["session"].estimate, fit["session"].se], [own.mean(), stats.sem(own)])
    close(fit.facts["df_session"], 29.0, 1e-5)
    assert fit["session"].p == pytest.approx(stats.ttest_1samp(own, 0).pvalue, rel=1e-5)


# --- the likelihood itself ---


def dense(frame, fit, *, reml, slopes):
    """Return -2 log-likelihood of a fit of `NESTED` by the textbook formula, with the whole covariance matrix."""
    y, x = frame["wai_client"].to_numpy(), np.column_stack([np.ones(len(frame)), frame["session"]])
    clients = frame["client_id"].to_numpy()[:, None] == frame["client_id"].to_numpy()
    therapists = frame["therapist_id"].to_numpy()[:, None] == frame["therapist_id"].to_numpy()
    z = x if slopes else x[:, :1]
    g = np.array([[fit["variance_therapist_id"].estimate]])
    if slopes:
        both = fit["covariance_therapist_id_session"].estimate
        g = np.array([[g[0, 0], both], [both, fit["variance_therapist_id_session"].estimate]])
    v = fit["variance_client_id"].estimate * clients + therapists * (z @ g @ z.T)
    v = v + fit["variance_residual"].estimate * np.eye(len(y))
    information = x.T @ np.linalg.solve(v, x)
    b = np.linalg.solve(information, x.T @ np.linalg.solve(v, y))
    close([fit["intercept"].estimate, fit["session"].estimate], b, 1e-8)
    close([fit["intercept"].se, fit["session"].se], np.sqrt(np.diag(np.linalg.inv(information))), 1e-8)
    value = np.linalg.slogdet(v)[1] + (y - x @ b) @ np.linalg.solve(v, y - x @ b)
    value += np.linalg.slogdet(information)[1] if reml else 0.0
    return value + (len(y) - (2 if reml else 0)) * math.log(2 * math.pi)


@pytest.mark.parametrize("method", ["reml", "ml"])
@pytest.mark.parametrize("slopes", [(), ("session",)])
def test_the_criterion_is_that_of_the_whole_covariance_matrix(method, slopes):
    frame = nested(therapists=12, clients=4, growth_sd=0.1)
    model = NESTED | {"groups": {"client_id": (), "therapist_id": slopes}}
    fit = linear_mixed(frame, **model, method=method)
    assert fit.facts["criterion"] == pytest.approx(dense(frame, fit, reml=method == "reml", slopes=slopes), rel=1e-10)
    assert fit.facts["log_likelihood"] == -fit.facts["criterion"] / 2


@pytest.mark.parametrize("reml", [True, False])
def test_the_gradient_is_that_of_the_criterion(reml):
    groups = {"client_id": ("session",), "therapist_id": ("session",)}
    made = prepared(nested(therapists=12), **(NESTED | {"groups": groups}))
    theta, ranks, step = np.array([0.7, 0.2, 0.3, 0.2, 0.1, 0.05]), (2, 2), 1e-5

    def at(moved):
        return criterion(made, unpack(made, moved, ranks), reml=reml)

    slopes = [(at(theta + each) - at(theta - each)) / (2 * step) for each in step * np.eye(6)]
    factors = unpack(made, theta, ranks)
    found = profile(made, factors, reml=reml)
    np.testing.assert_allclose(gradient(found, factors, ranks), slopes, rtol=1e-6, atol=1e-5)


def test_no_nearby_variances_are_more_likely():
    frame = nested(therapists=20)
    fit = linear_mixed(frame, **NESTED)
    made = prepared(frame, **NESTED)
    sigma2 = fit["variance_residual"].estimate
    best = np.array([fit["variance_client_id"].estimate, fit["variance_therapist_id"].estimate]) / sigma2

    def at(ratios):
        return criterion(made, [np.full((1, 1), math.sqrt(ratio)) for ratio in ratios], reml=True)

    assert at(best) == pytest.approx(fit.facts["criterion"], rel=1e-12)
    for factor in ([0.9, 1], [1.1, 1], [1, 0.9], [1, 1.1], [1.05, 0.95], [0, 1], [1, 0]):
        assert at(best * factor) > at(best)


@pytest.mark.parametrize("slopes", [(), ("session",)])
@pytest.mark.parametrize("method", ["reml", "ml"])
def test_statsmodels_agrees(slopes, method):
    """By Powell's method to the end: its default stops early, and with random slopes here it does not converge.

    Its SEs are left out: they come from a joint curvature with the variances, not from the inverse of X'V^-1X.
    """
    from statsmodels.regression.mixed_linear_model import MixedLM

    frame = lines(clients=60)
    x = np.column_stack([np.ones(len(frame)), frame["session"]])
    z = x if slopes else x[:, :1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = MixedLM(frame["oq45"], x, groups=frame["client_id"], exog_re=z).fit(
            reml=method == "reml", method="powell", xtol=1e-12, ftol=1e-14
        )
    ours = linear_mixed(frame, **(SLOPE | {"groups": {"client_id": slopes}}), method=method)
    close([ours["intercept"].estimate, ours["session"].estimate], theirs.fe_params, 1e-5)
    close([ours["variance_residual"].estimate, ours["variance_client_id"].estimate], _variances(theirs)[:2], 1e-4)
    if slopes:
        close(ours["variance_client_id_session"].estimate, _variances(theirs)[2], 1e-4)
    assert ours.facts["log_likelihood"] == pytest.approx(theirs.llf, rel=1e-9)


def _variances(theirs):
    return [theirs.scale, *np.diag(np.asarray(theirs.cov_re))]


# --- what must not matter ---


def test_the_order_of_rows_and_the_labels_of_groups_do_not_matter():
    frame = nested(therapists=15)
    other = frame.sample(frac=1.0, random_state=3)
    other["client_id"] = "c" + other["client_id"].astype(str)
    other["therapist_id"] = 1000 - 7 * other["therapist_id"]
    first, second = linear_mixed(frame, **NESTED), linear_mixed(other, **NESTED)
    close(list(estimates(second).values()), list(estimates(first).values()), 1e-7)


@pytest.mark.parametrize(("size", "offset"), [(1e6, 0.0), (1e-6, 0.0), (1.0, 1e6), (-3.0, 1e5)])
def test_unit_and_zero_of_the_outcome_only_change_units(size, offset):
    frame = lines(clients=60)
    first = linear_mixed(frame, **SLOPE)
    second = linear_mixed(frame.assign(oq45=offset + size * frame["oq45"]), **SLOPE)
    for name in ("variance_client_id", "variance_client_id_session", "covariance_client_id_session"):
        close(second[name].estimate, size**2 * first[name].estimate)
        close(second[name].se, size**2 * first[name].se, 1e-4)
    close(
        [second["session"].estimate, second["session"].se],
        [size * first["session"].estimate, abs(size) * first["session"].se],
    )
    close(second["correlation_client_id_session"].estimate, first["correlation_client_id_session"].estimate)
    assert second["session"].p == pytest.approx(first["session"].p, rel=1e-4)


@pytest.mark.parametrize(("size", "offset"), [(1e5, 0.0), (1e-5, 0.0), (1.0, 2026.0)])
def test_unit_and_zero_of_time_only_change_units(size, offset):
    frame = lines(clients=60)
    first = linear_mixed(frame, **SLOPE)
    second = linear_mixed(frame.assign(session=offset + size * frame["session"]), **SLOPE)
    close(second["variance_client_id_session"].estimate, first["variance_client_id_session"].estimate / size**2)
    close(
        [second["session"].estimate, second["session"].se],
        np.array([first["session"].estimate, first["session"].se]) / size,
    )
    close(second["variance_residual"].estimate, first["variance_residual"].estimate)
    own = first.facts["criterion"] + 2 * math.log(abs(size))
    assert second.facts["criterion"] == pytest.approx(own, rel=1e-9)


def test_rows_with_gaps_are_left_out_and_n_is_what_remains():
    frame = nested(therapists=15)
    holes = frame.astype({"therapist_id": float})
    holes.loc[::7, "wai_client"] = np.nan
    holes.loc[3::11, "session"] = np.nan
    holes.loc[5::13, "therapist_id"] = np.nan
    fit = linear_mixed(holes, **NESTED)
    full = linear_mixed(holes.dropna(), **NESTED)
    assert fit.n == len(holes.dropna()) < len(frame)
    assert estimates(fit) == estimates(full)


def test_a_client_with_two_therapists_is_one_client_with_each():
    frame = nested(therapists=15)
    moved = frame.copy()
    moved.loc[frame["session"] > 3, "therapist_id"] = (frame["therapist_id"] + 1) % 15
    split = moved.assign(client_id=moved["client_id"] * 100 + moved["therapist_id"])
    assert estimates(linear_mixed(moved, **NESTED)) == estimates(linear_mixed(split, **NESTED))


def test_the_sd_is_the_root_of_the_variance_and_the_correlation_the_covariance_by_sds():
    fit = linear_mixed(lines(), **SLOPE)
    sd = fit["sd_client_id"].estimate, fit["sd_client_id_session"].estimate
    close(sd[0] ** 2, fit["variance_client_id"].estimate, 1e-12)
    close(fit["correlation_client_id_session"].estimate * sd[0] * sd[1], fit["covariance_client_id_session"].estimate)


# --- the edge ---


def flat_lines(seed):
    """Return clients with levels of their own but one and the same slope."""
    luck = np.random.default_rng(seed)
    client, session = np.indices((40, 5)).reshape(2, -1)
    y = luck.normal(0, 3, 40)[client] - session + luck.normal(0, 2, client.size)
    return pd.DataFrame({"client_id": client, "session": session, "oq45": y})


def test_a_slope_too_many_makes_a_singular_matrix_and_says_so():
    singular = [fit for fit in (linear_mixed(flat_lines(seed), **SLOPE) for seed in range(12)) if fit.facts["singular"]]
    assert 3 <= len(singular) <= 9
    for fit in singular:
        r = fit["correlation_client_id_session"]
        assert abs(r.estimate) == pytest.approx(1.0) and math.isnan(r.se) and "singular" in r.note
        assert "singular" in fit.note and fit.facts["boundary"] == 1


def test_where_nobody_differs_every_variance_is_zero_and_there_is_no_correlation():
    luck = np.random.default_rng(2)
    frame = flat_lines(1).assign(
        oq45=luck.permutation(np.tile([-1.0, 0.3, 0.2, -0.5, 1.0], 40).reshape(40, 5).T).T.ravel()
    )
    fit = linear_mixed(frame, outcome="oq45", groups={"client_id": ("session",)})
    assert fit["variance_client_id"].estimate == fit["variance_client_id_session"].estimate == 0.0
    assert fit["correlation_client_id_session"].status == "not_finite"
    assert "no correlation" in fit["correlation_client_id_session"].note
    close(fit["variance_residual"].estimate, frame["oq45"].var())


# --- what cannot be estimated ---


def refused(frame, **model):
    fit = linear_mixed(frame, **model)
    assert not fit.ok and fit.note and len(fit) == 0
    assert math.isnan(fit["variance_residual"].estimate)
    return fit.status


def test_one_therapist_is_one_group():
    assert refused(nested().assign(therapist_id=1), **NESTED) == "one_group"
    assert refused(nested(therapists=3), **NESTED) == "one_group"


def test_therapists_with_one_client_each_cannot_be_told_from_their_clients():
    frame = nested(therapists=20)
    assert refused(frame.assign(therapist_id=frame["client_id"]), **NESTED) == "too_few"
    ends = frame.drop_duplicates("client_id").assign(therapist_id=lambda each: each["client_id"])
    assert refused(ends, outcome="wai_client", groups={"therapist_id": ()}) == "too_few"


def test_more_random_effects_than_sessions_are_too_few():
    frame = lines(clients=60)
    assert refused(frame[frame["session"] <= 2], **SLOPE) == "too_few"
    assert refused(frame.assign(session=frame["client_id"]), **SLOPE) == "too_few"


def test_predictors_between_therapists_use_them_up():
    frame = nested(therapists=6)
    luck = np.random.default_rng(1)
    for name in "abc":
        frame[name] = luck.normal(size=6)[frame["therapist_id"]]
    model = NESTED | {"groups": {"therapist_id": ()}}
    assert refused(frame, **(model | {"fixed": ("a", "b", "c")})) == "one_group"
    assert linear_mixed(frame, **(model | {"fixed": ("a", "b")})).ok


def test_constant_columns():
    frame = nested()
    assert refused(frame.assign(wai_client=4.2), **NESTED) == "constant"
    assert refused(frame.assign(session=3), **NESTED) == "constant"
    assert refused(frame.assign(wai_client=3 + 0.1 * frame["session"]), **NESTED) == "constant"
    assert refused(frame.assign(wai_client=frame["client_id"] % 5), **NESTED) == "constant"
    assert refused(frame.assign(wai_client=frame["client_id"] % 5 + 0.1 * frame["session"]), **NESTED) == "constant"


def test_collinear_predictors():
    frame = nested().assign(week=lambda each: 3 + 2 * each["session"])
    assert refused(frame, **(NESTED | {"fixed": ("session", "week")})) == "collinear"
    groups = {"client_id": ("session", "week")}
    assert refused(frame, **(NESTED | {"groups": groups})) == "collinear"


def test_missing_and_too_few_rows():
    frame = nested()
    assert refused(frame.assign(wai_client=np.nan), **NESTED) == "missing"
    assert refused(frame.iloc[:0], **NESTED) == "missing"
    assert refused(frame.iloc[:5], **NESTED) == "too_few"
    assert refused(frame.assign(wai_client=np.inf), **NESTED) == "missing"


def test_a_search_that_does_not_settle_gives_no_numbers(monkeypatch):
    from experiments.estimators.methods.mixed import linear_mixed_search

    monkeypatch.setattr(linear_mixed_search, "SETTLED", -1.0)
    fit = linear_mixed(lines(clients=30), **SLOPE)
    assert fit.status == "not_converged" and len(fit) == 0 and fit.facts["converged"] == 0


def test_mistakes_of_the_caller_are_errors():
    with pytest.raises(KeyError):
        linear_mixed(nested(), **(NESTED | {"outcome": "no_such_column"}))
    with pytest.raises(ValueError, match="reml, ml"):
        linear_mixed(nested(), **NESTED, method="bayes")


@pytest.mark.parametrize("seed", range(6))
def test_small_clinics_of_any_shape_give_finite_numbers_or_a_reason(seed):
    """Levels, slopes, gaps and units at random: nothing is raised, and no variance is negative or not a number."""
    luck = np.random.default_rng(seed)
    for _ in range(10):
        frame = nested(seed=int(luck.integers(1e6)), therapists=int(luck.integers(1, 9)), clients=3, sessions=3)
        frame["x"] = luck.normal(size=len(frame)) * 10.0 ** luck.integers(-6, 6)
        frame["wai_client"] *= 10.0 ** luck.integers(-6, 6)
        frame = frame[luck.random(len(frame)) < luck.uniform(0.2, 1.0)]
        slopes = [(), ("session",), ("x",), ("session", "x")][luck.integers(4)]
        fit = linear_mixed(frame, **(NESTED | {"groups": {"client_id": (), "therapist_id": slopes}}))
        assert fit.note if not fit.ok else all(np.isfinite(fit[name].estimate) for name in fit if fit[name].ok)
        assert all(fit[name].estimate >= 0 for name in fit if name.startswith(("variance", "sd")))
