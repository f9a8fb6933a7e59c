"""The line of a key: every way of writing a key in TOML, and texts that are no TOML at all."""

import json
import tomllib

from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.toml_lines import Lines

TEXT = r'''# a comment with = and [brackets]
name = "clinic # no comment"
question = """
[set]
seed = 1 \""" inside"""
seed = 3
alliance.pace = 0.3

[set]
"trust.pace" = 0.1
  goals . pace = 0.2

[arms.as_usual]
[arms."repair"]
set = { "motivation.pace" = 0.2, rupture.size = [ 1,
  2 ], switch = { repair = true } }

[sweep]
"trust.pace" = [
  0.1,  # one ]
  0.2,
]
last = 'x'
[[sweep.points]]
a = 1
[[sweep.points]]
a = 2
[sweep.points.more]
b = 3
'''


def test_every_way_of_writing_a_key_is_found():
    lines = Lines(TEXT)
    places = {
        ("name",): 2,
        ("question",): 3,
        ("seed",): 6,
        ("alliance", "pace"): 7,
        ("alliance.pace",): 7,
        ("set",): 9,
        ("set", "trust.pace"): 10,
        ("set", "goals", "pace"): 11,
        ("arms",): 13,
        ("arms", "as_usual"): 13,
        ("arms", "repair"): 14,
        ("arms", "repair", "set"): 15,
        ("arms", "repair", "set", "motivation.pace"): 15,
        ("arms", "repair", "set", "rupture.size", 1): 16,
        ("arms", "repair", "set", "switch", "repair"): 16,
        ("sweep", "trust.pace"): 19,
        ("sweep", "trust.pace", 0): 20,
        ("sweep", "trust.pace", 1): 21,
        ("sweep", "last"): 23,
        ("sweep", "points", 0, "a"): 25,
        ("sweep", "points", 1, "a"): 27,
        ("sweep", "points", 1, "more", "b"): 29,
    }
    assert {keys: lines.of(*keys) for keys in places} == places
    assert lines.twice == {}


def test_an_unknown_key_stands_where_its_nearest_parent_stands():
    lines = Lines(TEXT)
    assert lines.of("arms", "repair", "swtich", "x") == 14
    assert lines.of("nothing") == 1
    assert not lines.has("arms", "repair", "swtich")
    assert lines.has("arms", "repair", "set")


def test_a_key_that_stands_twice_is_found_however_it_is_written():
    assert Lines('a.b = 1\n"a.b" = 2').twice == {("a", "b"): 2}
    assert Lines("[set]\nx = 1\n[set]").twice == {("set",): 3}
    assert Lines("set = { x = 1, x = 2 }").twice == {("set", "x"): 1}
    assert Lines("points = [{x = 1}, {x = 2}]").twice == {}


def test_an_escaped_key_is_the_key_it_means():
    assert Lines('\n"\\u0061b" = 1').of("ab") == 2
    assert Lines("\n'a\\b' = 1").has("a\\b")


KEYS = st.text("ab\"'\\=#[]{} \né", min_size=1, max_size=3)
VALUES = st.recursive(
    st.one_of(st.integers(), st.booleans(), st.text("a\"'#]}\n", max_size=4)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def inline(value):
    """Return a value as TOML on as few lines as TOML allows."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {inline(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[\n" + ",\n".join(inline(each) for each in value) + "]"
    return json.dumps(value)


def paths(data, above=()):
    """Yield the path of each key and element."""
    for key, value in data.items() if isinstance(data, dict) else enumerate(data):
        yield (*above, key)
        if isinstance(value, dict | list):
            yield from paths(value, (*above, key))


@settings(deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_every_key_of_any_toml_is_found(data):
    text = ""
    expected = {}
    for key, value in data.items():
        expected[key] = text.count("\n") + 1
        text += f"{json.dumps(key)} = {inline(value)}\n"
    assert tomllib.loads(text) == data
    lines = Lines(text)
    assert {key: lines.of(key) for key in data} == expected
    assert all(lines.has(*path) for path in paths(data) if len(path) <= 8)


@settings(deadline=None)
@given(st.text("ab=[]{},.\"'#\n\\ ", max_size=60))
def test_any_text_is_scanned_without_complaint(text):
    lines = Lines(text)
    assert 1 <= lines.of("a", "b") <= text.count("\n") + 1
