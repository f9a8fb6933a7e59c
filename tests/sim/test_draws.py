"""Luck that belongs to somebody: the generator against its published answers, and decks that never touch each other.

Statistical tests here use fixed seeds; each states how often a perfect generator would fail it.
"""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim import draws
from sim.instruments import scales

DECKS = {name: thing for name, thing in vars(draws).items() if isinstance(thing, draws.Deck)}
ALL_ONES = 2**32 - 1
KNOWN_ANSWERS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ALL_ONES,) * 4, (ALL_ONES,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
"""Counter, key, words: `kat_vectors` of Random123 for philox4x32-10."""
WORD = st.integers(0, ALL_ONES)


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN_ANSWERS)
def test_philox_gives_the_published_words(counter, key, words):
    assert draws.philox(counter, key) == words


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN_ANSWERS)
def test_philox_gives_the_published_words_for_arrays_too(counter, key, words):
    arrays = [np.full(3, word, dtype=np.uint64) for word in counter]
    got = draws.philox(arrays, key)
    assert [word.tolist() for word in got] == [[word] * 3 for word in words]


@given(st.tuples(WORD, WORD, WORD, WORD), st.tuples(WORD, WORD))
def test_python_integers_and_arrays_give_the_same_words(counter, key):
    arrays = tuple(np.array([word], dtype=np.uint64) for word in counter)
    assert tuple(int(word[0]) for word in draws.philox(arrays, key)) == draws.philox(counter, key)


# --- uniforms -------------------------------------------------------------------------------------------


def test_a_uniform_is_52_bits_and_a_half_of_the_words_of_its_key():
    seed = 2**40 + 17
    got = draws.uniforms(seed, draws.DYAD, [5], [9])[0]
    first = draws.philox((5, 9, 0, draws.DYAD.kind), (17, 2**8))
    second = draws.philox((5, 9, 1, draws.DYAD.kind), (17, 2**8))
    pairs = [(first[0], first[1]), (first[2], first[3]), (second[0], second[1])]
    assert got.tolist() == [((high * 2**20 + low // 2**12) + 0.5) / 2**52 for high, low in pairs]


@pytest.mark.parametrize("words", [(0, 0, 0, 0), (ALL_ONES,) * 4])
def test_uniforms_never_reach_zero_or_one(words, monkeypatch):
    extreme = tuple(np.full((1, 2), word, dtype=np.uint64) for word in words)
    monkeypatch.setattr(draws, "philox", lambda counter, key: extreme)
    got = draws.uniforms(1, draws.DYAD, [0], [0])
    assert ((got > 0.0) & (got < 1.0)).all()
    assert np.isfinite(draws.deal(1, draws.DYAD, [0], [0])).all()


def test_everybody_gets_a_row_of_their_own_whoever_else_is_asked():
    together = draws.deal(3, draws.APPOINTMENT, [4, 7, 9], [2, 1, 6])
    for row, (whose, clock) in zip(together, [(4, 2), (7, 1), (9, 6)], strict=True):
        assert draws.deal(3, draws.APPOINTMENT, [whose], [clock])[0].tolist() == row.tolist()


def test_nobody_to_deal_to_is_no_trouble():
    for deck in DECKS.values():
        assert draws.deal(1, deck, [], []).shape == (0, deck.size)


@pytest.mark.parametrize("seed", [0, 1, 2**32, 2**63 - 1])
def test_numpy_integers_are_seeds_too(seed):
    ours = draws.uniforms(seed, draws.CLIENT, [0, 1], [0, 0])
    assert ours.tolist() == draws.uniforms(np.int64(seed), draws.CLIENT, [0, 1], [0, 0]).tolist()
    assert draws.replication_seed(seed, 3) == draws.replication_seed(np.int64(seed), np.int64(3))


def test_both_halves_of_a_seed_count():
    seeds = (1, 2, 2**32, 2**32 + 1, 2**62)
    rows = {tuple(draws.uniforms(seed, draws.DYAD, [0], [0])[0]) for seed in seeds}
    assert len(rows) == len(seeds)


# --- decks ----------------------------------------------------------------------------------------------


def test_decks_of_different_kinds_do_not_collide():
    kinds = [deck.kind for deck in DECKS.values()]
    assert len(set(kinds)) == len(kinds)
    cards = [draws.uniforms(1, deck, range(20), [0] * 20).ravel().tolist() for deck in DECKS.values()]
    everything = [card for deck in cards for card in deck]
    assert len(set(everything)) == len(everything)


def test_persons_clocks_and_purposes_do_not_collide():
    ids, clocks = np.meshgrid(np.arange(30), np.arange(30))
    cards = draws.uniforms(1, draws.APPOINTMENT, ids.ravel(), clocks.ravel())
    assert len(np.unique(cards)) == cards.size


def test_every_purpose_belongs_to_its_deck():
    for deck in DECKS.values():
        assert set(deck.normal) | set(deck.exponential) <= set(range(deck.size))
        assert not set(deck.normal) & set(deck.exponential)


PURPOSES = {
    "CLIENT": (
        "REFERRAL_WEEK COMMON_FACTOR TRUST_PROPENSITY FEAR_OF_EXPOSURE REACTANCE MOTIVATION CHANGE_RATE GOOD_ENOUGH "
        "FRAILTY RATING_STYLE GROUP CULTURE SET_POINT TRANSIENT CONTRACT_KIND CONTRACT_LENGTH WHICH_THERAPIST "
        "FIRST_WAIT FIXED_WAIT"
    ),
    "THERAPIST": (
        "FACILITATIVE EMPATHY LISTENING COLLABORATION REPAIR_SKILL ATTUNEMENT RETENTION CONFIDENTIALITY DIRECTIVENESS "
        "COMFORT BIAS PLACES THERAPIST_CULTURE THERAPIST_GROUP"
    ),
    "DYAD": "DYAD_FIT FIRST_GOAL_GAP VIEW_STYLE",
    "CLIENT_WEEK": "DRIFT FLUCTUATION LIFE_EVENT LIFE_EVENT_SIZE LEAVES_LIST",
    "APPOINTMENT": (
        "MISS MISS_KIND NEXT_APPOINTMENT ACT_NOISE EMPATHY_ERROR REMARK BREACH MOOD RUPTURE RUPTURE_KIND STRAIN_SIZE "
        "NOTICE REPAIR GAIN LEAVE LEAVE_CAUSE CLIENT_SEES_STRAIN OBSERVER_SEES_STRAIN VIEW_ERROR CODES_SUPPORTIVE "
        "CODES_EXPLORATORY CODES_CONTROLLING SYMPTOM_ERROR SYMPTOM_FORM_MISSED CLIENT_RATING_ERROR CLIENT_GOAL_ERROR "
        "CLIENT_TASK_ERROR CLIENT_BOND_ERROR CLIENT_FORM_MISSED THERAPIST_GOAL_ERROR THERAPIST_TASK_ERROR "
        "THERAPIST_BOND_ERROR THERAPIST_FORM_MISSED HEARD_ERROR"
    ),
    "FORM": "FORM_ERROR FORM_RETURNED",
    "ANSWER": "ANSWER_ERROR ANSWER_MISSED",
}
"""Frozen: a new purpose goes to the end of its deck, here and in `sim/draws.py`; no old one ever changes place."""
UNIFORM_PURPOSES = {
    "CLIENT": "REFERRAL_WEEK GROUP CONTRACT_KIND WHICH_THERAPIST FIRST_WAIT FIXED_WAIT",
    "THERAPIST": "THERAPIST_GROUP",
    "DYAD": "",
    "CLIENT_WEEK": "LIFE_EVENT LEAVES_LIST",
    "APPOINTMENT": (
        "MISS MISS_KIND NEXT_APPOINTMENT REMARK BREACH RUPTURE RUPTURE_KIND NOTICE REPAIR LEAVE LEAVE_CAUSE "
        "SYMPTOM_FORM_MISSED CLIENT_FORM_MISSED THERAPIST_FORM_MISSED"
    ),
    "FORM": "FORM_RETURNED",
    "ANSWER": "ANSWER_MISSED",
}
"""Frozen likewise: what a card is (uniform, normal, exponential) never changes."""
KINDS = {"CLIENT": 1, "THERAPIST": 2, "DYAD": 3, "CLIENT_WEEK": 4, "APPOINTMENT": 5, "FORM": 6, "REPLICATION": 7} | {
    "SCALE_OWN": 8,
    "ANSWER": 9,
}


@pytest.mark.parametrize("deck", PURPOSES)
def test_purposes_are_append_only(deck):
    frozen = PURPOSES[deck].split()
    assert [getattr(draws, name) for name in frozen] == list(range(len(frozen)))
    assert DECKS[deck].size == len(frozen), "a new purpose belongs at the end of the frozen list too"


@pytest.mark.parametrize("deck", PURPOSES)
def test_what_a_card_is_never_changes(deck):
    not_uniform = set(DECKS[deck].normal) | set(DECKS[deck].exponential)
    uniform = [name for name in PURPOSES[deck].split() if getattr(draws, name) not in not_uniform]
    assert uniform == UNIFORM_PURPOSES[deck].split()
    exponential = {getattr(draws, name) for name in ("STRAIN_SIZE", "GAIN")} if deck == "APPOINTMENT" else set()
    assert set(DECKS[deck].exponential) == exponential


def test_the_numbers_of_the_decks_never_change():
    assert {name: deck.kind for name, deck in DECKS.items()} == KINDS


def test_the_cards_of_the_forms_never_change():
    """Frozen: a form's card stays its own, a new form takes a new number."""
    assert {scale.card: name for name, scale in scales().items()} == dict(enumerate(CARDS.split(), start=1))


CARDS = """oq45 core_om phq9 gad7 wsas csi16 wai_client wai_therapist rri_client srs_client empathy_client
collaboration_client goal_agreement_client regard_client genuineness_client credibility_client autonomy_support_client
multicultural_client session_outcome_client positive_affect_client negative_affect_client autonomous_motivation_client
effort_client csq8 expectation readiness reactance attachment_avoidance attachment_anxiety concealment
autonomous_motivation"""


def test_the_luck_of_a_form_does_not_depend_on_which_others_are_asked():
    alone = draws.deal_answers(5, [7], [0, 3, 9], [2, 2, 11])
    among = draws.deal_answers(5, [1, 7, 30], [0, 3, 9], [2, 2, 11])
    assert alone.shape == (1, 3, 2) and among.shape == (3, 3, 2)
    assert (among[1] == alone[0]).all()
    assert (among[0] != among[1]).all()
    assert (draws.deal_answers(5, [7], [3], [2])[0, 0] == alone[0, 1]).all()


# --- distributions --------------------------------------------------------------------------------------

MANY = 20_000


@pytest.fixture(scope="module")
def dealt():
    return draws.uniforms(11, draws.APPOINTMENT, np.arange(MANY) // 20, np.arange(MANY) % 20)


def test_every_purpose_is_uniform(dealt):
    """Kolmogorov-Smirnov, 33 purposes, Bonferroni: a perfect generator fails in 1 of 10,000 choices of the seed."""
    worst = min(stats.kstest(column, "uniform").pvalue for column in dealt.T)
    assert worst > 1e-4 / dealt.shape[1]


def test_purposes_of_one_appointment_are_uncorrelated(dealt):
    """All 528 pairs, rank correlation, Bonferroni: a perfect generator fails in 1 of 10,000 choices of the seed."""
    r = np.corrcoef(dealt, rowvar=False)[np.triu_indices(dealt.shape[1], 1)]
    limit = stats.norm.isf(0.5e-4 / len(r)) / math.sqrt(MANY)
    assert np.abs(r).max() < limit


@pytest.mark.parametrize("neighbour", ["next person", "next clock", "next seed"])
def test_neighbours_are_independent(dealt, neighbour):
    """Chi-square of 8 x 8 cells for each of 33 purposes, Bonferroni: false alarm 1 in 10,000 choices of the seed."""
    ids, clocks = np.arange(MANY) // 20, np.arange(MANY) % 20
    other = {
        "next person": (11, ids + 1, clocks),
        "next clock": (11, ids, clocks + 1),
        "next seed": (12, ids, clocks),
    }[neighbour]
    beside = draws.uniforms(other[0], draws.APPOINTMENT, other[1], other[2])
    worst = 1.0
    for ours, theirs in zip(dealt.T, beside.T, strict=True):
        cells = np.bincount((ours * 8).astype(int) * 8 + (theirs * 8).astype(int), minlength=64)
        worst = min(worst, stats.chisquare(cells).pvalue)
    assert worst > 1e-4 / dealt.shape[1]


def test_normal_and_exponential_cards_follow_their_distributions():
    """Kolmogorov-Smirnov on 20 columns, Bonferroni: false alarm 1 in 10,000 choices of the seed."""
    luck = draws.deal(11, draws.APPOINTMENT, np.arange(MANY), np.zeros(MANY, dtype=int))
    assert stats.kstest(luck[:, draws.MISS], "uniform").pvalue > 1e-4
    columns = [(column, "norm") for column in draws.APPOINTMENT.normal]
    columns += [(column, "expon") for column in draws.APPOINTMENT.exponential]
    for column, distribution in columns:
        assert stats.kstest(luck[:, column], distribution).pvalue > 1e-4 / len(columns)


def test_a_normal_card_rises_with_its_uniform():
    uniform = draws.uniforms(5, draws.DYAD, range(2000), [0] * 2000)[:, draws.DYAD_FIT]
    normal = draws.deal(5, draws.DYAD, range(2000), [0] * 2000)[:, draws.DYAD_FIT]
    assert (np.diff(normal[np.argsort(uniform)]) > 0.0).all()


def test_an_exponential_card_rises_with_its_uniform():
    uniform = draws.uniforms(5, draws.APPOINTMENT, range(2000), [0] * 2000)[:, draws.GAIN]
    gain = draws.deal(5, draws.APPOINTMENT, range(2000), [0] * 2000)[:, draws.GAIN]
    assert gain == pytest.approx(-np.log1p(-uniform), rel=1e-14)


# --- seeds of replications ------------------------------------------------------------------------------


def test_replications_have_seeds_of_their_own():
    seeds = {draws.replication_seed(seed, replication) for seed in range(20) for replication in range(500)}
    assert len(seeds) == 20 * 500
    assert min(seeds) >= 0 and max(seeds) <= draws.MAX_SEED


@pytest.mark.parametrize(("seed", "replication"), [(1, 0), (1, 5), (2**40 + 3, 2), (2**63 - 1, 999)])
def test_the_seed_of_a_replication_is_the_first_two_words_of_its_key(seed, replication):
    key = seed % 2**32, seed // 2**32
    high, low, _, _ = draws.philox((replication, 0, 0, draws.REPLICATION.kind), key)
    assert draws.replication_seed(seed, replication) == (high * 2**32 + low) % 2**63


@pytest.mark.parametrize("replication", [2**32, 2**32 + 5, 4_295 * 1_000_000, 10**15])
def test_large_numbers_of_replications_have_seeds_of_their_own_too(replication):
    seed = draws.replication_seed(1, replication)
    assert 0 <= seed <= draws.MAX_SEED
    assert seed != draws.replication_seed(1, replication % 2**32)
    words = draws.philox((replication % 2**32, replication // 2**32, 0, draws.REPLICATION.kind), (1, 0))
    assert all(0 <= word <= ALL_ONES for word in words)
    assert seed == (words[0] * 2**32 + words[1]) % 2**63


def test_a_replication_does_not_share_its_seed_with_the_experiment():
    for one, other in combinations([0, 1, 2, 3, 2**40], 2):
        assert draws.replication_seed(one, 0) not in (one, other)
