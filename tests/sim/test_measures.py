"""From latent to paper: the PHQ-9 meets its norms, the WAI moves in steps, raters err as declared."""

from math import exp, floor, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from sim import measures, parameters
from sim.instruments import Latent, scales
from sim.service import Setting, simulate
from tests.sim.rules.book import LUCK, SHARE, Case, forgotten, numbers, records, steps

DISTRESS = st.floats(-60.0, 60.0)
SYMPTOMS = [name for name, scale in scales().items() if scale.is_symptom_scale]


# --- symptom scales -------------------------------------------------------------------------------------


@given(DISTRESS, LUCK, LUCK, st.floats(0.0, 5.0), st.sampled_from(SYMPTOMS))
def test_a_symptom_scale_moves_one_way_with_distress_own_part_and_error(distress, own, error, more, name):
    scale = scales()[name]
    score = measures.symptom_score(distress, own, error, scale)
    assert measures.symptom_score(distress + more, own, error, scale) >= score
    assert measures.symptom_score(distress, own + more, error, scale) >= score
    assert measures.symptom_score(distress, own, error + more, scale) >= score


@given(DISTRESS, LUCK, LUCK, st.sampled_from(list(scales())))
def test_a_score_stays_in_its_range_and_on_its_steps(place, error, own, name):
    scale = scales()[name]
    score = measures.score(place + own, error, scale)
    assert scale.min <= score <= scale.max
    assert isinstance(score, int) is scale.whole
    steps = (score - scale.min) / (scale.max - scale.min) * scale.steps
    assert steps == approx(round(steps), abs=1e-6)


@pytest.mark.parametrize("name", ["phq9", "gad7", "wsas"])
def test_every_score_of_a_short_scale_occurs(name):
    scale = scales()[name]
    grid = np.linspace(-8.0, 8.0, 40_001).tolist()
    assert {measures.score(place, 0.0, scale) for place in grid} == set(range(scale.min, scale.max + 1))


def test_a_symptom_score_worked_by_hand():
    phq9 = scales()["phq9"]
    place = phq9.loading * 0.4 + sqrt(1 - phq9.loading**2) * -1.2
    share = (1 / (1 + exp(-(phq9.level + phq9.slope * (place + 0.5 * phq9.error * 0.7))))) ** phq9.bend
    assert measures.symptom_score(0.4, -1.2, 0.7, phq9, 0.5) == floor(27 * share + 0.5)


def test_a_rating_worked_by_hand():
    csq8, latent = scales()["csq8"], Latent("x", "", "assumed", mean=0.3, sd=2.0)
    place = (1.1 - 0.3) / 2.0 + csq8.error * -0.4
    share = csq8.reach / (1 + exp(-(csq8.level + csq8.slope * place)))
    assert measures.rating(1.1, -0.4, csq8, latent) == 8 + floor(24 * share + 0.5)


def test_the_core_om_is_written_to_one_decimal():
    scores = {measures.score(place, 0.0, scales()["core_om"]) for place in np.linspace(-2.0, 2.0, 500).tolist()}
    assert all(score == round(score, 1) for score in scores)
    assert any(score != round(score) for score in scores)


def test_some_are_at_the_very_top_where_a_form_reaches_it():
    assert measures.score(8.0, 0.0, scales()["srs_client"]) == 40.0
    assert measures.alliance_item_mean(2.5, 1.0, 1.0, 4000, 1.05) == 5.0
    assert measures.alliance_item_mean(2.5, 1.0, 1.0, 4000) < 4.9


def test_the_real_relationship_is_two_parts_and_their_mean():
    rri = scales()["rri_client"]
    genuine, real, both = measures.real_relationship(0.5, -0.2, 0.3, -0.1, rri)
    assert genuine == measures.alliance_item_mean(0.5 + rri.error * 0.3, rri.level, rri.slope, 12)
    assert real == measures.alliance_item_mean(-0.2 - rri.error * 0.1, rri.level, rri.slope, 12)
    assert both == approx((genuine + real) / 2)


# --- the WAI-SR -----------------------------------------------------------------------------------------


@given(st.floats(-200.0, 60.0), st.floats(-2.0, 4.0), st.floats(0.1, 3.0), st.sampled_from((3, 4)))
def test_a_subscale_lies_in_1_to_5_and_moves_in_steps_of_its_items(felt, level, slope, items):
    mean = measures.alliance_item_mean(felt, level, slope, items)
    assert 1.0 <= mean <= 5.0
    assert mean * items == approx(round(mean * items), abs=1e-9)
    exact = 1 + 4 / (1 + exp(-max(level + slope * felt, -700.0)))
    assert abs(mean - exact) <= 0.5 / items + 1e-9


@given(st.floats(-10.0, 10.0), st.floats(0.0, 3.0), st.sampled_from((3, 4)))
def test_a_subscale_rises_with_what_is_felt_and_with_the_level(felt, more, items):
    mean = measures.alliance_item_mean(felt, 1.0, 0.8, items)
    assert measures.alliance_item_mean(felt + more, 1.0, 0.8, items) >= mean
    assert measures.alliance_item_mean(felt, 1.0 + more, 0.8, items) >= mean


def test_a_mean_alliance_at_level_zero_is_the_middle_of_the_form():
    assert measures.alliance_item_mean(0.0, 0.0, 0.75, 4) == 3.0


@pytest.mark.parametrize(("exact", "rounded"), [(3.374, 3.25), (3.376, 3.5), (3.624, 3.5), (3.626, 3.75)])
def test_a_subscale_is_rounded_to_the_nearest_step(exact, rounded):
    share = (exact - 1) / 4
    assert measures.alliance_item_mean(0.0, log(share / (1 - share)), 1.0, 4) == rounded


def test_the_total_weighs_subscales_by_their_items():
    assert measures.total_item_mean(4.0, 3.0, 2.0, (3, 3, 4)) == approx((12 + 9 + 8) / 10)
    assert measures.total_item_mean(4.0, 3.0, 2.0, (4, 4, 4)) == approx(3.0)


@pytest.fixture(scope="module")
def third_sessions():
    """Client and therapist ratings of session 3 in a service of 1,500 clients."""
    values = parameters.resolve({"service.clients": 1500, "service.therapists": 40, "service.weeks": 60})
    table = simulate(Setting(values), seed=1, keep="sessions")["appointments"]
    pairs = zip(table["session"], table["wai_client"], table["wai_therapist"], strict=True)
    return [(client, therapist) for session, client, therapist in pairs if session == 3]


@pytest.mark.statistics
def test_clients_rate_session_3_like_the_norm(third_sessions):
    """Mean and SD within .1 of the norm; their standard errors are about .02 (n about 1,000): false alarm < 1 in 10,000
    as long as the model's own values stay within .02 of the norm."""
    norm = scales()["wai_client"]
    rated = np.array([client for client, _ in third_sessions if client is not None])
    assert len(rated) > 700
    assert rated.mean() == approx(norm.clinic_mean, abs=0.1)
    assert rated.std() == approx(norm.clinic_sd, abs=0.1)


@pytest.mark.statistics
def test_therapists_rate_lower_than_their_clients(third_sessions):
    """Standard error of the difference about .03: false alarm < 1 in 10,000 for a true difference above .15."""
    both = np.array([pair for pair in third_sessions if None not in pair])
    assert (both[:, 0] - both[:, 1]).mean() > 0.0
    assert both[:, 1].mean() == approx(scales()["wai_therapist"].clinic_mean, abs=0.15)


# --- what others call it --------------------------------------------------------------------------------

UP, DOWN = "up", "down"
SHARES = {"supportive": 0.4, "exploratory": 0.35, "controlling": 0.25}
ERRORS = {"error_1": 0.5, "error_2": -0.4, "error_3": 1.1}
CODING = numbers(communication_coding_error=0.2)


def _coded(*directions):
    return dict(zip((*SHARES, *ERRORS, *vars(CODING)), directions, strict=True))


CODED = [
    Case(measures.coded_shares, SHARES | ERRORS, CODING, _coded(UP, DOWN, DOWN, UP, DOWN, DOWN, UP), part=0),
    Case(measures.coded_shares, SHARES | ERRORS, CODING, _coded(DOWN, UP, DOWN, DOWN, UP, DOWN, DOWN), part=1),
    Case(measures.coded_shares, SHARES | ERRORS, CODING, _coded(DOWN, DOWN, UP, DOWN, DOWN, UP, UP), part=2),
]
CALLS = Case(
    measures.calls_it_rupture,
    at={"new_strain": 0.5, "threshold": 0.4, "luck": -0.3},
    p=numbers(view_strain_error=0.3),
    moves={},
)


@steps(CODED)
def test_one_step_moves_the_coded_shares_as_the_docstring_says(case, name, direction):
    assert not forgotten([case])
    assert case.direction(name) == direction


def test_coded_shares_worked_by_hand():
    coded = 0.4 * exp(0.2 * 0.5), 0.35 * exp(-0.2 * 0.4), 0.25 * exp(0.2 * 1.1)
    expected = [share / (coded[0] + coded[1] + coded[2]) for share in coded]
    assert [part.value() for part in CODED] == approx(expected)


def test_an_observer_without_error_codes_the_truth():
    assert [part.value(communication_coding_error=0.0) for part in CODED] == approx([0.4, 0.35, 0.25])


@given(p=records("communication_coding_error"), acts=SHARE, error=LUCK)
def test_coded_acts_are_shares_that_sum_to_one(p, acts, error):
    coded = measures.coded_shares(0.98 * acts + 0.01, 0.98 * (1 - acts), 0.01, error, -error, 0.5, p)
    assert all(0.0 <= share <= 1.0 for share in coded)
    assert sum(coded) == approx(1.0)


def test_a_rupture_is_called_when_strain_and_error_pass_the_threshold():
    assert CALLS.value() == 1  # .5 - .3 * .3 = .41
    assert CALLS.value(luck=-0.4) == 0  # .5 - .3 * .4 = .38
    assert CALLS.value(new_strain=0.45) == 0
    assert CALLS.value(threshold=0.45) == 0
    assert CALLS.value(view_strain_error=0.4) == 0
    assert CALLS.value(luck=0.0, new_strain=0.4) == 0
    assert CALLS.value(luck=0.5, new_strain=0.3) == 1


def test_a_session_without_new_strain_is_never_called_a_rupture():
    assert CALLS.value(new_strain=0.0, luck=6.0) == 0
    assert CALLS.value(new_strain=0.0, luck=6.0, threshold=0.0) == 0
    assert CALLS.value(new_strain=0.001, luck=6.0) == 1


# --- schedules and end forms ----------------------------------------------------------------------------


def test_a_form_is_asked_as_its_schedule_says():
    assert measures.is_scheduled("every", 7)
    assert not measures.is_scheduled(None, 1)
    assert [session for session in range(1, 7) if measures.is_scheduled((1, 3, 5), session)] == [1, 3, 5]
    assert not measures.is_scheduled([], 1)
    assert not measures.is_scheduled("end", 1) and not measures.is_scheduled("intake", 1)


def test_the_end_form_comes_back_as_the_kind_of_ending_says():
    p = numbers(form_end_good_enough=0.1, form_end_planned=0.2, form_end_dissatisfied=0.3, form_end_external=0.4)
    endings = ("good_enough", "planned_end", "dissatisfied", "external", "never_started", "in_therapy")
    assert [measures.end_form_probability(ending, p) for ending in endings] == [0.1, 0.2, 0.3, 0.4, 0.0, 0.0]
