"""Variables of an exported file: name, label, and what its codes stand for.

The data dictionary says that `phq9_intake` is "PHQ-9 at intake", in PHQ-9 points. In SPSS and Stata that becomes
the variable's label, and `ending` becomes a number with value labels (1 good_enough, 2 planned_end, …), because
both programs count and tabulate labelled numbers. Their limits on lengths are kept here.
"""

import re
from dataclasses import dataclass, replace

LONGEST_NAME = 32
"""Stata's limit; SPSS allows 64 bytes."""
LABEL_BYTES = {"sav": 256, "dta": 80}
VALUE_LABEL_BYTES = 120
"""SPSS's limit; Stata allows more."""
YES_NO = {0: "no", 1: "yes"}
LONG_WHOLE = ("seed",)
"""Whole numbers of up to 19 digits. SPSS, Stata and R count in doubles, exact to 15 digits, so there they are text."""
RESERVED = {
    *("all", "and", "by", "eq", "ge", "gt", "le", "lt", "ne", "not", "or", "to", "with"),
    *("byte", "double", "float", "if", "in", "int", "long", "strl", "using"),
}
"""Words that are no variable's name in SPSS or Stata."""


@dataclass(frozen=True)
class Variable:
    """One variable: `name` in the file, `column` in the result, and what the data dictionary says of it."""

    name: str
    column: str
    type: str
    text: str
    unit: str = "-"
    low: float | None = None
    high: float | None = None
    origin: str = "observed"
    values: tuple = ()

    @property
    def codes(self):
        """What the numbers of a coded variable stand for, {1: "held", 2: "no_show"}; empty if it has none."""
        if self.type == "bool":
            return YES_NO
        return dict(enumerate(self.values, start=1)) if self.type == "text" else {}

    @property
    def is_text(self):
        """True if SPSS and Stata hold it as text: free text, and numbers too long for them."""
        return (self.type == "text" and not self.values) or self.is_long

    @property
    def is_long(self):
        """True for a whole number that does not fit a double."""
        return self.type == "int" and self.column in LONG_WHOLE

    def label(self, longest=None):
        """Return text and unit, the text cut so that all fits into `longest` bytes of UTF-8."""
        unit = f" ({self.unit})" if self.unit not in ("", "-") else ""
        if longest is None:
            return self.text + unit
        room = longest - len(unit.encode())
        return cut(self.text, room) + unit if room >= longest // 2 else cut(self.text + unit, longest)


def of_table(manifest, name):
    """Return the variables of a table, in order, as its manifest describes them."""
    return tuple(_variable(column, entry, manifest) for column, entry in manifest["tables"][name].items())


def at_session(variable, name, session):
    """Return the variable of one session in the wide form."""
    return replace(variable, name=name, column=name, text=f"session {session}: {variable.text}")


def with_values(variable, seen):
    """Return the variable with the values that were `seen` but never declared behind the declared ones."""
    more = sorted(set(seen) - set(variable.values) - {None})
    return replace(variable, values=(*variable.values, *more)) if variable.values and more else variable


def with_short_names(variables):
    """Return the variables under names that SPSS and Stata take: at most 32 characters, none reserved, none twice.

    An ending such as `_s12` or `_se` stays readable; the codebook says which column a shortened name stands for.
    """
    taken, renamed = {each.name.lower() for each in variables if _fits(each)}, []
    used = set()
    for each in variables:
        stays = _fits(each) and each.name.lower() not in used
        name = each.name if stays else _short(each, taken)
        taken.add(name.lower())
        used.add(name.lower())
        renamed.append(replace(each, name=name))
    return tuple(renamed)


def cut(text, longest):
    """Return a text of at most `longest` bytes of UTF-8, with three dots if something was cut off."""
    if len(text.encode()) <= longest:
        return text
    return text.encode()[: longest - 3].decode(errors="ignore").rstrip() + "..."


def _variable(column, entry, manifest):
    known = ("unit", "low", "high", "origin")
    values = manifest["arms"] if column == "arm" else entry.get("values") or ()
    more = {key: entry[key] for key in known if entry.get(key) is not None}
    return Variable(column, column, entry["type"], " ".join(entry["text"].split()), values=tuple(values), **more)


def _fits(variable):
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", variable.name) is not None
    return plain and len(variable.name) <= _longest(variable) and variable.name.lower() not in RESERVED


def _longest(variable):
    """Return how long a name may be; pyreadstat puts a 0 behind that of a set of value labels."""
    return LONGEST_NAME - 1 if variable.codes else LONGEST_NAME


def _short(variable, taken):
    """Return a name that fits and is not taken."""
    clean = re.sub(r"[^A-Za-z0-9_]", "_", variable.name)
    clean = clean if clean[0].isalpha() else f"v{clean}"
    stem, ending = re.fullmatch(r"(.*?)((?:_s[0-9]+|_se)?)", clean).groups()
    room = _longest(variable) - len(ending)
    tries = (stem[: room - len(mark)] + mark + ending for mark in _marks())
    return next(each for each in tries if _fits(replace(variable, name=each)) and each.lower() not in taken)


def _marks():
    yield ""
    yield from (f"_{number}" for number in range(2, 100_000))
