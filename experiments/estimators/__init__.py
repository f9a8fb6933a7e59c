"""Estimates from the tables of runs: pure functions of data frames, with a standard error and a named status.

Nothing here knows the model; a table that another clinic kept, with the same columns, would do as well.
"""

from experiments.estimators.estimator import Estimator
from experiments.estimators.monte_carlo import Difference, Summary, monte_carlo, paired_difference
from experiments.estimators.registry import REGISTRY, analysis, estimate, estimates
from experiments.estimators.value import OK, REASONS, Fit, Value

__all__ = [
    "OK",
    "REASONS",
    "REGISTRY",
    "Difference",
    "Estimator",
    "Fit",
    "Summary",
    "Value",
    "analysis",
    "estimate",
    "estimates",
    "monte_carlo",
    "paired_difference",
]
