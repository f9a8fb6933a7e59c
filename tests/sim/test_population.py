"""Who comes and who works here: traits drawn as their distributions say, and the same person whatever else is set."""

import math

import numpy as np
import pytest
from pytest import approx

from sim import draws as luck
from sim import population
from sim.maths import geometric
from sim.parameters import record, resolve
from sim.state import NOBODY, declared

MANY = 20_000
"""At this size a mean is known to .007 SD and an SD to .5 %. Limits are five standard errors or wider: a false alarm in
less than 1 of a million choices of the seed for each statistic."""


def p(**changes):
    return record(resolve({name.replace("__", "."): value for name, value in changes.items()}))


def drawn(people, name):
    return np.array([getattr(person, name) for person in people])


@pytest.fixture(scope="module")
def clients():
    return population.clients(1, p(service__clients=MANY, **WHO_COMES))


@pytest.fixture(scope="module")
def therapists():
    return population.therapists(1, p(service__therapists=10_000, **WHO_WORKS))


WHO_COMES = {
    "client__factor_motivation": 0.7,
    "client__factor_trust": 0.5,
    "client__factor_fear": 0.3,
    "population__distress_mean": 0.2,
    "population__distress_sd": 1.1,
    "population__minority_share": 0.3,
    "distress__crisis": 0.4,
    "distress__transient_sd": 0.6,
    "service__fixed_contract_share": 0.4,
    "service__contract_median": 12.0,
    "service__contract_log_sd": 0.3,
    "service__contract_max": 30,
    "service__referral_weeks": 20,
    "service__therapists": 8,
    "service__fixed_wait": 5.0,
    "change__rate_median": 0.05,
    "change__rate_log_sd": 1.2,
    "ending__good_enough_mean": -1.5,
    "ending__good_enough_sd": 0.4,
    "rating__style_sd": 0.5,
    "culture__group_gap": 1.0,
    "culture__own_sd": 0.3,
}
WHO_WORKS = {
    "therapist__skill_sd": 0.8,
    "therapist__facilitative_share": 0.4,
    "therapist__retention_share": 0.2,
    "rupture__repair_skill_mean": 0.5,
    "bias__mean_size": 0.6,
    "population__minority_therapists": 0.25,
    "service__caseload_median": 20.0,
    "service__caseload_log_sd": 0.45,
    "service__caseload_min": 10,
    "service__caseload_max": 40,
    "culture__group_gap": 1.0,
    "culture__own_sd": 0.3,
}
TRAITS = ("trust_propensity", "fear_of_exposure", "reactance", "motivation_trait", "frailty")


@pytest.mark.parametrize("trait", TRAITS)
def test_traits_of_clients_are_standard_normal(clients, trait):
    values = drawn(clients, trait)
    assert values.mean() == approx(0.0, abs=5 / math.sqrt(MANY))
    assert values.std() == approx(1.0, abs=5 / math.sqrt(2 * MANY))


@pytest.mark.parametrize(
    ("one", "other", "r"),
    [
        ("motivation_trait", "trust_propensity", 0.7 * 0.5),
        ("motivation_trait", "fear_of_exposure", -0.7 * 0.3),
        ("trust_propensity", "fear_of_exposure", -0.5 * 0.3),
        ("motivation_trait", "reactance", 0.0),
        ("motivation_trait", "frailty", 0.0),
        ("trust_propensity", "set_point", 0.0),
    ],
)
def test_one_factor_stands_behind_readiness_trust_and_low_fear(clients, one, other, r):
    assert np.corrcoef(drawn(clients, one), drawn(clients, other))[0, 1] == approx(r, abs=5 / math.sqrt(MANY))


def test_distress_at_referral_has_the_mean_and_spread_of_the_population(clients):
    values = drawn(clients, "distress_intake")
    assert values.mean() == approx(0.2, abs=5 * 1.1 / math.sqrt(MANY))
    assert values.std() == approx(1.1, abs=5 * 1.1 / math.sqrt(2 * MANY))
    assert values.tolist() == [client.set_point + client.transient for client in clients]
    assert values.tolist() == [client.distress_end for client in clients]


def test_part_of_the_distress_at_referral_is_a_passing_crisis(clients):
    passing = drawn(clients, "transient")
    assert passing.mean() == approx(0.4, abs=5 * 0.6 / math.sqrt(MANY))
    assert passing.std() == approx(0.6, abs=5 * 0.6 / math.sqrt(2 * MANY))
    assert drawn(clients, "set_point").mean() == approx(0.2 - 0.4, abs=5 / math.sqrt(MANY))


def test_motivation_starts_at_its_trait(clients):
    assert [client.motivation for client in clients] == [client.motivation_trait for client in clients]


def test_rates_levels_and_styles_are_spread_as_declared(clients):
    log_rate = np.log(drawn(clients, "change_rate"))
    assert log_rate.mean() == approx(math.log(0.05), abs=5 * 1.2 / math.sqrt(MANY))
    assert log_rate.std() == approx(1.2, abs=5 * 1.2 / math.sqrt(2 * MANY))
    assert drawn(clients, "good_enough").mean() == approx(-1.5, abs=5 * 0.4 / math.sqrt(MANY))
    assert drawn(clients, "good_enough").std() == approx(0.4, abs=0.02)
    assert drawn(clients, "rating_style").std() == approx(0.5, abs=0.02)
    assert drawn(clients, "rating_style").mean() == approx(0.0, abs=0.02)


def test_referrals_arrive_evenly_over_the_intake_weeks(clients):
    counts = np.bincount(drawn(clients, "referral_week"), minlength=20)
    assert len(counts) == 20
    assert counts.min() > 1000 - 5 * math.sqrt(1000) and counts.max() < 1000 + 5 * math.sqrt(1000)


def test_contracts_are_agreed_with_the_share_and_length_declared(clients):
    agreed = drawn(clients, "contract_sessions")
    fixed = agreed[agreed != NOBODY]
    assert len(fixed) / MANY == approx(0.4, abs=5 * 0.5 / math.sqrt(MANY))
    assert np.median(fixed) == 12
    assert fixed.min() >= 1 and fixed.max() == 30
    inside = fixed[fixed < 30]
    assert np.log(inside).std() == approx(0.3, abs=0.02)


def test_groups_differ_in_culture_by_the_gap(clients):
    group = drawn(clients, "culture_group")
    culture = drawn(clients, "culture")
    assert group.mean() == approx(0.3, abs=5 * 0.46 / math.sqrt(MANY))
    assert culture[group == 1].mean() - culture[group == 0].mean() == approx(1.0, abs=0.03)
    assert culture[group == 0].std() == approx(0.3, abs=0.01)


def test_fixed_assignment_gives_every_therapist_and_every_wait_its_chance(clients):
    counts = np.bincount(drawn(clients, "fixed_therapist"), minlength=8)
    assert len(counts) == 8
    assert counts.min() > 2500 - 5 * 50 and counts.max() < 2500 + 5 * 50
    waits = drawn(clients, "fixed_wait")
    assert waits.min() == 1
    assert waits.mean() == approx(5.0, abs=5 * math.sqrt(20) / math.sqrt(MANY))


def test_one_client_worked_out_from_the_cards(clients):
    """Every trait rises with its card, so that paired arms stay paired; whose cards they are, the key says."""
    p_ = p(**WHO_COMES)
    for who in range(30):
        card = luck.deal(1, luck.CLIENT, [who], [0])[0]
        client, factor = clients[who], card[luck.COMMON_FACTOR]
        group = int(card[luck.GROUP] < 0.3)
        lasting = math.sqrt(1.1 * 1.1 - 0.6 * 0.6)
        contract = 12.0 * math.exp(0.3 * card[luck.CONTRACT_LENGTH])
        expected = {
            "culture_group": group,
            "referral_week": int(card[luck.REFERRAL_WEEK] * 20),
            "contract_sessions": round(contract) if card[luck.CONTRACT_KIND] < 0.4 else NOBODY,
            "fixed_therapist": int(card[luck.WHICH_THERAPIST] * 8),
            "fixed_wait": geometric(card[luck.FIXED_WAIT], 5.0),
            "trust_propensity": 0.5 * factor + math.sqrt(0.75) * card[luck.TRUST_PROPENSITY],
            "fear_of_exposure": -0.3 * factor + math.sqrt(0.91) * card[luck.FEAR_OF_EXPOSURE],
            "reactance": card[luck.REACTANCE],
            "motivation_trait": 0.7 * factor + math.sqrt(0.51) * card[luck.MOTIVATION],
            "change_rate": 0.05 * math.exp(1.2 * card[luck.CHANGE_RATE]),
            "good_enough": -1.5 + 0.4 * card[luck.GOOD_ENOUGH],
            "frailty": card[luck.FRAILTY],
            "rating_style": 0.5 * card[luck.RATING_STYLE],
            "culture": p_.culture_group_gap * group + 0.3 * card[luck.CULTURE],
            "set_point": 0.2 - 0.4 + lasting * card[luck.SET_POINT],
            "transient": 0.4 + 0.6 * card[luck.TRANSIENT],
        }
        assert {name: getattr(client, name) for name in expected} == approx(expected)


def test_the_passing_crisis_never_makes_the_lasting_spread_imaginary():
    narrow = population.clients(1, p(service__clients=9, population__distress_sd=0.6, distress__transient_sd=1.5))
    assert len({client.set_point for client in narrow}) == 1


def test_contracts_are_rounded_to_the_nearest_whole_session():
    for median, agreed in ((4.49, 4), (4.51, 5), (1.0, 1)):
        one = p(service__clients=1, service__fixed_contract_share=1.0, service__contract_median=median)
        one.service_contract_log_sd = 0.0
        assert population.clients(1, one)[0].contract_sessions == agreed


def test_clients_are_numbered_in_order_of_enrolment(clients):
    assert [client.client_id for client in clients] == list(range(MANY))


SKILLS = ("facilitative_skill", "empathy", "listening", "collaboration", "attunement", "repair_skill")
OTHERS = ("retention_skill", "confidentiality", "directiveness", "cultural_comfort")


@pytest.mark.parametrize("skill", SKILLS + OTHERS)
def test_skills_of_therapists_have_their_spread(therapists, skill):
    values = drawn(therapists, skill)
    mean = 0.5 if skill == "repair_skill" else 0.0
    assert values.mean() == approx(mean, abs=5 * 0.8 / 100)
    assert values.std() == approx(0.8, abs=5 * 0.8 / math.sqrt(2 * 10_000))


@pytest.mark.parametrize("skill", SKILLS[1:] + OTHERS)
def test_skills_follow_the_general_skill_as_declared(therapists, skill):
    r = np.corrcoef(drawn(therapists, "facilitative_skill"), drawn(therapists, skill))[0, 1]
    expected = 0.4 if skill in SKILLS else 0.2 if skill == "retention_skill" else 0.0
    assert r == approx(expected, abs=5 / 100)


def test_one_therapist_worked_out_from_the_cards(therapists):
    for who in range(30):
        card = luck.deal(1, luck.THERAPIST, [who], [0])[0]
        general = card[luck.FACILITATIVE]
        group = int(card[luck.THERAPIST_GROUP] < 0.25)
        own, kept = math.sqrt(1 - 0.4 * 0.4), math.sqrt(1 - 0.2 * 0.2)
        expected = {
            "culture_group": group,
            "facilitative_skill": 0.8 * general,
            "empathy": 0.8 * (0.4 * general + own * card[luck.EMPATHY]),
            "listening": 0.8 * (0.4 * general + own * card[luck.LISTENING]),
            "collaboration": 0.8 * (0.4 * general + own * card[luck.COLLABORATION]),
            "attunement": 0.8 * (0.4 * general + own * card[luck.ATTUNEMENT]),
            "repair_skill": 0.5 + 0.8 * (0.4 * general + own * card[luck.REPAIR_SKILL]),
            "retention_skill": 0.8 * (0.2 * general + kept * card[luck.RETENTION]),
            "confidentiality": 0.8 * card[luck.CONFIDENTIALITY],
            "directiveness": 0.8 * card[luck.DIRECTIVENESS],
            "cultural_comfort": 0.8 * card[luck.COMFORT],
            "bias": 0.6 * (1 + 0.8 * (abs(card[luck.BIAS]) * math.sqrt(math.pi / 2) - 1)),
            "culture": group + 0.3 * card[luck.THERAPIST_CULTURE],
            "places": min(max(round(20 * math.exp(0.45 * card[luck.PLACES])), 10), 40),
        }
        assert {name: getattr(therapists[who], name) for name in expected} == approx(expected)


def test_places_are_rounded_to_the_nearest_whole_client():
    for median, places in ((12.49, 12), (12.51, 13)):
        one = p(service__therapists=1, service__caseload_median=median, service__caseload_log_sd=0.0)
        assert population.therapists(1, one)[0].places == places


def test_bias_never_turns_negative_where_spread_is_largest():
    wide = population.therapists(1, p(service__therapists=200, therapist__skill_sd=2.0, bias__mean_size=0.6))
    assert min(therapist.bias for therapist in wide) == 0.0


def test_skills_are_different_skills(therapists):
    """Apart from the general skill, no two share their luck: correlations are products of the two shares."""
    for position, one in enumerate(SKILLS[1:]):
        for other in SKILLS[position + 2 :]:
            r = np.corrcoef(drawn(therapists, one), drawn(therapists, other))[0, 1]
            assert r == approx(0.4 * 0.4, abs=5 / 100)


def test_bias_is_never_negative_and_has_its_mean(therapists):
    bias = drawn(therapists, "bias")
    assert bias.min() >= 0.0
    assert bias.mean() == approx(0.6, abs=0.03)


def test_places_are_log_normal_within_the_limits_of_the_service(therapists):
    places = drawn(therapists, "places")
    assert places.min() == 10 and places.max() == 40
    assert np.median(places) == approx(20, abs=1)


@pytest.mark.parametrize("spread", [0.0, 2.0])
def test_people_stay_within_their_declared_ranges_where_spread_is_largest(spread):
    largest = p(
        service__clients=2000, service__therapists=2000, therapist__skill_sd=spread, rupture__repair_skill_mean=3.0
    )
    for people in (population.clients(2, largest), population.therapists(2, largest)):
        for name, _, metadata in declared(type(people[0])):
            values = drawn(people, name)
            assert metadata["low"] <= values.min() and values.max() <= metadata["high"], name


def test_with_therapist_skills_off_all_are_alike():
    alike = record(resolve({"service.therapists": 20}, {"therapist_skills": False}))
    for skill in (*SKILLS, *OTHERS, "bias"):
        assert len({getattr(therapist, skill) for therapist in population.therapists(1, alike)}) == 1, skill


def test_blend_correlates_as_told():
    assert population.blend(1.5, 0.7, 0.6) == approx(0.6 * 1.5 + 0.8 * 0.7)
    assert population.blend(1.5, 0.7, 0.0) == 0.7
