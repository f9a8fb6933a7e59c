"""Motivation and effort: the wish to change, and the work a client does between sessions."""

import math

from sim.maths import clamp, logistic


def next_motivation(motivation, trait, progress, alliance, p):
    """Return motivation after a session (SD, within +-8).

    motivation' = motivation + pace * (drawn to - motivation)
    drawn to = trait + progress_weight * tanh(progress) + alliance_weight * alliance
    `trait` = motivation at intake (SD), `progress` in distress SD, `alliance` in al. Source: assumed.
    """
    drawn_to = trait + p.motivation_progress * math.tanh(progress) + p.motivation_alliance * alliance
    return clamp(motivation + p.motivation_pace * (drawn_to - motivation), -8.0, 8.0)


def effort(motivation, alliance, p):
    """Return the effort a client puts in until the next session (share, 0-1).

    logistic(base + motivation_weight * motivation + alliance_weight * alliance). Source: assumed.
    """
    return logistic(p.effort_base + p.effort_motivation * motivation + p.effort_alliance * alliance)
