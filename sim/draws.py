"""Luck that belongs to somebody: numbers drawn by a key, never from a stream that others share.

Think of a deck of cards for each client: the card for "is the rupture noticed?" at her fifth appointment is the same
card in every arm of an experiment, whatever was dealt to others, in whatever order. The key is (seed, kind of deck,
whose deck, that person's own clock, purpose); the generator is Philox4x32-10 [salmon2011], which turns a counter into
random bits without any memory.

The purposes of each deck are **append-only**: a new purpose goes to the end, so that no old card moves.
"""

import math
from dataclasses import dataclass

import numpy as np

from sim.quantile import normal_from_uniform

# Philox4x32-10 [salmon2011]: two multipliers and two key increments.
_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_INCREMENTS = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10
_WORD = 0xFFFFFFFF
MAX_SEED = 2**63 - 1
"""Largest seed: the largest number that a signed 64-bit column holds."""


@dataclass(frozen=True)
class Deck:
    """One kind of luck: its number in the key, how many purposes it has, and which of them are not uniform."""

    kind: int
    size: int
    normal: tuple[int, ...] = ()
    exponential: tuple[int, ...] = ()


# A client's traits: id = client, clock = 0.
(
    REFERRAL_WEEK,
    COMMON_FACTOR,
    TRUST_PROPENSITY,
    FEAR_OF_EXPOSURE,
    REACTANCE,
    MOTIVATION,
    CHANGE_RATE,
    GOOD_ENOUGH,
    FRAILTY,
    RATING_STYLE,
    GROUP,
    CULTURE,
    SET_POINT,
    TRANSIENT,
    CONTRACT_KIND,
    CONTRACT_LENGTH,
    WHICH_THERAPIST,
    FIRST_WAIT,
    FIXED_WAIT,
) = range(19)
CLIENT = Deck(1, 19, normal=tuple(range(COMMON_FACTOR, GROUP)) + (CULTURE, SET_POINT, TRANSIENT, CONTRACT_LENGTH))

# A therapist's skills and habits: id = therapist, clock = 0.
(
    FACILITATIVE,
    EMPATHY,
    LISTENING,
    COLLABORATION,
    REPAIR_SKILL,
    ATTUNEMENT,
    RETENTION,
    CONFIDENTIALITY,
    DIRECTIVENESS,
    COMFORT,
    BIAS,
    PLACES,
    THERAPIST_CULTURE,
    THERAPIST_GROUP,
) = range(14)
THERAPIST = Deck(2, 14, normal=tuple(range(FACILITATIVE, THERAPIST_GROUP)))

# How this client and this therapist suit each other: id = client, clock = therapist.
(DYAD_FIT, FIRST_GOAL_GAP, VIEW_STYLE) = range(3)
DYAD = Deck(3, 3, normal=(DYAD_FIT, FIRST_GOAL_GAP, VIEW_STYLE))

# One week of a client's life: id = client, clock = weeks since referral.
(DRIFT, FLUCTUATION, LIFE_EVENT, LIFE_EVENT_SIZE, LEAVES_LIST) = range(5)
CLIENT_WEEK = Deck(4, 5, normal=(DRIFT, FLUCTUATION, LIFE_EVENT_SIZE))

# One booked appointment: id = client, clock = number of the appointment.
(
    MISS,
    MISS_KIND,
    NEXT_APPOINTMENT,
    ACT_NOISE,
    EMPATHY_ERROR,
    REMARK,
    BREACH,
    MOOD,
    RUPTURE,
    RUPTURE_KIND,
    STRAIN_SIZE,
    NOTICE,
    REPAIR,
    GAIN,
    LEAVE,
    LEAVE_CAUSE,
    CLIENT_SEES_STRAIN,
    OBSERVER_SEES_STRAIN,
    VIEW_ERROR,
    CODES_SUPPORTIVE,
    CODES_EXPLORATORY,
    CODES_CONTROLLING,
    SYMPTOM_ERROR,
    SYMPTOM_FORM_MISSED,
    CLIENT_RATING_ERROR,
    CLIENT_GOAL_ERROR,
    CLIENT_TASK_ERROR,
    CLIENT_BOND_ERROR,
    CLIENT_FORM_MISSED,
    THERAPIST_GOAL_ERROR,
    THERAPIST_TASK_ERROR,
    THERAPIST_BOND_ERROR,
    THERAPIST_FORM_MISSED,
    HEARD_ERROR,
) = range(34)
APPOINTMENT = Deck(
    5,
    34,
    normal=(
        ACT_NOISE,
        EMPATHY_ERROR,
        MOOD,
        CLIENT_SEES_STRAIN,
        OBSERVER_SEES_STRAIN,
        VIEW_ERROR,
        CODES_SUPPORTIVE,
        CODES_EXPLORATORY,
        CODES_CONTROLLING,
        SYMPTOM_ERROR,
        CLIENT_RATING_ERROR,
        CLIENT_GOAL_ERROR,
        CLIENT_TASK_ERROR,
        CLIENT_BOND_ERROR,
        THERAPIST_GOAL_ERROR,
        THERAPIST_TASK_ERROR,
        THERAPIST_BOND_ERROR,
        HEARD_ERROR,
    ),
    exponential=(STRAIN_SIZE, GAIN),
)

# A form asked outside sessions: id = client, clock = 0 at intake, 1 at the end.
(FORM_ERROR, FORM_RETURNED) = range(2)
FORM = Deck(6, 2, normal=(FORM_ERROR,))
AT_INTAKE, AT_END = 0, 1

# The seed of a replication: id = replication.
REPLICATION = Deck(7, 1)

# What a client has on one symptom scale alone: id = client, clock = the scale's card.
SCALE_OWN = Deck(8, 1, normal=(0,))

# Any other form: id = client, clock = the form's card, and where in the client's time with the service it is asked.
(ANSWER_ERROR, ANSWER_MISSED) = range(2)
ANSWER = Deck(9, 2, normal=(ANSWER_ERROR,))
FIRST_SESSION_FORM = 2
"""Place of a form at the first appointment: after `AT_INTAKE` and `AT_END`."""
_PLACES = 2**20


def philox(counter, key):
    """Return the four 32-bit words of Philox4x32-10 for a counter of four words and a key of two words.

    The words may be Python integers or equally shaped numpy arrays of uint64; both give the same words.
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(_ROUNDS):
        product0 = c0 * _MULTIPLIERS[0]
        product1 = c2 * _MULTIPLIERS[1]
        c0, c1, c2, c3 = (
            (product1 >> 32) ^ c1 ^ k0,
            product1 & _WORD,
            (product0 >> 32) ^ c3 ^ k1,
            product0 & _WORD,
        )
        k0, k1 = (k0 + _INCREMENTS[0]) & _WORD, (k1 + _INCREMENTS[1]) & _WORD
    return c0, c1, c2, c3


def uniforms(seed, deck, ids, clocks):
    """Return uniforms in the open interval (0, 1), shape (len(ids), deck.size).

    `ids` and `clocks` are equally long sequences of integers from 0 to 2**32 - 1; `seed` is 0 to 2**63 - 1.
    Each uniform has 52 random bits and lies half a step away from 0 and 1.
    """
    seed = int(seed)
    blocks = np.arange((deck.size + 1) // 2, dtype=np.uint64)
    ids = np.asarray(ids, dtype=np.uint64).reshape(-1, 1)
    clocks = np.asarray(clocks, dtype=np.uint64).reshape(-1, 1)
    shape = (len(ids), len(blocks))
    counter = (
        np.broadcast_to(ids, shape),
        np.broadcast_to(clocks, shape),
        np.broadcast_to(blocks, shape),
        np.full(shape, deck.kind, dtype=np.uint64),
    )
    words = philox(counter, (seed & _WORD, seed >> 32))
    pairs = np.empty((*shape, 2))
    for half in (0, 1):
        high, low = words[2 * half], words[2 * half + 1]
        pairs[:, :, half] = (((high << 20) | (low >> 12)).astype(np.float64) + 0.5) / 2.0**52
    return pairs.reshape(len(ids), 2 * len(blocks))[:, : deck.size]


def deal(seed, deck, ids, clocks):
    """Return the luck of a deck, shape (len(ids), deck.size), each column in its own distribution.

    Columns in `deck.normal` are standard normal, those in `deck.exponential` have mean 1, the rest are uniform.
    """
    luck = uniforms(seed, deck, ids, clocks)
    if deck.normal:
        columns = list(deck.normal)
        luck[:, columns] = normal_from_uniform(luck[:, columns])
    for column in deck.exponential:
        luck[:, column] = [-math.log1p(-u) for u in luck[:, column].tolist()]
    return luck


def deal_answers(seed, cards, ids, places):
    """Return the luck of several forms in one go, shape (len(cards), len(ids), ANSWER.size).

    `cards` are the forms' numbers, `ids` clients, `places` when each is asked: AT_INTAKE, AT_END, or FIRST_SESSION_FORM
    plus the number of earlier appointments. A form's luck does not depend on which others are asked.
    """
    clocks = [card * _PLACES + place for card in cards for place in places]
    return deal(seed, ANSWER, list(ids) * len(cards), clocks).reshape(len(cards), len(ids), ANSWER.size)


def replication_seed(seed, replication):
    """Return the seed (0 to 2**63 - 1) of one replication: a function of the experiment's seed and its number alone."""
    number, seed = int(replication), int(seed)
    words = philox((number & _WORD, number >> 32, 0, REPLICATION.kind), (seed & _WORD, seed >> 32))
    return ((words[0] << 32) | words[1]) & MAX_SEED
