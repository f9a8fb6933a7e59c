"""Change, effect sizes, regressions and correlations: the same numbers from R and metafor on generated clinics."""

import numpy as np
import pytest

from experiments.estimators.columns import before_and_after, by_session
from experiments.estimators.methods.basics import effect_sizes as es
from experiments.estimators.methods.basics.correlations import (
    partial_correlation,
    semi_partial_correlation,
    spearman,
)
from experiments.estimators.methods.basics.regression import ols
from experiments.estimators.methods.basics.reliability import cronbach_alpha
from experiments.estimators.methods.basics.two_by_two import compare_shares
from experiments.estimators.methods.change.sudden_gains import jumps
from experiments.estimators.summary import mean, share
from tests.experiments.estimators.change_clinic import clinic
from tests.r.rscript import ask

pytestmark = pytest.mark.r
TABLES = clinic(17, clients=400)
CLIENTS = TABLES["clients"]


def outcomes():
    """Return clients with alliance, intake, outcome and therapist, rows without gaps."""
    before, after = before_and_after(CLIENTS, scale="phq9", fewest_sessions=4)
    frame = CLIENTS.assign(before=before, after=after)[
        ["client_id", "therapist_id", "before", "after", "wai_client_s3"]
    ]
    return frame.assign(readiness=CLIENTS["readiness_intake"]).dropna().reset_index(drop=True)


REGRESSION = """
fit <- lm(after ~ before + wai_client_s3, d)
answer("slope", coef(fit)); answer("se", sqrt(diag(vcov(fit)))); answer("p", summary(fit)$coefficients[, 4])
answer("low", confint(fit)[, 1]); answer("r2", summary(fit)$r.squared); answer("loglik", as.numeric(logLik(fit)))
X <- model.matrix(fit); e <- residuals(fit); A <- solve(crossprod(X))
answer("hc3", sqrt(diag(A %*% crossprod(X * (e / (1 - hatvalues(fit)))) %*% A)))
S <- rowsum(X * e, d$therapist_id); G <- nrow(S); n <- nrow(X)
answer("cluster", sqrt(diag(A %*% crossprod(S) %*% A) * G / (G - 1) * (n - 1) / (n - 3)))
"""


def test_least_squares_with_three_kinds_of_errors():
    d = outcomes()
    r = ask(REGRESSION, d=d)
    columns = {name: d[name].to_numpy() for name in ("before", "wai_client_s3")}
    fits = {
        errors: ols(d["after"], columns, errors=errors, clusters=d["therapist_id"])
        for errors in ("classical", "hc3", "cluster")
    }
    plain = fits["classical"]
    for i, name in enumerate(("intercept", *columns), start=1):
        assert plain[name].estimate == pytest.approx(r[f"slope.{i}"], rel=1e-9)
        assert plain[name].se == pytest.approx(r[f"se.{i}"], rel=1e-9)
        assert plain[name].p == pytest.approx(r[f"p.{i}"], rel=1e-6)
        assert plain[name].low == pytest.approx(r[f"low.{i}"], rel=1e-9)
        assert fits["hc3"][name].se == pytest.approx(r[f"hc3.{i}"], rel=1e-9)
        assert fits["cluster"][name].se == pytest.approx(r[f"cluster.{i}"], rel=1e-9)
    assert plain["r_squared"].estimate == pytest.approx(r["r2"], rel=1e-9)
    assert plain.facts["loglik"] == pytest.approx(r["loglik"], rel=1e-9)


CORRELATION = """
x <- resid(lm(wai_client_s3 ~ before + readiness, d)); y <- resid(lm(after ~ before + readiness, d))
answer("partial", cor(x, y)); answer("semi", cor(x, d$after))
answer("p", summary(lm(after ~ before + readiness + wai_client_s3, d))$coefficients[4, 4])
R2 <- summary(lm(after ~ before + readiness + wai_client_s3, d))$r.squared
s <- escalc(measure = "SPCOR", ti = summary(lm(after ~ before + readiness + wai_client_s3, d))$coefficients[4, 3],
            ni = nrow(d), mi = 3, r2i = R2)
answer("metafor", s$yi); answer("metafor_se", sqrt(s$vi))
p <- escalc(measure = "PCOR", ti = summary(lm(after ~ before + readiness + wai_client_s3, d))$coefficients[4, 3],
            ni = nrow(d), mi = 3)
answer("pcor", p$yi)
k <- cor.test(d$wai_client_s3, d$after); answer("r", k$estimate); answer("ends", k$conf.int)
answer("rho", suppressWarnings(cor.test(d$wai_client_s3, d$after, method = "spearman")$estimate))
"""


def test_correlations_and_their_errors():
    d = outcomes()
    r = ask(CORRELATION, packages=["metafor"], d=d)
    x, y = d["wai_client_s3"], d["after"]
    others = {name: d[name] for name in ("before", "readiness")}
    partial, semi = partial_correlation(x, y, others), semi_partial_correlation(x, y, others)
    assert partial.estimate == pytest.approx(r["partial"], rel=1e-9)
    assert partial.estimate == pytest.approx(r["pcor"], rel=1e-9)
    assert partial.p == pytest.approx(r["p"], rel=1e-6)
    assert semi.estimate == pytest.approx(r["semi"], rel=1e-9)
    assert semi.estimate == pytest.approx(r["metafor"], rel=1e-9)
    assert semi.se == pytest.approx(r["metafor_se"], rel=1e-9)
    plain = partial_correlation(x, y, {})
    assert plain.estimate == pytest.approx(r["r"], rel=1e-9)
    assert (plain.low, plain.high) == pytest.approx((r["ends.1"], r["ends.2"]), rel=1e-9)
    assert spearman(x, y).estimate == pytest.approx(r["rho"], rel=1e-9)


EFFECTS = """
a <- d$after[d$left == 1]; b <- d$after[d$left == 0]
g <- escalc(measure = "SMD", m1i = mean(a), m2i = mean(b), sd1i = sd(a), sd2i = sd(b), n1i = length(a), n2i = length(b))
answer("g", g$yi); answer("g_se", sqrt(g$vi))
t <- t.test(a, b, var.equal = TRUE); answer("p", t$p.value)
n <- c(length(a), length(b)); m <- sqrt(1 / n[1] + 1 / n[2])
ends <- function(t, df) sapply(c(.975, .025), function(q) {
  uniroot(function(nc) pt(t, df, nc) - q, t + c(-20, 20), tol = 1e-13)$root
})
answer("ends", ends(t$statistic, sum(n) - 2) * m)
answer("glass", (mean(a) - mean(b)) / sd(b))
c <- d$before - d$after
answer("change", mean(c) / sd(c)); answer("start", mean(c) / sd(d$before))
s <- escalc(measure = "SMCR", m1i = mean(d$before), m2i = mean(d$after), sd1i = sd(d$before), ni = nrow(d),
            ri = cor(d$before, d$after))
answer("smcr", s$yi)
answer("change_ends", ends(t.test(c)$statistic, nrow(d) - 1) / sqrt(nrow(d)))
"""


def test_effect_sizes_and_their_exact_intervals():
    d = outcomes()
    left = CLIENTS.set_index("client_id")["dropout_unilateral"].reindex(d["client_id"]).to_numpy()
    d = d.assign(left=left)[~np.isnan(left)]
    r = ask(EFFECTS, packages=["metafor"], d=d)
    first, second = d["after"][d["left"] == 1], d["after"][d["left"] == 0]
    g, cohen = es.hedges_g(first, second), es.cohen_d(first, second)
    assert (g.estimate, g.se, g.p) == pytest.approx((r["g"], r["g_se"], r["p"]), rel=1e-9)
    assert (cohen.low, cohen.high) == pytest.approx((r["ends.1"], r["ends.2"]), rel=1e-7)
    assert es.glass_delta(first, second).estimate == pytest.approx(r["glass"], rel=1e-9)
    own, start = es.d_on_change_sd(d["before"], d["after"]), es.d_on_start_sd(d["before"], d["after"])
    assert own.estimate == pytest.approx(r["change"], rel=1e-9)
    assert (own.low, own.high) == pytest.approx((r["change_ends.1"], r["change_ends.2"]), rel=1e-7)
    assert start.estimate == pytest.approx(r["start"], rel=1e-9)
    assert start.estimate * es.small_sample_correction(len(d) - 1) == pytest.approx(r["smcr"], rel=1e-6)


TABLE = """
t <- table(factor(d$minority, c(1, 0)), factor(d$left, c(1, 0)))
for (m in c("OR", "RR", "RD")) {
  e <- escalc(measure = m, ai = t[1, 1], bi = t[1, 2], ci = t[2, 1], di = t[2, 2])
  answer(m, e$yi); answer(paste0(m, "_se"), sqrt(e$vi))
}
answer("d", escalc(measure = "OR2DL", ai = t[1, 1], bi = t[1, 2], ci = t[2, 1], di = t[2, 2])$yi)
w <- prop.test(sum(d$left), nrow(d), correct = FALSE)$conf.int; answer("wilson", w)
answer("mean", t.test(d$before)$conf.int)
"""


def test_shares_of_two_groups_wilson_and_student():
    d = CLIENTS.assign(left=CLIENTS["dropout_unilateral"], before=CLIENTS["phq9_intake"]).dropna(subset=["left"])
    d = d[["minority", "left", "before"]].astype(float)
    r = ask(TABLE, packages=["metafor"], d=d)
    got = compare_shares(d["left"][d["minority"] == 1], d["left"][d["minority"] == 0])
    for name, ours in (("OR", got["odds_ratio"]), ("RR", got["risk_ratio"])):
        assert np.log(ours.estimate) == pytest.approx(r[name], rel=1e-9)
        assert ours.se / ours.estimate == pytest.approx(r[f"{name}_se"], rel=1e-9)
    assert (got["risk_difference"].estimate, got["risk_difference"].se) == pytest.approx(
        (r["RD"], r["RD_se"]), rel=1e-9
    )
    assert got["d"].estimate == pytest.approx(r["d"], rel=1e-9)
    rate, average = share(d["left"], what="clients"), mean(d["before"].to_numpy(), what="clients")
    assert (rate.low, rate.high) == pytest.approx((r["wilson.1"], r["wilson.2"]), rel=1e-9)
    assert (average.low, average.high) == pytest.approx((r["mean.1"], r["mean.2"]), rel=1e-9)


RULE = """
m <- as.matrix(d); n <- ncol(m); flag <- matrix(NA, nrow(m), n - 1)
for (i in seq_len(nrow(m))) for (k in seq_len(n - 1)) {
  a <- na.omit(m[i, max(1, k - 2):k]); b <- na.omit(m[i, (k + 1):min(n, k + 3)])
  if (is.na(m[i, k]) || is.na(m[i, k + 1]) || length(a) < 2 || length(b) < 2) next
  df <- length(a) + length(b) - 2
  sd <- sqrt(((length(a) - 1) * var(a) + (length(b) - 1) * var(b)) / df)
  fall <- m[i, k] - m[i, k + 1]
  flag[i, k] <- fall >= 6 && fall >= .25 * m[i, k] && mean(a) - mean(b) > qt(.975, df) * sd
}
answer("flag", as.vector(flag))
"""


def test_sudden_gains_flag_by_flag():
    scores = by_session(TABLES["appointments"], "phq9", clients=CLIENTS["client_id"])
    r = ask(RULE, d={f"s{t}": scores[:, t] for t in range(scores.shape[1])})
    flags = np.array([r[f"flag.{i}"] for i in range(1, len(r) + 1)]).reshape(scores.shape[1] - 1, -1).T
    ours = jumps(scores, cutoff=6).found
    assert np.nansum(ours) > 10
    np.testing.assert_array_equal(ours, flags)


def test_cronbach_alpha():
    luck = np.random.default_rng(3)
    items = luck.normal(size=(80, 1)) + luck.normal(size=(80, 5))
    code = """
    v <- var(d); k <- ncol(d); a <- k / (k - 1) * (1 - sum(diag(v)) / sum(v)); answer("alpha", a)
    n <- nrow(d); answer("ends", 1 - (1 - a) * qf(c(.975, .025), n - 1, (n - 1) * (k - 1)))
    """
    r = ask(code, d={f"i{k}": items[:, k] for k in range(5)})
    got = cronbach_alpha(items)
    assert (got.estimate, got.low, got.high) == pytest.approx((r["alpha"], r["ends.1"], r["ends.2"]), rel=1e-9)
