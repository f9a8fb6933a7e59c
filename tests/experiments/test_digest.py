from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from experiments.digest import by_table, digest
from experiments.store import Result, part_names
from tests.experiments import fake


@pytest.fixture
def folder(tmp_path):
    return fake.run(fake.FakeExperiment(), tmp_path).folder


def rewrite(folder, name, change):
    """Change the Arrow table of one part on disk."""
    path = folder / "parts" / name / part_names(folder)[0]
    pq.write_table(change(pq.read_table(path, partitioning=None)), path)


def test_a_digest_is_64_hexadecimal_digits_and_the_same_each_time(folder):
    assert len(digest(folder)) == 64
    int(digest(folder), 16)
    assert digest(Result(folder)) == digest(folder)


def test_parts_joined_into_one_have_the_same_digest(folder):
    before = digest(folder)
    result = Result(folder)
    whole = {name: pa.concat_tables([piece for _, piece in result.pieces(name)]) for name in result.tables}
    for name, table in whole.items():
        for path in (folder / "parts" / name).iterdir():
            path.unlink()
        pq.write_table(table, folder / "parts" / name / f"{7:016x}.parquet")
    assert digest(folder) == before


def test_the_order_of_rows_in_a_part_does_not_matter(folder):
    before = digest(folder)
    for name in ("clients", "appointments", "runs"):
        rewrite(folder, name, lambda table: table.take(list(reversed(range(len(table))))))
    assert digest(folder) == before


def test_one_changed_cell_changes_the_digest_and_its_table_is_told(folder):
    before = by_table(folder)

    def change(table):
        column = table.column_names.index("phq9_end")
        values = table["phq9_end"].to_pylist()
        values[0] = 26 if values[0] is None else None
        return table.set_column(column, "phq9_end", pa.array(values, pa.int32()))

    rewrite(folder, "clients", change)
    after = by_table(folder)
    assert [name for name in after if after[name] != before[name]] == ["clients"]


def test_nothing_and_zero_are_not_the_same(folder):
    def fill(value):
        def change(table):
            column = table.column_names.index("no_shows")
            return table.set_column(column, "no_shows", pa.array([value] * len(table), pa.int32()))

        return change

    rewrite(folder, "clients", fill(None))
    with_nothing = digest(folder)
    rewrite(folder, "clients", fill(0))
    assert digest(folder) != with_nothing


def test_timings_do_not_count(folder):
    before = digest(folder)
    rewrite(folder, "timings", lambda table: table.slice(0, 0))
    assert digest(folder) == before


def test_another_seed_has_another_digest(folder, tmp_path):
    other = fake.run(fake.FakeExperiment(seed=2), tmp_path / "other").folder
    assert digest(other) != digest(folder)


def test_a_failed_run_has_the_same_digest_in_whatever_process_it_failed(tmp_path):
    troubled = replace(fake.FakeExperiment(), trouble={3: "error"})
    here = fake.run(troubled, tmp_path / "a").folder
    there = fake.run(troubled, tmp_path / "b", workers=2).folder
    assert digest(here) == digest(there)
