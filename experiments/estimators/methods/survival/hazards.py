"""Discrete-time hazards: of those who came to session t, the share who ended after it.

Of 100 clients 34 do not return after session 1, and 12 of the other 66 not after session 2: h(1) = .34, h(2) = .18. A
hazard is about those still here; that h falls from session to session need not mean that anybody changes, for those
easily lost go first. `person_periods` turns clients into one row per client and session, on which a logistic
regression is a model of the hazard (Singer & Willett 1993).
"""

import numpy as np
import pandas as pd

from experiments.estimators.columns import numbers
from experiments.estimators.methods.basics.intervals import wilson
from experiments.estimators.methods.logistic.logistic import coefficients, read_design, solve
from experiments.estimators.methods.survival.kaplan_meier import counts, endings, risk_sets
from experiments.estimators.value import TOO_FEW, Fit, counted, found, no_fit, too_few

FEWEST = 5
"""The smallest number of clients at risk from which a hazard is given."""


def hazard_table(times, causes, *, of):
    """Return a data frame with a row per time at which somebody ended or was last seen.

    Columns: `time`, `at_risk` (who reached it; with those censored there), one count of endings per cause in `of`, and
    `hazard`, all endings in `of` / at_risk.
    """
    times, causes = np.asarray(times, dtype=float), endings(causes)
    here = ~np.isnan(times)
    times, causes = times[here], causes[here]
    points, at_risk = risk_sets(times)
    ended = {cause: counts(times[causes == cause], points) for cause in of}
    hazard = sum(ended.values(), np.zeros(points.size)) / at_risk
    return pd.DataFrame({"time": points, "at_risk": at_risk, **ended, "hazard": hazard})


def hazards(times, causes, *, of, at):
    """Return the hazard of ending by any cause in `of` after each time of `at`: Values `h1`, `h2`, …

    `causes` not in `of` count as censored. h = d / n among those at risk; SE sqrt(h (1 - h) / n) (nan at 0 and 1),
    Wilson's interval. With fewer than five at risk a hazard is absent.
    """
    times, causes = np.asarray(times, dtype=float), endings(causes)
    ended = np.isin(causes, list(of))
    parts = {}
    for time in at:
        n, d = int(np.sum(times >= time)), int(np.sum((times == time) & ended))
        parts[f"h{time:g}"] = _hazard(n, d, time)
    n = int(np.sum(~np.isnan(times)))
    if not any(part.ok for part in parts.values()):
        first = parts[f"h{at[0]:g}"]
        return no_fit(first.status, n=n, note=first.note)
    return Fit(parts, n, facts={"ended": int(ended[~np.isnan(times)].sum())})


def _hazard(n, d, time):
    if n < FEWEST:
        return too_few(n, fewest=FEWEST, what=f"clients at risk at {time:g}")
    h = d / n
    low, high = wilson(d, n)
    return found(h, se=np.sqrt(h * (1 - h) / n) if 0 < d < n else np.nan, low=low, high=high, n=n)


def person_periods(frame, *, time, cause, of, predictors=()):
    """Return one row per client and time from 1 to their `time`: `period`, `event` (0/1), and the predictors.

    `event` is 1 in the last row of a client whose `cause` is in `of`. Clients without a time of at least 1 are left
    out; fractions of a time are dropped. `row` is the client's place in `frame`.
    """
    spells = np.floor(numbers(frame, time))
    rows = np.flatnonzero(spells >= 1)
    spells = spells[rows].astype(int)
    row = np.repeat(rows, spells)
    period = np.arange(len(row)) - np.repeat(np.cumsum(spells) - spells, spells) + 1
    last = period == np.repeat(spells, spells)
    ended = frame[cause].isin(list(of)).to_numpy()[row]
    data = {name: frame[name].to_numpy()[row] for name in predictors}
    return pd.DataFrame({"row": row, "period": period, "event": (last & ended).astype(float), **data})


def hazard_regression(frame, *, time, cause, of, predictors=(), upto=None):
    """Return the discrete-time hazard model logit h_i(t) = a_t + x_i'b, with a free level `a_t` for each time.

    Endings that are not in `of` censor: the model is of the cause-specific hazard. Times after `upto` are not looked
    at. Values: `level_<t>`, each predictor and `or_<predictor>`. Times at which nobody or everybody at risk ended say
    nothing about b and are left out; fact `periods_left_out` counts them.
    """
    rows = person_periods(frame, time=time, cause=cause, of=of, predictors=predictors)
    rows = rows.dropna() if upto is None else rows[rows["period"] <= upto].dropna()
    share = rows.groupby("period")["event"].transform("mean")
    useful = rows[(share > 0) & (share < 1)]
    periods = sorted(useful["period"].unique())
    clients, left_out = rows["row"].nunique(), rows["period"].nunique() - len(periods)
    if not periods:
        note = f"Among {counted(clients, 'clients')} there is no time after which some ended and some went on."
        return no_fit(TOO_FEW, n=clients, note=note)
    levels = {f"level_{period}": (useful["period"] == period).astype(float) for period in periods[1:]}
    names = (*levels, *predictors)
    design = read_design(useful.assign(**levels), outcome="event", predictors=names)
    solved = design if isinstance(design, Fit) else solve(design)
    if isinstance(solved, Fit):
        return no_fit(solved.status, n=clients, note=solved.note, facts=dict(solved.facts))
    facts = {"log_likelihood": solved[2], "person_periods": len(useful), "periods_left_out": left_out}
    return Fit(_levels(periods, predictors, *solved[:2], n=clients), clients, facts=facts | {"iterations": solved[3]})


def _levels(periods, predictors, b, covariance, *, n):
    """Return the Values with a level for each time instead of an intercept and differences from the first time."""
    turn = np.eye(len(b))
    turn[1 : len(periods), 0] = 1.0
    names = [*(f"level_{period}" for period in periods), *predictors]
    parts = coefficients(names, turn @ b, np.sqrt(np.diag(turn @ covariance @ turn.T)), n=n)
    return {name: part for name, part in parts.items() if not name.startswith("or_level_")}
