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


def points(name, text, label, high, type="int", low=0):
    """Return a column of scores in a form's points, `label` being the form's name."""
    return Column(name, type, text, f"{label} points", low, high)


def outcomes(name, label, high, type="int"):
    """Return a symptom scale's three columns of a client: at intake, at the end, and last before a session."""
    return (
        points(f"{name}_intake", f"{label} at intake", label, high, type),
        points(f"{name}_end", f"{label} end form; null if it did not come back", label, high, type),
        points(f"{name}_last", f"last {label} taken before a session", label, high, type),
    )


def item_mean(name, text):
    """Return a column of ratings as item means on 1 to 5."""
    return Column(name, "number", text, "item mean", 1, 5)
