"""metafor gives the same numbers: all estimators of tau2, all tests, intervals, three levels, effects and variances.

metafor stops its search for one tau2 at 1e-5 unless asked; here it is asked for more. For three levels it is not.
"""

import itertools

import numpy as np
import pandas as pd
import pytest

from experiments.estimators.clinics import virtual_clinics
from experiments.estimators.methods.meta.heterogeneity import METHODS
from experiments.estimators.methods.meta.meta_analysis import random_effects
from experiments.estimators.methods.meta.meta_effects import (
    correlation_to_z,
    log_odds_ratio,
    log_risk_ratio,
    standardised_difference,
)
from experiments.estimators.methods.meta.meta_three_level import three_level
from experiments.estimators.methods.trials.growth_trial import Arm, growth
from experiments.estimators.methods.trials.power import t_power, trial_power
from experiments.estimators.pooled import alliance_r_over_clinics
from tests.r.rscript import ask
from tests.statistics.plants_meta import clients, clinics_in_runs, runs

pytestmark = pytest.mark.r

TESTS = {"z": "z", "knapp_hartung": "knha", "ad_hoc": "adhoc"}
CONTROL = "control = list(threshold = 1e-13, tol = 1e-13, maxiter = 10000)"
TIGHT = 1e-7
FITS = f"""
for (METHOD in c("REML", "ML", "DL", "PM", "FE")) for (TEST in c("z", "knha", "adhoc")) {{
  say <- function(name, value) answer(paste(METHOD, TEST, name, sep = "_"), value)
  fit <- rma.uni(yi, vi, data = d, method = METHOD, test = TEST, {CONTROL})
  say("mean", c(fit$b, fit$se, fit$ci.lb, fit$ci.ub, fit$pval))
  say("fit", c(fit$I2, fit$H2, fit$QE, fit$QEp, logLik(fit)))
  if (METHOD == "FE") next
  say("tau2", c(fit$tau2, fit$se.tau2))
  p <- predict(fit)
  say("ahead", c(p$pi.lb, p$pi.ub))
  ci <- confint(fit, control = list(tol = 1e-13))$random
  say("ends", c(ci["tau^2", 2:3], ci["I^2(%)", 2:3], ci["H^2", 2:3]))
}}
"""


def said(answers, name):
    return [answers[key] for key in sorted((k for k in answers if k.split(".")[0] == name), key=_number)]


def _number(key):
    return int(key.rpartition(".")[2])


def of(value):
    return [value.estimate, value.se, value.low, value.high, value.p]


def test_a_runs_table_is_pooled_alike():
    table = runs(np.random.default_rng(5), k=23)
    effects, variances = table["pre_post_d"], table["pre_post_d_se"] ** 2
    theirs = ask(FITS, packages=["metafor"], d={"yi": effects, "vi": variances})
    for method, (test, short) in itertools.product(METHODS, TESTS.items()):
        ours = random_effects(effects, variances, method=method, test=test)
        mine = {"mean": of(ours["mean"]), "fit": [ours["i2"].estimate, ours["h2"].estimate]}
        mine["fit"] += [ours.facts[name] for name in ("q", "q_p", "log_likelihood")]
        if method != "FE":
            mine["tau2"] = [ours["tau2"].estimate, ours["tau2"].se]
            mine["ahead"] = [ours["prediction"].low, ours["prediction"].high]
            mine["ends"] = [getattr(ours[name], end) for name in ("tau2", "i2", "h2") for end in ("low", "high")]
        for name, numbers in mine.items():
            key = f"{method}_{short}_{name}"
            assert numbers == pytest.approx(said(theirs, key), rel=TIGHT, abs=1e-12), key


def test_no_spread_is_zero_for_both():
    effects, variances = np.array([0.30, 0.33, 0.27, 0.31, 0.25]), np.array([0.02, 0.05, 0.04, 0.03, 0.04])
    theirs = ask(FITS, packages=["metafor"], d={"yi": effects, "vi": variances})
    for method in METHODS[1:]:
        ours = random_effects(effects, variances, method=method)
        assert theirs[f"{method}_z_tau2.1"] == ours["tau2"].estimate == 0.0
        assert of(ours["mean"]) == pytest.approx(said(theirs, f"{method}_z_mean"), rel=TIGHT)
        assert ours["tau2"].se == pytest.approx(theirs[f"{method}_z_tau2.2"], rel=TIGHT)


def test_virtual_clinics_of_a_clients_table_are_pooled_alike():
    table = clients(np.random.default_rng(3), clinics=12)
    table["clinic"] = virtual_clinics(table)
    code = f"""
    r <- sapply(split(table, table$clinic), function(x) cor(x$wai_client_s3, -resid(lm(phq9_end ~ phq9_intake, x))))
    n <- as.numeric(table(table$clinic))
    d <- escalc(measure = "ZCOR", ri = r, ni = n)
    fit <- rma.uni(yi, vi, data = d, test = "knha", {CONTROL})
    answer("mean", mean(r)); answer("se", sd(r) / sqrt(length(r))); answer("tau2", fit$tau2)
    p <- predict(fit, transf = transf.ztor)
    answer("pooled", c(p$pred, p$ci.lb, p$ci.ub, p$pi.lb, p$pi.ub))
    """.replace("as.numeric(table(table$clinic))", "as.numeric(base::table(table$clinic))")
    theirs = ask(code, packages=["metafor"], table=table)
    ours = alliance_r_over_clinics({"clients": table})
    assert [ours["mean_r"].estimate, ours["mean_r"].se] == pytest.approx([theirs["mean"], theirs["se"]], rel=1e-9)
    pooled, ahead = ours["pooled_r"], ours["prediction"]
    assert [pooled.estimate, pooled.low, pooled.high, ahead.low, ahead.high] == pytest.approx(
        said(theirs, "pooled"), rel=TIGHT
    )
    assert ours["tau2"].estimate == pytest.approx(theirs["tau2"], rel=TIGHT)


def test_bcg_as_metadat_has_it():
    code = f"""
    d <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
    answer("yi", d$yi); answer("vi", d$vi)
    for (name in names(dat.bcg)[4:7]) answer(name, dat.bcg[[name]])
    fit <- rma.uni(yi, vi, data = d, {CONTROL})
    answer("fit", c(fit$b, fit$se, fit$tau2, fit$I2))
    """
    theirs = ask(code, packages=["metafor", "metadat"])
    a, b, c, d = (np.array(said(theirs, name)) for name in ("tpos", "tneg", "cpos", "cneg"))
    effects, variances = log_risk_ratio(a, a + b, c, c + d)
    assert effects == pytest.approx(np.array(said(theirs, "yi")), rel=1e-12)
    assert variances == pytest.approx(np.array(said(theirs, "vi")), rel=1e-12)
    fit = random_effects(effects, variances)
    ours = [fit["mean"].estimate, fit["mean"].se, fit["tau2"].estimate, fit["i2"].estimate]
    assert ours == pytest.approx(said(theirs, "fit"), rel=TIGHT)
    assert ours == pytest.approx([-0.714532, 0.179782, 0.313243, 92.2214], rel=1e-5)


THREE = """
fit <- rma.mv(yi, vi, random = ~ 1 | outer/inner, data = d)
answer("mean", c(fit$b, fit$se, fit$ci.lb, fit$ci.ub, fit$pval))
answer("sigma2", fit$sigma2)
answer("level", logLik(fit))
p <- predict(fit)
answer("ahead", c(p$pi.lb, p$pi.ub))
"""
PROFILE = """
ends <- confint(fit, control = list(tol = 1e-7))
answer("ends", c(ends[[1]]$random[1, 2:3], ends[[2]]$random[1, 2:3]))
"""


def three_levels_agree(theirs, ours):
    variances = [ours["outer"].estimate, ours["inner"].estimate]
    assert variances == pytest.approx(said(theirs, "sigma2"), rel=1e-5, abs=1e-8)
    assert of(ours["mean"]) == pytest.approx(said(theirs, "mean"), rel=1e-5)
    assert ours.facts["log_likelihood"] == pytest.approx(theirs["level"], rel=1e-9)
    assert [ours["prediction"].low, ours["prediction"].high] == pytest.approx(said(theirs, "ahead"), rel=1e-5)


def test_schools_in_districts():
    head = "d <- dat.konstantopoulos2011; d$outer <- d$district; d$inner <- d$school\n"
    tail = 'for (name in c("yi", "vi", "outer", "inner")) answer(name, d[[name]])'
    theirs = ask(head + THREE + PROFILE + tail, packages=["metafor", "metadat"])
    y, v, outer, inner = (np.array(said(theirs, name)) for name in ("yi", "vi", "outer", "inner"))
    ours = three_level(y, v, outer=outer, inner=inner)
    three_levels_agree(theirs, ours)
    mean = ours["mean"]
    assert [mean.estimate, mean.se, mean.low, mean.high] == pytest.approx(
        [0.184713, 0.084556, 0.018987, 0.350440], abs=6e-7
    )
    assert [ours["outer"].estimate, ours["inner"].estimate] == pytest.approx([0.065062, 0.032737], rel=2e-5)
    ends = [ours["outer"].low, ours["outer"].high, ours["inner"].low, ours["inner"].high]
    assert ends == pytest.approx(said(theirs, "ends"), rel=1e-4)


def test_clinics_in_runs():
    table = clinics_in_runs(np.random.default_rng(8), runs=20, clinics=4)
    frame = pd.DataFrame({"yi": table["z"], "vi": table["se"] ** 2, "outer": table["run_id"], "inner": table["clinic"]})
    theirs = ask(THREE, packages=["metafor"], d=frame)
    three_levels_agree(theirs, three_level(frame["yi"], frame["vi"], outer=frame["outer"], inner=frame["inner"]))


def test_no_spread_between_runs_is_zero_for_both():
    luck = np.random.default_rng(4)
    frame = pd.DataFrame({"outer": np.arange(36) // 4, "inner": np.arange(36) // 2, "vi": 0.02})
    frame["yi"] = 0.3 + 0.2 * luck.normal(size=18)[frame["inner"]] + 0.14 * luck.normal(size=36)
    frame["yi"] -= frame.groupby("outer")["yi"].transform("mean")
    theirs = ask(THREE, packages=["metafor"], d=frame)
    ours = three_level(frame["yi"], frame["vi"], outer=frame["outer"], inner=frame["inner"])
    assert ours["outer"].estimate == 0.0 and theirs["sigma2.1"] < 1e-6
    assert ours["inner"].estimate == pytest.approx(theirs["sigma2.2"], rel=1e-4)


def test_effects_and_variances():
    luck = np.random.default_rng(9)
    k = 30
    table = {
        "n1": luck.integers(8, 60, size=k),
        "n2": luck.integers(8, 60, size=k),
        "r": luck.uniform(-0.6, 0.7, size=k),
    }
    table |= {"a": luck.binomial(table["n1"], 0.1), "c": luck.binomial(table["n2"], 0.15)}
    table |= {f"m{i}": luck.normal(12, 3, size=k) for i in (1, 2)} | {
        f"s{i}": luck.uniform(3, 6, size=k) for i in (1, 2)
    }
    assert (table["a"] == 0).any()
    code = """
    z <- escalc("ZCOR", ri = r, ni = n1, data = t)
    rr <- escalc("RR", ai = a, n1i = n1, ci = c, n2i = n2, data = t)
    or <- escalc("OR", ai = a, n1i = n1, ci = c, n2i = n2, data = t)
    g <- escalc("SMD", m1i = m1, sd1i = s1, n1i = n1, m2i = m2, sd2i = s2, n2i = n2, data = t)
    for (name in c("z", "rr", "or", "g")) {
      answer(paste0(name, "y"), get(name)$yi)
      answer(paste0(name, "v"), get(name)$vi)
    }
    """
    theirs = ask(code, packages=["metafor"], t=table)
    t = table
    ours = {
        "z": correlation_to_z(t["r"], t["n1"]),
        "rr": log_risk_ratio(t["a"], t["n1"], t["c"], t["n2"]),
        "or": log_odds_ratio(t["a"], t["n1"], t["c"], t["n2"]),
        "g": standardised_difference(t["m1"], t["s1"], t["n1"], t["m2"], t["s2"], t["n2"]),
    }
    for name, (effects, variances) in ours.items():
        assert effects == pytest.approx(np.array(said(theirs, f"{name}y")), rel=1e-12, abs=1e-14), name
        assert variances == pytest.approx(np.array(said(theirs, f"{name}v")), rel=1e-12), name


def test_power_by_r_s_own_noncentral_t():
    cases = [(size, df) for size in (0.0, 0.7, 1.9, 3.3) for df in (2, 8, 48)]
    code = """
    q <- qt(.975, x$df)
    answer("power", pt(q, x$df, x$size, lower.tail = FALSE) + pt(-q, x$df, x$size))
    """
    theirs = ask(code, x={"size": [size for size, _ in cases], "df": [df for _, df in cases]})
    assert [t_power(size, df=df) for size, df in cases] == pytest.approx(said(theirs, "power"), rel=1e-6)


def test_the_error_of_a_nested_trial_is_that_of_generalised_least_squares():
    model = growth(range(5), icc_pre=0.4, var_ratio=0.05, icc_slope=0.1, icc_pre_therapist=0.05)
    fit = trial_power(model, Arm((3, 5, 2)), Arm((4, 4)), d=0.5)
    sizes = [(0, 3), (0, 5), (0, 2), (1, 4), (1, 4)]
    rows = [
        {"arm": arm, "therapist": k, "client": 100 * k + i, "time": t}
        for k, (arm, n) in enumerate(sizes)
        for i in range(n)
        for t in range(5)
    ]
    g, h = model.client, model.therapist
    code = f"""
    z <- cbind(1, d$time); same <- function(x) outer(x, x, "==")
    v <- {model.error!r} * diag(nrow(d)) + same(d$client) * (z %*% diag(c({g[0, 0]!r}, {g[1, 1]!r})) %*% t(z)) +
      same(d$therapist) * (z %*% diag(c({h[0, 0]!r}, {h[1, 1]!r})) %*% t(z))
    x <- model.matrix(~ time * arm, d)
    answer("se", sqrt(solve(t(x) %*% solve(v, x))[4, 4]))
    """.replace("np.float64", "")
    theirs = ask(code, d=pd.DataFrame(rows))
    assert fit["difference"].se == pytest.approx(theirs["se"], rel=1e-9)
