"""Three readings of "the alliance of dropouts" in one clinic: a known answer, worked out again with our estimator."""

import numpy as np
import pandas as pd
import pytest

from experiments.estimators.dropout_definitions import alliance_dropout_readings

SESSIONS = 12


def clinic_of_leavers(luck, clients):
    """Return the clients table of a clinic in which only the alliance decides who drops out.

    Session alliance a = u + e, u ~ N(0, .7) per client, e ~ N(0, .3) per session (variances); report = a with error
    of reliability .9. After each of 12 sessions P(drop out) = logistic(-4.22 - .75 a).
    """
    u = luck.normal(scale=np.sqrt(0.7), size=(clients, 1))
    alliance = u + luck.normal(scale=np.sqrt(0.3), size=(clients, SESSIONS))
    report = alliance + luck.normal(scale=np.sqrt(1 / 0.9 - 1), size=alliance.shape)
    leaves = luck.random(alliance.shape) < 1 / (1 + np.exp(4.22 + 0.75 * alliance))
    left = leaves.any(axis=1)
    held = np.where(left, leaves.argmax(axis=1) + 1, SESSIONS)
    return pd.DataFrame(
        {
            "client_id": np.arange(clients),
            "sessions_held": held,
            "ending": np.where(left, "dissatisfied", "planned_end"),
            "dropout_unilateral": left,
            "wai_client_s1": report[:, 0],
            "wai_client_s3": np.where(held >= 3, report[:, 2], np.nan),
            "wai_client_last": report[np.arange(clients), held - 1],
        }
    )


def test_known_answer_endings_and_raters():
    clients = clinic_of_leavers(np.random.default_rng(7), 100_000)
    got = alliance_dropout_readings({"clients": clients})
    assert clients["dropout_unilateral"].mean() == pytest.approx(0.198, abs=0.005)
    assert got["session_1"].estimate == pytest.approx(0.555, abs=0.025)
    assert got["by_session_3"].estimate == pytest.approx(0.588, abs=0.025)
    assert got["last"].estimate == pytest.approx(0.748, abs=0.025)


def test_the_readings_come_apart_by_more_than_chance():
    got = alliance_dropout_readings({"clients": clinic_of_leavers(np.random.default_rng(8), 100_000)})
    assert got["by_session_3"].estimate - got["session_1"].estimate > 0.01
    assert got["last"].estimate - got["by_session_3"].estimate > 0.1
