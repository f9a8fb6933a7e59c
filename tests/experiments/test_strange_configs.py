"""Files that nobody would write on purpose: each is an experiment or sentences, never a traceback."""

import json
import os
import pickle
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.config import ConfigError, load
from experiments.experiment import Experiment
from experiments.model_values import TOP_KEYS
from sim import parameters
from tests.experiments.config_texts import load_text, problems

CONFIG = """\
name = "repair"
question = "Does repair keep clients?"
seed = 7
replications = 2
keep = "sessions"
figures = ["alliance_by_ending", "endings"]
estimates = ["dropout_rate"]
assignment = "fixed"

[set]
"service.clients" = 50
trust.pace = 0.3

[switch]
life_events = false

[forms]
phq9 = "every"
wai_client = [1, 3, 5]

[arms.as_usual]
[arms.repair]
set = { "rupture.repair_skill_mean" = 1.0 }
switch = { life_events = true }

[sweep]
"alliance.pace" = [0.2, 0.4]
"""
NAMES = st.sampled_from(
    [*TOP_KEYS, "kind", "points", "repair", "alliance.pace", "service.weeks", "trust", "phq9", "Pace", "a b", "\n", ""]
)
SCALARS = st.one_of(
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.booleans(),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=5),
    st.sampled_from(["every", "grid", "list", "queue", "iapt", "sessions", "../x", "endings"]),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)


def as_toml(value):
    """Return a value as TOML in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {as_toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    return json.dumps(value).replace("NaN", "nan").replace("Infinity", "inf")


def experiment_or_sentences(text):
    """Load a config; return the experiment, or the problems after a look at their form."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            experiment = load_text(Path(folder), text)
        except ConfigError as error:
            assert error.problems
            assert all(line.isprintable() and len(line) < 1000 for line in error.problems)
            assert all(line.startswith(("clinic.toml", "services/", "Only the first")) for line in error.problems)
            return error.problems
    assert isinstance(experiment, Experiment)
    assert experiment.run_count >= 1
    for arm in experiment.arms:
        assert set(experiment.values(arm, experiment.points[-1])) == set(parameters.catalogue())
    return experiment


@settings(deadline=None)
@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_any_data_is_an_experiment_or_sentences(data):
    experiment_or_sentences("".join(f"{json.dumps(key)} = {as_toml(value)}\n" for key, value in data.items()))


@settings(deadline=None)
@given(
    st.integers(0, len(CONFIG)),
    st.integers(0, 30),
    st.one_of(st.text(max_size=5), st.sampled_from(["[", "]", "[[", "{", "=", '"', '"""', "'", ".", ",", "\n", "#"])),
)
def test_any_slip_of_the_finger_is_an_experiment_or_sentences(place, gone, typed):
    text = CONFIG[:place] + typed + CONFIG[place + gone :]
    experiment_or_sentences(text.encode("utf-8", errors="replace"))


@settings(deadline=None)
@given(st.integers(0, CONFIG.count("\n")), st.integers(0, CONFIG.count("\n")))
def test_lines_in_any_order_are_an_experiment_or_sentences(one, other):
    lines = CONFIG.splitlines(keepends=True)
    lines.insert(other, lines.pop(one % len(lines)))
    experiment_or_sentences("".join(lines))


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_an_experiment_or_sentences(data):
    experiment_or_sentences(data)


@settings(deadline=None)
@given(
    st.sampled_from(sorted(parameters.catalogue())),
    st.one_of(st.integers(), st.floats(), st.booleans(), st.text("a1", max_size=3)),
)
def test_a_parameter_is_taken_just_as_its_own_rule_says(name, value):
    result = experiment_or_sentences(f'name = "x"\n[set]\n"{name}" = {as_toml(value)}\n')
    if parameters.catalogue()[name].problem(value):
        assert [line for line in result if line.startswith(f"clinic.toml line 3: {name} = ")]
    elif isinstance(result, Experiment):
        assert result.base == {name: value}
    else:
        assert "must not be more than" in result[0]


STRANGE = {
    "a key of 100,000 dots": "a" + ".a" * 100_000 + " = 1",
    "a header of 100,000 dots": "[" + "a." * 100_000 + "a]",
    "100,000 brackets": "a = " + "[" * 100_000 + "]" * 100_000,
    "100,000 braces": "a = " + "{a=" * 100_000,
    "a text without an end": 'a = """' + '\\"""' * 100_000,
    "a number of 5,000 digits": "seed = " + "1" * 5_000,
    "a number of 5,000 hexadecimal digits": "[set]\nalliance.pace = 0x" + "f" * 5_000,
    "50,000 unknown keys": "".join(f"k{number} = 1\n" for number in range(50_000)),
    "a date": "[set]\nalliance.pace = 1979-05-27T07:32:00Z",
    "nothing but a NUL": "\0",
    "arrays of tables": "[[set]]\n[[arms]]\n[[sweep]]\n[[forms]]\n[[switch]]",
}


@pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE)
def test_strange_files_get_sentences_within_seconds(text):
    start = time.perf_counter()
    assert isinstance(experiment_or_sentences(text), list)
    assert time.perf_counter() - start < 20


def test_of_very_many_problems_the_first_hundred_are_told(tmp_path):
    text = 'name = "x"\n[set]\n' + "".join(f"k{number} = 1\n" for number in range(1000))
    told = problems(tmp_path, text)
    assert len(told) == 101
    assert told[-1] == "Only the first 100 problems are told here."


def test_a_file_beyond_a_megabyte_is_refused(tmp_path):
    assert problems(tmp_path, "#" * 1_000_001) == [
        "clinic.toml: is larger than 1,000,000 bytes, the most that a config may have."
    ]
    assert problems(tmp_path, 'name = "x"\n' + "#" * 999_989) == []


def test_a_file_that_is_not_utf_8_is_told_with_its_line(tmp_path):
    assert problems(tmp_path, 'name = "x"\nquestion = "Hält es?"'.encode("latin-1")) == [
        "clinic.toml line 2: is not UTF-8 text; save the file as UTF-8."
    ]


def test_nothing_in_a_key_can_command_a_terminal(tmp_path):
    assert problems(tmp_path, 'name = "x"\n[arms."\\u001b[31m\\n\\u202e"]') == [
        'clinic.toml line 2: arm name "\\u001b[31m\\n\\u202e" must consist of '
        "1 to 64 lower-case letters a-z, digits, _ or -."
    ]


def test_a_missing_file_names_the_nearest(tmp_path):
    (tmp_path / "first_look.toml").write_text('name = "x"')
    with pytest.raises(ConfigError) as error:
        load(tmp_path / "frist_look.toml")
    assert error.value.problems == [
        f"frist_look.toml: there is no such file in {tmp_path}; did you mean first_look.toml?"
    ]


@pytest.mark.parametrize("path", [".", "no/such/folder/x.toml", "x\0y.toml", ""])
def test_a_path_that_leads_nowhere_gets_a_sentence(path):
    with pytest.raises(ConfigError) as error:
        load(path)
    assert len(error.value.problems) == 1


def test_a_link_out_of_the_folder_of_services_is_not_followed(tmp_path):
    (tmp_path / "services").mkdir()
    (tmp_path / "secret.toml").write_text('password = "x"')
    os.symlink(tmp_path / "secret.toml", tmp_path / "services" / "town.toml")
    assert problems(tmp_path, 'name = "x"\nservice = "town"')[0].startswith(
        "clinic.toml line 2: town is not a known service"
    )


def test_a_config_error_travels_between_processes():
    error = pickle.loads(pickle.dumps(ConfigError(["one", "two"])))
    assert error.problems == ["one", "two"]
    assert str(error) == "one\ntwo"
