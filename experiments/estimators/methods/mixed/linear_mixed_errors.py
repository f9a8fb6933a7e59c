"""How sure a mixed model is: standard errors of variances, and degrees of freedom of each fixed effect.

The curvature of the likelihood at its top says how well the spreads are known. From it come the standard errors of
variances (delta method), and Satterthwaite's degrees of freedom: a slope that only therapists differ in is known as
well as the number of therapists allows, however many sessions there are.

Sources: Pinheiro & Bates (2000); Satterthwaite (1946); Giesbrecht & Burns (1985).
"""

import math
from dataclasses import dataclass

import numpy as np

from experiments.estimators.methods.mixed.linear_mixed_search import Search, step_at, unpack


@dataclass(frozen=True)
class Component:
    """A variance or covariance and its derivatives by (theta, log sigma^2), of which `Errors.covariance` is known."""

    estimate: float
    slope: np.ndarray


@dataclass(frozen=True)
class Errors:
    """Fixed effects `b` with `se` and `df`, the residual variance, and each level's covariance matrix G.

    `levels` holds a q x q array of `Component`s per level; `covariance` is that of (theta, log sigma^2), twice the
    inverse of the second derivatives of the criterion.
    """

    b: np.ndarray
    se: np.ndarray
    df: np.ndarray
    residual: Component
    levels: list
    covariance: np.ndarray

    def se_of(self, component):
        """Return the standard error of a component by the delta method."""
        return math.sqrt(max(component.slope @ self.covariance @ component.slope, 0.0))


def errors(design, ended: Search, *, reml):
    """Return the `Errors` of a settled `Search` on a `Design`."""
    m = design.spare(reml=reml)
    sigma2 = ended.best.r2 / m * design.size**2
    covariance = _covariance(ended, m)
    unscaled = _raw(design, ended.best)
    variance = sigma2 * np.diag(unscaled)
    return Errors(
        b=design.first + design.size * design.back @ ended.best.b,
        se=np.sqrt(variance),
        df=_satterthwaite(design, ended, variance, sigma2, covariance),
        residual=Component(sigma2, np.append(np.zeros(ended.theta.size), sigma2)),
        levels=_components(design, ended, sigma2),
        covariance=covariance,
    )


def _covariance(ended, m):
    """Return twice the inverse curvature by (theta, log sigma^2), from that of the criterion with sigma^2 at its best.

    With g = d log r^2 / d theta and H the latter:  [[H + m g g', -m g], [-m g', m]].
    """
    size = ended.theta.size
    steps = [step_at(ended.theta, place)[place] for place in range(size)]
    differences = [math.log(up.r2 / down.r2) for up, down in ended.nearby]
    g = np.array([gap / (2.0 * step) for gap, step in zip(differences, steps, strict=True)])
    full = np.empty((size + 1,) * 2)
    full[:size, :size] = ended.hessian + m * np.outer(g, g)
    full[:size, size] = full[size, :size] = -m * g
    full[size, size] = m
    return 2.0 * np.linalg.inv(full)


def _raw(design, found):
    """Return the inverse of X'V^-1X for the raw columns (the outcome's unit is in sigma^2)."""
    return design.back @ found.unscaled @ design.back.T


def _satterthwaite(design, ended, variance, sigma2, covariance):
    """Return df = 2 v^2 / var(v) of each fixed effect's variance v, with var(v) by the delta method."""
    slopes = [variance]
    for place, (up, down) in reversed(list(enumerate(ended.nearby))):
        gap = np.diag(_raw(design, up)) - np.diag(_raw(design, down))
        slopes.insert(0, sigma2 * gap / (2.0 * step_at(ended.theta, place)[place]))
    slopes = np.array(slopes)
    return 2.0 * variance**2 / np.einsum("ij,ik,kj->j", slopes, covariance, slopes)


def _components(design, ended, sigma2):
    """Return the elements of each level's G = sigma^2 back L L' back' with their derivatives."""
    factors, at, levels = unpack(design, ended.theta, ended.ranks), 0, []
    for level, factor, rank in zip(design.levels, factors, ended.ranks, strict=True):
        root = level.back @ factor
        g = sigma2 * root @ root.T
        slopes = np.zeros((*g.shape, ended.theta.size + 1))
        slopes[:, :, -1] = g
        for row, column in zip(*np.tril_indices(len(g)), strict=True):
            if column < rank:
                half = sigma2 * np.outer(level.back[:, row], root[:, column])
                slopes[:, :, at] = half + half.T
                at += 1
        levels.append(_as_components(g, slopes))
    return levels


def _as_components(g, slopes):
    return [[Component(float(g[i, j]), slopes[i, j]) for j in range(len(g))] for i in range(len(g))]
