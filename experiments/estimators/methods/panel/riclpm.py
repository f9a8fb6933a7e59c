"""Fitting the RI-CLPM: does a better alliance than usual go before fewer symptoms than usual, or the other way round?

    fit = riclpm(alliance, symptoms, names=("alliance", "symptoms"))     # arrays of clients by sessions, nan for gaps
    fit["alliance_to_symptoms"]        # change in symptoms of the next session per point of alliance above one's usual
    fit["alliance_to_symptoms_std"]    # the same in within-client SDs, averaged over sessions
    fit["intercept_correlation"]       # do clients with a usually better alliance usually have fewer symptoms?
    fit.facts["rmsea"]

Full-information maximum likelihood with standard errors from the observed information, as lavaan's `missing = "ml"`.
"""

import numpy as np

from experiments.estimators.methods.panel.fit_indices import fit_indices
from experiments.estimators.methods.panel.patterns import patterns
from experiments.estimators.methods.panel.riclpm_checks import unfit
from experiments.estimators.methods.panel.riclpm_model import Model
from experiments.estimators.methods.panel.riclpm_numbers import improper, quantities
from experiments.estimators.methods.panel.saturated import baseline_loglik, marginal, saturated
from experiments.estimators.methods.panel.scoring import climb
from experiments.estimators.value import NOT_CONVERGED, Fit, as_fit, no_fit

STARTS = (0.3, 0.0, 0.6)
"""Autoregressions to start from, the next one only if a start leads nowhere."""
EDGE = (
    "The intercepts' covariance matrix lies at its boundary (they are perfectly correlated, or one does not vary): "
    "standard errors treat it as known to lie there."
)
NO_INDICES = "The saturated model did not reach a maximum (too few have some pair of scores): there are no fit indices."


def riclpm(
    first, second, *, names=("x", "y"), paths="equal", residuals="free", means="free", intercepts=True, indices=True
):
    """Return the `Fit` of a random-intercept cross-lagged panel model of two arrays of clients by sessions.

    `paths`, `residuals`: "equal" over time or "free"; `means`: "free" or "constant"; `intercepts=False` gives the plain
    cross-lagged panel model; `indices=False` leaves out what needs the saturated model. Gaps (nan) are taken as missing
    at random. For names x, y it gives x_to_y, y_to_x, x_to_x, y_to_y (unit of y per unit of x; free paths as x_to_y_2
    … by the later session), their `_std` averages, intercept and residual (co)variances, intercept_correlation,
    means. An estimate outside the possible (negative residual variance) gives not_converged.
    Source: Hamaker, Kuiper & Grasman (2015); lavaan (Rosseel 2012) gives the same numbers.
    """
    both = np.hstack([np.asarray(first, dtype=float), np.asarray(second, dtype=float)])
    model = Model(
        tuple(names), both.shape[1] // 2, paths, residuals, means, intercepts="free" if intercepts else "none"
    )
    reason = unfit(both, model)
    if reason is not None:
        return as_fit(reason)
    data = patterns(both)
    model, top = _fitted(model, data)
    if not top.converged:
        return _failed(data, top, note=f"The likelihood of the {_kind(model)} did not reach a maximum.")
    if wrong := improper(model, top.theta):
        note = f"The likelihood is largest at an impossible value: {wrong}. Use fewer sessions."
        return _failed(data, top, note=note)
    return _fit(model, top, data, indices=indices)


def _fit(model, top, data, *, indices):
    """Return the `Fit` at a proper maximum."""
    edge = model.intercepts == "line"
    facts = {"converged": 1.0, "iterations": float(top.steps), "patterns": float(data.n.size), "boundary": float(edge)}
    facts |= _indices(model, top, data, wanted=indices)
    parts, spread = quantities(model, top, n=data.clients)
    notes = [EDGE] * edge + [NO_INDICES] * (indices and not np.isfinite(facts["chi2"]))
    return Fit(parts, data.clients, note=" ".join(notes), facts=facts | spread)


def _indices(model, top, data, *, wanted):
    """Return the fit indices; a parameter on its boundary counts as estimated."""
    parameters = model.size + (model.intercepts == "line")
    if not wanted:
        return {"loglik": top.loglik, "n_parameters": float(parameters)}
    return fit_indices(top, saturated(data), baseline_loglik(data), n=data.clients, parameters=parameters)


def _kind(model):
    return "cross-lagged panel model" if model.intercepts == "none" else "RI-CLPM"


def _failed(data, top, *, note):
    facts = {"loglik": top.loglik, "iterations": top.steps, "converged": 0.0, "patterns": float(data.n.size)}
    return no_fit(NOT_CONVERGED, n=data.clients, note=note, facts=facts)


def _fitted(model, data):
    """Return the model and its top; on the edge of possible intercepts, that of the model on the edge."""
    top = _climb(model, data)
    if model.intercepts != "free" or not top.converged:
        return model, top
    x, y, both = model.shared(top.theta)
    if x > 0 and y > 0 and both**2 < x * y:
        return model, top
    edge = Model(model.names, model.waves, model.paths, model.residuals, model.means, intercepts="line")
    tops = [_climb(edge, data, sign=sign) for sign in (1.0, -1.0)]
    return edge, max(tops, key=lambda each: (each.converged, each.loglik))


def _climb(model, data, *, sign=1.0):
    """Return the top, from the first start that leads to one."""
    for stability in STARTS:
        top = climb(model, data, start(model, data, stability=stability, sign=sign))
        if top.converged:
            return top
    return top


def start(model, data, *, stability, sign=1.0):
    """Return theta to start from: a third of the variance lasting, the rest with this autoregression."""
    mean, variance = marginal(data)
    x, y = np.split(variance, 2)
    share = 0.0 if model.intercepts == "none" else 1 / 3
    theta = np.zeros(model.size)
    cut = model.cuts
    design = model.means_part[1]
    theta[cut[0]] = design @ mean / design.sum(axis=1)
    theta[cut[1]] = [stability if own else 0.0 for own in model.own_paths]
    left = [(1 - share) * x, (1 - share) * y]
    rest = [
        (1 - stability**2) * each[1:] if model.residuals == "free" else [(1 - stability**2) * each[1:].mean()]
        for each in left
    ]
    theta[cut[2]] = np.concatenate([[left[0][0], left[1][0], 0.0], *rest, np.zeros(len(rest[0]))])
    lasting = np.array([x.mean(), y.mean()]) * share
    theta[cut[3]] = {"free": [*lasting, 0.0], "line": np.sqrt(lasting) * [1, sign], "none": []}[model.intercepts]
    return theta
