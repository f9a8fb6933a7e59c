"""R says the same: glm, lme4::glmer, survival::survfit and cmprsk::cuminc on tables of our shape."""

import numpy as np
import pandas as pd
import pytest

from experiments.estimators.methods.logistic.logistic import logistic
from experiments.estimators.methods.logistic.logistic_mixed import random_intercept
from experiments.estimators.methods.logistic.logistic_slope import random_slope
from experiments.estimators.methods.survival.cumulative_incidence import cumulative_incidence
from experiments.estimators.methods.survival.gray import gray_test
from experiments.estimators.methods.survival.hazards import hazard_regression
from experiments.estimators.methods.survival.kaplan_meier import kaplan_meier, median
from tests.r.rscript import ask

pytestmark = pytest.mark.r

CAREFUL = """
careful <- glmerControl(optimizer = "bobyqa", tolPwrss = 1e-12, check.conv.singular = "ignore",
                        optCtrl = list(rhobeg = 0.02, rhoend = 1e-9, maxfun = 1e5))
tell <- function(name, fit) {
  answer(paste0(name, ".b"), fixef(fit)); answer(paste0(name, ".se"), sqrt(diag(vcov(fit))))
  answer(paste0(name, ".sd"), as.data.frame(VarCorr(fit))$sdcor); answer(paste0(name, ".height"), logLik(fit))
}
"""
"""Settings with which glmer goes all the way: its own stop early, about 1e-4 below the top."""
EVENTS = ("dissatisfied", "good_enough")


@pytest.fixture(scope="module")
def clients():
    luck = np.random.default_rng(11)
    n, therapists = 1200, 40
    therapist = luck.integers(0, therapists, size=n)
    u, v = luck.normal(size=(2, therapists)) * [[0.7], [0.6]]
    age, minority = luck.normal(3.8, 1.2, size=n), luck.integers(0, 2, size=n)
    log_odds = -1 - 0.3 * (age - 3.8) + u[therapist] + (0.4 + v[therapist]) * minority
    held, stop = luck.geometric(0.15, size=n), luck.integers(1, 25, size=n)
    kind = np.where(luck.random(n) < 0.4 + 0.1 * minority, "dissatisfied", "good_enough")
    return pd.DataFrame(
        {
            "therapist_id": therapist,
            "dropout": (luck.random(n) < 1 / (1 + np.exp(-log_odds))).astype(int),
            "age": age,
            "minority": minority,
            "sessions_held": np.minimum(held, stop),
            "weeks": luck.exponential(10, size=n),
            "ending": np.where(held <= stop, kind, "in_therapy"),
            "arm": luck.choice(["a", "b", "c"], size=n),
            "site": luck.integers(0, 3, size=n),
        }
    )


def vector(answers, name):
    """Return name.1, name.2, … as an array."""
    if name in answers:
        return np.array([answers[name]])
    return np.array([answers[f"{name}.{k}"] for k in range(1, 1 + sum(a.rpartition(".")[0] == name for a in answers))])


def numbers_of(fit, names, field="estimate"):
    return np.array([getattr(fit[name], field) for name in names])


def test_logistic_is_glm(clients):
    says = ask(
        "f <- glm(dropout ~ age + minority, binomial, d, control = glm.control(epsilon = 1e-14));"
        'answer("b", coef(f)); answer("se", sqrt(diag(vcov(f)))); answer("height", logLik(f)); answer("aic", AIC(f))',
        d=clients,
    )
    got, names = logistic(clients, outcome="dropout", predictors=("age", "minority")), ("intercept", "age", "minority")
    assert numbers_of(got, names) == pytest.approx(vector(says, "b"), rel=1e-6)
    assert numbers_of(got, names, "se") == pytest.approx(vector(says, "se"), rel=1e-6)
    assert (got.facts["log_likelihood"], got.facts["aic"]) == pytest.approx((says["height"], says["aic"]), rel=1e-9)


@pytest.mark.parametrize(("points", "rel"), [(1, 1e-5), (9, 1e-5), (25, 1e-5)])
def test_random_intercept_is_glmer(clients, points, rel):
    says = ask(
        CAREFUL
        + f'tell("f", glmer(dropout ~ age + minority + (1 | therapist_id), d, binomial, careful, nAGQ = {points}))',
        packages=("lme4",),
        d=clients,
    )
    names = ("intercept", "age", "minority")
    got = random_intercept(
        clients, outcome="dropout", predictors=("age", "minority"), group="therapist_id", points=points
    )
    assert numbers_of(got, names) == pytest.approx(vector(says, "f.b"), rel=rel)
    assert got["sd"].estimate == pytest.approx(says["f.sd"], rel=rel)
    assert numbers_of(got, names, "se") == pytest.approx(vector(says, "f.se"), rel=1e-4)
    assert got.facts["log_likelihood"] == pytest.approx(says["f.height"], abs=1e-6)


def test_standard_errors_of_the_variance_are_those_of_the_deviance_that_glmer_makes(clients):
    """glmer gives no SE of tau; its deviance function differentiated twice does."""
    says = ask(
        CAREFUL
        + """
        dev <- glmer(dropout ~ minority + (1 | therapist_id), d, binomial, careful, nAGQ = 9, devFunOnly = TRUE)
        f <- glmer(dropout ~ minority + (1 | therapist_id), d, binomial, careful, nAGQ = 9)
        at <- c(getME(f, "theta"), fixef(f)); h <- 1e-3; p <- length(at); H <- matrix(0, p, p)
        e <- function(i) { x <- rep(0, p); x[i] <- h; x }
        for (i in 1:p) for (j in 1:p) H[i, j] <-
          (dev(at + e(i) + e(j)) - dev(at + e(i) - e(j)) - dev(at - e(i) + e(j)) + dev(at - e(i) - e(j))) / (8 * h * h)
        answer("se", sqrt(diag(solve(H))))
        """,
        packages=("lme4",),
        d=clients,
    )
    got = random_intercept(clients, outcome="dropout", predictors=("minority",), group="therapist_id")
    assert numbers_of(got, ("sd", "intercept", "minority"), "se") == pytest.approx(vector(says, "se"), rel=1e-3)


@pytest.mark.parametrize(
    ("covariance", "term"),
    [("free", "(1 + minority | therapist_id)"), ("none", "(1 + minority || therapist_id)")],
)
def test_random_slope_is_glmer_by_laplace(clients, covariance, term):
    says = ask(
        CAREFUL + f'tell("f", glmer(dropout ~ age + minority + {term}, d, binomial, careful))',
        packages=("lme4",),
        d=clients,
    )
    got = random_slope(
        clients,
        outcome="dropout",
        predictors=("age", "minority"),
        slope="minority",
        group="therapist_id",
        covariance=covariance,
        points=1,
    )
    names = ("intercept", "age", "minority")
    spreads = ("sd_intercept", "sd_slope", "correlation")[: 3 if covariance == "free" else 2]
    assert numbers_of(got, names) == pytest.approx(vector(says, "f.b"), rel=1e-5)
    assert numbers_of(got, spreads) == pytest.approx(vector(says, "f.sd"), rel=1e-4)
    assert numbers_of(got, names, "se") == pytest.approx(vector(says, "f.se"), rel=1e-4)
    assert got.facts["log_likelihood"] == pytest.approx(says["f.height"], abs=1e-6)


def test_where_we_say_exactly_0_glmer_is_singular():
    alike = pd.DataFrame({"therapist_id": np.repeat(np.arange(12), 20), "dropout": np.tile([1] * 5 + [0] * 15, 12)})
    says = ask(
        CAREFUL + 'f <- glmer(dropout ~ 1 + (1 | therapist_id), d, binomial, careful, nAGQ = 9); tell("f", f);'
        'answer("singular", isSingular(f))',
        packages=("lme4",),
        d=alike,
    )
    got = random_intercept(alike, outcome="dropout", group="therapist_id")
    assert says["singular"] == 1
    assert (got["sd"].estimate, says["f.sd"]) == (0.0, pytest.approx(0.0, abs=1e-6))
    assert got["intercept"].estimate == pytest.approx(says["f.b"], rel=1e-6)


def test_hazard_regression_is_glm_on_person_periods(clients):
    says = ask(
        """
        d$spell <- pmin(d$sessions_held, 8)
        long <- d[rep(seq_len(nrow(d)), d$spell), ]
        long$t <- sequence(d$spell)
        long$event <- long$t == long$sessions_held & long$ending == "dissatisfied"
        f <- glm(event ~ 0 + factor(t) + minority + age, binomial, long, control = glm.control(epsilon = 1e-14))
        answer("b", coef(f)); answer("se", sqrt(diag(vcov(f))))
        """,
        d=clients,
    )
    got = hazard_regression(
        clients,
        time="sessions_held",
        cause="ending",
        of=("dissatisfied",),
        predictors=("minority", "age"),
        upto=8,
    )
    names = (*(f"level_{t}" for t in range(1, 9)), "minority", "age")
    assert numbers_of(got, names) == pytest.approx(vector(says, "b"), rel=1e-6)
    assert numbers_of(got, names, "se") == pytest.approx(vector(says, "se"), rel=1e-6)


@pytest.mark.parametrize("time", ["sessions_held", "weeks"])
def test_kaplan_meier_is_survfit(clients, time):
    says = ask(
        f"""
        f <- survfit(Surv({time}, ending == "dissatisfied") ~ 1, d, conf.type = "log-log")
        answer("time", f$time); answer("share", f$surv); answer("se", f$std.err * f$surv)
        answer("low", f$lower); answer("high", f$upper); answer("n", f$n.risk)
        answer("median", summary(f)$table[c("median", "0.95LCL", "0.95UCL")])
        """,
        packages=("survival",),
        d=clients,
    )
    curve = kaplan_meier(clients[time], clients["ending"] == "dissatisfied")
    assert curve.times == pytest.approx(vector(says, "time"))
    assert curve.at_risk == pytest.approx(vector(says, "n"))
    for mine, theirs in ((curve.share, "share"), (curve.se, "se")):
        assert mine == pytest.approx(vector(says, theirs), rel=1e-9, nan_ok=True)
    begun = (curve.share < 1) & (curve.share > 0)
    assert curve.low[begun] == pytest.approx(vector(says, "low")[begun], rel=1e-9)
    assert curve.high[begun] == pytest.approx(vector(says, "high")[begun], rel=1e-9)
    middle = median(curve)
    assert [middle.estimate, middle.low, middle.high] == pytest.approx(vector(says, "median"), nan_ok=True)


@pytest.mark.parametrize("events", [[1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0], [1, 0, 1, 1, 0, 1], [1, 1, 0, 0, 0, 0]])
def test_the_median_is_survfits_at_exactly_one_half_too(events):
    times = [1, 2, 3, 4, 6, 9]
    says = ask(
        'f <- survfit(Surv(t, e) ~ 1, d, conf.type = "log-log");'
        'answer("median", summary(f)$table[c("median", "0.95LCL", "0.95UCL")])',
        packages=("survival",),
        d={"t": times, "e": events},
    )
    got = median(kaplan_meier(times, events))
    theirs = vector(says, "median")
    assert got.estimate == pytest.approx(theirs[0], nan_ok=True)
    if got.ok:
        assert [got.low, got.high] == pytest.approx(theirs[1:], nan_ok=True)


@pytest.mark.parametrize("time", ["sessions_held", "weeks"])
def test_cumulative_incidence_is_survfits_with_the_delta_variance(clients, time):
    says = ask(
        f"""
        f <- survfit(Surv({time}, factor(ending, c("in_therapy", "dissatisfied", "good_enough"))) ~ 1, d)
        answer("time", f$time); answer("free", f$pstate[, 1])
        answer("share", f$pstate[, 2]); answer("se", f$std.err[, 2])
        """,
        packages=("survival",),
        d=clients,
    )
    curve = cumulative_incidence(clients[time], clients["ending"], of=EVENTS)
    assert curve.times == pytest.approx(vector(says, "time"))
    assert curve.free == pytest.approx(vector(says, "free"), rel=1e-9)
    assert curve.share["dissatisfied"] == pytest.approx(vector(says, "share"), rel=1e-9)
    assert curve.se["dissatisfied"] == pytest.approx(vector(says, "se"), rel=1e-7, abs=1e-12)


@pytest.mark.parametrize("time", ["sessions_held", "weeks"])
def test_cumulative_incidence_is_cuminc_with_aalens_variance(clients, time):
    says = ask(
        f'f <- cuminc(d${time}, d$ending, cencode = "in_therapy")[["1 dissatisfied"]];'
        'answer("time", f$time); answer("share", f$est); answer("variance", f$var)',
        packages=("cmprsk",),
        d=clients,
    )
    curve = cumulative_incidence(clients[time], clients["ending"], of=EVENTS, variance="aalen")
    corners = slice(2, None, 2)
    step = np.searchsorted(curve.times, vector(says, "time")[corners] - 1e-9)
    assert curve.share["dissatisfied"][step] == pytest.approx(vector(says, "share")[corners], rel=1e-9)
    assert curve.se["dissatisfied"][step] ** 2 == pytest.approx(vector(says, "variance")[corners], rel=1e-7)


@pytest.mark.parametrize("time", ["sessions_held", "weeks"])
@pytest.mark.parametrize(("rho", "strata"), [(0, ""), (1, ""), (0, ", d$site"), (0.5, ", d$site")])
def test_grays_test_is_cumincs(clients, time, rho, strata):
    says = ask(
        f'f <- cuminc(d${time}, d$ending, d$arm{strata}, rho = {rho}, cencode = "in_therapy")$Tests;'
        'answer("statistic", f[, "stat"]); answer("p", f[, "pv"]); answer("df", f[, "df"])',
        packages=("cmprsk",),
        d=clients,
    )
    by = clients["site"] if strata else None
    got = gray_test(clients[time], clients["ending"], clients["arm"], of=EVENTS, strata=by, rho=rho)
    assert numbers_of(got, EVENTS) == pytest.approx(vector(says, "statistic"), rel=1e-7)
    assert numbers_of(got, EVENTS, "p") == pytest.approx(vector(says, "p"), rel=1e-6)
    assert got.facts["df"] == vector(says, "df")[0]


def test_grays_test_is_cumincs_where_a_group_runs_out_early(clients):
    rows = clients[(clients["arm"] != "c") | (clients["sessions_held"] < 4)].head(250)
    says = ask(
        'answer("f", cuminc(d$sessions_held, d$ending, d$arm, cencode = "in_therapy")$Tests[, "stat"])',
        packages=("cmprsk",),
        d=rows,
    )
    got = gray_test(rows["sessions_held"], rows["ending"], rows["arm"], of=EVENTS)
    assert numbers_of(got, EVENTS) == pytest.approx(vector(says, "f"), rel=1e-7)
