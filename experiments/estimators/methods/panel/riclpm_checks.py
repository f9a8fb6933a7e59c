"""What an RI-CLPM cannot be fitted to: too few sessions or clients, gaps all over, scores without spread."""

import numpy as np

from experiments.estimators.summary import is_constant
from experiments.estimators.value import COLLINEAR, MISSING, TOO_FEW, absent, constant, too_few

FEWEST_CLIENTS = 50
"""Clients with both series at two sessions or more (assumed: large-sample standard errors need some)."""


def unfit(both, model):
    """Return the absent `Value` that says why an array of clients by 2 T scores cannot be fitted; None if it can."""
    n, fewest = int(np.isfinite(both).any(axis=1).sum()), 2 if model.intercepts == "none" else 3
    if model.waves < fewest:
        note = f"The model needs at least {fewest} sessions to be identified; there are {model.waves}."
        return absent(TOO_FEW if n else MISSING, n=n, note=note)
    seen = np.isfinite(both)
    pairs = seen[:, : model.waves] & seen[:, model.waves :]
    useful = int((pairs.sum(axis=1) >= 2).sum())
    if useful < FEWEST_CLIENTS:
        return too_few(useful, fewest=FEWEST_CLIENTS, what="clients with both scores at two sessions or more")
    return _columns(both, seen, model, n) or _twins(both, model, n)


def _columns(both, seen, model, n):
    for index, column in enumerate(both.T):
        name, t = model.names[index // model.waves], index % model.waves + 1
        values = column[seen[:, index]]
        if not values.size:
            return absent(MISSING, n=n, note=f"Nobody has {name} at session {t}; use fewer sessions.")
        if is_constant(values, sd=values.std()):
            return constant(values.size, what=f"{name} at session {t}")
    return None


def _twins(both, model, n):
    first, second = both[:, : model.waves].ravel(), both[:, model.waves :].ravel()
    here = np.isfinite(first) & np.isfinite(second)
    if here.any() and abs(np.corrcoef(first[here], second[here])[0, 1]) > 1 - 1e-9:
        return absent(COLLINEAR, n=n, note=f"{model.names[0]} and {model.names[1]} are the same but for scale.")
    return None
