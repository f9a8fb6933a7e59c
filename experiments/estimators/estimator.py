"""What an estimate is, in words: its name, label, formula, source, and which columns it needs."""

from collections.abc import Callable
from dataclasses import dataclass

PRIMARY = "{primary}"
"""Stands in a column's name for the config's primary symptom scale: `{primary}_intake`."""


@dataclass(frozen=True)
class Estimator:
    """One estimate: `label` for an axis, a `sentence`, `unit`, `formula`, `source` (keys of references).

    It reads `columns` of `table` (a column of another table as `table.column`), so at least `keep` must be kept of a
    run. `function(tables, scales)` takes the tables of one run as data frames, and the scales of the manifest. It
    returns a `Value`, or a `Fit` of several of which `headline` is the one that stands for all. A `routine` estimate is
    worked out in every run whose config names none. `caveat` is a sentence printed with the number.
    """

    function: Callable
    label: str
    sentence: str
    unit: str
    formula: str
    source: str
    columns: tuple
    table: str = "clients"
    keep: str = "clients"
    digits: int = 3
    headline: str = ""
    caveat: str = ""
    routine: bool = False

    @property
    def name(self):
        """The name under which a config asks for it."""
        return self.function.__name__
