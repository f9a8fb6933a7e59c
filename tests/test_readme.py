"""The README says nothing that does not work. (Its two first lines are run, as they stand, by `.ci/run`.)"""

import json
import re
import shlex
from pathlib import Path

import pytest

import sim
from experiments.cli import parser

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, flags=re.DOTALL)
COMMANDS = re.findall(r"\.venv/bin/alliance [^`#\n]+", README)


def test_the_python_block_runs(capsys):
    (block,) = [text for language, text in BLOCKS if language == "python"]
    exec(compile(block, "README.md", "exec"), {})
    assert "sessions_held" in capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_one_that_the_program_knows(command):
    parser().parse_args(shlex.split(command)[1:])


def test_every_file_that_is_named_is_there():
    links = re.findall(r"\]\(((?!http)[^)]+)\)", README)
    paths = re.findall(r"`((?:sim|experiments|configs|docs|tests)/[\w/.]*)`", README)
    missing = [path for path in {*links, *paths} if not (ROOT / path).exists()]
    assert not missing


def test_the_rule_that_the_reader_is_asked_to_change_stands_there():
    assert "p.rupture_repair_skill * repair_skill + " in (ROOT / "sim/rules/rupture.py").read_text(encoding="utf-8")


def test_the_first_lines_are_one_line_each():
    marked = re.findall(r"<!-- ci: ([\w-]+) -->\n```sh\n(.*?)```", README, flags=re.DOTALL)
    assert [name for name, _ in marked] == ["run", "test", "uv-run", "uv-test"]
    assert all(text.count("\n") == 1 for _, text in marked)


def test_the_papers_of_the_program_agree_on_its_version():
    assert json.loads((ROOT / "codemeta.json").read_text(encoding="utf-8"))["version"] == sim.__version__
    assert f"version: {sim.__version__}" in (ROOT / "CITATION.cff").read_text(encoding="utf-8").replace('"', "")
