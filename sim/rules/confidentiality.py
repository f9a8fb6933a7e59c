"""Confidentiality: fear of being exposed goes when confidence is explained and kept, and comes back with one breach."""

from sim.maths import clamp, combined_probability, exponential, logistic


def breach_probability(care, p):
    """Return the chance that something said in a session gets out.

    probability = 1 - exp(-breach_rate * exp(-breach_care * care)); `care` in SD. Source: assumed.
    """
    return combined_probability(p.confidentiality_breach_rate * exponential(-p.confidentiality_breach_care * care))


def next_fear(fear, care, breached, p):
    """Return the client's fear of exposure with this therapist after a session (SD).

    The part of it above the floor shrinks by the share explained; a breach (`breached` = 1) adds breach_fear at once:
    fear' = floor + (fear - floor) * (1 - share) + breach_fear * breached
    share = explaining * 2 * logistic(skill * care)
    Fear below the floor stays. `care` in SD. Source: assumed.
    """
    share = clamp(p.confidentiality_explaining * 2.0 * logistic(p.confidentiality_skill * care), 0.0, 1.0)
    floor = p.confidentiality_fear_floor
    calmed = floor + (max(fear, floor) - floor) * (1.0 - share)
    return clamp(min(fear, calmed) + p.confidentiality_breach_fear * breached, -8.0, 8.0)
