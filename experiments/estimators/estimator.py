"""What an estimate is, in words: its name, label, formula, source, and which columns it needs.

Words that sentences and formulas share. before = the intake score. after = the end form if it came back, else the last
score before a session (of clients with at least two sessions, or four where the alliance of session 3 is the cause).
Residualised change = -(after - fitted from before), so better than the intake score foretold is positive. Finished
course = at least two sessions held, and ended in any way. Held sessions are numbered from 1, t among them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

PRIMARY = "{primary}"
"""Stands in a column's name for the config's primary symptom scale: `{primary}_intake`."""


@dataclass(frozen=True)
class Estimator:
    """One estimate: `label` for an axis, a `sentence`, `unit`, `formula`, `source` (keys of references).

    It reads `columns` of `table` (a column of another table as `table.column`), so at least `keep` must be kept of a
    run. `function(tables, scales)` takes the tables of one run as data frames, and the scales of the manifest. It
    returns a `Value`, or a `Fit` of several of which `headline` is the one that stands for all. A `routine` estimate is
    worked out in every run whose config names none. `caveat` is a sentence printed with the number. `parts` maps the
    name of one of several numbers, or a pattern with `*` ("by_*"), to its unit and its meaning in a few words.
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
    parts: dict = field(default_factory=dict, hash=False)

    @property
    def name(self):
        """The name under which a config asks for it."""
        return self.function.__name__

    def part(self, name):
        """Return unit and meaning of one of its numbers; two empty texts for a name that it does not declare.

        A name that is declared comes before the headline (the estimate's own unit and sentence), a pattern after it.
        """
        if name in self.parts:
            return self.parts[name]
        if name == self.headline:
            return self.unit, self.sentence
        return next((words for pattern, words in self.parts.items() if fnmatchcase(name, pattern)), ("", ""))
