"""Change of one client on a questionnaire: more than the form's own tremor, and back among the well?

A client falls from 20 to 15 on a scale whose scores shake by 3 points (SEM) without any change. Two scores shake more
than one, by sqrt(2) of it; a fall of 1.96 times that would be rare by error alone. That is reliable change. Whether
the end score is nearer to the community than to the clinic is another question, asked by a cut-off (Jacobson & Truax).
"""

import math

import numpy as np

from experiments.estimators.summary import reaches, share
from experiments.estimators.value import CONSTANT, MISSING, NOT_FINITE, OK, Fit, as_fit, found, no_fit, too_few

QUANTILE = 1.96
"""As printed by Jacobson and Truax, not the quantile to more places: published indices are multiples of it."""

RECOVERED = "recovered"
IMPROVED = "improved"
UNCHANGED = "unchanged"
DETERIORATED = "deteriorated"
LABELS = (RECOVERED, IMPROVED, UNCHANGED, DETERIORATED)
"""What can become of a client; improved = reliably, but without crossing the cut-off."""


def reliable_change_index(sd, reliability):
    """Return `sem`, `difference_se` and `reliable_change` of a scale, in its points, as a `Fit`.

    sem = sd sqrt(1 - reliability); difference_se = sqrt(2) sem; reliable_change = 1.96 difference_se.
    `sd` of the scores at the start, `reliability` 0-1. Source: Jacobson & Truax 1991.
    """
    if not (math.isfinite(sd) and math.isfinite(reliability)):
        return no_fit(MISSING, n=0, note="The SD or the reliability of the scale is not known.")
    if not (sd > 0 and 0 <= reliability <= 1):
        note = f"An SD of {sd:g} and a reliability of {reliability:g} describe no scale (SD > 0, reliability 0-1)."
        return no_fit(CONSTANT if sd == 0 else NOT_FINITE, n=0, note=note)
    sem = sd * math.sqrt(1 - reliability)
    difference_se = math.sqrt(2) * sem
    parts = {"sem": sem, "difference_se": difference_se, "reliable_change": QUANTILE * difference_se}
    return Fit({name: found(number, n=0) for name, number in parts.items()}, 0)


def reliable_change_of_data(scores, reliability):
    """Return the index of `reliable_change_index` with the SD of `scores` (at the start, nan left out)."""
    scores = scores[~np.isnan(scores)]
    if scores.size < 3:
        return as_fit(too_few(scores.size, fewest=3, what="clients with a score"))
    fit = reliable_change_index(float(scores.std(ddof=1)), reliability)
    parts = {name: found(value.estimate, n=scores.size) for name, value in fit.items()}
    return Fit(parts, scores.size, fit.status, fit.note)


def cut_offs(*, clinic_mean, clinic_sd, community_mean, community_sd):
    """Return the cut-offs `a`, `b` and `c` of clinical significance as a `Fit`, in points of the scale.

    a = two clinic SDs from the clinic's mean, towards the community; b = two community SDs from the community's
    mean, towards the clinic; c = where a score is as near to one mean as to the other, in SDs of each:
    (clinic_sd community_mean + community_sd clinic_mean) / (clinic_sd + community_sd). Source: Jacobson & Truax 1991.
    """
    given = (clinic_mean, clinic_sd, community_mean, community_sd)
    if not all(number is not None and math.isfinite(number) for number in given):
        return no_fit(MISSING, n=0, note="A cut-off needs mean and SD of the clinic and of the community.")
    if clinic_mean == community_mean or not (clinic_sd > 0 and community_sd > 0):
        return no_fit(CONSTANT, n=0, note="Clinic and community do not differ, or have no spread: no cut-off.")
    towards = math.copysign(2.0, community_mean - clinic_mean)
    parts = {
        "a": clinic_mean + towards * clinic_sd,
        "b": community_mean - towards * community_sd,
        "c": (clinic_sd * community_mean + community_sd * clinic_mean) / (clinic_sd + community_sd),
    }
    return Fit({name: found(number, n=0) for name, number in parts.items()}, 0)


def classify(before, after, *, reliable_change, cutoff, higher_is_worse=True):
    """Return what became of each client, an array of `LABELS`, None where a score is missing.

    improved: better by at least `reliable_change`; recovered: improved, and from the unwell side of `cutoff` to the
    well side (at the cut-off counts as unwell); deteriorated: worse by at least `reliable_change`; else unchanged.
    """
    sign = 1.0 if higher_is_worse else -1.0
    before, after = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    gain = sign * (before - after)
    unwell_before, well_after = sign * (before - cutoff) >= 0, sign * (after - cutoff) < 0
    label = np.full(gain.shape, UNCHANGED, dtype=object)
    better = reaches(gain, reliable_change)
    label[better] = IMPROVED
    label[better & unwell_before & well_after] = RECOVERED
    label[reaches(-gain, reliable_change)] = DETERIORATED
    label[np.isnan(gain)] = None
    return label


def shares_of_change(labels):
    """Return the share of clients under each of `LABELS` as a `Fit`, of those whose label is known."""
    known = np.array([label for label in labels if label is not None], dtype=object)
    if known.size < 2:
        return as_fit(too_few(known.size, fewest=2, what="clients with a score before and after"))
    parts = {label: share((known == label).astype(float), what="clients with both scores") for label in LABELS}
    return Fit(parts, known.size, OK)
