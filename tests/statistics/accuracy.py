"""The table of bias and coverage: every planted truth, drawn 400 times.

python -m tests.statistics.accuracy --replications 400 --out docs/accuracy.md
"""

import argparse
import importlib
import math
import pkgutil
import sys
from pathlib import Path

from tests import statistics
from tests.statistics.planting import BIAS, FALSE_ALARM, accuracy, coverage_band, faults

PLANTS = [
    plant
    for module in sorted(each.name for each in pkgutil.iter_modules(statistics.__path__))
    if module.startswith("plants_")
    for plant in importlib.import_module(f"tests.statistics.{module}").PLANTS
]
"""All planted truths, from every `plants_*.py` of this folder."""

HEAD = (
    "| planted in | estimate | truth | bias (Monte Carlo SE) | SD of estimates | mean SE | coverage | no estimate |\n"
    "|---|---|---|---|---|---|---|---|"
)


def row(each):
    """Return a row of the table."""
    covered = "–" if math.isnan(each.coverage) else f"{each.coverage:.3f}"
    return (
        f"| {each.plant} | {each.estimate} | {each.truth:.4g} | {each.bias:+.2g} ({each.error:.2g}) | {each.sd:.3g} "
        f"| {each.se:.3g} | {covered} | {each.failed} of {each.n + each.failed} |"
    )


def page(lines, wrong, *, replications):
    """Return the page: what was done, the table, what bias was granted to whom and why, and what is off."""
    low, high = coverage_band(replications)
    about = (
        f"Each row: one planted number, {replications} data sets in the shape of our tables. Made by\n"
        f"`python -m tests.statistics.accuracy --replications {replications} --out docs/accuracy.md`.\n"
        f"An estimator is off if its coverage lies outside {low:.3f} to {high:.4f} (exact binomial, false alarm "
        f"{FALSE_ALARM}), if its\nbias exceeds {BIAS:.2f} Monte Carlo standard errors and what is granted below, or if "
        "more than 2 % of the data sets give no number."
    )
    grants = [f"- {plant.name} ({plant.slack:g} SD of the estimate): {plant.why}" for plant in PLANTS if plant.why]
    verdict = wrong or ["No estimator is off."]
    return "\n".join(["# Bias and coverage", "", about, "", *lines, "", "## Granted", "", *grants, "", *verdict])


def main(arguments=None):
    """Draw, print the table, and return 1 if an estimator is off."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--replications", type=int, default=400)
    options.add_argument("--only", help="plants whose name contains this")
    options.add_argument("--out", type=Path, help="write the table into this file too")
    chosen = options.parse_args(arguments)
    lines, wrong = [HEAD], []
    for plant in PLANTS:
        if chosen.only and chosen.only not in plant.name:
            continue
        for each in accuracy(plant, replications=chosen.replications):
            lines.append(row(each))
            wrong += faults(plant, each)
        print(f"{plant.name}: done", file=sys.stderr)
    text = page(lines, wrong, replications=chosen.replications)
    print(text)
    if chosen.out:
        chosen.out.write_text(text.rstrip() + "\n", encoding="utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
