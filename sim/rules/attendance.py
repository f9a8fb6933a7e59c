"""Attendance: whether a booked appointment is kept."""

from sim.maths import logistic


def miss_probability(alliance, motivation, p):
    """Return the chance that the client misses an appointment.

    possible * logistic(miss - alliance_weight * alliance - motivation_weight * motivation)
    `alliance` in al., `motivation` in SD.
    Source: assumed.
    """
    held_up = p.attendance_alliance * alliance + p.attendance_motivation * motivation
    return p.attendance_possible * logistic(p.attendance_miss - held_up)
