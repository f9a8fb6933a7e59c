"""Virtual clinics and what is pooled over them: who is in which clinic, and numbers done by hand."""

import math

import numpy as np
import pandas as pd
import pytest

from experiments.estimators.alliance import alliance_outcome_r
from experiments.estimators.clinics import virtual_clinics
from experiments.estimators.methods.meta.meta_analysis import random_effects
from experiments.estimators.pooled import (
    ENTRIES,
    alliance_r_over_clinics,
    plain_mean,
    pool,
    pool_correlations,
    pool_runs,
)
from experiments.estimators.value import MISSING, TOO_FEW, absent, found


def service(seed, *, therapists=40, clients=25, slope=1.5):
    """Return a clients table of therapists with so many clients each (a number or one for each)."""
    luck = np.random.default_rng(seed)
    therapist = np.repeat(np.arange(therapists), clients)
    n = therapist.size
    alliance, before = luck.normal(size=n), luck.normal(15, 5, size=n)
    after = 0.5 * before - slope * alliance + luck.normal(0, 4, size=n)
    return pd.DataFrame(
        {
            "client_id": np.arange(n),
            "therapist_id": therapist,
            "sessions_held": 8,
            "phq9_intake": before,
            "phq9_end": after,
            "phq9_last": after,
            "wai_client_s3": alliance,
        }
    )


def test_five_therapists_of_25_are_a_clinic_of_125():
    label = virtual_clinics(service(1))
    assert (label == np.repeat(np.arange(8), 125)).all()


def test_every_clinic_has_the_size_of_published_ones():
    luck = np.random.default_rng(2)
    clients = service(2, therapists=120, clients=np.round(luck.lognormal(3.4, 0.6, size=120)).astype(int))
    label = virtual_clinics(clients)
    sizes = np.bincount(label[label >= 0])
    staff = clients.assign(clinic=label).groupby("clinic")["therapist_id"].nunique().drop(-1, errors="ignore")
    assert sizes.min() >= 50 and sizes.max() <= 200 and 110 <= sizes.mean() <= 140
    assert staff.min() >= 2 and staff.max() <= 8
    assert (label < 0).mean() < 0.1


def test_clients_without_a_therapist_are_in_no_clinic():
    clients = service(3).astype({"therapist_id": float})
    clients.loc[::10, "therapist_id"] = np.nan
    label = virtual_clinics(clients)
    assert (label[::10] == -1).all() and (label >= 0).sum() == 900


def test_a_therapist_too_large_for_a_clinic_is_left_out():
    label = virtual_clinics(service(4, therapists=6, clients=[60, 65, 230, 60, 60, 20]))
    assert np.unique(label).tolist() == [-1, 0, 1]
    assert (label < 0).sum() == 230


def test_a_rest_too_small_joins_the_last_clinic():
    assert np.bincount(virtual_clinics(service(5, therapists=6, clients=25))).tolist() == [150]


def test_the_order_of_rows_does_not_matter():
    clients = service(6)
    mixed = clients.sample(frac=1, random_state=1)
    assert (virtual_clinics(mixed) == virtual_clinics(clients)[mixed.index]).all()
    first, second = (alliance_r_over_clinics({"clients": each}) for each in (clients, mixed))
    assert first["mean_r"].estimate == pytest.approx(second["mean_r"].estimate, rel=1e-12)


def test_the_mean_is_that_of_the_single_clinics():
    clients = service(7)
    each = [alliance_outcome_r({"clients": clients[clients["therapist_id"] // 5 == clinic]}) for clinic in range(8)]
    fit = alliance_r_over_clinics({"clients": clients})
    r = np.array([value.estimate for value in each])
    assert fit["mean_r"].estimate == pytest.approx(r.mean(), rel=1e-12)
    assert fit["mean_r"].se == pytest.approx(r.std(ddof=1) / math.sqrt(8), rel=1e-12)
    by_z = random_effects(np.arctanh(r), np.full(8, 1 / 122), test="knapp_hartung")
    assert fit["pooled_r"].estimate == pytest.approx(math.tanh(by_z["mean"].estimate), rel=1e-12)
    assert fit["prediction"].high == pytest.approx(math.tanh(by_z["prediction"].high), rel=1e-12)
    assert fit["tau2"].estimate == by_z["tau2"].estimate
    assert (fit.n, fit.facts["clinics"], fit["mean_r"].n) == (1000, 8, 1000)


def test_the_turned_back_error_is_that_of_the_delta_method():
    values = [found(r, se=0.1, n=100) for r in (0.2, 0.5, 0.3, 0.4)]
    fit = pool_correlations(values)
    z = random_effects(np.arctanh([0.2, 0.5, 0.3, 0.4]), np.full(4, 1 / 97), test="knapp_hartung")["mean"]
    assert fit["pooled_r"].se == pytest.approx((1 - math.tanh(z.estimate) ** 2) * z.se, rel=1e-12)


def test_clinics_without_a_correlation_are_counted():
    clients = service(8)
    clients.loc[clients["therapist_id"] < 5, "wai_client_s3"] = np.nan
    fit = alliance_r_over_clinics({"clients": clients})
    assert (fit.facts["clinics"], fit.facts["clinics_without"], fit.n) == (7, 1, 875)


@pytest.mark.parametrize(
    ("clients", "status"),
    [
        (service(9, therapists=1, clients=100), MISSING),
        (service(9, therapists=5, clients=25), TOO_FEW),
        (service(9, therapists=3, clients=5), MISSING),
        (service(9).assign(wai_client_s3=np.nan), MISSING),
        (service(9).assign(phq9_intake=12.0), MISSING),
        (service(9).iloc[:0], MISSING),
    ],
)
def test_too_little_gives_a_reason(clients, status):
    fit = alliance_r_over_clinics({"clients": clients})
    assert (fit.status, fit["mean_r"].status) == (status, status) and fit.note


def test_estimates_are_pooled_by_their_errors():
    values = [found(0.4, se=0.1, n=50), found(0.6, se=0.2, n=20), absent(TOO_FEW, n=2, note="Few."), found(0.5, n=9)]
    fit = pool(values, method="FE", test="z")
    assert fit["mean"].estimate == pytest.approx((0.4 / 0.01 + 0.6 / 0.04) / (1 / 0.01 + 1 / 0.04))
    assert fit.n == 2


def test_runs_are_pooled_from_their_table():
    runs = pd.DataFrame({"pre_post_d": [0.8, 1.0, np.nan, 0.9], "pre_post_d_se": [0.1, 0.1, np.nan, 0.2]})
    fit = pool_runs(runs, "pre_post_d")
    assert fit.n == 3 and 0.8 < fit["mean"].estimate < 1.0
    assert pool_runs(runs.iloc[2:3], "pre_post_d").status == MISSING


def test_a_plain_mean_by_hand():
    value = plain_mean(np.array([0.2, 0.4, 0.6]))
    assert (value.estimate, value.se) == (pytest.approx(0.4), pytest.approx(0.2 / math.sqrt(3)))
    assert value.high - value.estimate == pytest.approx(4.302652729911275 * value.se)


def test_the_entry_names_its_headline():
    fit = alliance_r_over_clinics({"clients": service(1)})
    assert ENTRIES[0].headline in fit and ENTRIES[0].name == "alliance_r_over_clinics"
