"""What a mixed model cannot bear, found before the search: a reason and a sentence instead of a number.

Therapists with one client each are the plainest case. What lies between such therapists and what lies between their
clients is the same thing; any ratio of the two fits the data equally well, and a printed one would be made up.
"""

import numpy as np

from experiments.estimators.columns import numbers
from experiments.estimators.methods.mixed.linear_mixed_data import products, standardised, starts
from experiments.estimators.value import COLLINEAR, CONSTANT, ONE_GROUP, TOO_FEW, absent, constant, there_are, too_few

SPARE = 3
"""Fewest degrees of freedom left for each variance (assumed): four therapists, or three repeated sessions."""
FLAT = 1e-10
"""An SD below this share of the largest value is nothing but rounding."""
ALIKE = 1e-7
"""A smallest singular value of standardised predictors below this: one of them follows from the others."""


def problem_of_columns(frame, *, outcome, fixed, groups):
    """Return the absent `Value` for complete rows that are too few, constant or collinear; None if there is none."""
    slopes = [slope for each in groups.values() for slope in each]
    fewest = SPARE + 1 + len(fixed) + len(slopes) + len(groups)
    if len(frame) < fewest:
        return too_few(len(frame), fewest=fewest, what="rows without gaps")
    for name in (outcome, *fixed, *slopes):
        if _is_flat(numbers(frame, name)):
            return constant(len(frame), what=name)
    for names in (fixed, *groups.values()):
        if _follows(frame, names):
            note = f"Of {', '.join(names)} one can be worked out from the others."
            return absent(COLLINEAR, n=len(frame), note=note)
    return None


def _is_flat(values):
    return not values.std() > FLAT * np.abs(values).max()


def _follows(frame, names):
    if len(names) < 2:
        return False
    columns = np.column_stack([numbers(frame, name) for name in names])
    columns = (columns - columns.mean(axis=0)) / columns.std(axis=0)
    return np.linalg.svd(columns / np.sqrt(len(frame)), compute_uv=False)[-1] < ALIKE


def problem_of_groups(data, *, groups, outcome):
    """Return the absent `Value` for a `Table` whose groups cannot tell the variances apart; None if they can."""
    n, (q, _) = len(data.y), standardised(data.x)
    error = data.y - data.y.mean()
    error = error - q @ (q.T @ error) / n
    if not error.std() > FLAT * np.abs(data.y - data.y.mean()).max():
        note = f"The predictors give every value of {outcome} exactly, so no spread is left."
        return absent(CONSTANT, n=n, note=note)
    ranks = _ranks(data, q)
    for place in reversed(range(len(groups))):
        if ranks[place] - ranks[place + 1] < SPARE:
            return _too_few_groups(data, tuple(groups), place)
    return _problem_of_inside(data, q, error / error.std(), ranks, groups=tuple(groups), outcome=outcome)


def _ranks(data, q):
    """Return the rank of [X, groups' means] by level, innermost first, and last that of X alone.

    A difference of neighbours is what a level's variance is worked out from: of 40 therapists 39 degrees of freedom.
    """
    ones = np.ones((len(q), 1))
    inside = [codes[-1] + 1 + _rank(_within(ones, q, codes)[0]) for codes in data.codes]
    return [*inside, q.shape[1]]


def _within(z, w, codes):
    """Return the sums of squares of `w` within groups, once each group's own fit on `z` is taken out, and z's rank."""
    zz, zw = products(z, z, codes), products(z, w, codes)
    if z.shape[1] == 1:
        return w.T @ w - np.einsum("gij,gik,gi->jk", zw, zw, 1.0 / zz[:, :, 0]), np.ones(len(zz), dtype=int)
    rank = np.sum(np.linalg.eigvalsh(zz) > 1e-9 * np.trace(zz, axis1=1, axis2=2)[:, None], axis=1)
    inverse = np.linalg.pinv(zz, rcond=1e-9, hermitian=True)
    return w.T @ w - np.einsum("gij,gik,gkl->jl", zw, inverse, zw), rank


def _rank(sums):
    """Return the rank of sums of squares of standardised columns."""
    return int(np.sum(np.linalg.eigvalsh(sums) > 1e-9 * max(np.trace(sums), 1.0))) if len(sums) else 0


def _too_few_groups(data, groups, place):
    count = int(data.codes[place][-1]) + 1
    if place == len(groups) - 1:
        note = f"{there_are(count, f'values of {groups[place]}')}; a variance between them needs at least {SPARE + 1}."
        return absent(
            ONE_GROUP, n=len(data.y), note=f"{note[:-1]}, more with predictors that differ only between them."
        )
    note = f"{there_are(count, f'of {groups[place]}')} in {int(data.codes[place + 1][-1]) + 1} of {groups[place + 1]}"
    return absent(TOO_FEW, n=len(data.y), note=f"{note}: too few in each to tell the two variances apart.")


def _problem_of_inside(data, q, error, ranks, *, groups, outcome):
    """Return what is wrong inside the innermost groups, and with the slopes of any level."""
    for name, codes, z, effects in zip(groups, data.codes, data.z, data.effects, strict=True):
        full = int(np.sum(_within(standardised(z)[0], q, codes)[1] == z.shape[1]))
        if z.shape[1] > 1 and full < SPARE + z.shape[1]:
            note = f"Only {full} of {name} have enough different values of {', '.join(effects[1:])} for a slope."
            return absent(TOO_FEW, n=len(data.y), note=note)
    if not groups:
        return None
    sums, rank = _within(standardised(data.z[0])[0], np.column_stack([q, error]), data.codes[0])
    spare = len(error) - rank.sum() - _rank(sums[:-1, :-1])
    if spare < SPARE:
        note = f"{len(error)} rows in {len(starts(data.codes[0]))} of {groups[0]}: hardly any group has more rows than"
        return absent(TOO_FEW, n=len(error), note=f"{note} effects of its own, so the variances cannot be told apart.")
    left = sums[-1, -1] - sums[-1, :-1] @ np.linalg.pinv(sums[:-1, :-1], rcond=1e-9, hermitian=True) @ sums[:-1, -1]
    if left < 1e-12 * len(error):
        note = f"{outcome} does not vary within {groups[0]} beyond what is predicted, so no residual is left."
        return absent(CONSTANT, n=len(error), note=note)
    return None
