"""Endings compete: content, dissatisfied or called away, whichever strikes first.

Hazards add: one draw decides whether therapy ends now, a second, in proportion, which cause it was. No term for time
stands here; risk falls over the sessions because the easily lost are lost first.
"""

from sim.maths import combined_probability, exponential, logistic


def good_enough_hazard(distress, good_enough, contract, p):
    """Return the hazard of stopping because the client is well enough.

    good_enough_hazard * logistic((good_enough - distress) / softness) * exp(-commitment if there is a contract)
    `distress` after the session and `good_enough` in distress SD. Source: barkham2006 (responsive stopping).
    """
    wish = logistic((good_enough - distress) / p.ending_good_enough_softness)
    return p.ending_good_enough_hazard * wish * _bound(contract, p)


def dissatisfied_hazard(alliance, retention_skill, frailty, missed, contract, p):
    """Return the hazard of leaving dissatisfied.

    exp(dissatisfied - alliance_weight * alliance - retention * skill + frailty_weight * frailty
        + missed_weight * missed), times exp(-commitment) with a contract
    `alliance` in al., skill and frailty in SD, `missed` = 1 if the appointment was missed.
    Source: swift2012 for how common it is; form assumed.
    """
    holds = p.ending_alliance * alliance + p.ending_retention * retention_skill
    loosens = p.ending_frailty * frailty + p.ending_missed * missed
    return p.ending_dissatisfied_possible * exponential(p.ending_dissatisfied - holds + loosens) * _bound(contract, p)


def external_hazard(p):
    """Return the hazard of leaving for a reason from outside (moving away, money, illness). Source: assumed."""
    return p.ending_external


def ending_probability(good_enough, dissatisfied, external):
    """Return the chance that therapy ends now by any of three hazards: 1 - exp(-their sum)."""
    return combined_probability(good_enough + dissatisfied + external)


def cause_of_ending(uniform, good_enough, dissatisfied, external):
    """Return which hazard it was: 0 good enough, 1 dissatisfied, 2 external, each in proportion to its size.

    `uniform` in (0, 1). A hazard of 0 is never the cause.
    """
    place = uniform * (good_enough + dissatisfied + external)
    if place < dissatisfied:
        return 1
    if place < dissatisfied + good_enough:
        return 0
    return 2


def leaves_list_probability(p):
    """Return the chance that somebody who waits for a place gives up in a week. Source: assumed."""
    return p.service_leaves_list


def _bound(contract, p):
    """A fixed contract (`contract` = 1) holds both who would leave content and who would leave dissatisfied."""
    return exponential(-p.ending_commitment * contract)
