"""From the sheets to the tables: what is null, and what a number that looks like "none" is."""

import json
import pickle

import pytest

from sim import output, tables
from sim.derived import above_cutoff, change_on_scores, dropout_by_definition
from sim.instruments import scales
from sim.service import Setting, simulate
from sim.state import (
    DISSATISFIED,
    EXTERNAL,
    GOOD_ENOUGH,
    IN_THERAPY,
    NEVER_STARTED,
    NOBODY,
    PLANNED_END,
    AppointmentRecord,
    ClientRecord,
)
from tests.sim import clinic


def test_a_measurement_of_exactly_minus_one_is_a_number():
    row = AppointmentRecord(client_id=0, therapist_id=0, appointment=1, session=1, week=3, attendance=0)
    row.true_distress = row.true_alliance = row.true_motivation = -1.0
    written = output.appointment_row(row)
    assert (written["true_distress"], written["true_alliance"], written["true_motivation"]) == (-1.0, -1.0, -1.0)


def test_what_was_not_measured_is_null():
    row = AppointmentRecord(client_id=0, therapist_id=0, appointment=1, week=3, attendance=1)
    written = output.appointment_row(row)
    there = {name for name, value in written.items() if value is not None}
    assert there == {"client_id", "therapist_id", "appointment", "week", "held", "attendance"}


def test_an_alliance_that_stands_still_at_minus_one_is_written_in_every_session():
    still = {name: 0.0 for name in STILL} | {"alliance.start": -1.0}
    table = clinic.tables(still, keep="sessions")["appointments"]
    held = [alliance for alliance, there in zip(table["true_goal"], table["held"], strict=True) if there]
    assert held and set(held) == {-1.0}


STILL = (
    "alliance.start_motivation",
    "alliance.start_trust",
    "alliance.pace",
    "alliance.mood_sd",
    "culture.first_impression",
    "rupture.possible",
    "rupture.repair_lift",
    "bias.remark_strain",
)


def test_codes_stand_for_the_words_of_the_dictionary_in_order():
    words = {
        "good_enough": GOOD_ENOUGH,
        "planned_end": PLANNED_END,
        "dissatisfied": DISSATISFIED,
        "external": EXTERNAL,
        "never_started": NEVER_STARTED,
        "in_therapy": IN_THERAPY,
    }
    assert [words[word] for word in tables.ENDINGS] == list(range(6))
    assert tables.ATTENDANCE == ("held", "no_show", "cancelled_by_client", "cancelled_by_therapist")
    assert tables.RUPTURES == ("none", "withdrawal", "confrontation")


# --- derived columns ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("intake", "after", "improved", "deteriorated", "recovered"),
    [
        (15, 9, True, False, True),
        (16, 10, True, False, False),
        (14, 9, False, False, False),
        (10, 4, True, False, True),
        (9, 3, True, False, False),
        (9, 15, False, True, False),
        (9, 14, False, False, False),
        (12, 12, False, False, False),
    ],
)
def test_reliable_change_and_recovery_of_the_phq9(intake, after, improved, deteriorated, recovered):
    assert list(change_on_scores(intake, after, scales()["phq9"]).values()) == [improved, deteriorated, recovered]


def test_on_a_scale_whose_high_scores_are_good_improvement_goes_up():
    csi16 = scales()["csi16"]
    assert list(change_on_scores(40, 52, csi16).values()) == [True, False, True]
    assert list(change_on_scores(40, 50, csi16).values()) == [True, False, False]
    assert list(change_on_scores(40, 46, csi16).values()) == [False, False, False]
    assert list(change_on_scores(40, 33, csi16).values()) == [False, True, False]
    assert above_cutoff(51, csi16) is True and above_cutoff(52, csi16) is False


def test_a_fall_of_exactly_the_index_counts_where_scores_have_decimals():
    """18.4 - 13.4 is a little less than 5 in binary."""
    assert change_on_scores(18.4, 13.4, scales()["core_om"])["reliable_improvement"] is True
    assert change_on_scores(18.4, 13.5, scales()["core_om"])["reliable_improvement"] is False


def test_without_a_scale_nothing_is_above_a_cut_off():
    assert above_cutoff(15, None) is None and above_cutoff(None, scales()["phq9"]) is None
    assert set(change_on_scores(15, 3, None).values()) == {None}


@pytest.mark.parametrize(("intake", "after"), [(None, 5), (5, None), (None, None)])
def test_without_two_scores_there_is_no_change_to_speak_of(intake, after):
    assert set(change_on_scores(intake, after, scales()["phq9"]).values()) == {None}


@pytest.mark.parametrize(
    ("ending", "missed", "agreed", "sessions", "expected"),
    [
        (GOOD_ENOUGH, 0, 10, 4, [False, False, True]),
        (GOOD_ENOUGH, 0, NOBODY, 4, [False, False, None]),
        (PLANNED_END, 0, 10, 10, [False, False, False]),
        (PLANNED_END, 0, 1, 1, [False, False, False]),
        (DISSATISFIED, 1, 10, 4, [True, True, True]),
        (DISSATISFIED, 0, NOBODY, 4, [True, False, None]),
        (EXTERNAL, 1, 10, 4, [False, True, True]),
        (NEVER_STARTED, 1, 10, 0, [None, None, None]),
        (IN_THERAPY, 0, 10, 4, [None, None, None]),
    ],
)
def test_three_published_definitions_of_dropout_count_differently(ending, missed, agreed, sessions, expected):
    client = ClientRecord(ending=ending, missed_last=missed, contract_sessions=agreed, sessions=sessions)
    assert list(dropout_by_definition(client).values()) == expected


# --- what leaves the door -------------------------------------------------------------------------------


def test_tables_are_plain_data():
    written = clinic.tables(clinic.BUSY)
    assert json.loads(json.dumps(written, allow_nan=False)) == written


def test_a_setting_can_be_sent_to_a_worker():
    setting = clinic.setting(clinic.BUSY, assignment="fixed", intake="session_1")
    sent = pickle.loads(pickle.dumps(setting))
    assert sent == setting
    assert simulate(sent, seed=1, keep="clients") == simulate(setting, seed=1, keep="clients")


def test_the_least_that_is_kept_is_nothing_but_what_the_runner_adds():
    assert simulate(Setting(clinic.setting().values), seed=1, keep="runs") == {}


def test_an_unknown_level_of_keep_is_refused():
    with pytest.raises(ValueError):
        clinic.tables(keep="all")
