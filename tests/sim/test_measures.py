"""From latent to paper: the PHQ-9 meets its norms, the WAI moves in steps, raters err as declared."""

from math import exp, floor, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx
from scipy import stats

from sim import measures, parameters
from sim.measures import community, scales
from sim.service import Setting, simulate
from tests.sim.rules.book import LUCK, SHARE, Case, forgotten, numbers, records, steps

PEOPLE = 100_000
DISTRESS = st.floats(-60.0, 60.0)


@pytest.fixture(scope="module")
def phq9():
    return scales()["phq9"]


def scores(phq9, mean, sd, seed):
    """Return true distress and the PHQ-9 of many people, whose distress is normal."""
    luck = np.random.default_rng(seed)
    distress = luck.normal(mean, sd, PEOPLE)
    error = luck.standard_normal(PEOPLE)
    return distress, np.array([measures.symptom_score(x, e, phq9) for x, e in zip(distress, error, strict=True)])


# --- the PHQ-9 ------------------------------------------------------------------------------------------


def test_the_clinic_norm_of_the_phq9_is_met(phq9):
    """Within .05 SD; the sampling error at n = 100,000 is .003 SD, so this never fails by chance."""
    _, score = scores(phq9, 0.0, 1.0, seed=1)
    assert score.mean() == approx(phq9.clinic_mean, abs=0.05 * phq9.clinic_sd)
    assert score.std() == approx(phq9.clinic_sd, abs=0.05 * phq9.clinic_sd)


def test_the_community_norm_of_the_phq9_is_met(phq9):
    """Within .05 SD, as above."""
    _, score = scores(phq9, *community(), seed=2)
    assert score.mean() == approx(phq9.community_norm_mean, abs=0.05 * phq9.community_norm_sd)
    assert score.std() == approx(phq9.community_norm_sd, abs=0.05 * phq9.community_norm_sd)


def test_most_people_in_the_community_have_few_points_and_some_have_many(phq9):
    _, score = scores(phq9, *community(), seed=3)
    assert stats.skew(score) > 1.0
    assert np.median(score) < score.mean()


def test_the_phq9_is_as_reliable_as_it_says(phq9):
    """Two forms filled in at the same distress correlate by the reliability, but for rounding and the bent map."""
    luck = np.random.default_rng(4)
    distress = luck.normal(0.0, 1.0, 20_000)
    forms = [
        [measures.symptom_score(x, e, phq9) for x, e in zip(distress, luck.standard_normal(20_000), strict=True)]
        for _ in range(2)
    ]
    assert np.corrcoef(*forms)[0, 1] == approx(phq9.reliability, abs=0.02)
    assert 1 / (1 + phq9.error_sd * phq9.error_sd) == approx(phq9.reliability)


@given(DISTRESS, st.floats(0.0, 5.0), LUCK)
def test_the_phq9_rises_with_distress_and_with_error(distress, more, error):
    phq9 = scales()["phq9"]
    score = measures.symptom_score(distress, error, phq9)
    assert measures.symptom_score(distress + more, error, phq9) >= score
    assert measures.symptom_score(distress, error + more, phq9) >= score


@given(DISTRESS, LUCK)
def test_the_phq9_is_a_whole_number_from_0_to_27(distress, error):
    score = measures.symptom_score(distress, error, scales()["phq9"])
    assert isinstance(score, int) and 0 <= score <= 27


def test_every_score_of_the_phq9_occurs(phq9):
    grid = np.linspace(-6.0, 6.0, 20_001)
    assert {measures.symptom_score(x, 0.0, phq9) for x in grid.tolist()} == set(range(28))


def test_a_symptom_score_worked_by_hand(phq9):
    latent = 0.4 + sqrt(1 / phq9.reliability - 1) * 0.7
    share = (1 / (1 + exp(-(phq9.level + phq9.slope * latent)))) ** phq9.bend
    assert measures.symptom_score(0.4, 0.7, phq9) == floor(27 * share + 0.5)


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


def test_the_end_form_comes_back_as_the_kind_of_ending_says():
    p = numbers(form_end_good_enough=0.1, form_end_planned=0.2, form_end_dissatisfied=0.3, form_end_external=0.4)
    endings = ("good_enough", "planned_end", "dissatisfied", "external", "never_started", "in_therapy")
    assert [measures.end_form_probability(ending, p) for ending in endings] == [0.1, 0.2, 0.3, 0.4, 0.0, 0.0]


# --- what is declared -----------------------------------------------------------------------------------


def test_every_scale_is_declared_in_full():
    for name, scale in scales().items():
        assert scale.name == name and scale.label and scale.what and scale.unit and scale.note
        assert scale.min < scale.clinic_mean < scale.max
        assert 0.0 < scale.clinic_sd < scale.max - scale.min
        assert 0.0 < scale.reliability <= 1.0
        for key in scale.source.split():
            assert key in parameters.sources()


def test_the_phq9_is_the_phq9():
    phq9 = scales()["phq9"]
    assert (phq9.min, phq9.max, phq9.cutoff, phq9.reliable_change, phq9.higher_is_worse) == (0, 27, 10, 6, True)


def test_the_wai_has_twelve_items_for_clients_and_ten_for_therapists():
    assert [(name, sum(scale.items), scale.min, scale.max) for name, scale in scales().items() if scale.items] == [
        ("wai_client", 12, 1, 5),
        ("wai_therapist", 10, 1, 5),
    ]
