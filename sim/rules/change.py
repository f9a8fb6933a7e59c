"""Change: what a session does to distress, and what a week of life does.

Distress is a lasting level (the set point) and a passing part on top. Therapy moves the set point; a crisis calms by
itself.
"""

import math

from sim.maths import clamp, exponential


def session_gain(rate, facilitative_skill, effort, disclosure, focus, alliance, distress, luck, p):
    """Return by how much a session lowers the set point (distress SD; negative = it got worse).

    work = rate * exp(skill * facilitative_skill) * (1 + effort_weight * (effort - 1/2))
           * (1 + disclosure_weight * (disclosure - 1/2)) * focus * luck
    gain = work + alliance_weight * alliance, a positive gain shrinking to 0 within `taper` of the floor
    `rate` = the client's own (distress SD per session), skill in SD, effort, disclosure and focus are shares,
    `alliance` in al., `luck` exponential of mean 1: some sessions matter much more than others. Source: assumed.
    """
    helped = 1.0 + p.change_effort * (effort - 0.5)
    opened = 1.0 + p.change_disclosure * (disclosure - 0.5)
    work = rate * exponential(p.change_skill * facilitative_skill) * helped * opened * focus * luck
    gain = work + p.change_alliance * alliance
    if gain <= 0.0:
        return gain
    room = clamp((distress - p.change_floor) / p.change_taper, 0.0, 1.0)
    return min(gain * room, max(distress - p.change_floor, 0.0))


def set_point_after(set_point, gain):
    """Return the lasting level after a session (distress SD, within +-20): set point - gain."""
    return clamp(set_point - gain, -20.0, 20.0)


def next_transient(transient, luck, p):
    """Return the passing part of distress a week later (distress SD).

    transient' = (1 - calming) * transient + luck, with SD transient_sd in the long run; `luck` standard normal.
    """
    kept = 1.0 - p.distress_calming
    return kept * transient + p.distress_transient_sd * math.sqrt(1.0 - kept * kept) * luck


def next_set_point(set_point, drift, event, p):
    """Return the lasting level a week later (distress SD, within +-20): it wanders, and moves with a life event.

    `drift` standard normal; `event` = effect of this week's life event, 0 if there was none. Source: assumed.
    """
    return clamp(set_point + p.distress_drift_sd * drift + event, -20.0, 20.0)


def event_probability(p):
    """Return the chance of a life event in a week. Source: assumed."""
    return p.distress_event_rate


def event_effect(luck, p):
    """Return the effect of a life event on the set point (distress SD): mean + SD * luck, positive = worse."""
    return p.distress_event_mean + p.distress_event_sd * luck
