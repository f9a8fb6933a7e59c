"""Asking R: data frames go in as CSV, numbers come back under their names. Without R, or a package, the test skips."""

import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

HEAD = """
options(digits = 17, warn = 1, stringsAsFactors = FALSE)
answer <- function(name, value) {
  value <- as.numeric(unlist(value))
  name <- if (length(value) == 1) name else paste0(name, ".", seq_along(value))
  cat(sprintf("ANSWER\\t%s\\t%.17g\\n", name, value), sep = "")
}
"""


@functools.cache
def missing(packages):
    """Return in words what R lacks for a test, an empty string if nothing."""
    if shutil.which("Rscript") is None:
        return "R is not installed (Rscript is not on the path)"
    code = f"cat(Filter(function(p) !requireNamespace(p, quietly = TRUE), c({', '.join(map(repr, packages))})))"
    lacks = _run(code, None).strip() if packages else ""
    return f"R lacks the packages {lacks}" if lacks else ""


def ask(code, *, packages=(), **frames):
    """Run R code and return what it said by `answer("name", number)`: a dict from name to float.

    Each keyword is a data frame (or dict of columns) that R finds under its name; gaps are NA. `packages` are attached.
    A vector comes back as name.1, name.2, … Skips the test if R or a package is missing; R's own error fails it.
    """
    reason = missing(tuple(packages))
    if reason:
        pytest.skip(reason)
    import pandas as pd

    with tempfile.TemporaryDirectory() as folder:
        reads = []
        for name, frame in frames.items():
            pd.DataFrame(frame).to_csv(Path(folder) / f"{name}.csv", index=False, na_rep="NA")
            reads.append(f'{name} <- read.csv("{name}.csv")')
        attach = [f"suppressPackageStartupMessages(library({package}))" for package in packages]
        text = _run("\n".join([HEAD, *attach, *reads, code]), folder)
    lines = [line.split("\t") for line in text.splitlines() if line.startswith("ANSWER\t")]
    return {name: float(number.replace("NA", "nan")) for _, name, number in lines}


def _run(code, folder):
    with tempfile.NamedTemporaryFile("w", suffix=".R", encoding="utf-8") as script:
        script.write(code)
        script.flush()
        done = subprocess.run(
            ["Rscript", "--vanilla", script.name], cwd=folder, capture_output=True, text=True, timeout=600
        )
    assert done.returncode == 0, done.stderr
    return done.stdout
