"""The command line from config to picture: what a person types, and what they get."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.cli import main

TINY = """
name = "tiny"
question = "Does the frame stand?"
replications = 2
keep = "sessions"

[set]
"service.clients" = 40
"service.therapists" = 3
"service.weeks" = 30
"service.referral_weeks" = 10

[arms.as_usual]
[arms.repair]
set = { "rupture.repair_skill_mean" = 1.0 }

[sweep]
kind = "grid"
"alliance.pace" = [0.2, 0.8]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the tiny config in it, already run."""
    here = tmp_path_factory.mktemp("clinic")
    (here / "tiny.toml").write_text(TINY, encoding="utf-8")
    assert main(["run", str(here / "tiny.toml"), "--out", str(here / "results"), "--workers", "1"]) == 0
    return here


def ask(folder, *words):
    return main([*words, "--out", str(folder / "results")])


def test_a_run_leaves_tables_figures_and_a_report(folder):
    result = folder / "results" / "tiny" / "001"
    assert json.loads((result / "manifest.json").read_text())["status"] == "done"
    assert {path.suffix for path in (result / "figures").iterdir()} == {".png", ".svg"}
    assert len(list((result / "figures").glob("*.png"))) == 4
    page = (result / "report.html").read_text(encoding="utf-8")
    assert "Does the frame stand?" in page
    assert "no clinical advice" in page


def test_the_same_command_again_finds_everything_done(folder, capsys):
    assert ask(folder, "run", str(folder / "tiny.toml")) == 0
    assert "All 8 runs were done before" in capsys.readouterr().out
    assert [path.name for path in (folder / "results" / "tiny").iterdir()] == ["001"]


def test_show_prints_the_estimates(folder, capsys):
    assert ask(folder, "show", "tiny") == 0
    assert "dropout_rate" in capsys.readouterr().out
    assert ask(folder, "show", "tiny", "--json") == 0
    assert isinstance(json.loads(capsys.readouterr().out), list)


def test_a_story_tells_each_appointment_and_why_it_ended(folder, capsys):
    import pandas as pd

    from experiments.store import Result

    clients = Result(folder / "results" / "tiny" / "001").table("clients")
    first = clients[(clients["sessions_held"] >= 3) & (clients["arm"] == "repair")].iloc[0]
    words = ["story", "tiny", "--client", str(first["client_id"]), "--arm", "repair"]
    words += ["--point", str(first["design_point"]), "--replication", str(first["replication"])]
    assert ask(folder, *words) == 0
    text = capsys.readouterr().out
    assert text.count("appointment ") == first["appointments_booked"]
    assert f"session {first['sessions_held']}:" in text
    assert not pd.isna(first["ending"])
    assert "nan" not in text.lower().replace("unanswered", "")


def test_a_client_who_is_not_there_gets_one_sentence(folder, capsys):
    assert ask(folder, "story", "tiny", "--client", "999") == 2
    assert "numbered 0 to 39" in capsys.readouterr().err


def test_a_story_is_told_of_a_client_whose_appointments_were_not_kept(tmp_path, capsys):
    config = tmp_path / "small.toml"
    few = (
        TINY.replace('"tiny"', '"small"')
        .replace('"sessions"', '"clients"')
        .replace("replications = 2", "replications = 1")
    )
    config.write_text(few + "\n", encoding="utf-8")
    assert ask(tmp_path, "run", str(config), "--workers", "1") in (0, 2)
    if not (tmp_path / "results").exists():
        config.write_text('figures = ["sweep"]\nestimates = ["dropout_rate"]\n' + few, encoding="utf-8")
        assert ask(tmp_path, "run", str(config), "--workers", "1") == 0
    capsys.readouterr()
    assert ask(tmp_path, "story", "small", "--client", "3") == 0
    assert capsys.readouterr().out.startswith("Client 3, arm as_usual")


def test_check_says_what_it_would_cost(folder, capsys):
    assert main(["check", str(folder / "tiny.toml"), "--json"]) == 0
    cost = json.loads(capsys.readouterr().out)[0]
    assert cost["runs"] == 8
    assert cost["sessions"] > 0
    assert cost["megabytes"] > 0


def test_the_digest_is_the_same_for_the_same_experiment(folder, tmp_path, capsys):
    ask(folder, "digest", "tiny")
    first = capsys.readouterr().out
    assert main(["run", str(folder / "tiny.toml"), "--out", str(tmp_path / "results"), "--workers", "1"]) == 0
    capsys.readouterr()
    ask(tmp_path, "digest", "tiny")
    assert capsys.readouterr().out == first


def test_explain_knows_parameters_columns_switches_and_near_names(capsys):
    for name in ("alliance.pace", "clients.ending", "repair", "phq9", "dropout_rate", "alliance"):
        assert main(["explain", name]) == 0
    assert "share per session" in capsys.readouterr().out
    assert main(["explain", "alliance.pase"]) == 2
    assert "did you mean alliance.pace" in capsys.readouterr().err


def test_init_copies_the_configs_and_never_overwrites(tmp_path, capsys):
    assert main(["init", str(tmp_path / "mine")]) == 0
    assert (tmp_path / "mine" / "services" / "iapt.toml").exists()
    assert main(["check", str(tmp_path / "mine" / "first_look.toml")]) == 0
    capsys.readouterr()
    assert main(["init", str(tmp_path / "mine")]) == 2
    assert "not an empty folder" in capsys.readouterr().err


def test_a_mistake_is_a_sentence_and_exit_code_2(tmp_path, capsys):
    (tmp_path / "bad.toml").write_text('name = "bad"\n[set]\n"alliance.pase" = 0.5\n', encoding="utf-8")
    assert main(["run", str(tmp_path / "bad.toml")]) == 2
    assert capsys.readouterr().err == (
        "bad.toml line 3: alliance.pase is not a known parameter; did you mean alliance.pace?\n"
    )
    assert main(["show", "nothing_here", "--out", str(tmp_path)]) == 2


def test_the_figures_are_drawn_without_the_model(folder):
    """Figures and report come from tables and manifest alone: here `sim` can't even be imported."""
    code = (
        "import sys; sys.modules['sim'] = None\n"
        "from experiments import store, figures, report\n"
        f"result = store.Result({str(folder / 'results' / 'tiny' / '001')!r})\n"
        "[figures.draw(result, name) for name in result.manifest['figures']]\n"
        "report.write(result)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[1])
    assert done.returncode == 0, done.stderr
