"""Perception: what the therapist sees of the alliance."""


def alliance_seen(alliance, style, luck, p):
    """Return the alliance as the therapist sees it after a session (al.).

    sees * alliance + style + session_sd * luck; `style` = this therapist's lasting error about this client (al.),
    `luck` standard normal. Therapists act on this, never on the truth. Source: tryon2007 (views differ); form assumed.
    """
    return p.view_sees * alliance + style + p.view_session_sd * luck
