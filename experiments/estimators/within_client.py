"""Session to session within one client: does a better alliance than usual go before fewer symptoms, or the other way?

Symptoms are scored before a session and the alliance after it, so alliance(t) lies between symptoms(t) and
symptoms(t + 1). Two methods answer: the RI-CLPM and lagged regressions on person-mean centred scores. The plain
cross-lagged model is there to be compared with: it takes lasting differences between clients for change.
"""

import numpy as np

from experiments.estimators.columns import by_session, held_sessions, numbers, primary
from experiments.estimators.correlation import pearson
from experiments.estimators.estimator import Estimator
from experiments.estimators.methods.panel.riclpm import riclpm
from experiments.estimators.methods.panel.within_between import within_between
from experiments.estimators.methods.panel.within_lag import FEWEST_CLIENTS, within_lag
from experiments.estimators.value import MISSING, TOO_FEW, as_fit, counted, no_fit, too_few
from experiments.estimators.within_client_parts import CLPM, LAG, PANEL_PARTS, WITHIN_BETWEEN

SESSIONS = 7
FEWEST_SESSIONS = 4
FEWEST_LEFT = 30
"""Clients with both scores that a session needs to be in the panel model (assumed)."""
LAG_SESSIONS = 16
NAMES = ("alliance", "symptoms")


def session_scores(appointments, columns, *, sessions, fewest=1):
    """Return an array of clients by sessions by columns for the clients with at least `fewest` sessions held."""
    held = held_sessions(appointments)
    most = held.groupby("client_id")["session"].max()
    clients = most.index[most >= fewest]
    tables = [by_session(held, column, clients=clients, sessions=sessions) for column in columns]
    return np.stack(tables, axis=2)


def alliance_symptom_paths(tables, scales=None):
    """Return the RI-CLPM of alliance and symptoms in sessions 1-7 of clients with at least four sessions."""
    return _panel(tables, scales, intercepts=True)


def paths_without_intercepts(tables, scales=None):
    """Return the plain cross-lagged panel model of the same scores, without lasting differences between clients."""
    return _panel(tables, scales, intercepts=False)


def _panel(tables, scales, *, intercepts):
    columns = ("wai_client", primary(scales))
    scores = session_scores(tables["appointments"], columns, sessions=SESSIONS, fewest=FEWEST_SESSIONS)
    pairs = np.isfinite(scores).all(axis=2).sum(axis=0)
    waves = int(np.sum(np.cumprod(pairs >= FEWEST_LEFT)))
    if waves < 3:
        least = int(np.argmin(pairs[:3]))
        what = f"clients with {FEWEST_SESSIONS} sessions or more and both scores at session {least + 1}"
        few = too_few(int(pairs[least]), fewest=FEWEST_LEFT, what=what)
        every = session_scores(tables["appointments"], columns, sessions=SESSIONS)
        return explained(as_fit(few), every, fewest=FEWEST_LEFT)
    return riclpm(scores[:, :waves, 0], scores[:, :waves, 1], names=NAMES, intercepts=intercepts)


def explained(fit, scores, *, fewest=FEWEST_CLIENTS):
    """Return the fit; where it says that there are no clients though some have all scores of a session, how many."""
    some = int(np.isfinite(scores).all(axis=2).any(axis=1).sum())
    if fit.status != MISSING or some == 0:
        return fit
    has = "has" if some == 1 else "have"
    note = f"{fit.note[:-1]}, though {counted(some, 'clients')} {has} scores; the estimate needs at least {fewest}."
    return no_fit(TOO_FEW, n=fit.n, note=note)


def lagged(tables, columns, *, names):
    """Return the lagged regressions of columns of the appointments on each other within clients, sessions 1-16."""
    scores = session_scores(tables["appointments"], columns, sessions=LAG_SESSIONS)
    return explained(within_lag(scores, names=names), scores)


def alliance_symptom_lag(tables, scales=None):
    """Return the lagged regressions of alliance and symptoms on each other within clients, sessions 1-16."""
    return lagged(tables, ("wai_client", primary(scales)), names=NAMES)


def alliance_within_between(tables, scales=None):
    """Return next-session symptoms on the alliance, taken apart within and between clients, sessions 1-16."""
    columns = ("wai_client", primary(scales))
    scores = session_scores(tables["appointments"], columns, sessions=LAG_SESSIONS)
    fit = within_between(scores[:, :, 0], scores[:, :, 1], name="alliance")
    return explained(fit, scores)


def autonomy_motivation_lag(tables, scales=None):
    """Return the lagged regressions of perceived autonomy support and autonomous motivation on each other."""
    columns = ("autonomy_support_client", "autonomous_motivation_client")
    return lagged(tables, columns, names=("autonomy_support", "motivation"))


def autonomy_motivation_r(tables, scales=None):
    """Return Pearson's r over clients between mean autonomy support and mean autonomous motivation."""
    held = held_sessions(tables["appointments"])
    columns = ("autonomy_support_client", "autonomous_motivation_client")
    means = [_client_means(held, column) for column in columns]
    here = np.isfinite(means[0]) & np.isfinite(means[1])
    return pearson(means[0][here], means[1][here], what="means of autonomy support and autonomous motivation")


def _client_means(held, column):
    return held.assign(_score=numbers(held, column)).groupby("client_id")["_score"].mean().to_numpy(dtype=float)


def depth_symptom_lag(tables, scales=None):
    """Return the lagged regressions of depth of experiencing and symptoms on each other within clients."""
    return lagged(tables, ("true_depth", primary(scales)), names=("depth", "symptoms"))


LAG_FORMULA = (
    "z(t+1) = client + session + B' z(t) + e on deviations from the client's mean over the steps, B corrected for the "
    "expected -1/m sum (B')^(s-1-t) Sigma"
)
LAGGED = (
    "A lagged path within clients is not yet an effect: what changes within the client and moves both series stays in "
    "it, and error of measurement makes it too small."
)
PANEL = (
    "It takes paths to be alike for all clients and scores free of error, and leaves out clients with fewer than four "
    "sessions; neither direction is proved by it."
)
ORDER = (
    "The symptom form is filled in before session t and the alliance form after it, so alliance -> symptoms is the "
    "nearer step of the two."
)
PAIR = ("client_id", "session", "wai_client", "{primary}")

ENTRIES = (
    Estimator(
        alliance_symptom_paths,
        "Within-client paths, alliance and symptoms (RI-CLPM)",
        "Whether a better alliance than the client's usual goes before fewer symptoms than usual at the next session, "
        "and the other way round; sessions 1-7 of clients with at least four.",
        unit="within-client SDs",
        formula="p(t) = a p(t-1) + c q(t-1) + u, p and q = deviations of the two; score = mean(t) + intercept + p; "
        "full-information maximum likelihood",
        source="hamaker2015 flueckiger2020panel",
        columns=PAIR,
        table="appointments",
        keep="sessions",
        headline="alliance_to_symptoms_std",
        parts=PANEL_PARTS,
        caveat=f"{PANEL} {ORDER}",
    ),
    Estimator(
        paths_without_intercepts,
        "The same without random intercepts (CLPM)",
        "The cross-lagged paths of alliance and symptoms if lasting differences between clients are not set apart: "
        "for comparison only.",
        unit="SDs",
        formula="score(t) = mean(t) + a score(t-1) + c other(t-1) + u; full-information maximum likelihood",
        source="hamaker2015",
        columns=PAIR,
        table="appointments",
        keep="sessions",
        headline="alliance_to_symptoms_std",
        parts=CLPM,
        caveat="It mixes differences between clients with change within them, and can show paths where there are none. "
        f"{ORDER}",
    ),
    Estimator(
        alliance_symptom_lag,
        "Within-client lag, alliance and symptoms",
        "How next-session symptoms go with the alliance, and the next alliance with symptoms, within the same client, "
        "corrected for the bias of short series; sessions 1-16.",
        unit="within-client SDs",
        formula=LAG_FORMULA,
        source="nickell1981 bun2005 juodis2013",
        columns=PAIR,
        table="appointments",
        keep="sessions",
        headline="alliance_to_symptoms_std",
        parts=LAG,
        caveat=f"{LAGGED} Who stays must not depend on the last score. {ORDER}",
    ),
    Estimator(
        alliance_within_between,
        "Alliance within and between clients",
        "How next-session symptoms go with the alliance above the client's own mean, and with that mean.",
        unit="points per point",
        formula="symptoms(t+1) = b0 + session + w (alliance(t) - own mean) + b own mean; SE by client",
        source="mundlak1978",
        columns=PAIR,
        table="appointments",
        keep="sessions",
        headline="alliance_within",
        parts=WITHIN_BETWEEN,
        caveat="The within part is not corrected for symptoms that move the next alliance.",
    ),
    Estimator(
        autonomy_motivation_lag,
        "Within-client lag, autonomy support and motivation",
        "How autonomous motivation at the next session goes with perceived autonomy support, within the same client.",
        unit="within-client SDs",
        formula=LAG_FORMULA,
        source="zuroff2007 bun2005 juodis2013",
        columns=("client_id", "session", "autonomy_support_client", "autonomous_motivation_client"),
        table="appointments",
        keep="sessions",
        headline="autonomy_support_to_motivation_std",
        parts=LAG,
        caveat=LAGGED,
    ),
    Estimator(
        autonomy_motivation_r,
        "Autonomy support and motivation between clients",
        "Pearson's r over clients between their mean ratings of autonomy support and of autonomous motivation.",
        unit="Pearson's r",
        formula="r(mean autonomy_support_client, mean autonomous_motivation_client)",
        source="zuroff2007",
        columns=("client_id", "session", "autonomy_support_client", "autonomous_motivation_client"),
        table="appointments",
        keep="sessions",
    ),
    Estimator(
        depth_symptom_lag,
        "Within-client lag, depth and symptoms",
        "How next-session symptoms go with the depth of experiencing in a session, within the same client; depth is "
        "the model's own, without error of rating.",
        unit="within-client SDs",
        formula=LAG_FORMULA,
        source="pascualleone2017 bun2005 juodis2013",
        columns=("client_id", "session", "true_depth", "{primary}"),
        table="appointments",
        keep="sessions",
        headline="depth_to_symptoms_std",
        parts=LAG,
        caveat=LAGGED,
    ),
)
"""In the order in which they are shown."""
