"""Bias: what a therapist holds against people unlike themselves, and the slighting remark it lets slip."""

from sim.maths import combined_probability


def remark_probability(bias, distance, p):
    """Return the chance of a microaggression in a session.

    probability = 1 - exp(-remark_rate * bias * distance)
    `bias` in bias units, `distance` in culture units. Does not fade with acquaintance.
    Source: owen2014. Left out: whether it is talked about afterwards.
    """
    return combined_probability(p.bias_remark_rate * bias * distance)
