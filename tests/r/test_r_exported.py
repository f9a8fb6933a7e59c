"""From one end to the other: R opens what `alliance export` wrote and finds the numbers that our estimates give.

A service is simulated and exported; the script of the export opens the tables; lme4, survival, cmprsk, metafor and
lavaan then compute from the columns, each definition written anew in R.
"""

import numpy as np
import pandas as pd
import pytest

from experiments.estimators import (
    REGISTRY,
    endings_over_time,
    pooled,
    therapist_dropout,
    therapist_effects,
    within_client,
)
from experiments.estimators.clinics import virtual_clinics
from experiments.estimators.methods.panel.riclpm import riclpm
from experiments.export import export
from tests.experiments import small
from tests.r.rscript import ask

pytestmark = pytest.mark.r

TOPICS = (therapist_effects, therapist_dropout, endings_over_time, within_client, pooled)
ESTIMATES = {**REGISTRY, **{each.name: each for topic in TOPICS for each in topic.ENTRIES}}
CONFIG = """
name = "service"
seed = 20261124
keep = "sessions"
figures = []
estimates = []
[set]
"service.clients" = 1200
"service.therapists" = 30
"service.referral_weeks" = 60
"service.weeks" = 100
"""
LATER = """
last <- ifelse(clients$sessions_held >= FEWEST, clients$phq9_last, NA)
after <- ifelse(is.na(clients$phq9_end), last, clients$phq9_end)
d <- data.frame(after, before = clients$phq9_intake, therapist = clients$therapist_id, alliance = clients$wai_client_s3,
                id = clients$client_id)
"""
CHANGE = """
within <- function(d) {
  d <- na.omit(d[c("alliance", "before", "after")])
  c(r = cor(d$alliance, -residuals(lm(after ~ before, d))), n = nrow(d))
}
"""
DROPOUT = """
seen <- clients[clients$sessions_held >= 1, ]
kind <- ifelse(seen$ending == "in_therapy", 0, ifelse(seen$dropout_unilateral %in% TRUE, 1, 2))
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """The result, its tables as our estimates read them, and the folder of its export."""
    home = tmp_path_factory.mktemp("exported")
    result = small.result(home, CONFIG)
    export(result, home / "csv", wide=["wai_client", "phq9"], sessions=range(1, 8))
    return result, {name: result.table(name) for name in result.tables}, home / "csv"


def ours(service, name):
    """Return what an estimate gives for the tables of the result."""
    result, tables, _ = service
    return ESTIMATES[name].function(tables, result.manifest["scales"])


def theirs(service, code, *, packages=(), **frames):
    """Open the export by its own script, then ask R."""
    folder = service[2].as_posix()
    opened = f'invisible(capture.output(source("{folder}/analysis.R", chdir = TRUE)))\n'
    return ask(opened + code, packages=packages, **frames)


def vector(answers, name):
    keys = [key for key in answers if key.rpartition(".")[0] == name]
    return np.array([answers[key] for key in sorted(keys, key=lambda key: int(key.rpartition(".")[2]))])


def of(fit, names, field="estimate"):
    return np.array([getattr(fit[name], field) for name in names])


def test_the_alliance_outcome_correlation(service):
    said = theirs(
        service, LATER.replace("FEWEST", "4") + CHANGE + 'answer("r", within(d)["r"]); answer("n", within(d)["n"])'
    )
    got = ours(service, "alliance_outcome_r")
    assert (got.estimate, got.n) == (pytest.approx(said["r"], rel=1e-9), said["n"])


def test_the_share_of_therapists_in_outcome_is_lmers(service):
    code = (
        LATER.replace("FEWEST", "2")
        + """
    d <- na.omit(d[c("after", "before", "therapist")])
    d <- d[ave(d$after, d$therapist, FUN = length) >= 5, ]
    for (kind in c("adjusted", "plain")) {
      f <- lmer(if (kind == "adjusted") after ~ before + (1 | therapist) else after ~ 1 + (1 | therapist), d)
      v <- as.data.frame(VarCorr(f))$vcov
      answer(kind, c(v[1] / sum(v), v, nrow(d)))
    }
    """
    )
    said = theirs(service, code, packages=("lme4",))
    for kind, name in {"adjusted": "therapist_effect_icc", "plain": "therapist_icc_unadjusted"}.items():
        got = ours(service, name)
        np.testing.assert_allclose(
            of(got, ("icc", "variance_between", "variance_within")), vector(said, kind)[:3], rtol=1e-4
        )
        assert got.n == vector(said, kind)[3]
        assert got["icc"].estimate > 0.005


def test_the_shares_of_therapist_client_and_session_in_the_alliance_are_lmers(service):
    code = """
    f <- lmer(wai_client ~ 1 + (1 | therapist_id) + (1 | client_id), appointments)
    v <- setNames(as.data.frame(VarCorr(f))$vcov, as.data.frame(VarCorr(f))$grp)
    answer("share", v[c("therapist_id", "client_id", "Residual")] / sum(v))
    answer("mean", fixef(f)); answer("n", nobs(f))
    """
    said, got = theirs(service, code, packages=("lme4",)), ours(service, "alliance_components")
    shares = of(got, ("therapist_share", "client_share", "session_share"))
    np.testing.assert_allclose(shares, vector(said, "share"), rtol=1e-5)
    assert (got["mean"].estimate, got.n) == (pytest.approx(said["mean"], rel=1e-6), said["n"])


def test_the_share_of_therapists_in_dropout_is_glmers(service):
    code = (
        DROPOUT
        + """
    over <- seen[seen$ending != "in_therapy", ]
    careful <- glmerControl(optimizer = "bobyqa", tolPwrss = 1e-12, optCtrl = list(rhobeg = .02, rhoend = 1e-9))
    f <- glmer(dropout_unilateral ~ phq9_intake + minority + (1 | therapist_id), over, binomial, careful, nAGQ = POINTS)
    s <- as.data.frame(VarCorr(f))$sdcor
    answer("sd", s); answer("icc", s^2 / (s^2 + pi^2 / 3)); answer("or", exp(fixef(f)[-1])); answer("n", nobs(f))
    """
    )
    got = ours(service, "therapist_dropout_icc")
    said = theirs(service, code.replace("POINTS", "25"), packages=("lme4",))
    assert got.n == said["n"]
    np.testing.assert_allclose([got["sd"].estimate, got["icc"].estimate], [said["sd"], said["icc"]], rtol=1e-5)
    np.testing.assert_allclose(of(got, ("or_phq9_intake", "or_minority")), vector(said, "or"), rtol=1e-5)


def test_dropout_by_session_is_cumincs(service):
    code = (
        DROPOUT
        + """
    at <- c(1, 2, 4, 8, 12, 20)
    theirs <- timepoints(cuminc(seen$sessions_held, kind), at)
    answer("share", theirs$est["1 1", ])
    curve <- summary(survfit(Surv(sessions_held, factor(kind, 0:2)) ~ 1, seen), times = at)
    answer("survfit", curve$pstate[, 2]); answer("error", curve$std.err[, 2]); answer("n", nrow(seen))
    """
    )
    said, got = theirs(service, code, packages=("cmprsk", "survival")), ours(service, "dropout_by_session")
    names = [f"by_{session}" for session in (1, 2, 4, 8, 12, 20)]
    np.testing.assert_allclose(of(got, names), vector(said, "share"), rtol=1e-9)
    np.testing.assert_allclose(of(got, names), vector(said, "survfit"), rtol=1e-9)
    np.testing.assert_allclose(of(got, names, "se"), vector(said, "error"), rtol=1e-6)  # cuminc has Aalen's
    assert got.n == said["n"]


def test_sessions_to_reliable_change_are_survfits(service):
    least = service[0].manifest["scales"]["phq9"]["reliable_change"]
    code = f"""
    scores <- na.omit(appointments[c("client_id", "session", "phq9")])
    s <- merge(scores, na.omit(clients[c("client_id", "phq9_intake")]))
    s$better <- s$phq9_intake - s$phq9 >= {least} & s$session >= 2
    one <- do.call(rbind, lapply(split(s, s$client_id), function(x)
      data.frame(time = if (any(x$better)) min(x$session[x$better]) else max(x$session), had = any(x$better))))
    f <- survfit(Surv(time, had) ~ 1, one)
    answer("median", summary(f)$table["median"]); answer("n", nrow(one))
    """
    said, got = theirs(service, code, packages=("survival",)), ours(service, "sessions_to_change")
    assert (got.estimate, got.n) == (said["median"], said["n"])


def test_the_correlation_pooled_over_clinics_is_metafors(service):
    clients = service[1]["clients"]
    clinics = pd.DataFrame({"client_id": clients["client_id"], "clinic": virtual_clinics(clients)})
    code = (
        LATER.replace("FEWEST", "4")
        + CHANGE
        + """
    d$clinic <- clinics$clinic[match(d$id, clinics$client_id)]
    each <- vapply(split(d[d$clinic >= 0, ], d$clinic[d$clinic >= 0]), within, numeric(2))
    f <- rma(measure = "ZCOR", ri = each["r", ], ni = each["n", ], method = "REML", test = "knha",
             control = list(threshold = 1e-13, maxiter = 1000))
    answer("pooled", tanh(c(f$b, f$ci.lb, f$ci.ub))); answer("tau2", f$tau2); answer("i2", f$I2)
    answer("mean", mean(each["r", ]))
    """
    )
    said = theirs(service, code, packages=("metafor",), clinics=clinics)
    got = ours(service, "alliance_r_over_clinics")
    pooled = got["pooled_r"]
    np.testing.assert_allclose([pooled.estimate, pooled.low, pooled.high], vector(said, "pooled"), rtol=1e-6)
    np.testing.assert_allclose(got["mean_r"].estimate, said["mean"], rtol=1e-9)
    np.testing.assert_allclose(
        [got["tau2"].estimate, got["i2"].estimate], [said["tau2"], said["i2"]], rtol=1e-5, atol=1e-9
    )


PATHS = ("x_to_y", "y_to_x", "x_to_x", "y_to_y")
LAVAAN = """
folder <- getwd(); setwd("PLACE"); invisible(capture.output(source("panel_lavaan.R"))); setwd(folder)
tell <- function(name, fit) {
  p <- parameterEstimates(fit); p <- p[!duplicated(p$label) & p$label != "", ]
  wanted <- c("wai_client_to_phq9", "phq9_to_wai_client", "wai_client_to_wai_client", "phq9_to_phq9")
  answer(paste0(name, ".b"), p$est[match(wanted, p$label)]); answer(paste0(name, ".se"), p$se[match(wanted, p$label)])
  answer(paste0(name, ".fit"), fitMeasures(fit, c("logl", "chisq", "rmsea", "cfi")))
}
"""


def panel_agrees(fit, said, name, names):
    x, y = names
    paths = [path.replace("x", "X").replace("y", y).replace("X", x) for path in PATHS]
    np.testing.assert_allclose(of(fit, paths), vector(said, f"{name}.b"), rtol=1e-5)
    np.testing.assert_allclose(of(fit, paths, "se"), vector(said, f"{name}.se"), rtol=1e-5)
    facts = [fit.facts["loglik"], fit.facts["chi2"], fit.facts["rmsea"], fit.facts["cfi"]]
    np.testing.assert_allclose(facts[:1], vector(said, f"{name}.fit")[:1], rtol=1e-8)
    np.testing.assert_allclose(facts[1:], vector(said, f"{name}.fit")[1:], rtol=1e-8)


def test_the_panel_model_written_beside_the_export_is_ours(service):
    said = ask(LAVAAN.replace("PLACE", service[2].as_posix()) + 'tell("f", fit)', packages=("lavaan",))
    data = pd.read_csv(service[2] / "panel.csv")
    series = [data.filter(regex=f"^{name}_s").to_numpy() for name in ("wai_client", "phq9")]
    panel_agrees(riclpm(*series, names=("wai", "phq")), said, "f", ("wai", "phq"))


def test_the_registered_panel_model_is_lavaans_on_the_exported_wide_table(service):
    code = """
    stayed <- wide[wide$sessions_held >= 4, ]
    tell("f", lavaan(model, data = stayed, missing = "ml", meanstructure = TRUE, information = "observed",
                     em.h1.iter.max = 10000L, control = list(iter.max = 5000, eval.max = 10000, rel.tol = 1e-10)))
    """
    said = theirs(service, LAVAAN.replace("PLACE", service[2].as_posix()) + code, packages=("lavaan",))
    panel_agrees(ours(service, "alliance_symptom_paths"), said, "f", ("alliance", "symptoms"))
