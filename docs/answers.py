"""The table of other people's answers, worked out anew each time the pages are made: what they got, what we get."""

import numpy as np

from experiments.estimators.methods.basics.reliability import attenuated, reliability_of_mean
from experiments.estimators.methods.change.reliable_change import cut_offs, reliable_change_index
from experiments.estimators.methods.change.sudden_gains import jumps, summary_of_jumps
from experiments.estimators.methods.meta.meta_analysis import random_effects
from experiments.estimators.methods.mixed.linear_mixed import linear_mixed
from experiments.estimators.methods.survival.cumulative_incidence import cumulative_incidence
from experiments.estimators.methods.survival.kaplan_meier import kaplan_meier
from experiments.estimators.methods.trials.growth_trial import Arm, growth
from experiments.estimators.methods.trials.power import trial_power, type_one_error
from experiments.estimators.methods.trials.weibull_dropout import weibull_dropout
from tests.experiments.estimators.sgdata import bdi
from tests.experiments.estimators.test_linear_mixed import BATCHES
from tests.experiments.estimators.test_meta_analysis import V, Z
from tests.experiments.estimators.test_power import THREE, TWO, WEEKS
from tests.experiments.estimators.test_time_to_ending import EVENTS, TIMES


def answers():
    """Return a table: what was worked out, by whose software, the answer expected, and ours."""
    lines = ["| what | whose answer | expected | got |", "|---|---|---|---|"]
    for make in (_gains, _change, _meta, _mixed, _power, _endings, _closed):
        rows = [(*words, expected, _text(got, expected)) for *words, expected, got in make()]
        lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)


def _text(got, expected):
    """Return ours with one digit more than the answer is given with, so that a rounding can be seen."""
    got = got if isinstance(got, float) else got.estimate
    decimals = len(expected.partition(".")[2]) if "." in expected else 0
    return f"{got:.{decimals + 1}f}" if decimals else f"{got:g}"


def _gains():
    scores = bdi()
    each = summary_of_jumps(jumps(scores, cutoff=7))
    hits = jumps(scores, cutoff=7)
    found = hits.found == 1
    whose = "suddengains 0.7.2, its example data"
    yield "sudden gains", whose, "24", float(found.sum())
    yield "clients with one", whose, "15", float(found.any(axis=1).sum())
    yield "with several", whose, "8", float((found.sum(axis=1) > 1).sum())
    yield "gains taken back", whose, "4", float((hits.reversed[found] == 1).sum())
    yield "mean size, BDI points", whose, "11.00", float(hits.size[found].mean())
    yield "share of clients with one", whose, ".3488", each["clients"]


def _change():
    index = reliable_change_index(10.5, 0.961)
    for name, expected in (("sem", "2.073584"), ("difference_se", "2.93249"), ("reliable_change", "5.747681")):
        yield f"{name}, SD 10.5, reliability .961", "suddengains 0.7.2", expected, index[name]
    cuts = cut_offs(clinic_mean=40, clinic_sd=7.5, community_mean=60, community_sd=7.5)
    for name, expected in (("a", "55"), ("b", "45"), ("c", "50")):
        yield f"cut-off {name}", "Jacobson & Truax 1991", expected, cuts[name]


def _meta():
    whose = "metafor 3.8, 16 correlations (Molloy 2014)"
    reml, dl = random_effects(Z, V), random_effects(Z, V, method="DL")
    pm, knha = random_effects(Z, V, method="PM"), random_effects(Z, V, test="knapp_hartung")
    yield "REML mean of Fisher's z", whose, ".149918", reml["mean"].estimate
    yield "its standard error", whose, ".031561", reml["mean"].se
    yield "REML tau²", whose, ".008111", reml["tau2"].estimate
    yield "I², per cent", whose, "61.7324", reml["i2"]
    yield "DL tau²", whose, ".007763", dl["tau2"].estimate
    yield "PM tau²", whose, ".009479", pm["tau2"].estimate
    yield "Knapp–Hartung standard error", whose, ".032770", knha["mean"].se


def _mixed():
    reml = linear_mixed(BATCHES, outcome="y", groups={"batch": ()})
    ml = linear_mixed(BATCHES, outcome="y", groups={"batch": ()}, method="ml")
    whose = "lme4, Dyestuff"
    yield "variance between, REML", whose, "1764.05", reml["variance_batch"].estimate
    yield "variance within", whose, "2451.25", reml["variance_residual"].estimate
    yield "standard error of the mean", whose, "19.383412", reml["intercept"].se
    yield "REML criterion", whose, "319.654277", reml.facts["criterion"]
    yield "variance between, ML", whose, "1388.3333", ml["variance_batch"].estimate


def _power():
    whose = "powerlmm 0.4.0"
    two = trial_power(TWO, Arm(25), Arm(25), d=-0.5)
    three = trial_power(THREE, Arm((10,) * 4), Arm((10,) * 4), d=-0.8)
    uneven = trial_power(THREE, Arm((2, 3, 5, 20)), Arm((2, 3, 5, 20)), d=-0.8)
    yield "power, 25 clients an arm", whose, ".30950257", two["power"].estimate
    yield "power, 4 therapists × 10 clients an arm", whose, ".58354862", three["power"].estimate
    yield "power, 2, 3, 5 and 20 clients", whose, ".44361825", uneven["power"].estimate
    gone = weibull_dropout(WEEKS, share=0.3, rate=0.5)
    yield "Weibull dropout by week 5", whose, ".22291635", float(gone[5])
    model = growth(WEEKS, icc_pre=0.5, var_ratio=0.02, icc_slope=0.05)
    for n, expected in ((5, ".0661"), (15, ".1073"), (30, ".1655")):
        arm = Arm((n,) * 5)
        yield (
            f"Type I error that ignores therapists of {n} clients",
            "closed form",
            expected,
            type_one_error(model, arm, arm),
        )


def _endings():
    whose = "survival and cmprsk 2.2-11"
    curve = cumulative_incidence(np.array(TIMES, float), np.array(EVENTS, object), of=(1, 2))
    yield "share ended by cause 1 at time 8", whose, ".481481", curve.at(1, 8)
    yield "share ended by cause 2 at time 8", whose, ".296296", curve.at(2, 8)
    naive = 1 - kaplan_meier(TIMES, np.equal(EVENTS, 1)).share[-1]
    yield "1 − Kaplan–Meier, which must not be reported as that share", whose, ".611111", float(naive)


def _closed():
    yield (
        "r .3178 seen through reliabilities .90 and .85",
        "closed form",
        ".278",
        attenuated(0.3178, reliability_x=0.90, reliability_y=0.85),
    )
    yield "reliability of a therapist's mean, ICC .05, 30 clients", "closed form", ".612", reliability_of_mean(0.05, 30)
