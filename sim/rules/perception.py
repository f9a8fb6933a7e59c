"""Perception: what the therapist sees of the alliance, and hears of what the client holds back."""

from sim.maths import clamp

NOTHING_HEARD_YET = 0.5
"""What a therapist expects of a client's openness before the first session (share): neither open nor closed."""


def openness_heard(disclosure, luck, p):
    """Return the client's openness as the therapist judges it (share, 0-1).

    disclosure + heard_sd * luck; nobody can see what is not said, so the judgement is off. `luck` standard normal.
    Source: assumed.
    """
    return clamp(disclosure + p.view_heard_sd * luck, 0.0, 1.0)


def alliance_seen(alliance, style, luck, p):
    """Return the alliance as the therapist sees it after a session (al.).

    sees * alliance + style + session_sd * luck; `style` = this therapist's lasting error about this client (al.),
    `luck` standard normal. Therapists act on this, never on the truth. Source: tryon2007 (views differ); form assumed.
    """
    return p.view_sees * alliance + style + p.view_session_sd * luck
