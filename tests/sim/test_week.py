"""A week in the clinic, phase by phase, and who gets the next free place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from sim import caseload, week
from sim import draws as luck
from sim.instruments import scales
from sim.maths import geometric
from sim.parameters import record, resolve
from sim.rules import change, endings, goals
from sim.state import (
    EXTERNAL,
    HELD,
    NEVER_STARTED,
    NO_SHOW,
    NOBODY,
    PLANNED_END,
    AppointmentRecord,
    ClientRecord,
    DyadRecord,
    TherapistRecord,
)

P = record(
    resolve(
        {
            "distress.event_rate": 0.1,
            "distress.drift_sd": 0.05,
            "service.leaves_list": 0.2,
            "service.weeks_to_first": 3.0,
            "service.weeks_to_second": 6.0,
            "service.weeks_between": 2.0,
            "view.style_sd": 0.5,
            "attendance.therapist_cancels": 0.0,
            "ending.external": 0.1,
        }
    )
)


def life(**cards):
    dealt = [0.3, -0.4, 0.99, 0.8, 0.99]
    for name, value in cards.items():
        dealt[getattr(luck, name)] = value
    return dealt


# --- life and waiting -----------------------------------------------------------------------------------


def test_an_ordinary_week_moves_both_parts_of_distress():
    client = ClientRecord(set_point=0.5, transient=0.7)
    assert week.live(client, life(), P) == 0.0
    assert client.set_point == change.next_set_point(0.5, 0.3, 0.0, P)
    assert client.transient == change.next_transient(0.7, -0.4, P)


@pytest.mark.parametrize(("uniform", "happens"), [(0.0999, True), (0.1001, False)])
def test_a_life_event_moves_the_lasting_level(uniform, happens):
    client = ClientRecord(set_point=0.5)
    event = week.live(client, life(LIFE_EVENT=uniform), P)
    assert event == (change.event_effect(0.8, P) if happens else 0.0)
    assert client.set_point == change.next_set_point(0.5, 0.3, event, P)


@pytest.mark.parametrize(("uniform", "leaves"), [(0.1999, True), (0.2001, False)])
def test_somebody_who_waits_gives_up_with_the_chance_declared(uniform, leaves):
    client = ClientRecord(set_point=0.4, transient=0.2)
    week.wait(client, 7, life(LEAVES_LIST=uniform), P)
    assert (client.ending, client.end_week) == ((NEVER_STARTED, 7) if leaves else (NOBODY, NOBODY))
    assert client.distress_end == (approx(0.6) if leaves else 0.0)


# --- beginning ------------------------------------------------------------------------------------------


def test_a_place_opens_the_sheet_of_the_dyad_and_books_the_first_appointment():
    client, therapist = ClientRecord(client_id=4, culture=0.9), TherapistRecord(therapist_id=2, culture=0.1)
    dyad = week.begin(client, therapist, 5, dyad_draws=[0.7, 0.3, -0.6], first_wait=0.8, p=P)
    assert (dyad.client_id, dyad.therapist_id, dyad.fit) == (4, 2, 0.7)
    assert dyad.goal_gap == goals.first_gap(0.3, P)
    assert dyad.view_style == 0.5 * -0.6
    assert dyad.distance == approx(0.8)
    assert (client.place_week, client.next_week) == (5, 5 + geometric(0.8, 3.0))
    assert (therapist.on_the_books, therapist.caseload) == (1, 1)


def test_a_caseload_is_the_most_clients_that_were_on_the_books_at_once():
    therapist = TherapistRecord(on_the_books=2, caseload=6)
    week.begin(ClientRecord(), therapist, 0, dyad_draws=[0.0] * 3, first_wait=0.5, p=P)
    assert (therapist.on_the_books, therapist.caseload) == (3, 6)


# --- appointments ---------------------------------------------------------------------------------------


def dealt(**cards):
    draws = [0.5] * luck.APPOINTMENT.size
    draws[luck.MISS] = draws[luck.LEAVE] = draws[luck.RUPTURE] = 1.0 - 1e-12
    for name, value in cards.items():
        draws[getattr(luck, name)] = value
    return draws


@pytest.fixture
def client():
    return ClientRecord(client_id=4, place_week=3, next_week=9, good_enough=-20.0)


@pytest.fixture
def attend(client):
    def come(at_week, **cards):
        forms = {"phq9": "every", "wai_client": "every", "wai_therapist": "every"}
        people = TherapistRecord(therapist_id=2), DyadRecord(client_id=4, therapist_id=2)
        return week.attend(client, *people, at_week, dealt(**cards), {}, forms, scales(), P)

    return come


def test_the_first_session_held_is_the_start(client, attend):
    row = attend(9)
    assert (row.client_id, row.therapist_id, row.week, row.appointment) == (4, 2, 9, 1)
    assert (row.attendance, row.session, client.start_week) == (HELD, 1, 9)
    assert 0 <= row.phq9 <= 27
    attend(12)
    assert client.start_week == 9


def test_a_missed_appointment_is_no_start_and_has_no_forms(client, attend):
    row = attend(9, MISS=1e-9, MISS_KIND=0.99)
    assert (row.attendance, row.appointment, row.session, row.phq9) == (NO_SHOW, 1, NOBODY, NOBODY)
    assert client.start_week == NOBODY
    assert client.next_week == 9 + geometric(0.5, 2.0)


@pytest.mark.parametrize(("sessions", "mean"), [(0, 6.0), (1, 2.0), (5, 2.0)])
def test_the_second_appointment_may_take_longer_than_later_ones(client, attend, sessions, mean):
    client.sessions = sessions
    attend(9, NEXT_APPOINTMENT=0.9)
    assert client.next_week == 9 + geometric(0.9, mean)


def test_an_ending_closes_the_sheet_and_books_nothing(client, attend):
    client.sessions, client.contract_sessions = 3, 4
    attend(9)
    assert (client.ending, client.end_week, client.next_week) == (PLANNED_END, 9, 9)
    assert client.distress_end == client.distress


def test_somebody_lost_before_a_first_session_never_started(client, attend):
    attend(9, MISS=1e-9, LEAVE=1e-12)
    assert (client.ending, client.end_week) == (NEVER_STARTED, 9)


def test_somebody_lost_at_a_missed_appointment_later_keeps_the_cause(client, attend):
    client.sessions = 1
    row = attend(9, MISS=1e-9, LEAVE=1e-12, LEAVE_CAUSE=1.0 - 1e-12)
    assert row.attendance != HELD
    assert client.ending == EXTERNAL


def test_a_therapists_books_are_brought_up_to_date_after_the_week():
    therapist = TherapistRecord(on_the_books=7, hours_worked=10.0, clients_treated=3)
    week.tally(therapist, appointments=4, started=2, left=3, p=record(resolve({"therapist.session_hours": 1.25})))
    assert (therapist.on_the_books, therapist.hours_worked, therapist.clients_treated) == (4, 15.0, 5)


# --- the waiting list -----------------------------------------------------------------------------------


def therapists_with(*books):
    """Return therapists with these (places, on the books)."""
    return [
        TherapistRecord(therapist_id=number, places=places, on_the_books=taken)
        for number, (places, taken) in enumerate(books)
    ]


def waiting(*weeks):
    return [ClientRecord(client_id=number, referral_week=at) for number, at in enumerate(weeks)]


def given_to(places):
    return [(client.client_id, therapist.therapist_id) for client, therapist in places]


def test_whoever_has_waited_longest_comes_first():
    given = caseload.places_by_queue(waiting(5, 2, 3, 2), therapists_with((2, 0)), which=[0.5] * 4)
    assert given_to(given) == [(1, 0), (3, 0)]


def test_places_are_drawn_in_proportion_to_what_is_free():
    staff = therapists_with((4, 1), (5, 5), (2, 1))
    for uniform, expected in ((0.01, 0), (0.74, 0), (0.76, 2), (0.99, 2)):
        assert given_to(caseload.places_by_queue(waiting(0), staff, which=[uniform])) == [(0, expected)]


def test_a_place_given_away_is_gone():
    staff = therapists_with((1, 0), (1, 0))
    given = caseload.places_by_queue(waiting(0, 0, 0), staff, which=[0.1, 0.1, 0.1])
    assert given_to(given) == [(0, 0), (1, 1)]


def test_without_free_places_nobody_gets_one():
    assert caseload.places_by_queue(waiting(0, 1), therapists_with((2, 2), (1, 1)), which=[0.5, 0.5]) == []


def test_an_overfull_therapist_takes_no_place_from_others():
    staff = therapists_with((2, 5), (2, 1))
    assert given_to(caseload.places_by_queue(waiting(0, 0), staff, which=[0.5, 0.5])) == [(0, 1)]


@given(
    books=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 6)), min_size=1, max_size=4),
    uniforms=st.lists(st.floats(2**-53, 1 - 2**-53), min_size=1, max_size=12),
)
def test_the_queue_gives_every_free_place_and_no_more(books, uniforms):
    staff = therapists_with(*books)
    free = [max(places - taken, 0) for places, taken in books]
    given = given_to(caseload.places_by_queue(waiting(*[0] * len(uniforms)), staff, which=uniforms))
    assert len(given) == min(sum(free), len(uniforms))
    for number, places in enumerate(free):
        assert sum(therapist == number for _, therapist in given) <= places
    assert [(therapist.places, therapist.on_the_books) for therapist in staff] == [tuple(book) for book in books]


def test_fixed_assignment_knows_no_capacity():
    clients = waiting(0, 0, 3)
    for client, therapist, wait in zip(clients, (1, 1, 0), (2, 4, 1), strict=True):
        client.fixed_therapist, client.fixed_wait = therapist, wait
    staff = therapists_with((1, 1), (1, 1))
    assert [given_to(caseload.places_as_fixed(clients, staff, week=now)) for now in (1, 2, 4)] == [
        [],
        [(0, 1)],
        [(0, 1), (1, 1), (2, 0)],
    ]


def test_leaving_the_list_is_the_same_every_week():
    assert endings.leaves_list_probability(P) == 0.2


def test_an_appointment_record_begins_empty():
    row = AppointmentRecord()
    assert row.session == row.phq9 == row.rupture == NOBODY
    assert row.wai_client != row.wai_client
