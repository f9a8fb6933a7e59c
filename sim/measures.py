"""From what is latent to what stands on a form: a PHQ-9 of 14, a WAI-SR of 3.9, and what an observer codes.

A client's distress is a place on a line; the PHQ-9 is a ruler with whole points, an end at 0 and at 27, and a tremor.
Which rulers there are, `sim/instruments.py` says; what each is laid on, `sim/felt.py`.
"""

import math

from sim.instruments import scales
from sim.maths import clamp, exponential, logistic

__all__ = ["scales"]


def score(place, error, scale, factor=1.0):
    """Return the score of a form, in its steps and within its range.

    score = min + (max - min) * reach * logistic(level + slope * (place + factor * form error * error)) ** bend,
    at most max, rounded
    `place` in SD of what the form reads (reference population: mean 0, SD 1), `error` standard normal.
    """
    share = scale.reach * logistic(scale.level + scale.slope * (place + factor * scale.error * error)) ** scale.bend
    steps = math.floor(scale.steps * min(share, 1.0) + 0.5)
    return scale.min + (steps if scale.whole else steps * (scale.max - scale.min) / scale.steps)


def symptom_score(distress, own, error, scale, factor=1.0):
    """Return the score of a symptom scale.

    place = loading * distress + sqrt(1 - loading * loading) * own
    `distress` in SD of the reference clinic; `own` = the client's lasting part on this scale alone; `error`; both
    standard normal.
    """
    return score(scale.loading * distress + scale.own_weight * own, error, scale, factor)


def rating(felt, error, scale, latent, factor=1.0):
    """Return the score of a form about the relationship, a session or a person.

    place = (felt - mean) / SD of the reference population; `felt` in the unit of the `Latent` that the form reads.
    """
    return score((felt - latent.mean) / latent.sd, error, scale, factor)


def real_relationship(genuineness, realism, error_1, error_2, scale):
    """Return the RRI as item means: genuineness, realism, and the whole form.

    Both parts in SD, both errors standard normal. Nobody is asked yet: the latent parts come with a later step.
    """
    genuine = _part(genuineness + scale.error * error_1, scale, scale.items[0])
    real = _part(realism + scale.error * error_2, scale, scale.items[1])
    return genuine, real, (scale.items[0] * genuine + scale.items[1] * real) / (scale.items[0] + scale.items[1])


def _part(felt, scale, items):
    """One part of a form, as the alliance scales have it."""
    return alliance_item_mean(felt, scale.level, scale.slope, items, scale.reach)


def alliance_item_mean(felt, level, slope, items, reach=1.0):
    """Return an alliance subscale as an item mean on 1-5, in steps of 1/items.

    mean = 1 + 4 * reach * logistic(level + slope * felt), at most 5, rounded to the steps; `felt` in alliance units.
    With a reach above 1 some rate everything at the top.
    """
    mean = 1.0 + 4.0 * reach * logistic(level + slope * felt)
    return clamp(math.floor(mean * items + 0.5) / items, 1.0, 5.0)


def total_item_mean(goal, task, bond, items):
    """Return the item mean of the whole form from its three subscales with their numbers of items."""
    goals, tasks, bonds = items
    return (goals * goal + tasks * task + bonds * bond) / (goals + tasks + bonds)


def end_form_probability(ending, p):
    """Return the chance that the end form comes back, by kind of ending (a name from `tables.ENDINGS`)."""
    by_ending = {
        "good_enough": p.form_end_good_enough,
        "planned_end": p.form_end_planned,
        "dissatisfied": p.form_end_dissatisfied,
        "external": p.form_end_external,
    }
    return by_ending.get(ending, 0.0)


def is_scheduled(schedule, session):
    """Return whether a form is asked at a session: its schedule is "every" or a tuple of session numbers.

    A form that is asked "intake" or "end", or never (None), is asked at no session.
    """
    if schedule is None or isinstance(schedule, str):
        return schedule == "every"
    return session in schedule


def calls_it_rupture(new_strain, threshold, luck, p):
    """Return 1 if a rater calls it a rupture: new strain plus error above the rater's threshold (al.), else 0.

    `luck` standard normal. A session without new strain is never called one. Source: eubanks2018 (raters differ).
    """
    if new_strain <= 0.0:
        return 0
    return 1 if new_strain + p.view_strain_error * luck > threshold else 0


def coded_shares(supportive, exploratory, controlling, error_1, error_2, error_3, p):
    """Return the shares as an observer codes them: each off by a factor, then made to sum to 1.

    `error_1` to `error_3` are standard normal. Source: assumed.
    """
    coded_supportive = supportive * exponential(p.communication_coding_error * error_1)
    coded_exploratory = exploratory * exponential(p.communication_coding_error * error_2)
    coded_controlling = controlling * exponential(p.communication_coding_error * error_3)
    total = coded_supportive + coded_exploratory + coded_controlling
    return coded_supportive / total, coded_exploratory / total, coded_controlling / total
