import errno
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from experiments import writing
from experiments.digest import digest
from experiments.executors import ONE_THREAD, Processes
from experiments.plan import Plan
from experiments.progress import Progress, duration
from experiments.shift import WorkersDied
from experiments.store import Result, StoreError
from tests.experiments import fake

ONE_RUN = {"replications": 1, "arms": fake.ARMS[:1], "points": ({fake.KEY: 0.1},)}


def with_trouble(**trouble):
    return replace(fake.FakeExperiment(), trouble={int(key[1:]): value for key, value in trouble.items()})


def no_executor(workers):
    raise AssertionError("no process is to be started")


def test_one_worker_or_one_run_starts_no_process(tmp_path):
    outcome = fake.run(fake.FakeExperiment(), tmp_path, workers=1, executor_factory=no_executor)
    assert (outcome.done, outcome.failed, outcome.skipped, outcome.interrupted) == (12, 0, 0, False)
    single = replace(fake.FakeExperiment(name="single"), **ONE_RUN)
    assert fake.run(single, tmp_path, workers=8, executor_factory=no_executor).done == 1


def test_one_two_and_three_workers_give_the_same_digest(tmp_path):
    folders = [fake.run(fake.FakeExperiment(), tmp_path / str(n), workers=n).folder for n in (1, 2, 3)]
    assert len({digest(folder) for folder in folders}) == 1
    workers = [set(Result(folder).table("timings")["worker"]) for folder in folders]
    assert workers[0] == {os.getpid()}
    assert os.getpid() not in workers[1] | workers[2]


def test_any_executor_of_the_form_of_concurrent_futures_will_do(tmp_path):
    here = fake.run(fake.FakeExperiment(), tmp_path / "a").folder
    threads = fake.run(fake.FakeExperiment(), tmp_path / "b", workers=2, executor_factory=ThreadPoolExecutor).folder
    assert digest(here) == digest(threads)


def test_a_worker_has_one_thread_each_and_the_parent_keeps_its_own():
    before = dict(os.environ)
    executor = Processes(1)
    found = executor.submit(os.getenv, ONE_THREAD[0]).result()
    executor.shutdown()
    assert found == "1"
    assert dict(os.environ) == before


@pytest.mark.parametrize("trouble", ["error", "nan", "exit", "no_table"])
def test_a_run_that_fails_is_one_row_and_the_others_go_on(tmp_path, trouble):
    outcome = fake.run(with_trouble(r5=trouble), tmp_path)
    assert (outcome.done, outcome.failed, outcome.interrupted) == (11, 1, False)
    result = Result(outcome.folder)
    runs = result.table("runs")
    failed = runs[runs["status"] == "failed"].iloc[0]
    expected = {
        "error": ("simulate", "ValueError", "cannot go on at 0x... ?"),
        "nan": (
            "write",
            "ValueError",
            "clients.true_reactance is nan in row 3; it must be finite, or null if unknown.",
        ),
        "no_table": ("write", "KeyError", "'therapists'"),
        "exit": ("simulate", "SystemExit", "a rule that wants to leave"),
    }[trouble]
    assert (failed["stage"], failed["error_type"], failed["message"]) == expected
    assert failed["seed"] == 2
    assert failed["alliance_pace"] == 0.3
    for name in ("clients", "appointments", "therapists"):
        assert failed["run_id"] not in set(result.table(name)["run_id"])
    assert len(result.table("timings")) == 12


def test_an_experiment_in_which_every_run_fails_can_still_be_read(tmp_path):
    trouble = {number: "error" for number in range(12)}
    outcome = fake.run(replace(fake.FakeExperiment(), trouble=trouble), tmp_path)
    assert (outcome.done, outcome.failed) == (0, 12)
    result = Result(outcome.folder)
    assert len(result.table("runs")) == 12
    assert len(result.table("clients")) == 0
    assert "phq9_end" in result.table("clients").columns
    assert fake.run(replace(fake.FakeExperiment(), trouble=trouble), tmp_path).skipped == 12


def test_a_process_that_dies_costs_one_run_and_the_others_go_on(tmp_path):
    outcome = fake.run(with_trouble(r4="death"), tmp_path / "a", workers=2)
    assert (outcome.done, outcome.failed, outcome.interrupted) == (11, 1, False)
    runs = Result(outcome.folder).table("runs")
    failed = runs[runs["status"] == "failed"].iloc[0]
    assert (failed["stage"], failed["error_type"], failed["seed"]) == ("simulate", "WorkerDied", 2)
    assert "ended without a word" in failed["message"]


def test_processes_that_all_die_end_the_sweep_and_blame_no_run(tmp_path):
    trouble = {number: "death" for number in range(12)}
    experiment = replace(fake.FakeExperiment(), trouble=trouble)
    with pytest.raises(WorkersDied, match="run with --workers 1 to see why"):
        fake.run(experiment, tmp_path, workers=2)
    assert Result(tmp_path / "fake" / "001").manifest["status"] == "interrupted"
    assert len(Result(tmp_path / "fake" / "001").table("runs")) == 0


def test_a_full_disk_is_one_sentence_that_names_the_folder_and_leaves_nothing_partial(tmp_path, monkeypatch):
    written = []

    def write_table(table, path, **options):
        written.append(path)
        path.write_bytes(b"PAR1 half a file")
        if len(written) > 8:
            raise OSError(errno.ENOSPC, "Error writing bytes to file")

    monkeypatch.setattr(writing.pq, "write_table", write_table)
    with pytest.raises(StoreError, match=r"Cannot write to .*fake/001/parts/\w+: No space left on device; ") as caught:
        fake.run(fake.FakeExperiment(), tmp_path)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.rglob("*.tmp"))
    assert not (tmp_path / "fake" / "001" / "lock").exists()


def test_a_disk_that_is_full_for_a_worker_is_the_same_sentence(tmp_path):
    experiment = replace(fake.FakeExperiment(), seconds=0.2)
    place = tmp_path / "fake" / "001" / "parts" / "clients"

    class Spoiling(fake.Silent):
        def __enter__(self):
            place.rmdir()
            place.write_text("a file where a folder should be")
            return self

    with pytest.raises(StoreError, match=f"Cannot write to {place}: Not a directory"):
        fake.run(experiment, tmp_path, workers=2, show=Spoiling)


def test_a_file_in_the_way_of_the_results_folder_is_named(tmp_path):
    (tmp_path / "fake").write_text("not a folder")
    with pytest.raises(StoreError, match=r"(?s)Cannot .*fake"):
        fake.run(fake.FakeExperiment(), tmp_path)


def test_estimates_stand_in_runs_and_are_empty_where_there_is_nothing_to_estimate(tmp_path):
    names = ("never_started_rate", "alliance_outcome_r")
    outcome = fake.run(replace(fake.FakeExperiment(), keep="runs", estimates=names), tmp_path)
    result = Result(outcome.folder)
    runs = result.table("runs")
    assert list(runs.columns[-6:]) == [
        "never_started_rate",
        "never_started_rate_se",
        "never_started_rate_status",
        "alliance_outcome_r",
        "alliance_outcome_r_se",
        "alliance_outcome_r_status",
    ]
    np.testing.assert_allclose(
        runs["never_started_rate"].mean(), runs["n_never_started"].mean() / fake.CLIENTS, atol=0.1
    )
    assert result.estimates["never_started_rate"]["sentence"]


def test_chunks_keep_the_order_and_lose_nothing():
    plan = Plan(range(500), workers=4)
    sizes, handed = [], []
    while plan:
        chunk = plan.next()
        plan.learn(runs=len(chunk), seconds=0.3 * len(chunk))
        sizes.append(len(chunk))
        handed += chunk
    assert handed == list(range(500))
    assert sizes[0] == 1
    assert max(sizes) * 0.3 <= 5.1
    assert len(sizes) < 50


def test_a_very_long_sweep_makes_few_parts():
    plan = Plan(range(100_000), workers=8)
    plan.learn(runs=1, seconds=0.3)
    chunks = 0
    while plan:
        plan.next()
        chunks += 1
    assert chunks < 600


class Log:
    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass

    def isatty(self):
        return False


def test_a_log_gets_a_line_for_each_tenth_or_half_minute_with_the_time_left():
    log, times = Log(), iter([0.0] + [float(n) for n in range(1, 101)])
    with Progress(total=100, stream=log, clock=lambda: next(times)) as progress:
        for number in range(100):
            progress.add(1, failed=int(number == 50))
    lines = log.text.splitlines()
    assert len(lines) == 10
    assert lines[0] == "10 of 100 runs (10%), about 2 min left"
    assert lines[-1] == "100 of 100 runs (100%), 1 failed"


def test_slow_runs_are_reported_every_half_minute():
    log, times = Log(), iter(range(0, 1000, 20))
    with Progress(total=1000, stream=log, clock=lambda: next(times)) as progress:
        for _ in range(6):
            progress.add(1)
    assert len(log.text.splitlines()) == 3


def test_durations_are_as_coarse_as_one_would_say_them():
    assert [duration(seconds) for seconds in (12.3, 600, 9000)] == ["12 s", "10 min", "2.5 h"]
