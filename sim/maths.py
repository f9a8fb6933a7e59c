"""The few functions that give the same bits in ordinary Python and in compiled code.

Every rule takes its logistic from here, so that a chance of 3 % is the same 3 % whoever loops over the clients.
All arguments are bounded before they reach the C library, so nothing overflows and nothing raises.
"""

import math

EXP_LIMIT = 700.0
"""Largest magnitude handed to `exp`; exp(710) overflows a double."""


def clamp(value, low, high):
    """Return `value` held inside [`low`, `high`]."""
    return min(max(value, low), high)


def exponential(value):
    """Return e to the power `value`, with `value` held inside +-700 so that it cannot overflow."""
    return math.exp(clamp(value, -EXP_LIMIT, EXP_LIMIT))


def logistic(value):
    """Return 1 / (1 + exp(-value)), a probability in 0-1.

    Two branches, so that the exponential is never taken of a large positive number.
    """
    if value >= 0.0:
        return 1.0 / (1.0 + math.exp(-min(value, EXP_LIMIT)))
    raised = math.exp(max(value, -EXP_LIMIT))
    return raised / (1.0 + raised)


def combined_probability(hazard):
    """Return 1 - exp(-hazard): the chance that at least one of several competing causes strikes."""
    return -math.expm1(-clamp(hazard, 0.0, EXP_LIMIT))


def geometric(uniform, mean):
    """Return a waiting time of 1, 2, 3 … weeks with the given mean (weeks, at least 1), from one uniform in (0, 1).

    Geometric: in every week the same chance 1/mean that the wait ends.
    """
    if mean <= 1.0:
        return 1
    return 1 + int(math.log(1.0 - uniform) / math.log1p(-1.0 / mean))
