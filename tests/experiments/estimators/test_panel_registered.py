"""Registered estimates of sessions within clients: what they read, whom they count, what they say if they cannot."""

import numpy as np
import pandas as pd
import pytest

from experiments.estimators import mediated, within_client
from experiments.estimators.methods.panel.riclpm import riclpm
from experiments.estimators.methods.panel.within_lag import within_lag
from experiments.estimators.value import REASONS, Fit, Value
from tests.experiments.estimators.panel_data import pair
from tests.experiments.estimators.test_panel_mediation import sessions as effort_sessions

ENTRIES = {each.name: each for each in (*within_client.ENTRIES, *mediated.ENTRIES)}
SCALES = {"core_om": {"primary": True, "higher_is_worse": True}}
COLUMNS = (
    "wai_client",
    "core_om",
    "effort_client",
    "autonomy_support_client",
    "autonomous_motivation_client",
    "true_depth",
)


def tables(*, clients=200, seed=1):
    """Return clients and appointments, some of them not held, with every column that an entry reads."""
    luck = np.random.default_rng(seed)
    scores = effort_sessions(seed, clients=clients, length=10)
    scores = np.concatenate([scores[:, :, [0, 2, 1]], luck.normal(size=(clients, 10, 3))], axis=2)
    scores[:, 1:, 4] += 0.4 * scores[:, :-1, 3]
    held = luck.integers(0, 11, size=clients)
    rows = [
        {
            "client_id": i,
            "appointment": 2 * t + 1,
            "session": t + 1,
            "held": True,
            **dict(zip(COLUMNS, scores[i, t], strict=True)),
        }
        for i in range(clients)
        for t in range(held[i])
    ]
    missed = [
        {"client_id": i, "appointment": 2 * t, "session": None, "held": False}
        for i in range(clients)
        for t in range(1, held[i] + 1)
        if luck.random() < 0.2
    ]
    people = {"client_id": np.arange(clients), "sessions_held": held, "wai_client_s3": scores[:, 2, 0]}
    people |= {"core_om_intake": scores[:, 0, 1], "core_om_last": scores[np.arange(clients), held - 1, 1]}
    people["core_om_end"] = np.where(luck.random(clients) < 0.6, scores[:, 9, 1], np.nan)
    clients = pd.DataFrame(people)
    clients.loc[clients["sessions_held"] < 3, "wai_client_s3"] = np.nan
    return {"clients": clients, "appointments": pd.DataFrame(rows + missed)}


@pytest.fixture(scope="module")
def run():
    return tables()


def headline(entry, run):
    got = entry.function(run, SCALES)
    return got[entry.headline] if isinstance(got, Fit) else got


@pytest.mark.parametrize("name", ENTRIES)
def test_every_entry_gives_a_number_with_an_interval_from_a_run(run, name):
    got = headline(ENTRIES[name], run)
    assert isinstance(got, Value)
    assert got.ok, got.note
    assert got.se > 0


@pytest.mark.parametrize("name", ENTRIES)
def test_every_entry_reads_only_the_columns_that_it_names(run, name):
    entry = ENTRIES[name]
    named = [column.replace("{primary}", "core_om").rpartition(".") for column in entry.columns]
    read = {}
    for table, _, column in named:
        read.setdefault(table or entry.table, []).append(column)
    some = {table: run[table][columns] for table, columns in read.items()}
    first, again = headline(entry, run), headline(entry, some)
    assert (again.estimate, again.se, again.n) == (first.estimate, first.se, first.n)


@pytest.mark.parametrize("name", ENTRIES)
def test_order_of_rows_does_not_matter(run, name):
    mixed = {table: frame.sample(frac=1, random_state=1) for table, frame in run.items()}
    first, again = headline(ENTRIES[name], run), headline(ENTRIES[name], mixed)
    assert again.estimate == pytest.approx(first.estimate, rel=1e-6)
    assert again.se == pytest.approx(first.se, rel=1e-6)


def clinic(run, *, clients, last=None):
    """Return the tables of a few clients, and of their sessions up to the `last`."""
    frames = {table: frame[frame["client_id"] < clients] for table, frame in run.items()}
    rows = frames["appointments"]
    return frames if last is None else {**frames, "appointments": rows[~(rows["session"] > last)]}


def test_the_panel_model_of_a_small_clinic_says_how_many_clients_it_has_and_needs(run):
    frames = clinic(run, clients=25)
    scores = within_client.session_scores(frames["appointments"], ("wai_client", "core_om"), sessions=3, fewest=4)
    fewest = int(np.isfinite(scores).all(axis=2).sum(axis=0).min())
    assert 1 < fewest < 30
    got = within_client.alliance_symptom_paths(frames, SCALES)
    assert (got.status, got.n) == ("too_few", fewest)
    assert got.note.startswith(f"There are {fewest} clients with 4 sessions or more") and "at least 30" in got.note


SERIES = {
    "alliance_symptom_paths": 30,
    "paths_without_intercepts": 30,
    "alliance_symptom_lag": 20,
    "alliance_within_between": 20,
    "alliance_effort_symptoms": 20,
    "depth_symptom_lag": 20,
}


@pytest.mark.parametrize("name", SERIES)
def test_a_clinic_without_series_long_enough_has_too_few_clients_not_none(run, name):
    got = headline(ENTRIES[name], clinic(run, clients=12, last=2))
    assert got.status == "too_few"
    assert "clients have scores" in got.note and f"at least {SERIES[name]}" in got.note


@pytest.mark.parametrize("name", ["alliance_symptom_paths", "paths_without_intercepts", "alliance_symptom_lag"])
def test_the_caveat_says_which_form_comes_first(name):
    assert "alliance -> symptoms is the nearer step of the two." in ENTRIES[name].caveat


@pytest.mark.parametrize("name", ENTRIES)
@pytest.mark.parametrize("spoil", ["few", "none", "gaps", "constant"])
def test_bad_runs_give_a_named_reason_and_a_sentence(run, name, spoil):
    frames = {table: frame.copy() for table, frame in run.items()}
    for table, frame in frames.items():
        keys = [c for c in frame if c in ("client_id", "appointment", "session", "held", "sessions_held")]
        if spoil == "few":
            frames[table] = frame[frame["client_id"] < 4]
        elif spoil == "none":
            frames[table] = frame.iloc[:0]
        else:
            frames[table] = frame.assign(**{c: np.nan if spoil == "gaps" else 3.0 for c in frame if c not in keys})
    if spoil == "constant" and name == "alliance_attendance_r":
        frames["appointments"]["held"] = True
    got = headline(ENTRIES[name], frames)
    assert got.status in REASONS
    assert got.note.endswith(".")
    assert np.isnan(got.estimate)


def test_entries_tell_what_they_are():
    for entry in ENTRIES.values():
        assert entry.sentence.endswith(".")
        assert entry.unit and entry.formula and entry.label
        assert entry.keep == "sessions"


def test_the_panel_model_takes_seven_sessions_of_clients_with_four_and_fewer_if_few_reach_them(run):
    scores = within_client.session_scores(run["appointments"], ("wai_client", "core_om"), sessions=7, fewest=4)
    assert len(scores) == np.sum(run["clients"]["sessions_held"] >= 4)
    got = within_client.alliance_symptom_paths(run, SCALES)
    assert (
        got["alliance_to_symptoms"]
        == riclpm(scores[:, :, 0], scores[:, :, 1], names=within_client.NAMES)["alliance_to_symptoms"]
    )
    short = {"appointments": run["appointments"][~(run["appointments"]["session"] > 5)]}
    assert within_client.alliance_symptom_paths(short, SCALES)["alliance_mean_5"].ok
    assert "alliance_mean_6" not in within_client.alliance_symptom_paths(short, SCALES)


def test_symptoms_come_from_the_primary_scale():
    x, y = pair(2, clients=120, sessions=6, gaps=0, dropout=False)
    client, session = np.nonzero(np.isfinite(x))
    frame = {
        "client_id": client,
        "session": session + 1,
        "wai_client": x[client, session],
        "core_om": y[client, session],
    }
    frame = pd.DataFrame(frame).assign(phq9=1.0)
    got = within_client.alliance_symptom_lag({"appointments": frame}, SCALES)
    expected = within_lag(np.stack([x, y], axis=2), names=within_client.NAMES)
    assert got["alliance_to_symptoms"].estimate == pytest.approx(expected["alliance_to_symptoms"].estimate)


def test_effort_after_the_score_that_stands_for_the_outcome_does_not_count():
    rows = [{"client_id": i, "session": t, "effort_client": float(t)} for i in (0, 1) for t in range(1, 7)]
    people = pd.DataFrame({"client_id": [0, 1, 2], "sessions_held": [6, 6, 0], "core_om_end": [9.0, np.nan, np.nan]})
    got = mediated.later_effort({"clients": people, "appointments": pd.DataFrame(rows)}, SCALES)
    assert got == pytest.approx([5.0, 4.5, np.nan], nan_ok=True)


def test_later_attendance_is_the_share_held_of_what_was_booked_after_session_3():
    luck = np.random.default_rng(1)
    rows, share = [], []
    for i in range(30):
        later = luck.random(5) < 0.3 + 0.02 * i
        held = [True, False, True, True, *later]
        numbers = np.cumsum(held)
        rows += [
            {"client_id": i, "appointment": a + 1, "held": h, "session": numbers[a] if h else None}
            for a, h in enumerate(held)
        ]
        share.append(later.mean())
    alliance = np.linspace(1, 5, 30)
    run = {
        "clients": pd.DataFrame({"client_id": range(30), "wai_client_s3": alliance}),
        "appointments": pd.DataFrame(rows),
    }
    got = mediated.alliance_attendance_r(run)
    assert got.estimate == pytest.approx(np.corrcoef(alliance, share)[0, 1])


def test_more_effort_and_a_better_outcome_make_a_positive_product(run):
    got = mediated.alliance_effort_outcome(run, SCALES)
    assert got["b"].estimate > 0
    assert ENTRIES["alliance_effort_outcome"].caveat and not got.note, "the caveat is said once"
