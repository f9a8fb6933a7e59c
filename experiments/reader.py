"""Reads checked values out of a TOML file: a text, a name, a count, one of a few words, a list of names.

Each method returns something usable even if the value is wrong, and notes the mistake with its line. So a
config is always read to its end, and all its mistakes are told at once.
"""

import operator
import re
from difflib import get_close_matches

from experiments.toml_files import show, show_name
from sim.parameters import nearest

NAME_RULE = "1 to 64 lower-case letters a-z, digits, _ or -"
LONGEST_TEXT = 2000


def whole_number(value, *, low, high):
    """Return `value` as an int if it is a whole number from `low` to `high`, numpy's included, else None."""
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        return None
    return number if number is not None and low <= number <= high else None


def is_name(value):
    """Return True if `value` can name an experiment, a service or an arm."""
    return isinstance(value, str) and re.fullmatch("[a-z0-9_-]{1,64}", value) is not None


def unknown(what, name, known):
    """Return the sentence for an unknown name, with the nearest known ones, or all if they are few."""
    near = nearest(name[:64], known)
    near = get_close_matches(name[:64], near, n=1, cutoff=0.85) or near  # one letter off: there is no doubt
    if near:
        hint = f"did you mean {' or '.join(near)}?"
    elif not known:
        hint = "there is none."
    elif len(known) <= 20:
        hint = f"known are {', '.join(known)}."
    else:
        hint = "`alliance explain` lists what there is."
    return f"{show_name(name)} is not a known {what}; {hint}"


class Reader:
    """One file being read, with the problems found so far."""

    def __init__(self, file, problems):
        """Read `file`; what is wrong goes to `problems`."""
        self.file = file
        self.data = file.data
        self.problems = problems
        self.refused = set()
        """Parameters whose value was refused, so that no second sentence builds on their defaults."""

    def refuse(self, sentence, *keys):
        """Note a mistake at the place where `keys` stand."""
        self.problems.add(self.file, sentence, *keys)

    def only(self, table, known, *place, what):
        """Refuse the keys of a table that are not known."""
        for key in table:
            if key not in known:
                self.refuse(unknown(what, key, known), *place, key)

    def table(self, *keys, inside=None):
        """Return the table that stands at `keys`, `{}` if there is none; `inside` is the table around it."""
        value = (self.data if inside is None else inside).get(keys[-1], {})
        if isinstance(value, dict):
            return value
        self.refuse(f"{show_name(keys[-1])} = {show(value)} must be a table of names and values.", *keys)
        return {}

    def name(self, key, *, default):
        """Return a name, `default` if the file does not say or says it wrongly."""
        if key not in self.data:
            return default
        value = self.data[key]
        if is_name(value):
            return value
        self.refuse(f"{key} = {show(value)} must consist of {NAME_RULE}.", key)
        return default

    def text(self, key):
        """Return a text, empty if the file does not say."""
        value = self.data.get(key, "")
        if isinstance(value, str) and len(value) <= LONGEST_TEXT:
            return value
        rule = f"must be a text in double quotes of at most {LONGEST_TEXT:,} letters"
        self.refuse(f"{key} = {show(value)} {rule}.", key)
        return ""

    def whole(self, key, *, low, high, default):
        """Return a whole number."""
        number = whole_number(self.data.get(key, default), low=low, high=high)
        if number is None:
            self.refuse(f"{key} = {show(self.data[key])} must be a whole number from {low} to {high}.", key)
        return default if number is None else number

    def choice(self, *keys, known, default, inside=None):
        """Return the one of a few words that stands at `keys`; `inside` is the table around it."""
        value = (self.data if inside is None else inside).get(keys[-1], default)
        if isinstance(value, str) and value in known:
            return value
        words = " or ".join(f'"{word}"' for word in known)
        self.refuse(f"{'.'.join(keys)} = {show(value)} must be {words}.", *keys)
        return default

    def names(self, key, known, *, what):
        """Return a list of known names as a tuple, None if the file does not say."""
        if key not in self.data:
            return None
        value = self.data[key]
        if not isinstance(value, list):
            example = next(iter(known), "")
            self.refuse(f'{key} = {show(value)} must be a list of names, such as ["{example}"].', key)
            return ()
        good = [name for number, name in enumerate(value) if self._known(name, known, key, number, what=what)]
        return tuple(dict.fromkeys(good))

    def _known(self, name, known, *keys, what):
        if not isinstance(name, str):
            self.refuse(f"{what} {show(name)} must be a name in double quotes.", *keys)
        elif name not in known:
            self.refuse(unknown(what, name, known), *keys)
        return isinstance(name, str) and name in known
