import json
import os
import platform
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from experiments import identity
from experiments.digest import digest
from experiments.store import Refusal, Result, part_names
from tests.experiments import fake

ROOT = Path(__file__).parents[2]
SECONDS = 0.1

pytestmark = pytest.mark.skipif(not Path("/proc").exists(), reason="looks for processes under /proc")


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    return digest(fake.run(fake.sweep(0.0), tmp_path_factory.mktemp("whole")).folder)


def start(folder, *, workers, seconds=SECONDS, until="*/parts/runs/*.parquet"):
    """Start the sweep in a process group of its own, as a shell would; return once there is a file `until`."""
    command = [sys.executable, "-m", "tests.experiments.fake", str(folder), str(workers), str(seconds)]
    process = subprocess.Popen(
        command, cwd=ROOT, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    end = time.monotonic() + 60
    while not any((folder / "fake").glob(until)) and process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    return process


def resume(folder, **options):
    """Go on with the sweep of the script; `seconds` is no part of what is run."""
    return fake.run(fake.sweep(0.0), folder, **options)


def temporary(folder):
    return [path for path in folder.rglob("*") if path.name.endswith(".tmp") or path.name in ("lock", "stop")]


def all_gone(group):
    """Wait a little and return whether no process of a group is left."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if not any(_is_alive(stat, group) for stat in Path("/proc").glob("[0-9]*/stat")):
            return True
        time.sleep(0.05)
    return False


def _is_alive(stat, group):
    try:
        fields = stat.read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return fields[2] == str(group) and fields[0] != "Z"


def test_a_sweep_killed_without_warning_and_resumed_has_the_digest_of_an_uninterrupted_one(tmp_path, uninterrupted):
    process = start(tmp_path, workers=2)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert all_gone(process.pid)  # the workers leave with their parent
    assert Result(tmp_path / "fake" / "001").manifest["status"] == "running"
    outcome = resume(tmp_path)
    assert 0 < outcome.skipped < 40
    assert (outcome.done, outcome.interrupted) == (40, False)
    assert f"Process {process.pid} left" in fake.Silent.said[0]
    assert digest(outcome.folder) == uninterrupted
    assert not temporary(outcome.folder)


@pytest.mark.parametrize(("workers", "number"), [(1, signal.SIGINT), (2, signal.SIGINT), (2, signal.SIGTERM)])
def test_an_interrupted_sweep_ends_cleanly_and_goes_on_where_it_stopped(tmp_path, uninterrupted, workers, number):
    process = start(tmp_path, workers=workers)
    os.killpg(process.pid, number)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert out.endswith("True\n")
    assert "Traceback" not in err
    folder = tmp_path / "fake" / "001"
    assert Result(folder).manifest["status"] == "interrupted"
    assert not temporary(folder)
    assert all_gone(process.pid)
    kept = len(Result(folder).table("runs"))
    outcome = resume(tmp_path)
    assert (outcome.skipped, outcome.done) == (kept, 40)
    assert digest(outcome.folder) == uninterrupted


@pytest.mark.parametrize("workers", [1, 2])
def test_a_second_ctrl_c_gives_up_long_runs_and_leaves_nothing_partial(tmp_path, workers):
    process = start(tmp_path, workers=workers, seconds=60, until="begun")
    for _ in range(2):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.5)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == "0 0 True\n"
    assert "Traceback" not in err
    assert "Ctrl-C once more gives them up" in err
    assert not temporary(tmp_path)
    assert len(Result(tmp_path / "fake" / "001").table("runs")) == 0


def test_a_sweep_in_a_thread_runs_and_leaves_signals_alone(tmp_path):
    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=lambda: fake.run(fake.FakeExperiment(), tmp_path))
    thread.start()
    thread.join()
    assert Result(tmp_path / "fake" / "001").manifest["status"] == "done"
    assert signal.getsignal(signal.SIGINT) is before


class Interrupting(fake.Silent):
    """Rings the bell after the first chunk."""

    def add(self, count, *, failed=0):
        super().add(count)
        signal.raise_signal(signal.SIGINT)


@pytest.fixture
def half(tmp_path):
    """Return the folder of a sweep that was left in the middle."""
    outcome = fake.run(fake.FakeExperiment(), tmp_path, show=Interrupting)
    assert outcome.interrupted
    assert 0 < outcome.done < 12
    return outcome.folder


def test_what_was_done_is_not_done_again(half):
    done = set(Result(half).table("runs")["run_id"])
    times = Result(half).table("timings").set_index("run_id")["started"]
    outcome = fake.run(fake.FakeExperiment(), half.parents[1])
    assert (outcome.folder, outcome.skipped, outcome.done) == (half, len(done), 12)
    again = Result(half).table("timings").set_index("run_id")["started"]
    assert (again[list(done)] == times[list(done)]).all()


def test_a_finished_sweep_has_nothing_left_to_run_and_needs_no_lock(tmp_path):
    fake.run(fake.FakeExperiment(), tmp_path)
    (tmp_path / "fake" / "001" / "lock").write_text("left behind")
    outcome = fake.run(fake.FakeExperiment(), tmp_path, simulate=None)
    assert (outcome.done, outcome.skipped, outcome.interrupted) == (12, 12, False)


def test_a_changed_question_or_choice_of_figures_needs_no_new_run_but_is_noted(tmp_path):
    fake.run(fake.FakeExperiment(), tmp_path)
    outcome = fake.run(fake.FakeExperiment(question="Another?", figures=("endings",)), tmp_path)
    assert (outcome.folder.name, outcome.skipped) == ("001", 12)
    manifest = Result(outcome.folder).manifest
    assert (manifest["question"], manifest["figures"], manifest["status"]) == ("Another?", ["endings"], "done")


def test_a_finished_sweep_that_is_no_longer_the_same_opens_the_next_number(tmp_path):
    fake.run(fake.FakeExperiment(), tmp_path)
    outcome = fake.run(fake.FakeExperiment(seed=2), tmp_path)
    assert (outcome.folder.name, outcome.skipped, outcome.done) == ("002", 0, 12)


def test_fresh_opens_the_next_number(half):
    outcome = fake.run(fake.FakeExperiment(), half.parents[1], fresh=True)
    assert (outcome.folder.name, outcome.skipped) == ("002", 0)


def refusal(folder, experiment=None):
    with pytest.raises(Refusal) as caught:
        fake.run(experiment or fake.FakeExperiment(), folder.parents[1])
    text = str(caught.value)
    assert text.startswith(f"{folder} is unfinished, and ")
    assert text.endswith(f" since it was begun; undo that to go on, or use --fresh to begin {folder.parent}/002.")
    return text.removeprefix(f"{folder} is unfinished, and ").partition(" since it was begun")[0]


def test_a_changed_config_is_refused_and_its_key_is_named(half):
    change = {"points": ({fake.KEY: 0.1}, {fake.KEY: 0.5})}
    assert refusal(half, fake.FakeExperiment(seed=7)) == "the config's seed was 1 and is now 7"
    assert refusal(half, fake.FakeExperiment(forms={"phq9": "every"})) == (
        'the config\'s forms.wai_client was "every" and is now not there'
    )
    assert refusal(half, replace(fake.FakeExperiment(), **change)) == (
        'the config\'s points was [{"alliance.pace": 0.1}, {"alliance.pace": 0.3}] '
        'and is now [{"alliance.pace": 0.1}, {"alliance.pace": 0.5}]'
    )


def test_changed_code_is_refused_and_the_file_is_named(tmp_path, monkeypatch):
    code = tmp_path / "code"
    (code / "rules").mkdir(parents=True)
    (code / "rules" / "trust.py").write_text("old = 1")
    (code / "parameters.toml").write_text("x = 1")
    monkeypatch.setattr(identity, "code_folders", lambda: {"sim": code})
    folder = fake.run(fake.FakeExperiment(), tmp_path / "results", show=Interrupting).folder
    (code / "rules" / "trust.py").write_text("new = 1")
    assert refusal(folder) == "sim/rules/trust.py has changed"
    (code / "rules" / "zeal.py").write_text("")
    assert refusal(folder) == "sim/rules/trust.py has changed (and 1 more)"
    (code / "rules" / "zeal.py").unlink()
    (code / "rules" / "trust.py").write_text("old = 1")
    (code / "parameters.toml").write_text("x = 2")
    assert refusal(folder) == "sim/parameters.toml has changed"


def test_other_libraries_are_refused_and_named_but_a_bug_fix_of_python_is_not(half, monkeypatch):
    now = identity.versions()
    monkeypatch.setattr(identity, "versions", lambda: {**now, "numpy": "1.0"})
    assert refusal(half) == f"numpy was {now['numpy']} and is now 1.0"
    python = now["python"].rpartition(".")[0] + ".99"
    monkeypatch.setattr(identity, "versions", lambda: {**now, "python": python, "pyarrow": "1.0"})
    assert fake.run(fake.FakeExperiment(), half.parents[1]).done == 12


def test_a_truncated_part_is_moved_aside_and_its_runs_are_done_again(half):
    part = part_names(half)[0]
    path = half / "parts" / "clients" / part
    path.write_bytes(path.read_bytes()[:-100])
    before = len(Result(half).table("runs"))
    outcome = fake.run(fake.FakeExperiment(), half.parents[1])
    assert outcome.skipped < before
    assert outcome.done == 12
    aside = half / "parts" / "unreadable"
    assert outcome.notes == (f"{path} is damaged; its part was moved to {aside} and its runs are done again.",)
    assert (aside / f"clients-{part}").exists()
    assert (aside / f"runs-{part}").exists()


def test_a_part_that_lost_a_table_is_done_again(half):
    part = part_names(half)[0]
    (half / "parts" / "appointments" / part).unlink()
    outcome = fake.run(fake.FakeExperiment(), half.parents[1])
    assert "is missing; its part was moved" in outcome.notes[0]
    assert len(Result(half).table("appointments")) == 12 * fake.CLIENTS


def test_leftovers_of_a_killed_process_are_removed_and_foreign_files_left_alone(half):
    place = half / "parts" / "clients"
    leftover = place / f".{'0' * 16}.parquet.{'a' * 32}.tmp"
    uncounted = place / f"{'1' * 16}.parquet"
    foreign = [place / "notes.txt", place / "mine.parquet", half / "parts" / "runs" / ".hidden.tmp"]
    for path in (leftover, uncounted, *foreign):
        path.write_text("x")
    outcome = fake.run(fake.FakeExperiment(), half.parents[1])
    assert outcome.done == 12
    assert not leftover.exists()
    assert not uncounted.exists()
    assert all(path.exists() for path in foreign)
    assert len(Result(half).table("clients")) == 12 * fake.CLIENTS


def test_a_failed_run_is_not_tried_again_by_itself(tmp_path):
    troubled = replace(fake.FakeExperiment(), trouble={0: "error"})
    fake.run(troubled, tmp_path)
    outcome = fake.run(fake.FakeExperiment(), tmp_path)
    assert (outcome.done, outcome.failed, outcome.skipped) == (11, 1, 12)


def lock(folder, **note):
    mine = {"host": platform.node(), "pid": os.getpid(), "process_start": None, "since": "2026-01-01 00:00:00 UTC"}
    (folder / "lock").write_text(json.dumps({**mine, **note}))


def test_a_folder_somebody_works_on_is_refused(half):
    lock(half)
    sentence = rf"{half} is being worked on by process {os.getpid()} on .* since 2026-01-01 .*; wait until it is done"
    with pytest.raises(Refusal, match=sentence):
        fake.run(fake.FakeExperiment(), half.parents[1])
    assert (half / "lock").exists()


def test_the_lock_of_a_dead_process_is_taken_over_with_a_sentence(half):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    lock(half, pid=dead.pid)
    outcome = fake.run(fake.FakeExperiment(), half.parents[1])
    assert outcome.notes == (f"Process {dead.pid} left {half} unfinished and is gone; going on from there.",)
    assert not (half / "lock").exists()


def test_a_later_process_with_the_same_number_is_not_taken_for_the_owner(half):
    lock(half, process_start="1")
    assert "is gone; going on" in fake.run(fake.FakeExperiment(), half.parents[1]).notes[0]


def test_the_lock_of_another_computer_is_refused_and_it_is_said_how_to_remove_it(half):
    lock(half, host="elsewhere", pid=1)
    with pytest.raises(Refusal, match=rf"on elsewhere since .*; if nothing runs there any more, remove {half}/lock"):
        fake.run(fake.FakeExperiment(), half.parents[1])


def test_a_lock_that_cannot_be_read_is_refused_with_a_sentence(half):
    (half / "lock").write_text("")
    with pytest.raises(Refusal, match="lock cannot be read; if no process works on this folder, remove it"):
        fake.run(fake.FakeExperiment(), half.parents[1])
