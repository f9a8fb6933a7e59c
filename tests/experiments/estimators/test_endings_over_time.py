"""The registered estimates of dropout and of time: by hand on a few clients, and what they say when they cannot."""

import math

import numpy as np
import pandas as pd
import pytest

from experiments.estimators import endings_over_time as endings
from experiments.estimators import therapist_dropout
from experiments.estimators.methods.logistic.logistic import logistic
from experiments.estimators.methods.logistic.logistic_mixed import random_intercept
from tests.experiments import synthetic

SCALES = {"phq9": {"cutoff": 10, "reliable_change": 6, "higher_is_worse": True, "primary": True}}


def tables(held, ending):
    held = np.array(held)
    left = [None if h == 0 or e == "in_therapy" else e == "dissatisfied" for h, e in zip(held, ending, strict=True)]
    return {"clients": pd.DataFrame({"sessions_held": held, "ending": ending, "dropout_unilateral": left})}


TEN = tables(
    [0, 1, 1, 1, 2, 2, 3, 4, 5, 6],
    [
        "never_started",
        "dissatisfied",
        "dissatisfied",
        "good_enough",
        "dissatisfied",
        "in_therapy",
        "good_enough",
        "dissatisfied",
        "planned_end",
        "in_therapy",
    ],
)


def test_dropout_hazards_by_hand():
    got = endings.dropout_hazards(TEN)
    assert got["h1"].estimate == pytest.approx(2 / 9)
    assert got["h2"].estimate == pytest.approx(1 / 6)
    assert got["h4"].status == "too_few"


def test_dropout_by_session_by_hand_is_not_one_minus_kaplan_meier():
    got = endings.dropout_by_session(TEN)
    after_2 = 2 / 9 + 6 / 9 * 1 / 6
    after_4 = after_2 + 6 / 9 * 5 / 6 * 3 / 4 * 1 / 3
    assert got["by_1"].estimate == pytest.approx(2 / 9)
    assert got["by_2"].estimate == pytest.approx(after_2)
    assert got["by_4"].estimate == pytest.approx(after_4)
    assert got["by_4"].estimate < 1 - (7 / 9) * (5 / 6) * (2 / 3)
    assert got["by_8"].status == "too_few"
    assert got.facts["dropouts"] == 4


SCORES = {
    0: (20, [20, 18, 13, 9]),
    1: (20, [12, 12, 12]),
    2: (20, [20, 14, 20, 8]),
    3: (8, [8, 2, 2]),
    4: (15, [15, 15]),
    5: (16, [16, 16, 10, 9, 9]),
}
"""Intake and the PHQ-9 before sessions 1, 2, …; the first was taken before therapy began."""


def scored(scores=SCORES):
    rows = [(client, t, s) for client, (_, path) in scores.items() for t, s in enumerate(path, start=1)]
    clients = pd.DataFrame({"client_id": list(scores), "phq9_intake": [first for first, _ in scores.values()]})
    return {"clients": clients, "appointments": pd.DataFrame(rows, columns=["client_id", "session", "phq9"])}


def test_sessions_to_reliable_change_by_hand():
    """Changed by 6 at sessions 3, 2, 2, 2, never (seen to 2), 3: shares 1/2 after session 2, 0 after 3."""
    got = endings.sessions_to_change(scored(), SCALES)
    assert (got.estimate, got.n) == (2.5, 6)


def test_sessions_to_recovery_by_hand():
    """Five began at 10 or more; below 10 and 6 better at 4, never (to 3), 4, never (to 2), 4."""
    got = endings.sessions_to_recovery(scored(), SCALES)
    assert (got.estimate, got.n) == (4, 5)


def alike(first, second):
    """Compare estimate, interval and n; a gap is like a gap."""
    pairs = [(each.estimate, each.low, each.high, each.n) for each in (first, second)]
    return pairs[0] == pytest.approx(pairs[1], nan_ok=True)


def test_order_of_rows_does_not_matter_and_gaps_are_no_scores():
    data = scored()
    mixed = {"clients": data["clients"].iloc[::-1], "appointments": data["appointments"].sample(frac=1, random_state=1)}
    gap = pd.DataFrame({"client_id": [0, 4], "session": [None, 3], "phq9": [3, None]})
    mixed["appointments"] = pd.concat([mixed["appointments"], gap])
    for each in (endings.sessions_to_change, endings.sessions_to_recovery):
        assert alike(each(mixed, SCALES), each(data, SCALES))


def test_a_scale_on_which_higher_is_better_is_read_the_other_way_round():
    turned = scored({client: (30 - first, [30 - s for s in path]) for client, (first, path) in SCORES.items()})
    scales = {"phq9": {"cutoff": 20, "reliable_change": 6, "higher_is_worse": False, "primary": True}}
    for each in (endings.sessions_to_change, endings.sessions_to_recovery):
        assert alike(each(turned, scales), each(scored(), SCALES))


def test_without_a_reliable_change_or_scores_there_is_a_reason():
    assert endings.sessions_to_change(scored(), {"phq9": {"primary": True}}).status == "missing"
    assert endings.sessions_to_recovery(scored(), {"phq9": {"reliable_change": 6}}).status == "missing"
    empty = scored() | {"appointments": scored()["appointments"].iloc[:0]}
    assert endings.sessions_to_recovery(empty, SCALES).status == "missing"
    calm = scored({client: (12, [12, 12, 12]) for client in range(9)})
    assert endings.sessions_to_recovery(calm, SCALES).status == "too_few"


@pytest.fixture(scope="module")
def service():
    luck = np.random.default_rng(9)
    n = 1200
    therapist = luck.integers(0, 30, size=n)
    u, v = luck.normal(size=(2, 30)) * [[0.7], [0.8]]
    age, minority = luck.normal(38, 12, size=n), luck.random(n) < 0.4
    problems, intake = luck.random(n) < 0.3, luck.normal(15, 5, size=n)
    log_odds = -1 - 0.03 * (age - 38) + 0.5 * problems + u[therapist] + (0.5 + v[therapist]) * minority
    left = luck.random(n) < 1 / (1 + np.exp(-log_odds))
    ending = np.where(left, "dissatisfied", luck.choice(["good_enough", "in_therapy"], p=[0.9, 0.1], size=n))
    held = luck.integers(0, 12, size=n)
    known = (held > 0) & (ending != "in_therapy")
    return {
        "clients": pd.DataFrame(
            {
                "therapist_id": therapist,
                "sessions_held": held,
                "ending": ending,
                "dropout_unilateral": pd.array(np.where(known, left, None), dtype="boolean"),
                "phq9_intake": intake,
                "minority": minority,
                "age": age,
                "interpersonal_problems": problems,
            }
        )
    }


def whole(service):
    clients = service["clients"]
    rows = clients[clients["dropout_unilateral"].notna()]
    return rows.assign(left=rows["dropout_unilateral"].astype(float), age_decades=rows["age"] / 10)


def test_therapist_icc_is_that_of_the_model_with_what_is_known(service):
    got = therapist_dropout.therapist_dropout_icc(service, SCALES)
    names = ("phq9_intake", "minority", "age_decades", "interpersonal_problems")
    peer = random_intercept(whole(service), outcome="left", predictors=names, group="therapist_id")
    assert got["icc"] == peer["icc"]
    assert set(names) <= set(got)
    assert got.n == whole(service).shape[0]


def test_therapist_icc_leaves_out_what_was_not_asked_or_does_not_differ(service):
    clients = service["clients"].drop(columns=["age", "interpersonal_problems"]).assign(minority=False)
    got = therapist_dropout.therapist_dropout_icc({"clients": clients}, SCALES)
    assert got.ok
    assert [name for name in got if name.startswith("or_")] == ["or_phq9_intake"]


def test_therapist_icc_of_one_therapist_has_a_reason(service):
    got = therapist_dropout.therapist_dropout_icc({"clients": service["clients"].assign(therapist_id=3)}, SCALES)
    assert got["icc"].status == "one_group"


def test_minority_slope_has_an_odds_ratio_and_an_sd(service):
    got = therapist_dropout.minority_dropout_slope(service)
    assert got["or_minority"].estimate > 1
    assert got["sd_slope"].estimate > 0
    nobody = {"clients": service["clients"].assign(minority=False)}
    assert therapist_dropout.minority_dropout_slope(nobody)["sd_slope"].status == "constant"


def test_dropout_predictors_are_a_logistic_regression_per_decade(service):
    got = therapist_dropout.dropout_predictors(service)
    peer = logistic(whole(service), outcome="left", predictors=("age", "interpersonal_problems"))
    assert got["age_decades"].estimate == pytest.approx(10 * peer["age"].estimate)
    assert got["or_age_decades"].estimate < 1 < got["or_interpersonal_problems"].estimate


@pytest.mark.parametrize("entry", [*endings.ENTRIES, *therapist_dropout.ENTRIES], ids=lambda entry: entry.name)
def test_entries_name_what_they_return(service, entry):
    made = {"clients": service["clients"], **{k: v for k, v in scored().items() if "sessions_to" in entry.name}}
    got = entry.function(made, SCALES)
    assert not entry.headline or entry.headline in got
    assert entry.sentence.endswith(".") and entry.formula


@pytest.mark.parametrize("entry", [*endings.ENTRIES, *therapist_dropout.ENTRIES], ids=lambda entry: entry.name)
@pytest.mark.parametrize("rows", [0, 1, 3])
def test_a_clinic_of_hardly_anybody_gives_a_reason(service, entry, rows):
    made = {"clients": service["clients"].head(rows)}
    if "sessions_to" in entry.name:
        made = {name: table.head(rows) for name, table in scored().items()}
    got = entry.function(made, SCALES)
    assert got.status in ("missing", "too_few", "one_group", "constant")
    assert got.note.endswith(".")


def test_the_made_up_clinic_gives_numbers():
    clients, appointments = synthetic.clinic(1, clients=300)
    data = {"clients": clients, "appointments": appointments}
    got = [entry.function(data, synthetic.SCALES) for entry in endings.ENTRIES]
    assert all(each.ok for each in got)
    assert not math.isnan(got[0]["h1"].se)
