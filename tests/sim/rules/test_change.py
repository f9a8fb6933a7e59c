"""Change: what a session does to distress, and what a week of life does."""

from math import exp, isfinite, sqrt

from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from sim import population
from sim.parameters import record, resolve
from sim.rules import change, motivation
from sim.state import ClientRecord, DyadRecord, TherapistRecord
from tests.sim.rules.book import LUCK, SHARE, Case, forgotten, numbers, of, records, steps, untested

GAIN = Case(
    change.session_gain,
    at={
        "rate": 0.1,
        "facilitative_skill": 0.5,
        "effort": 0.7,
        "disclosure": 0.8,
        "focus": 0.9,
        "alliance": 0.6,
        "distress": -2.4,
        "luck": 1.5,
    },
    p=numbers(
        change_skill=0.35,
        change_effort=1.6,
        change_disclosure=0.6,
        change_alliance=0.05,
        change_floor=-2.9,
        change_taper=1.0,
    ),
    moves={
        "rate": "up",
        "facilitative_skill": "up",
        "effort": "up",
        "disclosure": "up",
        "focus": "up",
        "alliance": "up",
        "distress": "up",
        "luck": "up",
        "change_skill": "up",
        "change_effort": "up",
        "change_disclosure": "up",
        "change_alliance": "up",
        "change_floor": "down",
        "change_taper": "down",
    },
)
CASES = [
    GAIN,
    Case(
        change.next_transient,
        at={"transient": 0.9, "luck": 0.4},
        p=numbers(distress_calming=0.6, distress_transient_sd=0.5),
        moves={
            "transient": "up",
            "luck": "up",
            "distress_calming": "down",
            "distress_transient_sd": "up",
        },
    ),
    Case(
        change.next_set_point,
        at={"set_point": -0.5, "drift": 1.2, "event": 0.3},
        p=numbers(distress_drift_sd=0.02),
        moves={"set_point": "up", "drift": "up", "event": "up", "distress_drift_sd": "up"},
    ),
    Case(
        change.set_point_after,
        at={"set_point": -0.5, "gain": 0.3},
        p=numbers(),
        moves={"set_point": "up", "gain": "down"},
    ),
    Case(
        change.event_probability,
        at={},
        p=numbers(distress_event_rate=0.03),
        moves={"distress_event_rate": "up"},
    ),
    Case(
        change.event_effect,
        at={"luck": 0.7},
        p=numbers(distress_event_mean=0.1, distress_event_sd=0.25),
        moves={"luck": "up", "distress_event_mean": "up", "distress_event_sd": "up"},
    ),
]
_, TRANSIENT, SET_POINT, AFTER, PROBABILITY, EFFECT = CASES
WORK = 0.1 * exp(0.35 * 0.5) * (1 + 1.6 * (0.7 - 0.5)) * (1 + 0.6 * (0.8 - 0.5)) * 0.9 * 1.5
"""Work of the session in GAIN, from the equation in the docstring."""


@steps(CASES)
def test_one_step_moves_the_result_as_the_docstring_says(case, name, direction):
    assert case.direction(name) == direction, f"{case.name}: when {name} grows, the result should go {direction}"


def test_every_rule_and_every_number_has_a_direction():
    assert not untested(change, CASES) and not forgotten(CASES)


def test_far_from_the_floor_the_gain_is_work_plus_alliance():
    assert GAIN.value(distress=1.0) == approx(WORK + 0.05 * 0.6)
    assert GAIN.value(distress=-1.9) == approx(WORK + 0.05 * 0.6)


def test_within_one_sd_of_the_floor_a_gain_shrinks_in_proportion():
    assert GAIN.value() == approx((WORK + 0.05 * 0.6) * 0.5)
    assert GAIN.value(distress=-2.9) == 0.0
    assert GAIN.value(distress=-3.5) == 0.0
    assert GAIN.value(change_taper=2.0) == approx((WORK + 0.05 * 0.6) * 0.25)


def test_a_very_small_gain_shrinks_like_any_other():
    assert GAIN.value(rate=0.0, alliance=0.02) == approx(0.05 * 0.02 * 0.5)


def test_a_gain_never_leads_below_the_floor():
    assert GAIN.value(rate=1000.0, distress=1.0) == approx(1.0 + 2.9)
    assert GAIN.value(rate=1000.0, distress=-2.4) == approx(0.5)


def test_a_bad_session_sets_back_also_at_the_floor():
    assert GAIN.value(rate=0.0, alliance=-0.6) == approx(-0.05 * 0.6)
    assert GAIN.value(rate=0.0, alliance=-0.6, distress=-5.0) == approx(-0.05 * 0.6)


def test_ordinary_effort_and_disclosure_leave_the_clients_own_rate():
    plain = {"facilitative_skill": 0.0, "effort": 0.5, "disclosure": 0.5, "focus": 1.0, "alliance": 0.0}
    assert GAIN.value(**plain, luck=1.0, distress=1.0) == approx(0.1)


def test_next_transient_worked_by_hand():
    assert TRANSIENT.value() == approx(0.4 * 0.9 + 0.5 * sqrt(1 - 0.4 * 0.4) * 0.4)


def test_passing_ups_and_downs_keep_their_spread_in_the_long_run():
    kept, fresh = TRANSIENT.value(transient=1.0, luck=0.0), TRANSIENT.value(transient=0.0, luck=1.0)
    assert kept * kept * 0.5 * 0.5 + fresh * fresh == approx(0.5 * 0.5)


def test_a_session_lowers_the_lasting_level_by_its_gain():
    assert AFTER.value() == approx(-0.8)


def test_the_lasting_level_stays_within_twenty_sds_whatever_happens():
    assert AFTER.value(gain=-50.0) == SET_POINT.value(event=50.0) == 20.0
    assert AFTER.value(gain=50.0) == SET_POINT.value(event=-50.0) == -20.0


def test_next_set_point_worked_by_hand():
    assert SET_POINT.value() == approx(-0.5 + 0.02 * 1.2 + 0.3)


def test_life_events_worked_by_hand():
    assert PROBABILITY.value() == 0.03
    assert EFFECT.value() == approx(0.1 + 0.25 * 0.7)


SESSION = {
    "rate": st.floats(0.0, 1e6),
    "skill": of(TherapistRecord, "facilitative_skill"),
    "effort": SHARE,
    "disclosure": SHARE,
    "focus": SHARE,
    "alliance": of(DyadRecord, "alliance"),
    "distress": of(ClientRecord, "distress_end"),
    "luck": st.floats(0.0, 36.0),
}


@given(p=records(*vars(GAIN.p)), **SESSION)
def test_therapy_never_takes_anybody_below_the_floor(
    p, rate, skill, effort, disclosure, focus, alliance, distress, luck
):
    gain = change.session_gain(rate, skill, effort, disclosure, focus, alliance, distress, luck, p)
    assert isfinite(gain)
    assert gain <= max(distress - p.change_floor, 0.0)


@given(
    p=records("distress_calming", "distress_transient_sd", "distress_drift_sd", "distress_event_rate"),
    transient=of(ClientRecord, "transient"),
    luck=LUCK,
)
def test_a_week_of_life_is_a_number_and_an_event_has_a_probability(p, transient, luck):
    assert isfinite(change.next_transient(transient, luck, p))
    assert isfinite(change.next_set_point(transient, luck, 0.0, p))
    assert 0.0 <= change.event_probability(p) <= 1.0


@given(p=records("change_skill", off="effort"), **SESSION)
def test_with_effort_off_it_does_not_help(p, rate, skill, effort, disclosure, focus, alliance, distress, luck):
    tried, idle = (
        change.session_gain(rate, skill, work, disclosure, focus, alliance, distress, luck, p) for work in (effort, 0.0)
    )
    assert tried == idle


@given(p=records("change_skill", off="alliance_to_change"), **SESSION)
def test_with_alliance_to_change_off_it_acts_neither_at_once_nor_through_effort(
    p, rate, skill, effort, disclosure, focus, alliance, distress, luck
):
    close, far = (
        change.session_gain(rate, skill, effort, disclosure, focus, felt, distress, luck, p) for felt in (alliance, 0.0)
    )
    assert close == far
    assert motivation.effort(1.0, alliance, p) == motivation.effort(1.0, 0.0, p)
    assert motivation.next_motivation(1.0, 0.5, 0.3, alliance, p) == motivation.next_motivation(1.0, 0.5, 0.3, 0.0, p)


@given(p=records("distress_event_mean", off="life_events"))
def test_with_life_events_off_none_happens(p):
    assert change.event_probability(p) == 0.0


@given(p=records("distress_calming", off="untreated_improvement"), luck=LUCK)
def test_with_untreated_improvement_off_nothing_passes(p, luck):
    assert change.next_transient(0.0, luck, p) == 0.0
    assert {client.transient for client in population.clients(1, p)} == {0.0}


@given(median=st.floats(0.0, 0.5), spread=st.floats(0.0, 2.0))
def test_with_rate_differences_off_everyone_changes_at_the_mean_rate(median, spread):
    set_ = {"change.rate_median": median, "change.rate_log_sd": spread, "service.clients": 5}
    p = record(resolve(set_, {"rate_differences": False}))
    rates = {client.change_rate for client in population.clients(1, p)}
    assert len(rates) == 1
    assert rates.pop() == approx(median * exp(spread * spread / 2))
