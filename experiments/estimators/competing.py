"""Competing endings, under the name by which figures know them; the arithmetic is in `methods`."""

from experiments.estimators.methods.survival.cumulative_incidence import Incidence, cumulative_incidence

__all__ = ["Incidence", "cumulative_incidence"]
