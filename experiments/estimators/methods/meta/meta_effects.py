"""Effects and their sampling variances as meta-analyses need them: from r, from 2 x 2 tables, from means and SDs.

A trial in which 12 of 40 clients dropped out under treatment and 18 of 38 under the waiting list gives the log odds
ratio log((12 * 20) / (28 * 18)) with variance 1/12 + 1/28 + 1/18 + 1/20. Each function returns two arrays, effect and
sampling variance; a study that cannot have one (r = 1, n = 3) has a gap (nan) in both.

Sources: Fisher 1921 (z); Hedges 1981 and Hedges & Olkin 1985 (g); Viechtbauer 2010 (which variances go with them).
"""

import numpy as np
from scipy import special


def correlation_to_z(r, n):
    """Return Fisher's z = artanh r and its variance 1 / (n - 3); n > 3 and |r| < 1, else a gap."""
    r, n = np.asarray(r, dtype=float), np.asarray(n, dtype=float)
    r, n = np.where((np.abs(r) < 1) & (n > 3), r, np.nan), np.where((np.abs(r) < 1) & (n > 3), n, np.nan)
    return np.arctanh(r), 1 / (n - 3)


def z_to_correlation(z):
    """Return r = tanh z."""
    return np.tanh(z)


def log_risk_ratio(events, n, control_events, control_n, *, zero_cell=0.5):
    """Return log((a / n1) / (c / n2)) and its variance 1/a - 1/n1 + 1/c - 1/n2.

    `events` of `n` in the treated group, `control_events` of `control_n` in the other. A table with an empty cell has
    `zero_cell` added to each of its four cells.
    """
    a, b, c, d = _table(events, n, control_events, control_n, zero_cell)
    return np.log(a / (a + b)) - np.log(c / (c + d)), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)


def log_odds_ratio(events, n, control_events, control_n, *, zero_cell=0.5):
    """Return log(a d / (b c)) and its variance 1/a + 1/b + 1/c + 1/d; empty cells as in `log_risk_ratio`."""
    a, b, c, d = _table(events, n, control_events, control_n, zero_cell)
    return np.log(a) + np.log(d) - np.log(b) - np.log(c), 1 / a + 1 / b + 1 / c + 1 / d


def standardised_difference(mean, sd, n, control_mean, control_sd, control_n):
    """Return Hedges' g = J (m1 - m2) / pooled SD and its variance 1/n1 + 1/n2 + g^2 / (2 (n1 + n2)).

    J = Gamma(m/2) / (sqrt(m/2) Gamma((m - 1)/2)) with m = n1 + n2 - 2, the exact correction for small samples.
    A gap where a group has fewer than two people or the pooled SD is 0.
    """
    m1, s1, n1, m2, s2, n2 = (
        np.asarray(each, dtype=float) for each in (mean, sd, n, control_mean, control_sd, control_n)
    )
    fit = (n1 >= 2) & (n2 >= 2)
    m = np.where(fit, n1 + n2 - 2, np.nan)
    pooled = np.sqrt(((n1 - 1) * s1**2 + (n2 - 1) * s2**2) / m)
    pooled = np.where(pooled > 0, pooled, np.nan)
    correction = np.exp(special.gammaln(m / 2) - special.gammaln((m - 1) / 2) - np.log(m / 2) / 2)
    g = correction * (m1 - m2) / pooled
    return g, np.where(np.isnan(g), np.nan, 1 / np.maximum(n1, 1) + 1 / np.maximum(n2, 1) + g**2 / (2 * (n1 + n2)))


def _table(events, n, control_events, control_n, zero_cell):
    """Return the four cells a, b (treated: event, none) and c, d (others) as floats; gaps where a table is none."""
    a, n1, c, n2 = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (events, n, control_events, control_n)))
    cells = np.array([a, n1 - a, c, n2 - c])
    with np.errstate(invalid="ignore"):
        cells = np.where((cells < 0).any(axis=0) | ((n1 < 1) | (n2 < 1)), np.nan, cells)
    empty = (cells == 0).any(axis=0)
    cells = cells + np.where(empty, zero_cell, 0.0)
    return np.where(cells > 0, cells, np.nan)
