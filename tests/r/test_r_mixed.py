"""Linear mixed models against lme4: classic data that come with R, and made-up tables of our shape."""

import numpy as np
import pandas as pd
import pytest

from experiments.estimators.methods.mixed.boundary_test import random_effect_test
from experiments.estimators.methods.mixed.linear_mixed import linear_mixed
from experiments.estimators.methods.mixed.variance_components import variance_components
from tests.r.rscript import ask
from tests.statistics.plants_mixed import lines_of_clients, sessions_of_clients

pytestmark = pytest.mark.r

REPORT = """
report <- function(m, label = "") {
  answer(paste0(label, "b"), fixef(m))
  answer(paste0(label, "se"), sqrt(diag(as.matrix(vcov(m)))))
  v <- as.data.frame(VarCorr(m))
  answer(paste0(label, "vcov"), v$vcov)
  answer(paste0(label, "criterion"), -2 * as.numeric(logLik(m)))
  answer(paste0(label, "aic"), AIC(m))
}
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9, maxfun = 1e5), calc.derivs = FALSE)
fit <- function(formula, ...) {
  near <- lmer(formula, ...)
  lmer(formula, ..., start = getME(near, "theta"), control = tight)
}
"""


def close(got, expected, rel):
    np.testing.assert_allclose(got, expected, rtol=rel, atol=0)


def numbered(answers, name, count):
    return [answers[f"{name}.{place + 1}"] for place in range(count)]


def column(answers, name):
    size = sum(key.startswith(f"{name}.") for key in answers)
    return np.array(numbered(answers, name, size))


SLEEP = """
for (name in names(sleepstudy)) answer(name, as.numeric(as.character(sleepstudy[[name]])))
own <- sapply(split(sleepstudy, sleepstudy$Subject), function(d) coef(lm(Reaction ~ Days, d))[1])
answer("exact", sd(own) / sqrt(18))
"""


def test_sleepstudy():
    """lme4's printed SE of the intercept is off by 6e-6: in balanced data it is the SD of 18 intercepts by sqrt 18."""
    said = ask(SLEEP, packages=("lme4",))
    frame = pd.DataFrame({name: column(said, name) for name in ("Reaction", "Days", "Subject")})
    fit = linear_mixed(frame, outcome="Reaction", fixed=("Days",), groups={"Subject": ("Days",)})
    close([fit["intercept"].estimate, fit["Days"].estimate], [251.405105, 10.467286], 1e-6)
    close([fit["intercept"].se, fit["Days"].se], [6.824597, 1.545790], 1e-5)
    close(fit["intercept"].se, said["exact"], 1e-8)
    close([fit["sd_Subject"].estimate, fit["sd_Subject_Days"].estimate], [24.740658, 5.922138], 1e-4)
    close(fit["correlation_Subject_Days"].estimate, 0.065551, 1e-4)
    close(fit["sd_residual"].estimate, 25.591796, 1e-4)
    close(fit.facts["criterion"], 1743.628272, 1e-9)
    close([fit.facts["df_intercept"], fit.facts["df_Days"]], [17, 17], 1e-5)


def test_a_variance_of_nothing_in_dyestuff2():
    said = ask("answer('Yield', Dyestuff2$Yield); answer('Batch', as.integer(Dyestuff2$Batch))", packages=("lme4",))
    frame = pd.DataFrame({name: column(said, name) for name in ("Yield", "Batch")})
    fit = linear_mixed(frame, outcome="Yield", groups={"Batch": ()})
    assert fit["variance_Batch"].ok and fit["variance_Batch"].estimate == 0.0
    assert "boundary" in fit["variance_Batch"].note
    close(fit["variance_residual"].estimate, 13.806310, 1e-6)
    shares = variance_components(frame, outcome="Yield", groups=("Batch",))
    assert shares["share_Batch"].estimate == 0.0 and shares["share_Batch"].p == 1.0


BTHEB = """
data("BtheB", package = "HSAUR3")
BtheB$subject <- seq_len(nrow(BtheB))
long <- reshape(BtheB, idvar = "subject", varying = c("bdi.2m", "bdi.3m", "bdi.5m", "bdi.8m"), v.names = "bdi",
                direction = "long", timevar = "time", times = c(2, 3, 5, 8))
long <- long[order(long$subject, long$time), ]
answer("bdi", long$bdi); answer("pre", long$bdi.pre); answer("time", long$time); answer("subject", long$subject)
answer("treatment", long$treatment == "BtheB"); answer("drug", long$drug == "Yes")
answer("length", long$length == ">6m")
"""


def beat_the_blues():
    said = ask(BTHEB, packages=("HSAUR3",))
    return pd.DataFrame(
        {name: column(said, name) for name in ("bdi", "pre", "time", "treatment", "drug", "length", "subject")}
    )


PREDICTORS = ("pre", "time", "treatment", "drug", "length")


def test_beat_the_blues_by_maximum_likelihood():
    fit = linear_mixed(beat_the_blues(), outcome="bdi", fixed=PREDICTORS, groups={"subject": ()}, method="ml")
    expected = [5.592393, 0.639676, -0.704765, -2.329083, -2.824952, 0.197079]
    assert fit.n == 280
    close([fit[name].estimate for name in ("intercept", *PREDICTORS)], expected, 3e-6)
    se = [2.242440, 0.077891, 0.146392, 1.670356, 1.726835, 1.638318]
    close([fit[name].se for name in ("intercept", *PREDICTORS)], se, 1e-5)
    close([fit["sd_subject"].estimate, fit["sd_residual"].estimate], [6.984081, 5.013978], 1e-4)
    close([fit.facts["aic"], fit.facts["log_likelihood"]], [1887.491963, -935.745981], 1e-9)


def test_a_slope_adds_nothing_to_beat_the_blues():
    test = random_effect_test(
        beat_the_blues(),
        outcome="bdi",
        fixed=PREDICTORS,
        groups={"subject": ("time",)},
        of="subject",
        slope="time",
        method="ml",
    )
    close(test["chi2"].estimate, 0.454164, 1e-4)
    close(test.facts["p_chi_square"], 0.796855, 1e-4)
    assert test["chi2"].p < test.facts["p_chi_square"]


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_lines_of_clients_agree_with_lme4(method):
    frame = lines_of_clients(np.random.default_rng(5), clients=150).sample(frac=0.8, random_state=1)
    fit = linear_mixed(frame, outcome="oq45", fixed=("session",), groups={"client_id": ("session",)}, method=method)
    reml = "TRUE" if method == "reml" else "FALSE"
    code = f"report(fit(oq45 ~ session + (session | client_id), d, REML = {reml}))"
    said = ask(REPORT + code, packages=("lme4",), d=frame)
    _agrees(fit, said, fixed=("intercept", "session"))
    names = ("variance_client_id", "variance_client_id_session", "covariance_client_id_session", "variance_residual")
    close([fit[name].estimate for name in names], numbered(said, "vcov", 4), 1e-5)


@pytest.mark.parametrize("slopes", [(), ("session",)])
def test_sessions_of_clients_of_therapists_agree_with_lme4(slopes):
    frame = sessions_of_clients(np.random.default_rng(6), therapists=30, growth_sd=0.06).sample(
        frac=0.7, random_state=1
    )
    fit = linear_mixed(
        frame, outcome="wai_client", fixed=("session",), groups={"client_id": (), "therapist_id": slopes}
    )
    effect = "session" if slopes else "1"
    code = f"report(fit(wai_client ~ session + ({effect} | therapist_id) + (1 | client_id), d))"
    said = ask(REPORT + code, packages=("lme4",), d=frame)
    _agrees(fit, said, fixed=("intercept", "session"))
    names = ("therapist_id", "therapist_id_session") if slopes else ("therapist_id",)
    got = [fit[f"variance_{name}"].estimate for name in ("client_id", *names)]
    close(got, numbered(said, "vcov", len(got)), 1e-5)


def test_at_our_factor_the_deviance_function_of_lme4_gives_our_criterion():
    """lmer 1.1-31 stops at a saddle here, the therapists' variance at 0, with a criterion that is 3.3 higher."""
    frame = sessions_of_clients(np.random.default_rng(16), therapists=30).sample(frac=0.7, random_state=1)
    groups = {"client_id": (), "therapist_id": ("session",)}
    fit = linear_mixed(frame, outcome="wai_client", fixed=("session",), groups=groups)
    both = fit["covariance_therapist_id_session"].estimate
    g = [[fit["variance_therapist_id"].estimate, both], [both, fit["variance_therapist_id_session"].estimate]]
    lower = np.linalg.cholesky(np.array(g) / fit["variance_residual"].estimate)
    theta = [
        np.sqrt(fit["variance_client_id"].estimate / fit["variance_residual"].estimate),
        *lower[np.tril_indices(2)],
    ]
    code = """
    f <- wai_client ~ session + (session | therapist_id) + (1 | client_id)
    answer("criterion", lmer(f, d, devFunOnly = TRUE)(ours$theta))
    """
    said = ask(code, packages=("lme4",), d=frame, ours={"theta": theta})
    close(said["criterion"], fit.facts["criterion"], 1e-9)


def test_intervals_and_errors_of_variances_agree_with_nlme():
    """nlme works on logarithms of SDs: the SE of a variance is 2 variance times that of its log SD."""
    frame = lines_of_clients(np.random.default_rng(7), clients=100)
    fit = linear_mixed(frame, outcome="oq45", fixed=("session",), groups={"client_id": ()})
    code = """
    m <- lme(oq45 ~ session, d, random = ~ 1 | client_id, method = "REML")
    answer("client", log(unlist(intervals(m)$reStruct$client_id[1, c(1, 3)])))
    answer("residual", log(intervals(m)$sigma[c(1, 3)]))
    """
    said = ask(code, packages=("nlme",), d=frame)
    log_se = fit["sd_client_id"].se / fit["sd_client_id"].estimate
    close(2 * 1.959964 * log_se, said["client.2"] - said["client.1"], 2e-3)
    log_se = fit["sd_residual"].se / fit["sd_residual"].estimate
    close(2 * 1.959964 * log_se, said["residual.2"] - said["residual.1"], 2e-3)


def test_the_profile_interval_of_an_icc_agrees_with_profiled_deviance_of_lme4():
    frame = lines_of_clients(np.random.default_rng(8), clients=60)
    share = variance_components(frame, outcome="oq45", groups=("client_id",), method="ml")["share_client_id"]
    code = """
    devfun <- lmer(oq45 ~ 1 + (1 | client_id), d, REML = FALSE, devFunOnly = TRUE)
    lowest <- optimize(function(x) devfun(x), c(.05, 5), tol = 1e-10)
    above <- function(x) devfun(x) - lowest$objective - qchisq(.95, 1)
    low <- uniroot(above, c(1e-6, lowest$minimum), tol = 1e-10)$root
    high <- uniroot(above, c(lowest$minimum, 20), tol = 1e-10)$root
    answer("ends", c(low, high)^2 / (1 + c(low, high)^2))
    """
    said = ask(code, packages=("lme4",), d=frame)
    close([share.low, share.high], [said["ends.1"], said["ends.2"]], 1e-4)


def _agrees(fit, said, *, fixed):
    close([fit[name].estimate for name in fixed], numbered(said, "b", len(fixed)), 1e-6)
    close([fit[name].se for name in fixed], numbered(said, "se", len(fixed)), 1e-5)
    close(fit.facts["criterion"], said["criterion"], 1e-9)
    close(fit.facts["aic"], said["aic"], 1e-9)
