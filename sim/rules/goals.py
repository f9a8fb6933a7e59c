"""Goals: client and therapist begin with different ideas of what this is for, and work the gap away together."""

from sim.maths import clamp, exponential, logistic


def first_gap(luck, p):
    """Return the gap between the client's goals and the plan at the start (gap units, log-normal, at most 10).

    gap = first_gap * exp(gap_log_sd * luck); `luck` standard normal. Source: bordin1979 for the idea, size assumed.
    """
    return min(p.goals_first_gap * exponential(p.goals_gap_log_sd * luck), 10.0)


def next_gap(gap, collaboration, disclosure, p):
    """Return the gap after a session (gap units).

    gap' = gap * (1 - closing), closing = pace * 2 * logistic(skill * collaboration) * 2 * disclosure, at most 1
    `collaboration` in SD; `disclosure` = share said: goals that are not told cannot be agreed.
    Source: tryon2018 for collaboration, form assumed.
    """
    closing = p.goals_pace * 4.0 * logistic(p.goals_skill * collaboration) * disclosure
    return gap * (1.0 - clamp(closing, 0.0, 1.0))


def focus(gap, p):
    """Return the share of the benefit of work that is left when goals differ (0-1): 1 - focus * gap, at least 0.

    Source: assumed.
    """
    return clamp(1.0 - p.goals_focus * gap, 0.0, 1.0)
