"""Where a key stands in a TOML text, so that a mistake can be told with its line.

`tomllib` gives the values of a config but not their places. This scanner reads the same text once more, only
for the places: after `[arms.repair]` in line 12 and `set = { "trust.pace" = 0.3 }` in line 13, it knows that
`arms.repair.set.trust.pace` stands in line 13. It takes any text, in time proportional to its length.
"""

import re

_TOKEN = re.compile(
    r"""
      (?P<comment>\#[^\n]*)
    | (?P<text>\"{3}(?:\\.|[^\\])*?(?:\"{3,5}|\Z) | '{3}.*?(?:'{3,5}|\Z)
             | "(?:\\[^\n]|[^"\\\n])*"? | '[^'\n]*'?)
    | (?P<bare>[^\s\[\]{},=.\#"']+)
    | (?P<mark>[\[\]{},=.\n])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)")
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}
_LONGEST_PATH = 8
"""Our longest is `arms.NAME.set.theme.parameter`; deeper places are told as their parent's."""


class Lines:
    """The line of each key of a TOML text: `Lines(text).of("arms", "repair", "set")`."""

    def __init__(self, text):
        """Scan the text: `twice` gets each key that is set a second time, `depth` the deepest nesting."""
        self.first, self.twice, self.depth, self.last = {(): 1}, {}, 0, 1
        self._written = set()
        scanner = _Scanner(self)
        for kind, word, self.last in _tokens(text):
            scanner.read(kind, word)
        scanner.read("mark", "\n")

    def of(self, *keys):
        """Return the line of a key, or of its nearest parent; "a.b" means the same as "a", "b"."""
        path = _steps(keys)
        while path not in self.first:
            path = path[:-1]
        return self.first[path]

    def has(self, *keys):
        """Return True if the key itself stands in the text."""
        return _steps(keys) in self.first

    def note(self, path, *, once):
        """Remember where `path` stands; `once` = it may be written only once in the file."""
        path = _steps(path)
        if len(path) > _LONGEST_PATH:
            return
        if once and path in self._written:
            self.twice.setdefault(path, self.last)
        if once:
            self._written.add(path)
        for length in range(1, len(path) + 1):
            self.first.setdefault(path[:length], self.last)


def _steps(keys):
    return tuple(step for key in keys for step in str(key).split("."))


class _Scanner:
    """The state of the scan: the table of the last header, the brackets that are open, the key being read."""

    def __init__(self, lines):
        self.lines = lines
        self.reading = "key"  # or "header" or "value"
        self.table = ()
        self.tables_of = {}  # path of an array of tables -> how many there were so far
        self.open = []  # [path, number of the current element]; the number is None in an inline table
        self.brackets = 0
        self.key = []
        self.dots = 0
        self.path = ()

    def read(self, kind, word):
        """Take one token."""
        if kind == "comment":
            return
        if word == "\n":
            self._end_of_line()
        elif self.reading == "value":
            self._value(word)
        elif kind != "mark":
            self.key.append(_plain(word))
        elif word == ".":
            self.dots += 1
            self.lines.depth = max(self.lines.depth, self.dots)
        elif self.reading == "header":
            self.brackets += word == "["
        else:
            self._key_mark(word)

    def _end_of_line(self):
        if self.reading == "header":
            self._header()
        if not self.open:
            self._expect_key()

    def _header(self):
        path = ()
        for step in self.key[: _LONGEST_PATH + 1]:
            if path in self.tables_of:
                path += (self.tables_of[path] - 1,)
            path += (step,)
        if self.brackets == 2:
            self.tables_of[path] = self.tables_of.get(path, 0) + 1
            path += (self.tables_of[path] - 1,)
        elif path in self.tables_of:
            path += (self.tables_of[path] - 1,)
        self.lines.note(path, once=True)
        self.table = path

    def _key_mark(self, mark):
        if mark == "=":
            self.path = self._below(self.key)
            self.lines.note(self.path, once=True)
            self.reading = "value"
        elif mark == "[" and not self.key and not self.open:
            self.reading, self.brackets = "header", 1
        elif mark == ",":
            self._expect_key()
        elif mark == "}":
            self._close()

    def _below(self, keys):
        return (*(self.open[-1][0] if self.open else self.table), *keys)[: _LONGEST_PATH + 1]

    def _value(self, word):
        inside = self.open[-1] if self.open else None
        if word == ",":
            self._next(inside)
        elif word in ("]", "}"):
            self._close()
        else:
            if inside and inside[1] is not None:
                self.path = (*inside[0], inside[1])[: _LONGEST_PATH + 1]
                self.lines.note(self.path, once=False)
            if word in ("[", "{"):
                self._open(word)

    def _next(self, inside):
        if inside and inside[1] is not None:
            inside[1] += 1
        else:
            self._expect_key()

    def _expect_key(self):
        self.reading, self.key, self.dots, self.brackets = "key", [], 0, 0

    def _open(self, bracket):
        self.open.append([self.path, 0 if bracket == "[" else None])
        self.lines.depth = max(self.lines.depth, len(self.open))
        if bracket == "{":
            self._expect_key()

    def _close(self):
        if self.open:
            self.open.pop()
        self.reading = "value"


def _tokens(text):
    """Yield (kind, word, line) for each token; a text that runs over lines counts where it begins."""
    line, place = 1, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", place, match.start())
        place = match.start()
        yield match.lastgroup, match.group(), line


def _plain(word):
    """Return a key without its quotes and with its escapes worked out."""
    if word[0] == '"':
        return _ESCAPE.sub(_unescaped, word[1:-1])
    return word[1:-1] if word[0] == "'" else word


def _unescaped(match):
    code = match.group(1)
    if len(code) == 1:
        return _ESCAPED.get(code, code)
    return chr(min(int(code[1:], 16), 0x10FFFF))
