"""Norm against achieved: every form filled in by 100,000 made-up people in whom its norm should hold.

The people are drawn from the reference populations of `sim/data/measures.toml`, not from a run: what is shown is the
map of a form, not the model. `achieved` is used by the page docs/instruments.md and by its tests.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import expit
from scipy.stats import skew

from sim import parameters
from sim.instruments import Scale, latents, scales

PEOPLE = 100_000


@dataclass(frozen=True)
class Achieved:
    """One form in one kind of people: the norm, what came out, and the correlation of two parallel forms."""

    scale: Scale
    people: str
    target_mean: float
    target_sd: float
    mean: float
    sd: float
    skew: float
    reliability: float
    lowest: float
    highest: float
    on_steps: bool


@cache
def achieved():
    """Return one `Achieved` for each form and each kind of people that it has a norm for."""
    rows = []
    for scale in scales().values():
        rows.append(_row(scale, "clinic", scale.clinic_mean, scale.clinic_sd))
        if scale.community_norm_mean is not None:
            rows.append(_row(scale, "community", scale.community_norm_mean, scale.community_norm_sd))
    return tuple(rows)


def scores(scale, place, error):
    """Return the scores of people whose place and error are given as arrays."""
    share = scale.reach * expit(scale.level + scale.slope * (place + scale.error * error)) ** scale.bend
    return scale.min + np.floor(scale.steps * np.minimum(share, 1.0) + 0.5) * (scale.max - scale.min) / scale.steps


def _row(scale, people, target_mean, target_sd):
    luck = np.random.default_rng(scale.card)
    one, other = _forms(scale, people, luck)
    steps = (one - scale.min) / (scale.max - scale.min) * scale.steps
    return Achieved(
        scale,
        people,
        target_mean,
        target_sd,
        mean=float(one.mean()),
        sd=float(one.std()),
        skew=float(skew(one)),
        reliability=float(np.corrcoef(one, other)[0, 1]),
        lowest=float(one.min()),
        highest=float(one.max()),
        on_steps=bool(np.abs(steps - np.round(steps)).max() < 1e-6),
    )


def _forms(scale, people, luck):
    """Return two parallel forms, filled in by the same people at the same moment."""
    if scale.items:
        parts, error, level, slope = _parts(scale, luck)
        return tuple(_whole(scale, parts, error * luck.standard_normal(parts.shape), level, slope) for _ in "ab")
    place = _place(scale, people, luck)
    return tuple(scores(scale, place, luck.standard_normal(PEOPLE)) for _ in "ab")


def _place(scale, people, luck):
    """Return where people stand on what a form reads, in SD of the reference population."""
    latent, common, own = latents()[scale.reads], luck.standard_normal(PEOPLE), luck.standard_normal(PEOPLE)
    if people == "community":
        common = latent.community_mean + latent.community_sd * common
        own = scale.own_community_mean + own
    return scale.loading * common + scale.own_weight * own


def _parts(scale, luck):
    """Return what people feel on each part of a form, the SD of a part's error, level and slope."""
    latent, p = latents()[scale.reads], parameters.defaults()
    common, own = luck.standard_normal((PEOPLE, 1)), luck.standard_normal((PEOPLE, len(scale.items)))
    if scale.name == "rri_client":
        r = latent.parts_correlation
        return np.sqrt(r) * common + np.sqrt(1 - r) * own, scale.error, scale.level, scale.slope
    off = np.array(latents()["alliance_felt"].parts_mean) + np.array(latents()["alliance_felt"].parts_sd) * own
    felt = latent.mean + latent.sd * common
    if scale.rater == "therapist":
        return felt + p.view_sees * off, p.rating_therapist_part_sd, p.rating_therapist_level, p.rating_therapist_slope
    felt = felt + p.rating_session_sd * luck.standard_normal((PEOPLE, 1))
    return felt + off, p.rating_part_sd, p.rating_client_level, p.rating_client_slope


def _whole(scale, parts, errors, level, slope):
    """Return the item mean of a whole form from its rounded parts."""
    items = np.array(scale.items)
    exact = np.minimum(scale.min + (scale.max - scale.min) * scale.reach * expit(level + slope * (parts + errors)), 5.0)
    return np.floor(exact * items + 0.5) @ np.ones(len(items)) / items.sum()
