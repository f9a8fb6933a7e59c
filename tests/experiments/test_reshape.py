"""Long and wide hold the same: what goes from one form to the other and back is what it was, gaps and all."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.reshape import long, series_name, sessions_of, wide

few = settings(max_examples=30)
SCORES = st.one_of(st.none(), st.floats(0, 27, allow_nan=False))


@st.composite
def held_sessions(draw):
    """Return sessions of a few clients in two runs, in any order, with gaps in what they hold and in their numbers."""
    places = draw(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 4), st.integers(1, 6)), unique=True))
    rows = [
        {
            "run_id": run,
            "client_id": client,
            "session": session,
            "phq9": draw(st.one_of(st.none(), st.integers(0, 27))),
            "wai_client": draw(SCORES),
            "rupture_client": draw(st.sampled_from([True, False, None])),
            "attendance": draw(st.sampled_from(["held", "late", None])),
        }
        for run, client, session in places
    ]
    types = {
        "run_id": "str",
        "client_id": "int64",
        "session": "int64",
        "phq9": "Int64",
        "wai_client": "float64",
        "rupture_client": "boolean",
        "attendance": "str",
    }
    return pd.DataFrame(rows, columns=list(types)).astype(types)


COLUMNS = ["phq9", "wai_client", "rupture_client", "attendance"]


def with_something(rows):
    """Return the rows that have a value in any column, in order: those that can come back."""
    kept = rows.dropna(subset=COLUMNS, how="all")
    return kept.sort_values(["run_id", "client_id", "session"]).reset_index(drop=True)


@few
@given(held_sessions())
def test_long_to_wide_to_long_gives_back_every_row_that_holds_something(rows):
    sessions = range(1, 7)
    back = long(wide(rows, COLUMNS, sessions=sessions), COLUMNS)
    pd.testing.assert_frame_equal(back, with_something(rows), check_dtype=True)


@few
@given(held_sessions(), st.sets(st.integers(1, 8), min_size=1))
def test_any_choice_of_sessions_gives_those_sessions(rows, sessions):
    table = wide(rows, ["phq9"], sessions=sessions)
    assert [name for name in table if name.startswith("phq9")] == [series_name("phq9", n) for n in sessions]
    chosen = rows[rows["session"].isin(sessions)].dropna(subset=["phq9"])
    back = long(table, ["phq9"])
    wanted = chosen.sort_values(["run_id", "client_id", "session"])[["run_id", "client_id", "session", "phq9"]]
    pd.testing.assert_frame_equal(back, wanted.reset_index(drop=True))


@few
@given(held_sessions(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows, luck):
    order = list(range(len(rows)))
    luck.shuffle(order)
    pd.testing.assert_frame_equal(
        wide(rows, COLUMNS, sessions=(1, 2, 5)), wide(rows.iloc[order], COLUMNS, sessions=(1, 2, 5))
    )


@few
@given(held_sessions())
def test_every_cell_of_the_wide_form_is_the_cell_of_the_long_one(rows):
    table = wide(rows, ["wai_client"], sessions=range(1, 7)).set_index(["run_id", "client_id"])
    cells = {(row.run_id, row.client_id, row.session): row.wai_client for row in rows.itertuples()}
    for (run, client), row in table.iterrows():
        for session in range(1, 7):
            expected = cells.get((run, client, session), np.nan)
            np.testing.assert_equal(row[f"wai_client_s{session}"], expected)


@few
@given(held_sessions())
def test_with_a_base_come_exactly_its_clients_in_its_order(rows):
    base = pd.DataFrame({"run_id": ["b", "a", "a"], "client_id": [0, 9, 1], "age": [30, 40, 50]})
    table = wide(rows, ["phq9"], sessions=(1, 2), base=base)
    pd.testing.assert_frame_equal(table[["run_id", "client_id", "age"]], base)
    assert table.loc[1, ["phq9_s1", "phq9_s2"]].isna().all()
    alone = wide(rows, ["phq9"], sessions=(1, 2)).set_index(["run_id", "client_id"])
    for place in (("b", 0), ("a", 1)):
        here = table.set_index(["run_id", "client_id"]).loc[place, "phq9_s1"]
        assert place not in alone.index or str(here) == str(alone.loc[place, "phq9_s1"])


def sessions(**more):
    return pd.DataFrame(
        {"client_id": [7, 7, 9, 9], "session": [1, 2, 1, 3], "wai_client": [3.5, 3.75, 4.0, 4.25], **more}
    )


def test_the_picture_in_the_docstring():
    table = wide(sessions(), ["wai_client"], by=["client_id"])
    expected = pd.DataFrame(
        {
            "client_id": [7, 9],
            "wai_client_s1": [3.5, 4.0],
            "wai_client_s2": [3.75, np.nan],
            "wai_client_s3": [np.nan, 4.25],
        }
    )
    pd.testing.assert_frame_equal(table, expected)
    pd.testing.assert_frame_equal(long(table, ["wai_client"], by=["client_id"]), sessions())


def test_an_appointment_that_was_not_held_is_no_session():
    rows = sessions().astype({"session": "float64"})
    rows.loc[3, "session"] = np.nan
    assert list(wide(rows, ["wai_client"], by=["client_id"])) == ["client_id", "wai_client_s1", "wai_client_s2"]


def test_plain_whole_numbers_and_yes_no_can_have_gaps_afterwards():
    rows = sessions(phq9=[1, 2, 3, 4], rupture_client=[True, False, True, True])
    table = wide(rows, ["phq9", "rupture_client"], by=["client_id"])
    assert table["phq9_s2"].tolist() == [2, pd.NA]
    assert table["rupture_client_s3"].tolist() == [pd.NA, True]


def test_columns_of_different_sessions_go_into_one_long_table():
    table = pd.DataFrame({"client_id": [1, 2], "a_s1": [5, 6], "b_s3": [0.5, np.nan]})
    back = long(table, ["a", "b"], by=["client_id"])
    assert back[["client_id", "session"]].values.tolist() == [[1, 1], [1, 3], [2, 1]]
    assert back["a"].tolist() == [5, pd.NA, 6]
    assert sessions_of(table, "b") == [3]


@pytest.mark.parametrize("rows", [pd.concat([sessions(), sessions()]), pd.concat([sessions(), sessions().iloc[:1]])])
def test_two_rows_for_one_session_are_refused(rows):
    with pytest.raises(ValueError, match="Some sessions stand twice: client_id, session must tell the rows apart"):
        wide(rows, ["wai_client"], by=["client_id"])


def test_two_clients_alike_and_names_that_stand_twice_are_refused():
    base = pd.DataFrame({"client_id": [7, 7]})
    with pytest.raises(ValueError, match="Some clients stand twice"):
        wide(sessions(), ["wai_client"], by=["client_id"], base=base)
    base = pd.DataFrame({"client_id": [7], "wai_client_s1": [1.0]})
    with pytest.raises(ValueError, match="wai_client_s1 would stand twice"):
        wide(sessions(), ["wai_client"], by=["client_id"], base=base)


def test_a_column_that_is_not_there_is_a_mistake():
    with pytest.raises(KeyError):
        wide(sessions(), ["phq9"], by=["client_id"])
    with pytest.raises(KeyError, match="phq9_s1"):
        long(sessions(), ["phq9"], by=["client_id"])
