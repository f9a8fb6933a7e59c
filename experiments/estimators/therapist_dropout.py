"""Dropout and whom it depends on: the therapist, and what is known of the client.

All are about clients with at least one session whose therapy has ended; a client still in therapy has not dropped out
yet, and nobody knows whether they will.
"""

import numpy as np

from experiments.estimators.columns import ended, numbers, primary, started
from experiments.estimators.estimator import PRIMARY, Estimator
from experiments.estimators.methods.logistic.logistic import logistic
from experiments.estimators.methods.logistic.logistic_mixed import random_intercept
from experiments.estimators.methods.logistic.logistic_slope import random_slope

RISKS = ("minority", "age_decades", "interpersonal_problems")
"""What is known of a client besides the intake score; used if it was asked and differs between clients."""
DROPOUT = ("sessions_held", "ending", "dropout_unilateral")


def therapist_dropout_icc(tables, scales=None):
    """Return the therapists' share of the spread of dropout, ICC on the logit scale, given what is known of clients.

    Logistic model of dropout with a random intercept per therapist; `sd`, `icc`, `variance`, and the odds ratios of
    the intake score and of `RISKS`.
    """
    clients, scale = _over(tables), f"{primary(scales)}_intake"
    known = [name for name in (scale, *RISKS) if name in clients and _differs(clients, name)]
    return random_intercept(clients, outcome="dropout", predictors=tuple(known), group="therapist_id")


def minority_dropout_slope(tables, scales=None):
    """Return the odds ratio of dropout of minority clients, and its SD between therapists (on the log scale).

    Logistic model with a random intercept and an independent random slope of `minority`: `or_minority`, `sd_slope`.
    """
    return random_slope(
        _over(tables),
        outcome="dropout",
        predictors=("minority",),
        slope="minority",
        group="therapist_id",
        covariance="none",
    )


def dropout_predictors(tables, scales=None):
    """Return the odds ratios of dropout per ten years of age and for personality problems, by logistic regression."""
    return logistic(_over(tables), outcome="dropout", predictors=("age_decades", "interpersonal_problems"))


def _over(tables):
    """Return the clients with a session and an ending, with `dropout` (0/1) and age in decades."""
    clients = tables["clients"]
    clients = clients[started(clients) & ended(clients)]
    more = {"age_decades": numbers(clients, "age") / 10} if "age" in clients else {}
    return clients.assign(dropout=numbers(clients, "dropout_unilateral"), **more)


def _differs(clients, name):
    values = numbers(clients, name)
    values = values[~np.isnan(values)]
    return values.size > 0 and np.ptp(values) > 0


ENTRIES = (
    Estimator(
        therapist_dropout_icc,
        "Therapists' share of dropout",
        "How far therapists differ in dropout once what is known of their clients is allowed for: intraclass"
        " correlation on the logit scale.",
        unit="share of variance (logit scale)",
        formula="tau^2 / (tau^2 + pi^2 / 3), logit dropout ~ intake score + minority, age,"
        " interpersonal_problems (those that a run has) + (1 | therapist)",
        source="saxon2017",
        columns=(*DROPOUT, "therapist_id", f"{PRIMARY}_intake"),
        headline="icc",
        parts={
            "sd": ("SD of log odds", "spread of dropout between therapists (tau)"),
            "variance": ("log odds squared", "variance of dropout between therapists (tau squared)"),
            "or_minority": ("odds ratio", "odds of dropout of minority clients / of others"),
            "or_*": ("odds ratio", "odds of dropout per point (of age: per ten years; of a yes or no: yes / no)"),
            "intercept": ("log odds", "of dropout where every predictor is 0, at the average therapist"),
            "*_intake": ("log odds", "of dropout per point of the intake score"),
            "minority": ("log odds", "of dropout, minority minus majority clients"),
            "age_decades": ("log odds", "of dropout per ten years of age"),
            "interpersonal_problems": ("log odds", "of dropout, with minus without interpersonal problems"),
        },
        caveat="Maximum likelihood: a little too small with few therapists. A therapist's caseload is taken as drawn by"
        " chance, given what is known of clients.",
    ),
    Estimator(
        minority_dropout_slope,
        "Therapists' differences in minority dropout",
        "Do minority clients drop out more, and does that depend on the therapist? SD between therapists of the log"
        " odds ratio of dropout, minority against majority.",
        unit="SD of log odds ratios",
        formula="logit dropout ~ minority + (1 | therapist) + (0 + minority | therapist)",
        source="owen2012",
        columns=(*DROPOUT, "therapist_id", "minority"),
        headline="sd_slope",
        parts={
            "intercept": ("log odds", "of dropout of majority clients at the average therapist"),
            "minority": ("log odds", "of dropout, minority minus majority, at the average therapist"),
            "or_minority": ("odds ratio", "odds of dropout of minority / majority clients, at the average therapist"),
            "sd_intercept": ("SD of log odds", "spread between therapists of dropout of majority clients"),
        },
        caveat="Intercept and slope are taken as independent: with a free correlation the estimated SD is above 0 in"
        " nearly every data set, whether slopes differ or not.",
    ),
    Estimator(
        dropout_predictors,
        "Dropout by age and personality problems",
        "Odds ratios of dropout per ten years of age and with personality problems; the number that stands for all is"
        " that of ten years.",
        unit="odds ratio",
        formula="logit dropout ~ age / 10 + interpersonal_problems",
        source="swift2012",
        columns=(*DROPOUT, "age", "interpersonal_problems"),
        headline="or_age_decades",
        parts={
            "intercept": ("log odds", "of dropout at age 0 without personality problems"),
            "age_decades": ("log odds", "of dropout per ten years of age"),
            "interpersonal_problems": ("log odds", "of dropout, with minus without personality problems"),
            "or_age_decades": ("odds ratio", "odds of dropout per ten years of age"),
            "or_interpersonal_problems": ("odds ratio", "odds of dropout with / without personality problems"),
        },
    ),
)
"""The estimates of this module, in words."""
