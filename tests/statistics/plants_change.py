"""Planted truths of change on scores, effect sizes, regressions and reliability, in the columns of our tables."""

import math

import numpy as np
import pandas as pd
from scipy import stats

from experiments.estimators.change import clinical_significance
from experiments.estimators.dropout_definitions import (
    alliance_dropout_readings,
    dropout_by_definition,
    trainee_dropout_diff,
)
from experiments.estimators.gains import early_response_rate, sudden_gains
from experiments.estimators.methods.basics import effect_sizes as es
from experiments.estimators.methods.basics.correlations import partial_correlation, semi_partial_correlation, spearman
from experiments.estimators.methods.basics.regression import ols
from experiments.estimators.methods.basics.reliability import attenuated, cronbach_alpha, retest
from experiments.estimators.methods.basics.shape import ceiling_share, skew
from experiments.estimators.methods.change.reliable_change import reliable_change_of_data
from experiments.estimators.nhs import nhs_outcomes
from experiments.estimators.predictors import alliance_outcome_readings
from experiments.estimators.ratings import rater_difference_d
from experiments.estimators.returning import missed_appointment_rate, no_return_after_first
from tests.experiments.estimators.test_endings_and_raters import clinic_of_leavers
from tests.statistics.planting import Plant

SCALES = {
    "phq9": {"cutoff": 10.0, "reliable_change": 6.0, "higher_is_worse": True},
    "gad7": {"cutoff": 8.0, "reliable_change": 4.0, "higher_is_worse": True},
}
N = 150
MEANS, SDS, R = (14.0, 9.5), (5.5, 6.5), 0.5
"""PHQ-9 before and after: means, SDs, correlation (not rounded, so that the truth has a closed form)."""


def pairs(luck, n=N, means=MEANS, sds=SDS, r=R):
    """Return scores before and after of n clients, normal."""
    cov = [[sds[0] ** 2, r * sds[0] * sds[1]], [r * sds[0] * sds[1], sds[1] ** 2]]
    return luck.multivariate_normal(means, cov, size=n).T


def below(limits, means=MEANS, sds=SDS, r=R):
    """Return P(before < limits[0] and after < limits[1])."""
    cov = [[sds[0] ** 2, r * sds[0] * sds[1]], [r * sds[0] * sds[1], sds[1] ** 2]]
    return float(stats.multivariate_normal(means, cov).cdf(limits))


def normal_fall(fall, means=MEANS, sds=SDS, r=R):
    """Return P(before - after < fall)."""
    sd = math.sqrt(sds[0] ** 2 + sds[1] ** 2 - 2 * r * sds[0] * sds[1])
    return float(stats.norm.cdf(fall, means[0] - means[1], sd))


def both_forms(before, after, scale="phq9"):
    return {
        f"{scale}_intake": before,
        f"{scale}_end": after,
        f"{scale}_last": after,
    }


def courses(luck):
    return {"clients": pd.DataFrame({"sessions_held": 8, "ending": "planned_end", **both_forms(*pairs(luck))})}


def recovered_truth():
    """Return P(before >= 10, after < 10, fall >= 6): a triangle of the plane, by summing thin strips of `after`."""
    after = np.linspace(-40, 10, 20_001)
    mean = MEANS[0] + R * SDS[0] / SDS[1] * (after - MEANS[1])
    high = stats.norm.sf(np.maximum(10, after + 6), mean, SDS[0] * math.sqrt(1 - R * R))
    return float(np.trapezoid(high * stats.norm.pdf(after, MEANS[1], SDS[1]), after))


CHANGE = {
    "recovered": recovered_truth(),
    "improved": 1 - normal_fall(6) - recovered_truth(),
    "unchanged": normal_fall(6) - normal_fall(-6),
    "deteriorated": normal_fall(-6),
}

GAD = {"means": (12.0, 8.0), "sds": (5.0, 5.5), "r": 0.4}


def two_scales(luck):
    forms = both_forms(*pairs(luck)) | both_forms(*pairs(luck, **GAD), scale="gad7")
    return {"clients": pd.DataFrame({"sessions_held": 8, "ending": "planned_end", **forms})}


def two_scale_truth():
    """Return the rates of the NHS rule for scales that are independent of each other (products of shares)."""
    calm = normal_fall(6) - normal_fall(-6)
    calm_gad = normal_fall(4, **GAD) - normal_fall(-4, **GAD)
    no_rise, no_rise_gad = 1 - normal_fall(-6), 1 - normal_fall(-4, **GAD)
    no_fall, no_fall_gad = normal_fall(6), normal_fall(4, **GAD)
    well_before = stats.norm.cdf(10, MEANS[0], SDS[0]) * stats.norm.cdf(8, GAD["means"][0], GAD["sds"][0])
    well_after = stats.norm.cdf(10, MEANS[1], SDS[1]) * stats.norm.cdf(8, GAD["means"][1], GAD["sds"][1])
    always = below((10, 10)) * below((8, 8), **GAD)
    return {
        "recovered": (well_after - always) / (1 - well_before),
        "improved": no_rise * no_rise_gad - calm * calm_gad,
        "deteriorated": no_fall * no_fall_gad - calm * calm_gad,
    }


def arms(luck, n=15, d=0.6):
    return luck.normal(d, 1, n), luck.normal(0, 1, n)


def two_effects(data):
    return {"d": es.cohen_d(*data), "g": es.hedges_g(*data)}


def unequal_arms(luck):
    return luck.normal(-3.0, 7.0, 60), luck.normal(0.0, 5.0, 80)


def pre_post(scores):
    return {
        "start_sd": es.d_on_start_sd(*scores),
        "change_sd": es.d_on_change_sd(*scores),
        "ratio": es.ratio_of_spreads(*scores),
    }


CHANGE_SD = math.sqrt(SDS[0] ** 2 + SDS[1] ** 2 - 2 * R * SDS[0] * SDS[1])


def dyads(luck, n=200):
    client, therapist = pairs(luck, n, means=(3.9, 3.48), sds=(0.7, 0.63), r=0.36)
    booked = pd.DataFrame({"client_id": np.arange(n), "session": 3, "wai_client": client, "wai_therapist": therapist})
    return {"clients": pd.DataFrame({"client_id": np.arange(n)}), "appointments": booked}


def caseloads(luck, therapists=60, size=10):
    """Return outcome, a predictor that is the therapist's, and the therapist: errors come in caseloads."""
    who = np.repeat(np.arange(therapists), size)
    skill = luck.normal(size=therapists)
    noise = luck.normal(scale=0.6, size=therapists)[who] + luck.normal(size=who.size)
    return {"y": 1 + 0.3 * skill[who] + noise, "skill": skill[who], "therapist_id": who}


def unequal_errors(luck, n=N):
    x = luck.normal(size=n)
    return {"y": 2 + 0.5 * x + luck.normal(size=n) * (0.5 + np.abs(x)), "x": x}


def three_columns(luck, n=N):
    """Return alliance, outcome and motivation with r(A, Y) = .4, r(A, M) = .5, r(Y, M) = .3."""
    cov = [[1, 0.4, 0.5], [0.4, 1, 0.3], [0.5, 0.3, 1]]
    return luck.multivariate_normal(np.zeros(3), cov, size=n).T


def three_correlations(data):
    alliance, outcome, motivation = data
    others = {"motivation": motivation}
    return {
        "partial": partial_correlation(alliance, outcome, others),
        "semi_partial": semi_partial_correlation(alliance, outcome, others),
        "spearman": spearman(alliance, outcome),
    }


def clinic_of_forms(luck, n=200):
    """Return clients with a latent alliance that goes with latent change by .3178, both seen through their forms.

    Reliability of the alliance .90; of the change, given the intake score, .85. The intake score is independent of
    the alliance, so that residualised change holds the latent change and error alone.
    """
    alliance = luck.normal(size=n)
    change = 0.3178 * alliance + math.sqrt(1 - 0.3178**2) * luck.normal(size=n)
    seen = change + math.sqrt(1 / 0.85 - 1) * luck.normal(size=n)
    before = luck.normal(14, 5, n)
    forms = both_forms(before, 0.6 * before + 2 - 4 * seen)
    rating = alliance + math.sqrt(1 / 0.90 - 1) * luck.normal(size=n)
    return {"clients": pd.DataFrame({"sessions_held": 8, "wai_client_s3": rating, **forms})}


JUMPERS, BACK = 0.3, 0.25


def jumping(luck, n=120, sessions=10):
    """Return session scores: three in ten clients fall by 14 once, a quarter of them rise again in the last session."""
    noise = luck.normal(scale=0.8, size=(n, sessions)) + 25
    jumper, back = luck.random(n) < JUMPERS, luck.random(n) < BACK
    at = luck.integers(3, 7, n)
    after = np.arange(sessions)[None, :] >= at[:, None]
    score = noise - 14 * (after & jumper[:, None])
    score[:, -1] += 12 * (jumper & back)
    who, session = np.divmod(np.arange(n * sessions), sessions)
    booked = pd.DataFrame({"client_id": who, "session": session + 1, "phq9": score.ravel()})
    return {"clients": pd.DataFrame({"client_id": np.arange(n), "sessions_held": sessions}), "appointments": booked}


def early(luck, n=N):
    """Return clients from 20 points whose score before session 4 is N(16, 4): a fifth better with probability 1/2."""
    booked = pd.DataFrame({"client_id": np.arange(n), "session": 4, "phq9": luck.normal(16, 4, n)})
    forms = both_forms(20 + luck.normal(scale=1e-6, size=n), luck.normal(10, 5, n))
    clients = pd.DataFrame({"client_id": np.arange(n), "sessions_held": 8, **forms})
    return {"clients": clients, "appointments": booked}


def endings(luck, n=300):
    """Return clients of whom trainees lose .34 and others .22; the chance to leave at each session is the same."""
    trainee = luck.random(n) < 0.4
    left = luck.random(n) < np.where(trainee, 0.34, 0.22)
    held = np.minimum(luck.geometric(0.3, n), 12)
    missed = np.where(left, luck.random(n) < 0.8, luck.random(n) < 0.1)
    frame = {
        "sessions_held": held,
        "ending": np.where(left, "dissatisfied", "planned_end"),
        "dropout_unilateral": left,
        "dropout_missed_last": missed,
        "trainee_therapist": trainee,
    }
    return {"clients": pd.DataFrame(frame)}


LEFT = 0.4 * 0.34 + 0.6 * 0.22


def bookings(luck, n=150):
    """Return appointments of clients who differ in how readily they miss one, Beta(1.5, 8.5): mean .15."""
    number = luck.integers(4, 20, n)
    who = np.repeat(np.arange(n), number)
    missed = luck.random(who.size) < luck.beta(1.5, 8.5, n)[who]
    order = np.concatenate([np.arange(1, k + 1) for k in number])
    attendance = np.where(missed, "no_show", "held")
    booked = pd.DataFrame({"client_id": who, "appointment": order, "attendance": attendance})
    clients = pd.DataFrame({"client_id": np.arange(n), "dropout_unilateral": 0.0, "wai_client_s1": luck.normal(size=n)})
    return {"clients": clients, "appointments": booked}


def answers(luck, n=N, items=8):
    """Return parallel items that correlate by .5: alpha = 8 x .5 / (1 + 7 x .5)."""
    return luck.normal(size=(n, 1)) * math.sqrt(0.5) + luck.normal(size=(n, items)) * math.sqrt(0.5)


SEM_TRUTH = 5.5 * math.sqrt(1 - 0.84)


PLANTS = [
    Plant(
        "change: recovered, improved, unchanged, deteriorated",
        courses,
        lambda t: clinical_significance(t, SCALES),
        CHANGE,
    ),
    Plant("change: the NHS rule of two scales", two_scales, lambda t: nhs_outcomes(t, SCALES), two_scale_truth()),
    Plant(
        "change: two arms of 15",
        arms,
        two_effects,
        {"d": 0.6, "g": 0.6},
        slack=0.06,
        why="Cohen's d is too large by 1 / J - 1 = 2.8 % in arms of 15, .04 of its SD; g is not",
    ),
    Plant("change: Hedges' g of two arms of 15", arms, lambda a: {"g": es.hedges_g(*a)}, {"g": 0.6}),
    Plant(
        "change: Glass' delta of unequal spreads",
        unequal_arms,
        lambda a: {"delta": es.glass_delta(*a)},
        {"delta": -3 / 5},
        slack=0.05,
        why="a ratio to an SD of 80 clients is too large by 1 %, .03 of its SD",
    ),
    Plant(
        "change: pre-post d on two SDs, ratio of spreads",
        pairs,
        pre_post,
        {"start_sd": 4.5 / 5.5, "change_sd": 4.5 / CHANGE_SD, "ratio": 6.5 / 5.5},
        slack=0.08,
        why="ratios to an SD of 150 clients are too large by .5 %, about .05 of their SD",
    ),
    Plant(
        "change: client minus therapist in SDs",
        dyads,
        lambda t: {"d": rater_difference_d(t)},
        {"d": 0.42 / math.sqrt((0.7**2 + 0.63**2) / 2)},
    ),
    Plant(
        "change: least squares in caseloads",
        caseloads,
        lambda t: ols(t["y"], {"skill": t["skill"]}, errors="cluster", clusters=t["therapist_id"]),
        {"intercept": 1.0, "skill": 0.3},
    ),
    Plant(
        "change: least squares with unequal errors",
        unequal_errors,
        lambda t: ols(t["y"], {"x": t["x"]}, errors="hc3"),
        {"intercept": 2.0, "x": 0.5},
    ),
    Plant(
        "change: partial, semi-partial and rank correlation",
        three_columns,
        three_correlations,
        {
            "partial": (0.4 - 0.15) / math.sqrt(0.75 * 0.91),
            "semi_partial": (0.4 - 0.15) / math.sqrt(0.75),
            "spearman": 6 / math.pi * math.asin(0.2),
        },
        slack=0.08,
        why="correlations are too small by r (1 - r r) / (2 n), .02 of their SD; Spearman's a little more",
    ),
    Plant(
        "change: alliance and outcome through their forms",
        clinic_of_forms,
        lambda t: alliance_outcome_readings(t, SCALES),
        {name: attenuated(0.3178, reliability_x=0.90, reliability_y=0.85) for name in ("residualised", "partial")},
    ),
    Plant(
        "change: sudden gains of clients who jump",
        jumping,
        lambda t: sudden_gains(t, SCALES),
        {"clients": JUMPERS, "reversed": BACK, "clients_fixed_t": JUMPERS},
    ),
    Plant("change: early response", early, lambda t: early_response_rate(t, SCALES), {"rate": 0.5, "d": 0.0}),
    Plant(
        "change: dropout by definition",
        endings,
        lambda t: dropout_by_definition(t, SCALES),
        {
            "unilateral": LEFT,
            "missed_last": 0.8 * LEFT + 0.1 * (1 - LEFT),
            "intake_only": 0.3,
            "few_sessions": 1 - 0.7**3,
        },
    ),
    Plant(
        "change: dropout of trainees' clients",
        endings,
        trainee_dropout_diff,
        {"risk_difference": 0.12, "risk_ratio": 0.34 / 0.22, "odds_ratio": 0.34 * 0.78 / (0.66 * 0.22)},
        slack=0.2,
        why="ratios are skewed: their mean lies above the truth by half the variance of the logarithm, .15 of an SD",
    ),
    Plant(
        "change: no return after session t",
        endings,
        no_return_after_first,
        {"after_1": 0.3, "after_3": 0.3, "fall": 0.0},
    ),
    Plant("change: missed appointments", bookings, missed_appointment_rate, {"rate": 0.15, "low_minus_high": 0.0}),
    Plant(
        "change: alliance of dropouts, three readings",
        lambda luck: {"clients": clinic_of_leavers(luck, 500)},
        alliance_dropout_readings,
        {"session_1": 0.555, "by_session_3": 0.588, "last": 0.748},
    ),
    Plant(
        "change: alpha of eight items",
        answers,
        lambda items: {"alpha": cronbach_alpha(items)},
        {"alpha": 4 / 4.5},
        slack=0.15,
        why="alpha is too small by about 2 (1 - alpha) / n, a tenth of its SD",
    ),
    Plant(
        "change: retest",
        lambda luck: pairs(luck, means=(14, 13), sds=(5.5, 5.5), r=0.84),
        lambda scores: retest(*scores),
        {"r": 0.84, "sem": SEM_TRUTH, "shift": -1.0},
        slack=0.1,
        why="r is too small by r (1 - r r) / (2 n)",
        covered=("r", "shift"),
    ),
    Plant(
        "change: reliable change from data",
        lambda luck: pairs(luck)[0],
        lambda scores: reliable_change_of_data(scores, 0.87),
        {"reliable_change": 1.96 * math.sqrt(2 * (1 - 0.87)) * 5.5},
        covered=(),
    ),
    Plant(
        "change: skew and ceiling of ratings",
        lambda luck: luck.normal(3.9, 0.7, N),
        lambda x: {"skew": skew(x), "ceiling": ceiling_share(x, top=4.6)},
        {"skew": 0.0, "ceiling": float(stats.norm.sf(1.0))},
    ),
]
