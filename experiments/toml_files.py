"""A TOML file from disk, safely: small, plain text, one value a key, mistakes told with file and line.

What goes wrong is collected in `Problems` and raised once, as a `ConfigError`, so that somebody who made four
mistakes in a config reads four sentences and not one after the other.
"""

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from experiments.toml_lines import Lines
from sim.parameters import nearest

MAX_BYTES = 1_000_000
MAX_PROBLEMS = 100
MAX_DEPTH = 20


class ConfigError(Exception):
    """All that is wrong with a config: `problems` is a list of sentences, in the order of the file."""

    def __init__(self, problems):
        """Keep the sentences."""
        self.problems = list(problems)
        super().__init__(self.problems)

    def __str__(self):
        return "\n".join(self.problems)


@dataclass(frozen=True)
class TomlFile:
    """A TOML file that was read: its path, the name that messages call it by, its text, data and lines."""

    path: Path
    shown: str
    text: str
    data: dict
    lines: Lines

    @property
    def origin(self):
        """The path as results keep it, without the folders above: "configs/services/iapt.toml"."""
        return "/".join(self.path.resolve().parts[-2 - self.shown.count("/") :])

    def at(self, *keys):
        """Return where a key stands: "clinic.toml line 7"."""
        return f"{self.shown} line {self.lines.of(*keys)}"


class Problems:
    """The sentences about a config and its service file, sorted by file and line when they are raised."""

    def __init__(self, *, first):
        """Start with none; those of the file called `first` will come first."""
        self._first = first
        self._found = []

    def add(self, file, sentence, *keys):
        """Note a sentence about the place where `keys` stand in `file`."""
        self._found.append((file.shown != self._first, file.lines.of(*keys), f"{file.at(*keys)}: {sentence}"))
        if len(self._found) == MAX_PROBLEMS:
            raise ConfigError([*self._sorted(), f"Only the first {MAX_PROBLEMS} problems are told here."])

    def include(self, error):
        """Note what is wrong with another file as a whole."""
        self._found += [(True, 0, sentence) for sentence in error.problems]

    def raise_any(self):
        """Raise a `ConfigError` with all of them, if there are any."""
        if self._found:
            raise ConfigError(self._sorted())

    def _sorted(self):
        return [sentence for *_, sentence in sorted(self._found, key=lambda problem: problem[:2])]


def read(path, *, shown):
    """Read a TOML file. Raises `ConfigError` with one sentence if that is impossible."""
    text = _text(path, shown)
    lines = Lines(text)
    if lines.depth > MAX_DEPTH:
        raise ConfigError([f"{shown}: brackets or dots are nested more than {MAX_DEPTH} deep."])
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError([_syntax(str(error), shown, lines)]) from None
    if lines.twice:
        raise ConfigError([_again(shown, lines)])
    return TomlFile(path, shown, text, data, lines)


def _text(path, shown):
    try:
        if not path.is_file():
            raise ConfigError([_missing(path, shown)])
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ConfigError([f"{shown}: cannot be read ({error})."]) from None
    if len(data) > MAX_BYTES:
        raise ConfigError([f"{shown}: is larger than {MAX_BYTES:,} bytes, the most that a config may have."])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError([f"{shown} line {line}: is not UTF-8 text; save the file as UTF-8."]) from None


def _missing(path, shown):
    near = nearest(path.name, [other.name for other in path.parent.glob("*.toml")])
    hint = f"; did you mean {' or '.join(near)}?" if near else "."
    return f"{shown}: there is no such file in {path.parent}{hint}"


def _syntax(message, shown, lines):
    """Turn the message of `tomllib` into one sentence with file and line."""
    place = re.search(r" \((?:at line (\d+), column \d+|at end of document)\)$", message)
    reason = (message[: place.start()] if place else message).lower()
    if lines.twice and re.search("overwrite|twice|duplicate|already", reason):
        return _again(shown, lines)
    line = place[1] if place and place[1] else lines.last
    return (
        f"{shown} line {line}: cannot be read as TOML ({_printable(_cut(reason))}); "
        "write key = value, a text in double quotes, a list in [ ], a number as 0.5."
    )


def _again(shown, lines):
    path, line = min(lines.twice.items(), key=lambda item: item[1])
    name = show_name(".".join(map(str, path)))
    where = f"stands here a second time (first in line {lines.of(*path)})"
    return f"{shown} line {line}: {name} {where}; keep one of the two."


def show(value):
    """Return a value as it can stand in a sentence: short, on one line, nothing that a terminal obeys."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        simple = len(value) <= 6 and not any(isinstance(each, list | dict) for each in value)
        return f"[{', '.join(map(show, value))}]" if simple else "a list"
    if isinstance(value, int) and value.bit_length() > 64:
        return "a number of more than 19 digits"
    if isinstance(value, str):
        return _printable(json.dumps(_cut(value), ensure_ascii=False))
    return str(value)


def show_name(name):
    """Return a key as it can stand in a sentence, without quotes where it needs none."""
    return name if re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", name) else show(name)


def _cut(text):
    return text if len(text) <= 64 else text[:60] + " ..."


def _printable(text):
    return "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text)
