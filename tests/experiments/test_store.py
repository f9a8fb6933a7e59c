import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from experiments import schema
from experiments.digest import digest
from experiments.store import Result, StoreError, find
from sim.tables import ID_COLUMNS, TABLES
from tests.experiments import fake

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return fake.run(fake.FakeExperiment(), tmp_path_factory.mktemp("store")).folder


def test_every_kept_table_has_the_columns_of_the_data_dictionary_in_order(folder):
    result = Result(folder)
    assert set(result.tables) == {"clients", "treatments", "therapists", "appointments", "runs", "timings"}
    for name in result.tables:
        known = [column.name for column in (*ID_COLUMNS, *TABLES[name].columns)]
        found = [column for column in result.table(name).columns if column in known]
        assert found == [column for column in known if column in found]


def test_a_form_that_is_not_asked_has_no_column_in_any_part(folder):
    for name in Result(folder).tables:
        for path in (folder / "parts" / name).iterdir():
            assert not [column for column in pq.read_schema(path).names if column.startswith("wai_therapist")]


def test_all_parts_of_a_table_have_one_schema(folder):
    for name in Result(folder).tables:
        schemas = [pq.read_schema(path).remove_metadata() for path in (folder / "parts" / name).iterdir()]
        assert len(schemas) > 1
        assert all(each.equals(schemas[0]) for each in schemas)


def test_types_are_fixed_by_the_data_dictionary(folder):
    path = next((folder / "parts" / "clients").iterdir())
    types = {field.name: field.type for field in pq.read_schema(path)}
    assert types["phq9_intake"] == pa.int32()
    assert types["wai_client_s3"] == pa.float64()
    assert types["true_reactance"] == pa.float32()
    assert types["recovered"] == pa.bool_()
    assert pa.types.is_dictionary(types["ending"])
    path = next((folder / "parts" / "runs").iterdir())
    assert pq.read_schema(path).field("seed").type == pa.int64()


def test_rows_come_in_the_order_of_the_config_whatever_the_parts(folder):
    rows = Result(folder).table("runs", columns=["replication", "arm", "design_point"])
    arms = [arm.name for arm in fake.ARMS]
    keys = [(row.replication, arms.index(row.arm), row.design_point) for row in rows.itertuples()]
    assert keys == sorted(keys)


def test_missing_values_are_gaps_and_never_zero(folder):
    clients = Result(folder).table("clients")
    assert clients["phq9_end"].isna().any()
    assert clients["recovered"].isna().any()
    assert clients["recovered"].dtype == pd.BooleanDtype()


def test_pandas_reads_a_folder_of_parts_without_this_project(folder):
    clients = pd.read_parquet(folder / "parts" / "clients")
    assert len(clients) == 12 * fake.CLIENTS
    assert set(clients["arm"]) == {"as_usual", "repair"}


def test_a_run_that_stands_in_two_parts_is_read_once(tmp_path):
    once = fake.run(fake.FakeExperiment(), tmp_path / "a").folder
    twice = fake.run(fake.FakeExperiment(), tmp_path / "b").folder
    parts = {name: list(Result(once).pieces(name)) for name in Result(once).tables}
    for name, pieces in parts.items():
        whole = pa.concat_tables([piece for _, piece in pieces])
        pq.write_table(whole, twice / "parts" / name / f"{0:016x}.parquet")
    for name in ("runs", "clients", "appointments"):
        pd.testing.assert_frame_equal(Result(once).table(name), Result(twice).table(name))


def test_swept_parameters_have_short_names_and_a_file_with_the_long_ones(folder):
    runs = Result(folder).table("runs")
    assert set(runs["alliance_pace"]) == {0.1, 0.3}
    lines = (folder / "parameters.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "column,parameter,unit,text"
    assert lines[1].startswith("alliance_pace,alliance.pace,")


def test_short_names_are_cut_and_never_the_same():
    long = "rupture." + "a_very_long_name_of_a_parameter"
    names = schema.short_names([f"{long}_one", f"{long}_two", "n.clients"], taken=("n_clients",))
    assert len(set(names.values())) == 3
    assert all(len(name) <= 32 for name in names.values())
    assert names["n.clients"] == "n_clients_2"


def test_the_manifest_holds_what_a_reader_needs_without_the_model(folder):
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["status"] == "done"
    assert (manifest["runs_expected"], manifest["runs_done"], manifest["runs_failed"]) == (12, 12, 0)
    assert manifest["arms"] == ["as_usual", "repair"]
    assert manifest["scales"]["phq9"]["cutoff"] == 10
    assert manifest["tables"]["clients"]["phq9_end"]["unit"] == "PHQ-9 points"
    assert manifest["sweep"]["alliance.pace"]["column"] == "alliance_pace"
    assert (folder / "config.toml").read_text(encoding="utf-8") == 'name = "fake"\n'


def test_a_result_is_found_by_path_and_by_name_its_newest(tmp_path):
    old = fake.run(fake.FakeExperiment(), tmp_path).folder
    new = fake.run(fake.FakeExperiment(), tmp_path, fresh=True).folder
    (tmp_path / "fake" / "003").mkdir()
    assert (old.name, new.name) == ("001", "002")
    assert find("fake", out=tmp_path) == new
    assert find(tmp_path / "fake") == new
    assert find(old) == old


def test_a_name_that_is_not_there_is_answered_with_the_nearest(folder):
    out = folder.parents[1]
    with pytest.raises(StoreError, match="did you mean fake"):
        find("fakke", out=out)
    with pytest.raises(StoreError, match="holds fake"):
        find("nothing_like_it", out=out)
    with pytest.raises(StoreError, match="holds no results yet"):
        find("fake", out=out / "empty")


def test_a_table_that_was_not_kept_is_named_with_those_that_are(folder):
    with pytest.raises(StoreError, match="has no table 'events'; it keeps clients, treatments"):
        Result(folder).table("events")


def test_a_folder_that_is_no_result_is_told_so(tmp_path):
    with pytest.raises(StoreError, match="is not a folder of results: it has no manifest.json"):
        Result(tmp_path)


def test_only_runs_are_kept_if_only_runs_are_asked_for_and_they_are_counted(tmp_path):
    outcome = fake.run(replace(fake.FakeExperiment(), keep="runs"), tmp_path)
    result = Result(outcome.folder)
    assert result.tables == ("runs", "timings")
    assert set(result.table("runs")["n_clients"]) == {fake.CLIENTS}
    assert not (outcome.folder / "parts" / "clients").exists()


def test_results_are_read_and_hashed_without_the_model(folder):
    program = (
        "import sys; sys.modules['sim'] = None\n"
        "from experiments.store import Result; from experiments.digest import digest\n"
        "print(len(Result(sys.argv[1]).table('clients')), digest(sys.argv[1]))"
    )
    command = [sys.executable, "-c", program, str(folder)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert answer == [str(12 * fake.CLIENTS), digest(folder)]
