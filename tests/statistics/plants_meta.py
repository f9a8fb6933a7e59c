"""Planted truths for pooling: runs, virtual clinics, and clinics within runs, each with a known mean and spread."""

import numpy as np
import pandas as pd
from scipy import stats

from experiments.estimators.methods.meta.meta_analysis import random_effects
from experiments.estimators.methods.meta.meta_three_level import three_level
from experiments.estimators.pooled import alliance_r_over_clinics, pool_runs
from tests.statistics.planting import Plant

MEAN, TAU = 0.8, 0.15


def runs(luck, *, k):
    """Return the runs table of `k` runs: pre-post d of clinics that differ truly, with the SE of each."""
    se = luck.uniform(0.05, 0.25, size=k)
    truth = MEAN + TAU * luck.normal(size=k)
    return pd.DataFrame({"run_id": np.arange(k), "pre_post_d": truth + se * luck.normal(size=k), "pre_post_d_se": se})


def by_z(table):
    return random_effects(table["pre_post_d"], table["pre_post_d_se"] ** 2)


def by_knapp_hartung(table):
    return pool_runs(table, "pre_post_d")


def clients(luck, *, clinics=24):
    """Return a clients table of clinics of 5 therapists with 25 clients, whose true Fisher z is N(.3, .1^2)."""
    clinic = np.repeat(np.arange(clinics), 125)
    r = np.tanh(0.3 + 0.1 * luck.normal(size=clinics))[clinic]
    alliance, before, own = luck.normal(size=(3, clinic.size))
    after = 14 + 2.5 * before - 4 * (r * alliance + np.sqrt(1 - r * r) * own)
    return pd.DataFrame(
        {
            "client_id": np.arange(clinic.size),
            "therapist_id": np.arange(clinic.size) // 25,
            "sessions_held": 10,
            "phq9_intake": 15 + 5 * before,
            "phq9_end": after,
            "phq9_last": after,
            "wai_client_s3": 3.8 + 0.6 * alliance,
        }
    )


def by_clinics(table):
    return alliance_r_over_clinics({"clients": table})


def clinics_in_runs(luck, *, runs=40, clinics=5):
    """Return one row per virtual clinic: its run, and an effect that varies between runs (.02) and clinics (.01)."""
    run = np.repeat(np.arange(runs), clinics)
    se = luck.uniform(0.06, 0.14, size=run.size)
    effect = 0.3 + np.sqrt(0.02) * luck.normal(size=runs)[run] + np.sqrt(0.01) * luck.normal(size=run.size)
    return pd.DataFrame(
        {"run_id": run, "clinic": np.arange(run.size), "z": effect + se * luck.normal(size=run.size), "se": se}
    )


def by_three_levels(table):
    return three_level(table["z"], table["se"] ** 2, outer=table["run_id"], inner=table["clinic"])


MEAN_R = float(stats.norm(0.3, 0.1).expect(np.tanh))

PLANTS = [
    Plant("meta_reml_30_runs", lambda luck: runs(luck, k=30), by_z, {"mean": MEAN, "tau2": TAU**2}),
    Plant(
        "meta_knapp_hartung_20_runs", lambda luck: runs(luck, k=20), by_knapp_hartung, {"mean": MEAN, "tau2": TAU**2}
    ),
    Plant(
        "meta_knapp_hartung_8_runs",
        lambda luck: runs(luck, k=8),
        by_knapp_hartung,
        {"mean": MEAN},
    ),
    Plant(
        "meta_24_clinics",
        clients,
        by_clinics,
        {"mean_r": MEAN_R, "tau2": 0.01},
        slack=0.1,
        why="r from n = 125 is too small by r (1 - r r) / (2 n), and by r / (2 n) because change, but not alliance, is"
        " residualised on intake: -.0023, a tenth of the SD",
    ),
    Plant(
        "meta_clinics_in_runs",
        clinics_in_runs,
        by_three_levels,
        {"mean": 0.3, "outer": 0.02, "inner": 0.01},
    ),
]
"""REML with z and with Knapp-Hartung; tau2 by the Q-profile interval, the three-level variances by the profile."""
