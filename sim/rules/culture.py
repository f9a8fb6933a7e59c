"""Culture: two people from different worlds understand each other less at first, and learn."""

from sim.maths import clamp


def distance_between(client_culture, therapist_culture):
    """Return the distance between two positions in culture (culture units)."""
    return abs(client_culture - therapist_culture)


def felt_distance(distance, cultural_comfort, sessions, p):
    """Return how much of the distance is felt after a number of sessions together (culture units, never negative).

    felt = distance * fading ^ sessions * (1 - comfort_effect * comfort)
    `cultural_comfort` in SD: a therapist at ease with difference takes part of it away from the start.
    Source: assumed, after the findings that matching is wanted and felt at first yet hardly matters in the end
    (cabral2011). With this and the bias switch off, groups do not differ.
    """
    eased = clamp(1.0 - p.culture_comfort_effect * cultural_comfort, 0.0, 2.0)
    return distance * p.culture_fading ** float(sessions) * eased
