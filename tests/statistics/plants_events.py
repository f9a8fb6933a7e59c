"""Planted truths for dropout and time: clinics whose therapists, hazards and odds ratios are known."""

import math

import numpy as np
import pandas as pd
from scipy.special import expit

from experiments.estimators.endings_over_time import dropout_by_session, dropout_hazards
from experiments.estimators.methods.logistic.logistic_slope import random_slope
from experiments.estimators.methods.survival.hazards import hazard_regression
from experiments.estimators.methods.survival.kaplan_meier import kaplan_meier, median
from experiments.estimators.therapist_dropout import dropout_predictors, minority_dropout_slope, therapist_dropout_icc
from tests.statistics.planting import Plant

ICC = 0.126
TAU = math.sqrt(ICC / (1 - ICC) * math.pi**2 / 3)
DROP, WELL = 0.06, 0.08
"""Chance after each session to drop out, and for those who do not, to be well enough."""


def therapists_and_clients(luck, *, therapists=80, clients=25, sd=TAU, slope_sd=0.0, r=0.0):
    """Draw ended therapies: dropout depends on intake score, minority, age, problems and the therapist."""
    therapist = np.repeat(np.arange(therapists), clients)
    n = therapist.size
    u, v = luck.normal(size=(2, therapists))
    v = r * u + math.sqrt(1 - r * r) * v
    intake, minority = luck.normal(15, 5, size=n), luck.random(n) < 0.5
    log_odds = -1.6 + 0.04 * intake + 0.4 * minority + sd * u[therapist] + slope_sd * v[therapist] * minority
    left = luck.random(n) < expit(log_odds)
    return pd.DataFrame(
        {
            "client_id": np.arange(n),
            "therapist_id": therapist,
            "sessions_held": 1 + luck.poisson(6, size=n),
            "ending": np.where(left, "dissatisfied", "good_enough"),
            "dropout_unilateral": left,
            "phq9_intake": intake,
            "minority": minority,
        }
    )


def clients_at_risk(luck, *, n=800):
    """Draw clients of one clinic whose dropout depends on age and personality problems."""
    age, problems = luck.normal(38, 12, size=n), luck.random(n) < 0.25
    left = luck.random(n) < expit(0.1 - 0.03 * age + 0.5 * problems)
    return pd.DataFrame(
        {
            "sessions_held": 1 + luck.poisson(6, size=n),
            "ending": np.where(left, "dissatisfied", "planned_end"),
            "dropout_unilateral": left,
            "age": age,
            "interpersonal_problems": problems,
        }
    )


def courses(luck, *, n=600):
    """Draw courses that drop out or are well enough after any session, some still in therapy when the clock stops."""
    minority = luck.random(n) < 0.5
    held = luck.geometric(1 - (1 - DROP) * (1 - WELL), size=n)
    left = luck.random(n) < DROP / (1 - (1 - DROP) * (1 - WELL))
    stop = luck.integers(1, 40, size=n)
    over = held <= stop
    return pd.DataFrame(
        {
            "sessions_held": np.minimum(held, stop),
            "ending": np.where(over, np.where(left, "dissatisfied", "good_enough"), "in_therapy"),
            "dropout_unilateral": pd.array(np.where(over, left, None), dtype="boolean"),
            "minority": minority,
        }
    )


def dropout_by(session):
    """The share that has dropped out after so many sessions."""
    going_on = (1 - DROP) * (1 - WELL)
    return DROP * (1 - going_on**session) / (1 - going_on)


def sessions_at_hazard(luck, *, n=500):
    """Draw courses of at most 8 sessions; the hazard falls with sessions and is higher for minority clients."""
    minority, age = luck.random(n) < 0.5, luck.normal(3.8, 1.2, size=n)
    log_odds = -1.0 - 0.3 * np.log(np.arange(1, 9)) + (0.5 * minority - 0.2 * (age - 3.8))[:, None]
    leaves = luck.random((n, 8)) < expit(log_odds)
    left = leaves.any(axis=1)
    return pd.DataFrame(
        {
            "sessions_held": np.where(left, leaves.argmax(axis=1) + 1, 8),
            "ending": np.where(left, "dissatisfied", "planned_end"),
            "minority": minority,
            "age": age - 3.8,
        }
    )


def hazard_model(clients):
    """Fit the hazard of dropping out on minority and age."""
    return hazard_regression(
        clients, time="sessions_held", cause="ending", of=("dissatisfied",), predictors=("minority", "age")
    )


def weeks_to_ending(luck, *, n=200):
    """Draw weeks to the ending with a median of 12, some clients watched for a shorter time."""
    weeks, stop = luck.exponential(12 / math.log(2), size=n), luck.uniform(4, 60, size=n)
    return np.minimum(weeks, stop), (weeks <= stop).astype(float)


def survival(data):
    """Fit the curve: its median, and the share that goes on for 6 and 24 weeks."""
    curve = kaplan_meier(*data)
    return {"median": median(curve), "after_6": curve.value(6), "after_24": curve.value(24)}


def correlated_slopes(clients):
    """Fit intercepts and slopes of minority that may correlate."""
    return random_slope(
        clients.assign(dropout=clients["dropout_unilateral"]),
        outcome="dropout",
        predictors=("minority",),
        slope="minority",
        group="therapist_id",
        points=5,
    )


ML = (
    "a maximum-likelihood variance between therapists is too small by about one therapist's worth (1 / 80 of it, a"
    " tenth of its SD)"
)

PLANTS = [
    Plant(
        name="dropout: therapists' ICC (logit)",
        draw=lambda luck: {"clients": therapists_and_clients(luck)},
        fit=therapist_dropout_icc,
        truth={"icc": ICC, "sd": TAU, "intercept": -1.6, "phq9_intake": 0.04, "minority": 0.4},
        slack=0.15,
        why=ML,
    ),
    Plant(
        name="dropout: therapists' slopes of minority, independent",
        draw=lambda luck: {"clients": minority_only(luck, r=0.0)},
        fit=minority_dropout_slope,
        truth={"minority": 0.4, "intercept": -1.0, "sd_intercept": 0.7, "sd_slope": 0.8},
        slack=0.2,
        why=ML,
    ),
    Plant(
        name="dropout: therapists' slopes of minority, correlated",
        draw=lambda luck: minority_only(luck, r=-0.4),
        fit=correlated_slopes,
        truth={"minority": 0.4, "intercept": -1.0, "sd_intercept": 0.7, "sd_slope": 0.8, "correlation": -0.4},
        slack=0.2,
        why=ML,
    ),
    Plant(
        name="dropout: logistic regression",
        draw=lambda luck: {"clients": clients_at_risk(luck)},
        fit=dropout_predictors,
        truth={"intercept": 0.1, "age_decades": -0.3, "interpersonal_problems": 0.5},
    ),
    Plant(
        name="dropout: hazards after sessions 1 to 5",
        draw=lambda luck: {"clients": courses(luck)},
        fit=dropout_hazards,
        truth={f"h{session}": DROP for session in range(1, 6)},
    ),
    Plant(
        name="dropout: cumulative incidence by session",
        draw=lambda luck: {"clients": courses(luck)},
        fit=dropout_by_session,
        truth={f"by_{session}": dropout_by(session) for session in (1, 4, 12, 20)},
    ),
    Plant(
        name="dropout: hazard regression",
        draw=sessions_at_hazard,
        fit=hazard_model,
        truth={"level_1": -1.0, "level_2": -1.0 - 0.3 * math.log(2), "minority": 0.5, "age": -0.2},
    ),
    Plant(
        name="weeks in therapy: Kaplan-Meier",
        draw=weeks_to_ending,
        fit=survival,
        truth={"median": 12.0, "after_6": 0.5**0.5, "after_24": 0.25},
    ),
]


def minority_only(luck, *, r):
    """Draw ended therapies in which only minority and the therapist matter."""
    clients = therapists_and_clients(luck, clients=40, sd=0.0)
    u, v = luck.normal(size=(2, 80))
    v = r * u + math.sqrt(1 - r * r) * v
    log_odds = -1.0 + 0.7 * u[clients["therapist_id"]] + (0.4 + 0.8 * v[clients["therapist_id"]]) * clients["minority"]
    left = luck.random(len(clients)) < expit(log_odds.to_numpy())
    return clients.assign(dropout_unilateral=left, ending=np.where(left, "dissatisfied", "good_enough"))
