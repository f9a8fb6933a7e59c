"""R says the same about panels: lavaan by the scripts that we write for it, and base R for the rest.

lavaan climbs to a tolerance of its own, hence 1e-4 of a standard error for estimates and 1e-3 for standard errors.
"""

import numpy as np
import pandas as pd
import pytest

from experiments.estimators.methods.panel.growth import growth
from experiments.estimators.methods.panel.mediation import mediation
from experiments.estimators.methods.panel.riclpm import riclpm
from experiments.estimators.methods.panel.syntax_lavaan import growth_lavaan, riclpm_lavaan
from experiments.estimators.methods.panel.within_between import within_between
from experiments.estimators.methods.panel.within_lag import within_lag
from experiments.reshape import wide
from tests.experiments.estimators.panel_data import pair
from tests.r.rscript import ask

pytestmark = pytest.mark.r

PAIR = ("wai_client", "phq9")
ANSWERS = """
found <- parameterEstimates(fit)
found <- found[found$label != "" & !duplicated(found$label), ]
for (i in seq_len(nrow(found))) {
  answer(paste0("estimate:", found$label[i]), found$est[i])
  answer(paste0("se:", found$label[i]), found$se[i])
}
measures <- fitMeasures(fit)
for (name in names(measures)) answer(paste0("fact:", name), measures[[name]])
paths <- standardizedSolution(fit)
paths <- paths[paths$op == "~", ]
for (label in unique(paths$label)) {
  answer(paste0("std:", label), mean(paths$est.std[paths$label == label]))
  if (sum(paths$label == label) == 1) answer(paste0("std_se:", label), paths$se[paths$label == label])
}
"""
FACTS = {
    "npar": "n_parameters",
    "logl": "loglik",
    "unrestricted.logl": "loglik_saturated",
    "chisq": "chi2",
    "df": "df",
    "pvalue": "p",
    "baseline.chisq": "baseline_chi2",
    "cfi": "cfi",
    "tli": "tli",
    "rmsea": "rmsea",
    "rmsea.ci.lower": "rmsea_low",
    "rmsea.ci.upper": "rmsea_high",
    "srmr": "srmr",
    "aic": "aic",
    "bic": "bic",
}


def appointments(x, y):
    """Return the appointments table of two arrays of clients by sessions."""
    client, session = np.nonzero(np.isfinite(x) | np.isfinite(y))
    return pd.DataFrame(
        {
            "client_id": client,
            "session": session + 1,
            "wai_client": x[client, session],
            "phq9": y[client, session],
        }
    )


def agree(fit, answers):
    """Hold every estimate, standard error and fit index against R's; return how many were compared."""
    assert fit.ok, fit.note
    compared = 0
    for key, theirs in answers.items():
        kind, _, name = key.partition(":")
        if kind == "estimate":
            assert fit[name].estimate == pytest.approx(theirs, abs=1e-4 * fit[name].se), name
        elif kind == "se":
            assert fit[name].se == pytest.approx(theirs, rel=1e-3), name
        elif kind == "std":
            assert fit[f"{name}_std"].estimate == pytest.approx(theirs, abs=1e-5), name
        elif kind == "std_se":
            assert fit[f"{name}_std"].se == pytest.approx(theirs, rel=1e-3), name
        elif name in FACTS:
            assert fit.facts[FACTS[name]] == pytest.approx(theirs, abs=1e-4), name
        else:
            continue
        compared += 1
    return compared


@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"paths": "free"},
        {"residuals": "equal", "means": "constant"},
        {"intercepts": False},
    ],
    ids=["usual", "free paths", "all equal", "plain"],
)
def test_the_lavaan_script_on_the_wide_export_gives_our_numbers(choices):
    x, y = pair(21, clients=400, sessions=5)
    table = wide(appointments(x, y), PAIR, by=("client_id",))
    fit = riclpm(x, y, names=PAIR, **choices)
    script = riclpm_lavaan("table.csv", PAIR, sessions=5, **choices)
    compared = agree(fit, ask(script + ANSWERS, packages=("lavaan",), table=table))
    assert compared > 2 * fit.facts["n_parameters"] + len(FACTS)


def test_seven_sessions_with_dropout_give_what_lavaan_gives():
    x, y = pair(22, clients=900, sessions=7)
    table = wide(appointments(x, y), PAIR, by=("client_id",))
    fit = riclpm(x, y, names=PAIR)
    agree(fit, ask(riclpm_lavaan("table.csv", PAIR, sessions=7) + ANSWERS, packages=("lavaan",), table=table))


def test_a_maximum_outside_the_possible_is_below_lavaans_and_says_so():
    """lavaan goes on to an impossible covariance matrix of the intercepts; we stop at its edge."""
    edges = 0
    for seed in range(3):
        x, y = pair(seed, spread=(0, 0), dropout=False)
        fit = riclpm(x, y, names=PAIR)
        table = wide(appointments(x, y), PAIR, by=("client_id",))
        theirs = ask(riclpm_lavaan("table.csv", PAIR, sessions=5) + ANSWERS, packages=("lavaan",), table=table)
        first, second, both = (
            theirs[f"estimate:{name}"]
            for name in ("wai_client_intercept_variance", "phq9_intercept_variance", "intercept_covariance")
        )
        possible = first > 0 and second > 0 and both**2 < first * second
        assert fit.facts["boundary"] == (not possible)
        edges += not possible
        assert fit.facts["loglik"] <= theirs["fact:logl"] + 1e-6
        assert fit.facts["df"] == theirs["fact:df"]
    assert edges > 0


def test_the_growth_script_gives_our_numbers_and_lme4_the_same_ones():
    luck = np.random.default_rng(5)
    level, slope = luck.multivariate_normal([14, -0.6], [[20, -0.8], [-0.8, 0.3]], size=250).T
    y = level[:, None] + slope[:, None] * np.arange(6) + luck.normal(0, 2, size=(250, 6))
    y[luck.random(y.shape) < 0.15] = np.nan
    rows = appointments(np.full_like(y, np.nan), y)
    fit = growth(y)
    theirs = ask(
        growth_lavaan("table.csv", "phq9", sessions=6) + ANSWERS,
        packages=("lavaan",),
        table=wide(rows, ["phq9"], by=("client_id",)),
    )
    agree(fit, theirs)
    mixed = ask(
        """
        rows$time <- rows$session - 1
        fit <- lmer(phq9 ~ time + (time | client_id), rows, REML = FALSE)
        answer("fixed", fixef(fit)); answer("variances", c(VarCorr(fit)$client_id)); answer("loglik", logLik(fit))
        """,
        packages=("lme4",),
        rows=rows,
    )
    ours = [
        fit[name].estimate for name in ("level_mean", "slope_mean", "level_variance", "covariance", "slope_variance")
    ]
    keys = ("fixed.1", "fixed.2", "variances.1", "variances.2", "variances.4")
    assert ours == pytest.approx([mixed[key] for key in keys], rel=1e-4)
    assert fit.facts["loglik"] == pytest.approx(mixed["loglik"], abs=1e-6)


LAG = """
rows <- rows[complete.cases(rows), ]
steps <- merge(rows, transform(rows, session = session - 1), by = c("client_id", "session"), suffixes = c("", "_next"))
count <- table(steps$client_id)
steps <- steps[steps$client_id %in% names(count)[count >= 2], ]
before <- c("wai_client", "phq9"); after <- paste0(before, "_next")
demean <- function(x) x - ave(x, steps$client_id)
sessions <- model.matrix(~ factor(steps$session))[, -1]
free <- function(x) qr.resid(qr(apply(sessions, 2, demean)), demean(x))
Z <- sapply(before, function(v) free(steps[[v]])); Y <- sapply(after, function(v) free(steps[[v]]))
spent <- 2 + ncol(sessions)
clients <- unique(steps$client_id)
bias <- function(B, S) {
  total <- matrix(0, 2, 2)
  for (client in clients) {
    at <- sort(steps$session[steps$client_id == client])
    for (s in at) for (t in at) if (s > t) {
      power <- diag(2)
      if (s - 1 - t > 0) for (k in seq_len(s - 1 - t)) power <- t(B) %*% power
      total <- total - power %*% S / length(at)
    }
  }
  total
}
B <- solve(crossprod(Z), crossprod(Z, Y)); naive <- B
for (round in 1:60) {
  E <- Y - Z %*% B
  S <- crossprod(E) / (nrow(steps) - length(clients) - spent)
  B <- solve(crossprod(Z), crossprod(Z, Y) - bias(B, S))
}
answer("naive", c(t(naive))); answer("paths", c(t(B)))
"""


def test_corrected_lags_are_those_of_loops_over_clients_and_pairs_of_steps_in_r():
    x, y = pair(23, clients=60, sessions=8)
    names = ("alliance", "symptoms")
    fit = within_lag(np.stack([x, y], axis=2), names=names)
    theirs = ask(LAG, rows=appointments(x, y))
    labels = [f"{before}_to_{after}" for before in names for after in names]
    ours = [fit[label].estimate for label in labels]
    assert ours == pytest.approx([theirs[f"paths.{k}"] for k in (1, 2, 3, 4)], rel=1e-6)
    naive = [fit[f"{label}_uncorrected"].estimate for label in labels]
    assert naive == pytest.approx([theirs[f"naive.{k}"] for k in (1, 2, 3, 4)], rel=1e-8)


ROBUST = """
robust <- function(fit, group) {
  x <- model.matrix(fit); pull <- rowsum(x * resid(fit), group); bread <- solve(crossprod(x))
  G <- nrow(pull); n <- nrow(x)
  sqrt(diag(bread %*% crossprod(pull) %*% bread) * G / (G - 1) * (n - 1) / (n - ncol(x)))
}
"""


def test_within_and_between_parts_are_those_of_lm_with_errors_robust_within_clients():
    x, y = pair(24, clients=150, sessions=6)
    fit = within_between(x, y, name="alliance", session_effects=False)
    theirs = ask(
        ROBUST
        + """
        rows <- merge(rows[, c("client_id", "session", "wai_client")],
                      transform(rows, session = session - 1)[, c("client_id", "session", "phq9")])
        rows <- rows[complete.cases(rows), ]
        rows <- rows[ave(rows$session, rows$client_id, FUN = length) >= 2, ]
        rows$usual <- ave(rows$wai_client, rows$client_id); rows$off <- rows$wai_client - rows$usual
        fit <- lm(phq9 ~ off + usual, rows)
        answer("slope", coef(fit)); answer("se", robust(fit, rows$client_id))
        other <- lm(phq9 ~ wai_client + usual, rows)
        answer("difference", c(coef(other)[3], robust(other, rows$client_id)[3]))
        """,
        rows=appointments(x, y),
    )
    within, between, contextual = (fit[f"alliance_{part}"] for part in ("within", "between", "contextual"))
    assert (within.estimate, within.se) == pytest.approx((theirs["slope.2"], theirs["se.2"]), rel=1e-8)
    assert (between.estimate, between.se) == pytest.approx((theirs["slope.3"], theirs["se.3"]), rel=1e-8)
    assert (contextual.estimate, contextual.se) == pytest.approx(
        (theirs["difference.1"], theirs["difference.2"]), rel=1e-8
    )


def test_mediation_is_that_of_two_regressions_with_errors_robust_within_caseloads():
    luck = np.random.default_rng(6)
    therapist = np.repeat(np.arange(20), 8)
    shared = luck.normal(size=(20, 2))[therapist]
    alliance, intake = luck.normal(size=(2, 160)) + shared.T
    effort = 0.4 * alliance + 0.1 * intake + luck.normal(size=160)
    end = -0.5 * effort - 0.2 * alliance + 0.6 * intake + luck.normal(size=160)
    fit = mediation(alliance, effort, end, covariates={"intake": intake}, clusters=therapist)
    frame = {"therapist": therapist, "alliance": alliance, "intake": intake, "effort": effort, "end": end}
    theirs = ask(
        ROBUST
        + """
        first <- lm(effort ~ alliance + intake, frame); second <- lm(end ~ alliance + intake + effort, frame)
        answer("a", c(coef(first)[2], robust(first, frame$therapist)[2]))
        answer("b", c(coef(second)[4], robust(second, frame$therapist)[4]))
        answer("direct", c(coef(second)[2], robust(second, frame$therapist)[2]))
        """,
        frame=frame,
    )
    small = {"a": np.sqrt(157 / 156), "b": 1.0, "direct": 1.0}
    for name, factor in small.items():
        assert fit[name].estimate == pytest.approx(theirs[f"{name}.1"], rel=1e-8)
        assert fit[name].se == pytest.approx(theirs[f"{name}.2"] * factor, rel=1e-8)
