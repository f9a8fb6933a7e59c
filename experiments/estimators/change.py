"""Change, client by client, on the primary scale: response, remission, reliable change, getting worse.

Registered estimates of how many clients change and by what rule. A client from 18 to 8 on the PHQ-9 has responded
(fell by half), recovered (reliably, and to the well side of 10), but is not in remission (below 5).
"""

import math

import numpy as np

from experiments.estimators.columns import (
    before_and_after,
    by_session,
    field_of,
    higher_is_worse,
    numbers,
    primary,
    scale_number,
)
from experiments.estimators.estimator import Estimator
from experiments.estimators.methods.basics.effect_sizes import d_on_change_sd, d_on_start_sd
from experiments.estimators.methods.change.reliable_change import (
    DETERIORATED,
    LABELS,
    classify,
    cut_offs,
    reliable_change_index,
    shares_of_change,
)
from experiments.estimators.outcome import no_cutoff
from experiments.estimators.summary import mean, share
from experiments.estimators.value import MISSING, Fit, absent, as_fit

BOTH = "clients with an intake score and a later one"
WEEKS = 9
"""Two months after the first session: scores up to this many weeks on."""
REMISSION = 5
"""PHQ-9 below which symptoms count as minimal, if the scale has no `remission` of its own."""


def change_d_readings(tables, scales=None):
    """Return pre-post d on the SD at intake (`start_sd`) and on the SD of the change (`change_sd`)."""
    scale = primary(scales)
    before, after = before_and_after(tables["clients"], scale=scale)
    worse = higher_is_worse(scales, scale)
    parts = {
        "start_sd": d_on_start_sd(before, after, higher_is_worse=worse, what=BOTH),
        "change_sd": d_on_change_sd(before, after, higher_is_worse=worse, what=BOTH),
    }
    return Fit(parts, int((~np.isnan(before)).sum()))


def clinical_significance(tables, scales=None):
    """Return the shares recovered, improved, unchanged, deteriorated by the scale's own cut-off and reliable change."""
    scale = primary(scales)
    cutoff, change = (scale_number(scales, scale, field) for field in ("cutoff", "reliable_change"))
    return _significance(tables, scales, cutoff=cutoff, change=change)


def significance_by_norms(tables, scales=None):
    """Return the same shares by Jacobson's c and an index worked out from the scale's norms and reliability."""
    scale = primary(scales)
    names = ("clinic_mean", "clinic_sd", "community_norm_mean", "community_norm_sd", "reliability")
    clinic_mean, clinic_sd, community_mean, community_sd, reliability = (
        scale_number(scales, scale, name) for name in names
    )
    cuts = cut_offs(
        clinic_mean=clinic_mean, clinic_sd=clinic_sd, community_mean=community_mean, community_sd=community_sd
    )
    index = reliable_change_index(clinic_sd, reliability)
    return _significance(tables, scales, cutoff=cuts["c"].estimate, change=index["reliable_change"].estimate)


def _significance(tables, scales, *, cutoff, change):
    scale = primary(scales)
    if math.isnan(cutoff) or math.isnan(change):
        return as_fit(no_cutoff(scale))
    before, after = before_and_after(tables["clients"], scale=scale)
    worse = higher_is_worse(scales, scale)
    return shares_of_change(classify(before, after, reliable_change=change, cutoff=cutoff, higher_is_worse=worse))


def deterioration_rate(tables, scales=None):
    """Return the share `worse` by at least the reliable change, and `not_improved`, those without reliable improvement.

    `true_change` is the mean rise of latent distress of those counted as worse: 0 would say that error alone made them.
    """
    scale, clients = primary(scales), tables["clients"]
    change = scale_number(scales, scale, "reliable_change")
    if math.isnan(change):
        return as_fit(absent(MISSING, n=0, note=f"The reliable change of {scale} was not given."))
    before, after = before_and_after(clients, scale=scale)
    gain = (before - after) * (1.0 if higher_is_worse(scales, scale) else -1.0)
    known = np.isfinite(gain)
    worse = known & (gain <= -change)
    parts = {
        "worse": share(worse[known], what=BOTH),
        "not_improved": share((gain < change)[known], what=BOTH),
        "true_change": _latent_change(clients[worse]),
    }
    return Fit(parts, int(known.sum()))


def _latent_change(clients):
    if "true_distress_end" not in clients or "true_distress_intake" not in clients:
        return absent(MISSING, n=0, note="Latent distress is not in these tables.")
    rise = numbers(clients, "true_distress_end") - numbers(clients, "true_distress_intake")
    return mean(rise, what="clients who got reliably worse")


def response_rate(tables, scales=None):
    """Return, of clients with both scores, the share who fell by at least half (`response`), and `remission`."""
    before, after = before_and_after(tables["clients"], scale="phq9")
    return _response(before, after, scales)


def response_at_2_months(tables, scales=None):
    """Return the same two months after the first session: the last score up to then, or the end form if ended by then.

    Clients whose last score is that of the first session have no later score unless the end form came back.
    """
    clients = tables["clients"]
    start, end = numbers(clients, "start_week"), numbers(clients, "end_week")
    ids = clients["client_id"]
    weeks = by_session(tables["appointments"], "week", clients=ids)
    scores = by_session(tables["appointments"], "phq9", clients=ids, sessions=weeks.shape[1])
    scores = np.where(weeks - start[:, None] <= WEEKS, scores, np.nan)[:, 1:]
    form = np.where(end - start <= WEEKS, numbers(clients, "phq9_end"), np.nan)
    after = np.where(np.isnan(form), _last(scores), form)
    return _response(numbers(clients, "phq9_intake"), after, scales)


def _last(scores):
    """Return the last score of each row, nan if there is none."""
    padded = np.concatenate([np.full((scores.shape[0], 1), np.nan), scores], axis=1)
    column = np.where(np.isnan(padded), 0, np.arange(padded.shape[1])).max(axis=1)
    return padded[np.arange(padded.shape[0]), column]


def _response(before, after, scales):
    known = ~(np.isnan(before) | np.isnan(after)) & (before > 0)
    level = field_of((scales or {}).get("phq9", {}), "remission")
    below = after[known] < (REMISSION if level is None else level)
    parts = {
        "response": share(after[known] <= before[known] / 2, what=BOTH),
        "remission": share(below, what=BOTH),
    }
    return Fit(parts, int(known.sum()))


def self_efficacy_d(tables, scales=None):
    """Return d of self-efficacy, end minus intake, on the SD at intake, of clients whose therapy has ended (latent)."""
    clients = tables["clients"]
    before, after = numbers(clients, "true_self_efficacy"), numbers(clients, "true_self_efficacy_end")
    return d_on_start_sd(before, after, higher_is_worse=False, what="clients with self-efficacy before and after")


_SCORES = ("sessions_held", "{primary}_intake", "{primary}_end", "{primary}_last")
_CLASSES = {
    "recovered": (
        "share of clients",
        "better by at least the reliable change, and across the cut-off to the well side",
    ),
    "improved": ("share of clients", "better by at least the reliable change, but not across the cut-off"),
    "unchanged": ("share of clients", "neither better nor worse by the reliable change"),
    "deteriorated": ("share of clients", "worse by at least the reliable change"),
}
_PHQ9 = ("sessions_held", "phq9_intake", "phq9_end", "phq9_last")

ENTRIES = (
    Estimator(
        change_d_readings,
        "Change, on two SDs",
        "Pre-post d on the SD at intake, and on the SD of the change; the two are not the same number.",
        unit="d",
        formula="mean(before - after) / SD(before), or / SD(before - after); after = end form, else last score",
        source="gaskell2023",
        columns=_SCORES,
        headline="start_sd",
        parts={
            "start_sd": ("d, in SDs at intake", "mean change over the SD of the intake scores"),
            "change_sd": ("d, in SDs of the change", "mean change over the SD of the changes"),
        },
    ),
    Estimator(
        clinical_significance,
        "Clinically significant change",
        "Of clients with an intake score and a later one: recovered, improved, unchanged, deteriorated, by the cut-off "
        "and the reliable change of the primary scale.",
        unit="share of clients",
        formula="recovered: better by >= RC (reliable change) and across the cut-off",
        source="jacobson1991",
        columns=_SCORES,
        headline=LABELS[0],
        parts=_CLASSES,
    ),
    Estimator(
        significance_by_norms,
        "Clinically significant change, from norms",
        "The same four shares by cut-off c and reliable change worked out from the norms and reliability of the scale.",
        unit="share of clients",
        formula="c = (s1 M0 + s0 M1) / (s0 + s1); RC = 1.96 sqrt(2) s1 sqrt(1 - reliability)",
        source="jacobson1991",
        columns=_SCORES,
        headline=LABELS[0],
        parts=_CLASSES,
        caveat="c from norms need not be the cut-off that a service uses.",
    ),
    Estimator(
        deterioration_rate,
        "Reliable deterioration",
        "Share of clients with an intake score and a later one who got worse by at least the reliable change.",
        unit="share of clients",
        formula="mean(after - before >= reliable change); after = end form, else last score",
        source="lambert2013",
        columns=_SCORES,
        headline="worse",
        parts={
            "not_improved": ("share of clients", "without reliable improvement: unchanged, or worse"),
            "true_change": ("distress SDs", "mean rise of latent distress of those who got reliably worse (latent)"),
        },
        caveat=f"Error of measurement alone makes some clients '{DETERIORATED}'.",
    ),
    Estimator(
        response_rate,
        "Response",
        "Share of clients with a PHQ-9 before and after who fell by at least half; and share below 5.",
        unit="share of clients",
        formula="mean(after <= before / 2); before = intake, after = end form, else last score",
        source="cuijpers2021",
        columns=_PHQ9,
        headline="response",
        parts={"remission": ("share of clients", "last score below 5, or the scale's own limit of remission")},
    ),
    Estimator(
        response_at_2_months,
        "Response at two months",
        "Share of clients whose PHQ-9 fell by at least half within nine weeks of the first session.",
        unit="share of clients",
        formula="mean(last score within 9 weeks <= intake score / 2)",
        source="cuijpers2021",
        columns=(
            *("client_id", "start_week", "end_week", "phq9_intake", "phq9_end"),
            *(f"appointments.{name}" for name in ("client_id", "session", "week", "phq9")),
        ),
        keep="sessions",
        headline="response",
        parts={"remission": ("share of clients", "last score below 5, or the scale's own limit of remission")},
    ),
    Estimator(
        self_efficacy_d,
        "Self-efficacy, before to after",
        "Standardised rise of self-efficacy from intake to the end (latent).",
        unit="d, in SDs at intake",
        formula="(mean end - mean intake) / SD intake",
        source="behr2025",
        columns=("true_self_efficacy", "true_self_efficacy_end"),
    ),
)
"""In the order in which they are shown."""
