"""The working alliance: agreement on goals, agreement on tasks, and bond [bordin1979].

Think of a path between two houses: each session both walk part of the way from where they stand to what the session
offered. How far they walk in one session is `alliance.pace`.
"""

import math


def first_impression(motivation, trust, distance_felt, p):
    """Return the alliance of the first minute, the same for goal, task and bond (al.).

    start + start_motivation * motivation + start_trust * trust - first_impression * felt distance. Source: assumed.
    """
    warm = p.alliance_start_motivation * motivation + p.alliance_start_trust * trust
    return p.alliance_start + warm - p.culture_first_impression * distance_felt


def goal_offered(fit, motivation, gap, progress, p):
    """Return the agreement on goals that this session offers (al.): less with a gap, more once things get better."""
    return _shared(fit, motivation, p) - p.goals_gap_cost * gap + _credit(progress, p)


def task_offered(fit, motivation, trust, progress, p):
    """Return the agreement on tasks that this session offers (al.): trust invites, success confirms."""
    return _shared(fit, motivation, p) + p.alliance_trust * trust + _credit(progress, p)


def bond_offered(fit, understood, trust, p):
    """Return the bond that this session offers (al.): fit, being understood, trust."""
    return p.alliance_offered + p.alliance_fit * fit + p.alliance_understanding * understood + p.alliance_trust * trust


def next_part(part, offered, p):
    """Return goal, task or bond after the session (al.): part + pace * (offered - part). Source: assumed."""
    return part + p.alliance_pace * (offered - part)


def next_mood(mood, luck, p):
    """Return the passing up or down of the alliance (al.): carry * mood + fresh luck, SD mood_sd in the long run."""
    carry = p.alliance_mood_carry
    return carry * mood + p.alliance_mood_sd * math.sqrt(1.0 - carry * carry) * luck


def next_progress(progress, first_distress, distress, p):
    """Return the improvement that the relationship has taken in (distress SD): it lags behind the client's own.

    progress' = progress + progress_lag * (first distress - distress - progress). Source: flueckiger2020, form assumed.
    """
    return progress + p.alliance_progress_lag * (first_distress - distress - progress)


def _shared(fit, motivation, p):
    """What agreement on goals and on tasks have in common: an ordinary offer, fit, and the client's motivation."""
    return p.alliance_offered + p.alliance_fit * fit + p.alliance_motivation * motivation


def _credit(progress, p):
    """Improvement speaks for the work, up to a limit: progress weight * tanh(progress)."""
    return p.alliance_progress * math.tanh(progress)
