"""Perception: what the therapist sees of the alliance, and who calls a session strained."""


def alliance_seen(alliance, style, luck, p):
    """Return the alliance as the therapist sees it after a session (al.).

    sees * alliance + style + session_sd * luck; `style` = this therapist's lasting error about this client (al.),
    `luck` standard normal. Therapists act on this, never on the truth. Source: tryon2007 (views differ); form assumed.
    """
    return p.view_sees * alliance + style + p.view_session_sd * luck


def calls_it_rupture(new_strain, threshold, luck, p):
    """Return 1 if a rater calls it a rupture: new strain plus error above the rater's threshold (al.), else 0.

    `luck` standard normal. A session without new strain is never called one. Source: eubanks2018 (raters differ).
    """
    if new_strain <= 0.0:
        return 0
    return 1 if new_strain + p.view_strain_error * luck > threshold else 0
