"""Intervals that hold in small clinics: Wilson's for a share, Student's for a mean, Fisher's for a correlation.

Of 8 clients 8 improved: the formula p -+ 1.96 sqrt(p (1 - p) / n) would say 1 for certain. Wilson's interval says
.68 to 1. All are two-sided, 95 %.
"""

import math

from scipy import optimize, special

Z = float(special.ndtri(0.975))
"""The normal quantile."""


def wilson(hits, n):
    """Return low and high of Wilson's score interval for a share of `hits` out of `n` (at least 1)."""
    p, grow = hits / n, 1 + Z * Z / n
    middle = (p + Z * Z / (2 * n)) / grow
    half = Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n)) / grow
    return max(0.0, middle - half), min(1.0, middle + half)


def student(estimate, se, degrees):
    """Return low and high of estimate -+ t SE, and the two-sided p of estimate / SE, with `degrees` of freedom."""
    half = float(special.stdtrit(degrees, 0.975)) * se
    p = 2 * float(special.stdtr(degrees, -abs(estimate) / se)) if se > 0 else math.nan
    return estimate - half, estimate + half, p


def fisher(r, se_of_z):
    """Return low and high of tanh(atanh(r) -+ 1.96 SE) for a correlation strictly between -1 and 1."""
    z = math.atanh(r)
    return math.tanh(z - Z * se_of_z), math.tanh(z + Z * se_of_z)


def normal_p(z):
    """Return the two-sided p of a standard normal number."""
    return 2 * float(special.ndtr(-abs(z)))


def noncentral_t(t, degrees):
    """Return low and high of the noncentrality of which `t` is the upper and the lower 2.5 % point (exact)."""
    if t < 0:
        low, high = noncentral_t(-t, degrees)
        return -high, -low
    return _noncentrality(t, degrees, 0.975), _noncentrality(t, degrees, 0.025)


def _noncentrality(t, degrees, share):
    """Return the noncentrality at which a share of the distribution lies below t; scipy's own inverse is rough."""
    near = float(special.nctdtrinc(degrees, share, t))
    width = 1e-3 * (1 + abs(near))
    try:
        return optimize.brentq(lambda nc: special.nctdtr(degrees, nc, t) - share, near - width, near + width)
    except ValueError:
        return near
