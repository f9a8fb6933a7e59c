"""Means, differences, correlations and regressions of plain columns."""
