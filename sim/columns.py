"""How a column and a table of the data dictionary are declared; `sim/tables.py` declares them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column: name, type (int, number, bool or text), unit, range, one sentence, and where it comes from.

    `origin` is observed (a clinic could have it), latent (only the model has it) or derived (worked out afterwards).
    """

    name: str
    type: str
    text: str
    unit: str = "-"
    low: float | None = None
    high: float | None = None
    origin: str = "observed"
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One table: its name, what a row is, its key columns, the least `keep` that keeps it, and its columns."""

    name: str
    row: str
    key: tuple[str, ...]
    keep: str
    columns: tuple[Column, ...]

    @property
    def names(self):
        """The column names, in order."""
        return tuple(column.name for column in self.columns)


def count(name, text, unit="count", **more):
    """Return a column that counts."""
    return Column(name, "int", text, unit, low=0, **more)


def week(name, text):
    """Return a column that holds a week of the run."""
    return Column(name, "int", text, "week of the run", low=0)


def latent(name, text, unit="SD", low=None, high=None):
    """Return a column of something that no clinic could observe."""
    return Column(name, "number", text, unit, low, high, origin="latent")


def derived(name, text, type="bool", unit="-", **more):
    """Return a column that is worked out afterwards."""
    return Column(name, type, text, unit, origin="derived", **more)


def phq9(name, text):
    """Return a column of PHQ-9 scores."""
    return Column(name, "int", text, "PHQ-9 points", 0, 27)


def wai(name, text):
    """Return a column of alliance ratings as item means."""
    return Column(name, "number", text, "item mean", 1, 5)
