"""How long the RI-CLPM takes at the size of its biggest study, 5,350 clients x 7 sessions, ours beside lavaan's.

    python -m benchmarks.riclpm

Two series with lasting differences between clients, dropout by the last alliance rating, and one form in twenty lost:
some 300 patterns of gaps. Ours: estimates, standard errors, standardised paths and all fit indices (saturated model
included); the median of five. lavaan, if R is there: the script that we write for it, by its own clock, once. The
target is about 2 s. The exit code is 1 if a path differs by more than 1e-4 of its standard error.
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.estimators.methods.panel.riclpm import riclpm
from experiments.estimators.methods.panel.syntax_lavaan import riclpm_lavaan

CLIENTS, SESSIONS = 5350, 7
NAMES = ("wai_client", "phq9")
PATHS = np.array([[0.3, -1.2], [-0.0125, 0.4]])
NOISE = np.array([[0.22, -0.3], [-0.3, 12.5]])
EQUAL = 1e-4
TOLD = """
cat(sprintf("\\nTOLD\\tseconds\\t%.6f\\n", fit@timing$total))
found <- parameterEstimates(fit); found <- found[found$op == "~" & !duplicated(found$label), ]
cat(sprintf("TOLD\\t%s\\t%.12g\\n", found$label, found$est), sep = "")
"""


def scores(*, seed=1):
    """Return alliance and symptoms, clients by sessions, nan for gaps."""
    luck = np.random.default_rng(seed)
    z = luck.multivariate_normal([0, 0], NOISE, size=(CLIENTS, SESSIONS))
    for t in range(1, SESSIONS):
        z[:, t] += z[:, t - 1] @ PATHS
    z += luck.multivariate_normal([3.8, 14.0], [[0.3, -1.0], [-1.0, 20.0]], size=CLIENTS)[:, None]
    gone = np.zeros(CLIENTS, dtype=bool)
    for t in range(1, SESSIONS):
        gone |= luck.random(CLIENTS) < 1 / (1 + np.exp(2.6 + 0.8 * (z[:, t - 1, 0] - 3.8)))
        z[gone, t] = np.nan
    z[luck.random(z.shape) < 0.05] = np.nan
    return z[:, :, 0], z[:, :, 1]


def ours(x, y, *, rounds=5):
    """Return the median seconds and the fit."""
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        fit = riclpm(x, y, names=NAMES)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), fit


def lavaan(x, y):
    """Return what R says, name to number; empty without R or lavaan."""
    if shutil.which("Rscript") is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        names = [f"{name}_s{t + 1}" for name in NAMES for t in range(SESSIONS)]
        pd.DataFrame(np.hstack([x, y]), columns=names).to_csv(Path(folder) / "wide.csv", index=False)
        (Path(folder) / "fit.R").write_text(riclpm_lavaan("wide.csv", NAMES, sessions=SESSIONS) + TOLD)
        done = subprocess.run(["Rscript", "--vanilla", "fit.R"], cwd=folder, capture_output=True, text=True)
    lines = [line.split("\t") for line in done.stdout.splitlines() if line.startswith("TOLD")]
    return {name: float(number) for _, name, number in lines}


def main():
    """Print the table and return 1 if the paths differ."""
    x, y = scores()
    seconds, fit = ours(x, y)
    patterns = int(fit.facts["patterns"])
    print(f"RI-CLPM, {CLIENTS:,} clients x {SESSIONS} sessions x 2 series, {patterns} patterns of gaps")
    print("\n| | seconds |\n|---|---|")
    print(f"| ours | {seconds:.2f} |")
    theirs = lavaan(x, y)
    if not theirs:
        print("| lavaan | not here |")
        return 0
    took = theirs.pop("seconds")
    print(f"| lavaan | {took:.2f} ({took / seconds:.0f} times ours) |")
    worst = max(abs(fit[name].estimate - number) / fit[name].se for name, number in theirs.items())
    print(f"\nLargest difference of the {len(theirs)} paths: {worst:.1e} standard errors.")
    return int(worst > EQUAL)


if __name__ == "__main__":
    sys.exit(main())
