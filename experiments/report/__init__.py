"""The report of a result: one HTML file that holds everything, asks no server for anything, and prints well."""

from experiments.report.build import write

__all__ = ["write"]
