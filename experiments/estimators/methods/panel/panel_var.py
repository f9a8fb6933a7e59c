"""Within-client lagged regressions of several series on each other, freed of the bias of short series.

Centring on the person mean makes each client's mean part of every score, later ones included; so a high score today
goes with a low centred score tomorrow, and autoregressions come out too low, cross-lagged paths wrong with a sign that
depends on the rest (Nickell 1981). With 5 sessions that is no small matter.

The bias is known exactly: z[t+1] = client + session + B' z[t] + e, with e unrelated to what went before, gives

    E sum over t of (z[t] - mean)(e[t+1] - mean)'  =  - 1/m sum over steps s after t of (B')^(s-1-t) Sigma

for a client of m steps, whatever the client's level and start. Here B and Sigma are chosen so that the observed sums
meet this expectation: the bias-corrected within estimator of Bun & Carree (2005), for several series with feedback as
in Juodis (2013), for unequal lengths and gaps. It is right for few sessions and many clients; errors must have the
same covariance at all sessions, and who stays may not depend on the last score (the RI-CLPM allows that).
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize


@dataclass(frozen=True)
class Solution:
    """`paths` (q, q): effect of series j on series l at the next session; `noise` (q, q): covariance of what is new.

    `naive` are the paths before correction; `found` says whether the corrected ones exist and die out over time.
    """

    paths: np.ndarray
    noise: np.ndarray
    naive: np.ndarray
    effects: np.ndarray
    found: bool


def solve(sums, q):
    """Return the `Solution` of the `Steps.sums` of q series."""
    own, out, rest, share = _without_sessions(sums, q)
    cross, to, _, degrees, gaps = sums
    naive = np.linalg.solve(own, out)

    def noise(paths):
        return (rest - out.T @ paths - paths.T @ out + paths.T @ own @ paths) / degrees

    def miss(flat):
        paths = flat.reshape(q, q)
        return (np.linalg.solve(own, out + expected(paths, noise(paths), gaps)) - paths).ravel()

    answer = optimize.root(miss, naive.ravel(), method="hybr", options={"xtol": 1e-12})
    paths = answer.x.reshape(q, q)
    settled = np.abs(miss(answer.x)).max() < 1e-8 * max(1.0, np.abs(paths).max())
    stable = bool(settled and np.abs(np.linalg.eigvals(paths)).max() < 1)
    effects = _ridgeless(cross[q:, q:]) @ (to[q:] - cross[q:, :q] @ paths)
    return Solution(paths, noise(paths), naive, effects, stable)


def expected(paths, noise, gaps):
    """Return minus the expected sum of products of score and error, sum over lags of gaps (B')^lag Sigma, (q, q).

    `gaps` (L,) is a sum over clients, or (N, L) by client: then the result is (N, q, q).
    """
    powers = np.empty((gaps.shape[-1], *noise.shape))
    power = noise
    for lag in range(len(powers)):
        powers[lag] = power
        power = paths.T @ power
    return np.tensordot(gaps, powers, axes=1)


def covariance(steps, solution):
    """Return the covariance of (paths, noise by lower triangle) that clients as independent clusters give.

    The estimating functions of paths and noise are stacked; bread by central differences of their sum, filling the
    clients' own sums, with the factor N / (N - 1).
    """
    q, n = steps.series, steps.clients
    lower = np.tril_indices(q)
    sums = steps.sums(np.ones(n))
    share = _without_sessions(sums, q)[3]
    before = steps.before[:, :, :q] - steps.before[:, :, q:] @ share
    after = steps.next - steps.before[:, :, q:] @ solution.effects
    raw = steps.before[:, :, :q]
    filling = _scores(solution.paths, solution.noise, before, after - raw @ solution.paths, steps, lower)
    bread = _bread(solution, sums, lower)
    meat = filling.T @ filling * n / (n - 1)
    turned = np.linalg.solve(bread, meat)
    return np.linalg.solve(bread, turned.T)


def delta(solution, spread, function):
    """Return function(paths, noise), an array, and its covariance, from `spread` of paths and noise (delta method)."""
    q = len(solution.noise)
    lower = np.tril_indices(q)
    theta = np.concatenate([solution.paths.ravel(), solution.noise[lower]])

    def at(theta):
        noise = np.zeros((q, q))
        noise[lower] = theta[q * q :]
        return function(theta[: q * q].reshape(q, q), noise + np.tril(noise, -1).T)

    moves = np.eye(theta.size) * 1e-6
    turn = np.column_stack([(at(theta + move) - at(theta - move)) / 2e-6 for move in moves])
    return at(theta), turn @ spread @ turn.T


def lasting_sd(paths, noise):
    """Return each series' SD within clients, (q,), in a series long under way: P = B' P B + Sigma, root of diagonal."""
    q = len(noise)
    carried = np.linalg.solve(np.eye(q * q) - np.kron(paths.T, paths.T), noise.ravel())
    return np.sqrt(np.diag(carried.reshape(q, q)))


def _scores(paths, noise, before, error, steps, lower):
    """Return each client's estimating functions, (N, q q + q (q + 1) / 2)."""
    pull = before.transpose(0, 2, 1) @ error + expected(paths, noise, steps.gaps)
    spread = error.transpose(0, 2, 1) @ error - (steps.count - 1)[:, None, None] * noise
    return np.hstack([pull.reshape(len(pull), -1), spread[:, lower[0], lower[1]]])


def _bread(solution, sums, lower):
    """Return the derivative of the summed estimating functions by (paths, lower triangle of noise)."""
    q, degrees, gaps = len(solution.noise), *sums[3:]
    own, out, rest, _ = _without_sessions(sums, q)

    def total(theta):
        paths, noise = theta[: q * q].reshape(q, q), np.zeros((q, q))
        noise[lower] = theta[q * q :]
        noise = noise + np.tril(noise, -1).T
        pull = out - own @ paths + expected(paths, noise, gaps)
        spread = rest - out.T @ paths - paths.T @ out + paths.T @ own @ paths - degrees * noise
        return np.concatenate([pull.ravel(), spread[lower]])

    theta = np.concatenate([solution.paths.ravel(), solution.noise[lower]])
    sd = np.sqrt(np.diag(solution.noise))
    moves = np.diag(np.concatenate([np.outer(1 / sd, sd).ravel(), np.outer(sd, sd)[lower]]) * 1e-6)
    return np.column_stack([(total(theta + move) - total(theta - move)) / (2 * move.sum()) for move in moves])


def _without_sessions(sums, q):
    """Return the three sums of products with session effects taken out, and the scores' slopes on these effects."""
    cross, to, after = sums[:3]
    inverse = _ridgeless(cross[q:, q:])
    share = inverse @ cross[q:, :q]
    return cross[:q, :q] - cross[:q, q:] @ share, to[:q] - share.T @ to[q:], after - to[q:].T @ inverse @ to[q:], share


def _ridgeless(matrix):
    """Return the inverse; of sessions that nobody has, the generalised one."""
    return np.linalg.pinv(matrix, hermitian=True) if matrix.size else matrix
