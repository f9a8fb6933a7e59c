"""How fast the linear mixed models are beside statsmodels (and lme4, if R is there), and that the numbers are equal.

    OPENBLAS_NUM_THREADS=1 python benchmarks/linear_mixed.py

1,000 clients x 16 sessions by REML, with a random intercept and with a random slope. Ours and statsmodels' take turns
and the ratio of medians is reported; the target for the intercept is 20. Equal means 1e-5 relative, fixed effects and
variances. statsmodels stops a little early by default (2e-5 here), so the numbers are compared with its optimum:
Powell's method to the end, not timed, with the slope on 300 of the clients. The exit code is 1 if they differ.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from experiments.estimators.methods.mixed.linear_mixed import linear_mixed

EQUAL = 1e-5
MODELS = {"random intercept": (), "random slope": ("session",)}
LME4 = """
suppressPackageStartupMessages(library(lme4))
d <- read.csv("d.csv")
cat(median(replicate(3, system.time(lmer(oq45 ~ session + ({effect} | client_id), d))[["elapsed"]])))
"""


def lines(*, clients=1000, sessions=16, therapists=0, seed=1):
    """Return OQ-45 scores of clients with lines of their own."""
    luck = np.random.default_rng(seed)
    client, session = np.indices((clients, sessions)).reshape(2, -1)
    own = luck.multivariate_normal([80, -1.2], [[200, -5], [-5, 1.5]], size=clients)
    score = own[client, 0] + own[client, 1] * session + luck.normal(0, 8, client.size)
    frame = pd.DataFrame({"client_id": client, "session": session, "oq45": score})
    if therapists:
        frame["therapist_id"] = client % therapists
        frame["oq45"] += luck.normal(0, 4, therapists)[frame["therapist_id"]]
    return frame


def ours(frame, slopes):
    fit = linear_mixed(frame, outcome="oq45", fixed=("session",), groups={"client_id": slopes})
    names = ["intercept", "session", "variance_residual", "variance_client_id"]
    if slopes:
        names += ["covariance_client_id_session", "variance_client_id_session"]
    return np.array([fit[name].estimate for name in names])


def statsmodels(frame, slopes, **how):
    from statsmodels.regression.mixed_linear_model import MixedLM

    x = np.column_stack([np.ones(len(frame)), frame["session"]])
    model = MixedLM(
        frame["oq45"].to_numpy(), x, groups=frame["client_id"].to_numpy(), exog_re=x if slopes else x[:, :1]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = model.fit(reml=True, **how)
    covariance = np.asarray(fit.cov_re)
    return np.array([*fit.fe_params, fit.scale, *covariance[np.tril_indices(len(covariance))]])


def seconds(function, *arguments):
    began = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - began


def seconds_of_lme4(frame, slopes):
    """Return the median of three fits by lme4, nan without R or lme4."""
    if shutil.which("Rscript") is None:
        return float("nan")
    with tempfile.TemporaryDirectory() as folder:
        frame.to_csv(Path(folder) / "d.csv", index=False)
        code = LME4.format(effect="session" if slopes else "1")
        done = subprocess.run(["Rscript", "--vanilla", "-e", code], cwd=folder, capture_output=True, text=True)
    return float(done.stdout) if done.returncode == 0 else float("nan")


def compared(slopes, *, rounds):
    """Return the medians of both, lme4's seconds, and the largest relative difference."""
    frame = lines()
    ours(frame, slopes)
    times = [(seconds(ours, frame, slopes), seconds(statsmodels, frame, slopes)) for _ in range(rounds)]
    mine, theirs = (statistics.median(each) for each in zip(*times, strict=True))
    return mine, theirs, seconds_of_lme4(frame, slopes), difference(lines(clients=300) if slopes else frame, slopes)


def difference(frame, slopes):
    """Return the largest relative difference between ours and the optimum of statsmodels."""
    best = statsmodels(frame, slopes, method="powell", xtol=1e-8, ftol=1e-12)
    return float(np.max(np.abs(ours(frame, slopes) / best - 1.0)))


def three_levels():
    """Return the seconds of 5,000 clients x 10 sessions in 100 therapists, with random intercepts and a slope."""
    frame = lines(clients=5000, sessions=10, therapists=100)
    model = {"outcome": "oq45", "fixed": ("session",)}
    plain = seconds(lambda: linear_mixed(frame, **model, groups={"client_id": (), "therapist_id": ()}))
    sloped = seconds(lambda: linear_mixed(frame, **model, groups={"client_id": ("session",), "therapist_id": ()}))
    return plain, sloped


def main():
    equal = True
    print("| 1,000 x 16, REML | ours, s | statsmodels, s | ratio | lme4, s | largest difference |")
    print("|---|---|---|---|---|---|")
    for (name, slopes), rounds in zip(MODELS.items(), (5, 2), strict=True):
        mine, theirs, r, gap = compared(slopes, rounds=rounds)
        equal &= gap <= EQUAL
        print(f"| {name} | {mine:.4f} | {theirs:.2f} | {theirs / mine:.0f} | {r:.3f} | {gap:.1e} |", flush=True)
    plain, sloped = three_levels()
    print(f"\n5,000 clients x 10 in 100 therapists: {plain:.2f} s; with a slope of clients {sloped:.2f} s.")
    if not equal:
        print(f"The numbers differ by more than {EQUAL:g}.")
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
