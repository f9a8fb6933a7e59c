"""The forms of a session: who puts down what, what colours it, and when it is missing."""

from math import isnan
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import draws as luck
from sim import forms
from sim.instruments import scales
from sim.measures import (
    alliance_item_mean,
    calls_it_rupture,
    coded_shares,
    symptom_score,
    total_item_mean,
)
from sim.parameters import record, resolve
from sim.state import NOBODY, AppointmentRecord, ClientRecord, DyadRecord

ALL = {"phq9": "every", "wai_client": "every", "wai_therapist": "every"}
P = record(
    resolve(
        {
            "rating.relief": 1.5,
            "rating.session_sd": 0.3,
            "rating.part_sd": 0.6,
            "rating.client_level": 1.0,
            "rating.client_slope": 0.7,
            "rating.therapist_level": 0.5,
            "rating.therapist_slope": 0.9,
            "rating.therapist_part_sd": 0.4,
            "view.sees": 0.6,
            "form.symptom_missed": 0.1,
            "form.client_missed": 0.2,
            "form.therapist_missed": 0.3,
            "view.client_threshold": 0.3,
            "view.observer_threshold": 0.6,
            "communication.coding_error": 0.15,
        }
    )
)


@pytest.fixture
def client():
    return ClientRecord(rating_style=0.2, phq9_own=-0.7)


@pytest.fixture
def dyad():
    return DyadRecord(seen=0.5)


@pytest.fixture
def row():
    return AppointmentRecord(
        session=3,
        true_distress=0.4,
        true_goal=0.9,
        true_task=0.1,
        true_bond=-0.4,
        true_alliance=0.2,
        relief=0.3,
        new_strain=0.5,
        supportive=0.4,
        exploratory=0.35,
        controlling=0.25,
    )


@pytest.fixture
def draws():
    dealt = [0.5] * luck.APPOINTMENT.size
    for position, name in enumerate(
        ("SYMPTOM_ERROR", "CLIENT_RATING_ERROR", "CLIENT_GOAL_ERROR", "CLIENT_TASK_ERROR", "CLIENT_BOND_ERROR")
    ):
        dealt[getattr(luck, name)] = 0.8 - 0.35 * position
    for position, name in enumerate(("THERAPIST_GOAL_ERROR", "THERAPIST_TASK_ERROR", "THERAPIST_BOND_ERROR")):
        dealt[getattr(luck, name)] = -1.2 + 0.9 * position
    for position, name in enumerate(("CODES_SUPPORTIVE", "CODES_EXPLORATORY", "CODES_CONTROLLING")):
        dealt[getattr(luck, name)] = 1.0 - 0.8 * position
    return dealt


def fill(client, dyad, row, draws, *, asked=ALL, answers=None, p=P):
    forms.fill(client, dyad, row, draws, answers or {}, asked, scales(), p)
    return row


def of_items(*items, reach=1.0):
    """Return a form with these numbers of items."""
    return SimpleNamespace(items=items, reach=reach)


FINE = of_items(4000, 3000, 5000)
"""A form of so many items that rounding hides nothing."""


def test_a_client_rates_the_parts_with_relief_style_and_error(client, row, draws):
    forms.rate_as_client(client, row, draws, FINE, P)
    common = 1.5 * 0.3 + 0.2 + 0.3 * 0.45
    expected = [
        alliance_item_mean(part + common + 0.6 * error, 1.0, 0.7, items)
        for part, error, items in zip((0.9, 0.1, -0.4), (0.1, -0.25, -0.6), FINE.items, strict=True)
    ]
    assert [row.wai_client_goal, row.wai_client_task, row.wai_client_bond] == pytest.approx(expected, abs=4e-4)
    assert row.wai_client == total_item_mean(row.wai_client_goal, row.wai_client_task, row.wai_client_bond, FINE.items)


def test_a_therapist_rates_the_alliance_as_seen_and_a_share_of_how_the_parts_differ(dyad, row, draws):
    forms.rate_as_therapist(dyad, row, draws, FINE, P)
    expected = [
        alliance_item_mean(0.5 + 0.6 * (part - 0.2) + 0.4 * error, 0.5, 0.9, items)
        for part, error, items in zip((0.9, 0.1, -0.4), (-1.2, -0.3, 0.6), FINE.items, strict=True)
    ]
    rated = [row.wai_therapist_goal, row.wai_therapist_task, row.wai_therapist_bond]
    assert rated == pytest.approx(expected, abs=4e-4)
    assert row.wai_therapist == total_item_mean(*rated, FINE.items)


def test_each_part_moves_in_the_steps_of_its_own_items(client, dyad, row, draws):
    items = (5, 7, 11)
    forms.rate_as_client(client, row, draws, of_items(*items), P)
    forms.rate_as_therapist(dyad, row, draws, of_items(*items), P)
    for rater in ("client", "therapist"):
        for part, steps in zip(("goal", "task", "bond"), items, strict=True):
            points = getattr(row, f"wai_{rater}_{part}") * steps
            assert points == pytest.approx(round(points), abs=1e-9)
            assert round(points) % steps


def test_ratings_are_in_the_items_of_each_form(client, dyad, row, draws):
    fill(client, dyad, row, draws)
    by_hand = [AppointmentRecord(**{name: getattr(row, name) for name in AppointmentRecord.__slots__}) for _ in "ab"]
    forms.rate_as_client(client, by_hand[0], draws, of_items(4, 4, 4, reach=scales()["wai_client"].reach), P)
    forms.rate_as_therapist(dyad, by_hand[1], draws, of_items(3, 3, 4), P)
    assert (row.wai_client, row.wai_therapist) == (by_hand[0].wai_client, by_hand[1].wai_therapist)


def test_the_phq9_is_taken_before_the_session(client, dyad, row, draws):
    client.set_point = 3.0  # where the session and the week have led since
    fill(client, dyad, row, draws)
    assert row.phq9 == symptom_score(0.4, -0.7, 0.8, scales()["phq9"])


def test_the_observer_codes_acts_and_each_rater_has_a_threshold_of_their_own(client, dyad, row, draws):
    draws[luck.CLIENT_SEES_STRAIN] = draws[luck.OBSERVER_SEES_STRAIN] = 0.0
    fill(client, dyad, row, draws)
    coded = coded_shares(0.4, 0.35, 0.25, 1.0, 0.2, -0.6, P)
    assert (row.supportive_observer, row.exploratory_observer, row.controlling_observer) == pytest.approx(coded)
    assert (row.rupture_client, row.rupture_observer) == (1, 0)


def test_client_and_observer_err_each_for_themselves(client, dyad, row, draws):
    draws[luck.CLIENT_SEES_STRAIN], draws[luck.OBSERVER_SEES_STRAIN] = -4.0, 4.0
    fill(client, dyad, row, draws)
    assert row.rupture_client == calls_it_rupture(0.5, 0.3, -4.0, P) == 0
    assert row.rupture_observer == calls_it_rupture(0.5, 0.6, 4.0, P) == 1


@pytest.mark.parametrize(
    ("card", "missed", "column"),
    [
        ("SYMPTOM_FORM_MISSED", 0.1, "phq9"),
        ("CLIENT_FORM_MISSED", 0.2, "wai_client"),
        ("THERAPIST_FORM_MISSED", 0.3, "wai_therapist"),
    ],
)
def test_each_form_is_missed_with_its_own_chance(client, dyad, row, draws, card, missed, column):
    for shift, there in ((-1e-9, False), (1e-9, True)):
        one = AppointmentRecord(**{name: getattr(row, name) for name in AppointmentRecord.__slots__})
        draws[getattr(luck, card)] = missed + shift
        fill(client, dyad, one, draws)
        value = getattr(one, column)
        assert (value != NOBODY and not isnan(value)) is there
        draws[getattr(luck, card)] = 0.5


@pytest.mark.parametrize("scale", ALL)
def test_a_form_that_is_not_scheduled_at_this_session_is_not_filled_in(client, dyad, row, draws, scale):
    fill(client, dyad, row, draws, asked=ALL | {scale: (1, 2, 4)})
    filled = {name: getattr(row, name) not in (NOBODY,) and not isnan(getattr(row, name)) for name in ALL}
    assert filled == {name: name != scale for name in ALL}


def test_a_form_that_was_never_asked_is_not_filled_in(client, dyad, row, draws):
    fill(client, dyad, row, draws, asked={})
    assert row.phq9 == NOBODY and isnan(row.wai_client) and isnan(row.wai_therapist)
    assert row.rupture_observer in (0, 1)


# --- switches -------------------------------------------------------------------------------------------


def off(switch, **changes):
    return record(resolve({name.replace("__", "."): value for name, value in changes.items()}, {switch: False}))


@given(relief=st.floats(-3.0, 3.0))
def test_with_relief_in_rating_off_relief_does_not_colour_the_rating(relief):
    rated = []
    for felt in (relief, 0.0):
        row = AppointmentRecord(session=1, true_goal=0.1, true_task=0.2, true_bond=0.3, relief=felt)
        forms.rate_as_client(
            ClientRecord(), row, [0.0] * luck.APPOINTMENT.size, of_items(4, 4, 4), off("relief_in_rating")
        )
        rated.append(row.wai_client)
    assert rated[0] == rated[1]


@given(part=st.floats(-3.0, 3.0))
def test_with_shared_view_off_the_therapists_rating_has_nothing_of_the_clients_alliance(part):
    p = off("shared_view_in_ratings")
    rated = []
    for true in (part, 0.0):
        row = AppointmentRecord(session=1, true_goal=true, true_task=true, true_bond=true, true_alliance=true)
        forms.rate_as_therapist(DyadRecord(seen=0.3), row, [0.0] * luck.APPOINTMENT.size, of_items(3, 3, 4), p)
        rated.append(row.wai_therapist)
    assert rated[0] == rated[1]


@given(level=st.floats(-2.0, 4.0))
def test_with_rater_bias_off_both_put_a_mean_alliance_at_the_same_place(level):
    p = off("rater_bias", rating__client_level=level)
    assert p.rating_therapist_level == p.rating_client_level == level


def test_with_alliance_starts_high_off_both_put_a_mean_alliance_at_the_middle():
    p = off("alliance_starts_high")
    assert p.rating_client_level == p.rating_therapist_level == 0.0
    assert alliance_item_mean(0.0, p.rating_client_level, p.rating_client_slope, 4) == 3.0
