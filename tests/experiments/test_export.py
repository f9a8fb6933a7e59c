"""Exports: what other programs read is what the result holds, with labels, and nothing is ever half there."""

import argparse
import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from experiments import export, reshape
from experiments.export import exporting, formats, sheets, variables
from experiments.export.arguments import sessions as sessions_of
from experiments.export.choice import ExportError
from experiments.export.variables import Variable
from experiments.store import Result
from sim.tables import TABLES
from tests.experiments import fake, small

pyreadstat = pytest.importorskip("pyreadstat")

FORMS = ("csv", "sav", "dta", "parquet")
KEYS = ["run_id", "client_id"]


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return small.result(tmp_path_factory.mktemp("export"))


@pytest.fixture(scope="module")
def exported(result, tmp_path_factory):
    """The whole result in every form, with a wide table: form -> folder."""
    folder = tmp_path_factory.mktemp("forms")
    for form in FORMS:
        export.export(result, folder / form, form=form, wide=["wai_client", "phq9", "rupture"], sessions=range(1, 5))
    return {form: folder / form for form in FORMS}


def read(folder, table):
    """Return an exported table as pyreadstat, pandas or Arrow reads it, with the labels where the form has them."""
    form = folder.name
    if form == "csv":
        return pd.read_csv(folder / f"{table}.csv", dtype={"run_id": str}, keep_default_na=False, na_values=[""]), None
    if form == "parquet":
        return pq.read_table(folder / f"{table}.parquet").to_pandas(), None
    return {"sav": pyreadstat.read_sav, "dta": pyreadstat.read_dta}[form](str(folder / f"{table}.{form}"))


def as_words(frame, about):
    """Return a frame with words for codes and None for gaps, for comparison with what the result holds."""
    labels = about.variable_value_labels if about else {}
    coded = {name for name, words in labels.items() if set(words.values()) != {"no", "yes"}}
    return {
        name: [_plain(labels[name].get(value) if name in coded else value) for value in frame[name]] for name in frame
    }


def _plain(value):
    if value is None or value is pd.NA or value == "" or (isinstance(value, float) and np.isnan(value)):
        return None
    return float(value) if isinstance(value, (bool, int, float, np.number, np.bool_)) else value


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("table", ["clients", "appointments", "assessments", "events", "therapists", "treatments"])
def test_every_value_of_every_table_arrives(result, exported, form, table):
    found = as_words(*read(exported[form], table))
    ours = result.table(table)
    assert list(found) == list(ours)
    for name in ours:
        assert found[name] == [_plain(value) for value in ours[name]], name


@pytest.mark.parametrize("form", FORMS)
def test_seeds_of_nineteen_digits_arrive_to_the_last_one(result, exported, form):
    frame, _ = read(exported[form], "runs")
    seeds = result.table("runs")["seed"]
    assert seeds.max() > 2**53
    assert [int(seed) for seed in frame["seed"]] == list(seeds)


@pytest.mark.parametrize("form", ["sav", "dta"])
def test_labels_say_what_the_data_dictionary_says(exported, form):
    _, about = read(exported[form], "clients")
    labels = about.column_names_to_labels
    assert labels["phq9_intake"] == "PHQ-9 at intake (PHQ-9 points)"
    assert labels["run_id"].startswith("hash of resolved parameters")
    assert about.variable_value_labels["arm"] == {1: "as_usual", 2: "repair"}
    endings = next(column.values for column in TABLES["clients"].columns if column.name == "ending")
    assert about.variable_value_labels["ending"] == dict(enumerate(endings, start=1))
    assert about.variable_value_labels["recovered"] == {0: "no", 1: "yes"}
    assert "run_id" not in about.variable_value_labels
    assert about.file_label == "clients of small, simulated"


def test_spss_has_measures_and_provenance(exported):
    _, about = read(exported["sav"], "clients")
    assert (about.variable_measure["ending"], about.variable_measure["phq9_intake"]) == ("nominal", "scale")
    assert about.notes[0].startswith("A model, not clinical advice.")
    assert any(note.startswith("config hash: ") for note in about.notes)


def test_pandas_reads_stata_with_its_own_reader(result, exported):
    frame = pd.read_stata(exported["dta"] / "clients.dta")
    ours = result.table("clients")
    assert list(frame) == list(ours)
    assert frame["ending"].astype(str).tolist() == ours["ending"].tolist()
    np.testing.assert_array_equal(frame["phq9_end"], ours["phq9_end"])
    assert (frame["recovered"] == "yes").sum() == ours["recovered"].sum()


def test_csv_is_as_rfc_4180_has_it(exported):
    content = (exported["csv"] / "runs.csv").read_bytes()
    assert content.count(b"\r\n") == content.count(b"\n") == 9
    content.decode("utf-8")
    assert not content.startswith(b"\xef\xbb\xbf")
    with open(exported["csv"] / "clients.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, strict=True))
    assert {row["recovered"] for row in rows} == {"0", "1", ""}
    assert "." not in "".join(row["phq9_intake"] for row in rows)
    assert {row["arm"] for row in rows} == {"as_usual", "repair"}


@pytest.mark.parametrize(
    "text", ["=1+1", "-as_usual", "+2", "@sum(a)", "\t=x", "'=1+1", "''-x", "plain", "it's", "'quoted'", "a=b", ""]
)
def test_no_text_can_be_a_formula_and_every_text_comes_back(text):
    written = formats.safe(text)
    assert written[:1] not in ("=", "+", "-", "@", "\t", "\r")
    undone = written[1:] if written.startswith("'") and formats.FORMULA.match(written[1:]) else written
    assert undone == text


def spoil(result, folder, messages):
    """Return a copy of a result in which runs failed with these messages."""
    shutil.copytree(result.folder, folder)
    for path in (folder / "parts" / "runs").glob("*.parquet"):
        table = pq.read_table(path)
        said = [messages[n % len(messages)] for n in range(table.num_rows)]
        place = table.schema.names.index("message")
        pq.write_table(table.set_column(place, "message", pa.array(said, pa.string()).dictionary_encode()), path)
    return Result(folder)


@pytest.mark.parametrize("form", FORMS)
def test_strange_messages_arrive_or_are_made_safe(result, tmp_path, form):
    messages = ['=cmd|"/c calc"!A0', 'two\nlines, "quoted"', "ü€😀", "zero\0byte", "long " * 400]
    export.export(spoil(result, tmp_path / "spoilt", messages), tmp_path / form, form=form, tables=["runs"])
    found = set(read(tmp_path / form, "runs")[0]["message"])
    first = "'" + messages[0] if form == "csv" else messages[0]
    last = messages[4] if form in ("csv", "parquet") else messages[4].rstrip()  # spaces fill SPSS's texts
    assert {each if form != "dta" else each.rstrip() for each in found} <= {
        *(first, *messages[1:3], "zerobyte", last, messages[4].rstrip())
    }
    assert len(found) == len({messages[n % 5] for n in range(len(found))})


def test_the_codebook_has_every_variable_of_every_file(result, exported):
    for form in FORMS:
        with open(exported[form] / "codebook.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        for table in ("clients", "runs", "wide"):
            names = [row["name"] for row in rows if row["file"] == f"{table}.{form}"]
            assert names == list(read(exported[form], table)[0])
        (row,) = [row for row in rows if row["file"] == f"clients.{form}" and row["name"] == "phq9_intake"]
        assert (row["label"], row["unit"], row["type"], row["low"], row["high"], row["origin"]) == (
            *("PHQ-9 at intake", "PHQ-9 points", "int", "0", "27", "observed"),
        )
        (row,) = [row for row in rows if row["file"] == f"appointments.{form}" and row["name"] == "rupture"]
        coded = form in ("sav", "dta")
        assert row["values"] == (
            "1 = none; 2 = withdrawal; 3 = confrontation" if coded else "none; withdrawal; confrontation"
        )


@pytest.mark.parametrize("form", FORMS)
def test_wide_has_a_row_for_each_client_and_the_sessions_of_the_long_form(result, exported, form):
    table = pd.DataFrame(as_words(*read(exported[form], "wide")))
    clients, appointments = result.table("clients"), result.table("appointments")
    assert table[KEYS].astype({"client_id": int}).equals(clients[KEYS].astype({"client_id": int}))
    back = reshape.long(table, ["wai_client", "phq9", "rupture"])
    held = appointments[appointments["session"].isin(range(1, 5))].dropna(
        subset=["wai_client", "phq9", "rupture"], how="all"
    )
    held = held.sort_values([*KEYS, "session"]).reset_index(drop=True)
    for name in [*KEYS, "session", "wai_client", "phq9", "rupture"]:
        assert [_plain(value) for value in back[name]] == [_plain(value) for value in held[name]], name


def test_wide_keeps_what_is_known_of_clients_and_no_name_twice(result, exported):
    table, _ = read(exported["csv"], "wide")
    clients = result.table("clients")
    assert table.columns.is_unique
    assert set(clients) <= set(table)
    for name in ("wai_client_s1", "wai_client_s3", "phq9_last"):
        np.testing.assert_array_equal(table[name], clients[name])


def test_wide_takes_all_sessions_if_none_are_chosen(result, tmp_path):
    export.export(result, tmp_path / "csv", wide=["phq9"], tables=["runs"])
    last = int(result.table("appointments")["session"].max())
    assert reshape.sessions_of(read(tmp_path / "csv", "wide")[0], "phq9") == list(range(1, last + 1))


@pytest.mark.parametrize(
    "chosen", [{"arm": "repair"}, {"design_point": 1}, {"replication": 0}, {"arm": "as_usual", "design_point": 0}]
)
def test_only_the_chosen_runs_are_exported(result, tmp_path, chosen):
    export.export(result, tmp_path / "csv", **chosen)
    ours = result.table("clients")
    for column, value in chosen.items():
        ours = ours[ours[column] == value]
    found, _ = read(tmp_path / "csv", "clients")
    assert found[KEYS].values.tolist() == ours[KEYS].values.tolist()
    assert len(found) < len(result.table("clients"))
    assert f"exported: {', '.join(f'{k} {v}'.replace('_point', ' point') for k, v in chosen.items())}" in (
        tmp_path / "csv" / "README.txt"
    ).read_text(encoding="utf-8")


def test_two_exports_of_one_result_are_the_same_bytes(result, tmp_path):
    for name in ("a", "b"):
        export.export(result, tmp_path / name, wide=["phq9"], sessions=[1, 2])
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_timings_differ_between_equal_results_so_they_come_only_by_name(result, exported, tmp_path):
    assert not (exported["csv"] / "timings.csv").exists()
    export.export(result, tmp_path / "csv", tables=["timings"])
    assert len(read(tmp_path / "csv", "timings")[0]) == 8


def test_the_readme_says_what_it_is_and_where_from(result, exported):
    text = (exported["dta"] / "README.txt").read_text(encoding="utf-8")
    words = " ".join(text.split())
    assert "A model, not clinical advice." in words
    assert 'Does repair help, "really"? – it may' in words
    assert result.manifest["config_hash"] in words and result.manifest["code_hash"] in words
    assert "design point 1: alliance.pace = 0.6" in words
    assert "MIT licence" in words and "seed: 9223372036854775807" in words
    assert "clients.dta: one row is one client who was referred; 480 rows" in words
    assert result.manifest["host"] not in words
    assert max(map(len, text.splitlines())) <= 100


def test_a_service_with_real_figures_brings_its_licence_along(result, tmp_path):
    shutil.copytree(result.folder, tmp_path / "r")
    about = result.manifest | {"licences": ["Contains public sector information. © NHS England."]}
    (tmp_path / "r" / "manifest.json").write_text(json.dumps(about), encoding="utf-8")
    export.export(Result(tmp_path / "r"), tmp_path / "csv", tables=["runs"])
    assert "© NHS England." in (tmp_path / "csv" / "README.txt").read_text(encoding="utf-8")


def test_the_list_of_files_has_their_hashes(result, exported):
    mark = json.loads((exported["csv"] / "export.json").read_text(encoding="utf-8"))
    assert {*mark["files"], "export.json"} == {path.name for path in exported["csv"].iterdir()}
    assert all(exporting._hash(exported["csv"] / name) == digest for name, digest in mark["files"].items())


WRONG = {
    "a table that is none": ({"tables": ["client"]}, "client is not a known table; did you mean clients?"),
    "an arm that is none": ({"arm": "repairs"}, "repairs is not a known arm of this result; did you mean repair?"),
    "a point that is none": ({"design_point": 2}, "design point 2 is not in this result; it has 0 to 1."),
    "a replication that is none": ({"replication": -1}, "replication -1 is not in this result; it has 0 to 1."),
    "yes for a point": ({"design_point": True}, "design point True is not in this result; it has 0 to 1."),
    "a column that is none": (
        {"wide": ["wai_clint"]},
        "wai_clint is not a known column of appointments for the wide form; did you mean wai_client",
    ),
    "a key as a series": ({"wide": ["client_id"]}, "client_id is not a known column of appointments"),
    "sessions without columns": ({"sessions": [1, 2]}, "Sessions were chosen, but no columns for the wide form"),
    "session 0": ({"wide": ["phq9"], "sessions": [0, 1]}, "must be whole numbers from 1"),
    "no session at all": ({"wide": ["phq9"], "sessions": []}, "must be whole numbers from 1"),
    "half a session": ({"wide": ["phq9"], "sessions": [1.5]}, "must be whole numbers from 1"),
    "a form that is none": ({"form": "xlsx"}, "xlsx is not a known form of export; known are csv, sav, dta, parquet."),
    "too many columns": (
        {"form": "dta", "wide": ["phq9", "wai_client"], "sessions": range(1, 20_000)},
        "The wide form would have 40,039 columns, and Stata takes 32,767; choose fewer columns or sessions, or csv.",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_is_one_sentence_and_leaves_nothing(result, tmp_path, case):
    choices, sentence = WRONG[case]
    with pytest.raises(ExportError) as error:
        export.export(result, tmp_path / "new", **choices)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_a_table_that_was_not_kept_is_named_with_what_would_keep_it(tmp_path):
    result = Result(fake.run(fake.FakeExperiment(keep="clients"), tmp_path).folder)
    for choices in ({"tables": ["appointments"]}, {"wide": ["phq9"]}):
        with pytest.raises(ExportError, match='appointments was not kept .* with keep = "sessions"'):
            export.export(result, tmp_path / "new", **choices)


def test_a_result_without_a_finished_run_is_not_exported(tmp_path):
    experiment = fake.FakeExperiment(trouble={n: "error" for n in range(12)})
    result = Result(fake.run(experiment, tmp_path).folder)
    with pytest.raises(ExportError, match="holds no finished run; there is nothing to export"):
        export.export(result, tmp_path / "new")


def test_a_folder_with_anything_else_in_it_is_never_touched(result, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    for overwrite in (False, True):
        with pytest.raises(ExportError, match=r"mine holds thesis\.txt, which no export wrote"):
            export.export(result, tmp_path / "mine", overwrite=overwrite)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
    with pytest.raises(ExportError, match=r"thesis\.txt is a file; name a folder"):
        export.export(result, tmp_path / "mine" / "thesis.txt")


def test_an_earlier_export_is_replaced_only_if_asked_and_only_if_nothing_was_added(result, tmp_path):
    export.export(result, tmp_path / "csv", tables=["runs", "clients"])
    with pytest.raises(ExportError, match="holds an earlier export; add --overwrite"):
        export.export(result, tmp_path / "csv", tables=["runs"])
    export.export(result, tmp_path / "csv", tables=["runs"], overwrite=True)
    assert not (tmp_path / "csv" / "clients.csv").exists()
    (tmp_path / "csv" / "my_analysis.R").write_text("# mine")
    with pytest.raises(ExportError, match=r"holds my_analysis\.R"):
        export.export(result, tmp_path / "csv", overwrite=True)
    assert (tmp_path / "csv" / "my_analysis.R").exists()


def test_an_empty_folder_will_do(result, tmp_path):
    (tmp_path / "empty").mkdir()
    assert export.export(result, tmp_path / "empty", tables=["runs"])
    assert (tmp_path / "empty" / "runs.csv").is_file()


@pytest.mark.parametrize("trouble", [KeyboardInterrupt(), OSError(28, "No space left on device"), ValueError("bug")])
def test_an_export_that_breaks_off_leaves_nothing_and_spares_the_earlier_one(result, tmp_path, monkeypatch, trouble):
    export.export(result, tmp_path / "old", tables=["runs"])
    before = {path.name: path.read_bytes() for path in (tmp_path / "old").iterdir()}
    real, done = formats.write, []

    def breaking(*arguments, **named):
        if len(done) == 2:
            raise trouble
        done.append(real(*arguments, **named))

    monkeypatch.setattr(formats, "write", breaking)
    expected = ExportError if isinstance(trouble, OSError) else type(trouble)
    for folder in ("old", "new"):
        with pytest.raises(expected):
            export.export(result, tmp_path / folder, overwrite=True)
        done.clear()
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert before == {path.name: path.read_bytes() for path in (tmp_path / "old").iterdir()}


def test_without_pyreadstat_csv_still_works_and_spss_says_what_to_do(result, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyreadstat", None)
    export.export(result, tmp_path / "csv", tables=["runs"])
    with pytest.raises(ExportError, match="pyreadstat, which is not installed; type pip install pyreadstat"):
        export.export(result, tmp_path / "sav", form="sav")
    assert [path.name for path in tmp_path.iterdir()] == ["csv"]


def test_asking_for_help_loads_neither_pandas_nor_arrow():
    code = "import experiments.export, sys; print({'pandas', 'pyarrow', 'pyreadstat'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.stdout.strip() == "set()", done.stderr


def sheet(*known, data):
    types = {"int": pa.int32(), "number": pa.float64(), "bool": pa.bool_(), "text": pa.string()}
    table = pa.table({v.name: pa.array(data[v.name], types[v.type]) for v in known})
    return sheets.Sheet("x", table, known)


@pytest.mark.parametrize("form", FORMS)
def test_a_table_without_rows_and_a_column_of_gaps_can_be_written(tmp_path, form):
    known = [Variable(t, t, t, f"a {t}") for t in ("number", "bool", "text")]
    known += [Variable("coded", "coded", "text", "coded", values=("a", "b"))]
    for rows in ([], [None, None]):
        (tmp_path / form).mkdir(exist_ok=True)
        page = sheet(*known, data={v.name: rows for v in known})
        formats.write(tmp_path / form / f"x.{form}", page, form=form)
        frame, _ = read(tmp_path / form, "x")
        assert list(frame) == ["number", "bool", "text", "coded"]
        assert len(frame) == len(rows)
        assert all(_plain(value) is None for name in frame for value in frame[name])


@pytest.mark.parametrize("form", ["sav", "dta"])
def test_labels_and_names_that_are_too_long_are_cut_where_letters_end(tmp_path, form):
    name = "autonomous_motivation_of_the_client_s12"
    known = (
        Variable(name, name, "number", "ä" * 300, "distress SD per session"),
        Variable(name.replace("s12", "s13"), "b", "text", "x" * 79 + "ä", values=("ß" * 200, "b")),
        Variable("by", "by", "int", "a reserved word"),
    )
    (tmp_path / form).mkdir()
    data = {known[0].name: [1.5], known[1].name: ["b"], "by": [3]}
    formats.write(
        tmp_path / form / f"x.{form}", sheet(*known, data=data), form=form, title="ü" * 100, notes=["ü" * 100]
    )
    frame, about = read(tmp_path / form, "x")
    assert list(frame) == ["autonomous_motivation_of_the_s12", "autonomous_motivation_of_th_s13", "by_2"]
    first, second, _ = about.column_labels
    assert first.endswith("...  (distress SD per session)".replace("  ", " "))
    assert len(first.encode()) <= variables.LABEL_BYTES[form]
    assert second == ("x" * 79 + "ä" if form == "sav" else "x" * 77 + "...")
    words = about.variable_value_labels["autonomous_motivation_of_th_s13"]
    assert words[1].endswith("ß...") and len(words[1].encode()) <= 120
    assert frame.iloc[0].tolist() == [1.5, 2, 3]


def test_names_are_valid_and_never_twice_however_alike_they_are():
    long = [f"{'very_' * 8}long_name_{n}_se" for n in range(30)] + ["Arm", "arm", "2nd", "with", "WITH", "_n", "a.b"]
    known = [Variable(name, name, "number", "x") for name in long]
    short = [each.name for each in variables.with_short_names(known)]
    assert len({name.lower() for name in short}) == len(long)
    assert all(variables._fits(each) for each in variables.with_short_names(known))
    assert [each.column for each in variables.with_short_names(known)] == long


def test_a_value_that_was_never_declared_gets_the_next_code():
    known = Variable("ending", "ending", "text", "x", values=("good_enough", "external"))
    seen = variables.with_values(known, ["zeal", None, "external", "moved"])
    assert seen.codes == {1: "good_enough", 2: "external", 3: "moved", 4: "zeal"}


def test_a_file_that_contradicts_the_manifest_is_one_sentence(result, tmp_path):
    shutil.copytree(result.folder, tmp_path / "r")
    about = json.loads(json.dumps(result.manifest))
    about["tables"]["clients"]["ending"]["type"] = "int"
    (tmp_path / "r" / "manifest.json").write_text(json.dumps(about), encoding="utf-8")
    with pytest.raises(ExportError, match=r"clients\.ending is not what the manifest says"):
        export.export(Result(tmp_path / "r"), tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_panel_models_come_with_a_wide_export(result, tmp_path):
    export.export(result, tmp_path / "two", wide=["wai_client", "phq9"], sessions=[2, 3, 4], tables=["runs"])
    first = result.table("clients")["run_id"].iloc[0]
    held = result.table("appointments")
    held = held[(held["run_id"] == first) & held["session"].isin([2, 3, 4])]
    data = pd.read_csv(tmp_path / "two" / "panel.csv")
    assert list(data) == ["client_id", *(f"{name}_s{n}" for name in ("wai_client", "phq9") for n in (1, 2, 3))]
    np.testing.assert_allclose(
        data.filter(like="_s2").sum(), held.loc[held["session"] == 3, ["wai_client", "phq9"]].sum()
    )
    dat = np.loadtxt(tmp_path / "two" / "panel.dat", delimiter=",")
    np.testing.assert_allclose(dat, data.drop(columns="client_id").fillna(-999), rtol=1e-9)
    assert 'FILE = "panel.dat"' in (tmp_path / "two" / "panel_mplus.inp").read_text()
    assert 'read.csv("panel.csv"' in (tmp_path / "two" / "panel_lavaan.R").read_text()
    assert "s1, s2, … stand for these, in order" in (tmp_path / "two" / "README.txt").read_text(encoding="utf-8")
    export.export(result, tmp_path / "one", wide=["phq9"], sessions=[1, 2, 3], tables=["runs"])
    assert "Linear growth of phq9" in (tmp_path / "one" / "panel_lavaan.R").read_text()


def test_two_sessions_or_words_make_no_panel_model(result, tmp_path):
    for folder, choices in {"a": {"wide": ["phq9"], "sessions": [1, 2]}, "b": {"wide": ["rupture", "held"]}}.items():
        export.export(result, tmp_path / folder, tables=["runs"], **choices)
        assert not list((tmp_path / folder).glob("panel*"))


def options(*words):
    parser = argparse.ArgumentParser()
    export.add_arguments(parser)
    return parser.parse_args(words)


def test_the_command_exports_beside_the_result_unless_told_otherwise(result, tmp_path):
    shutil.copytree(result.folder, tmp_path / "r")
    said = export.run(Result(tmp_path / "r"), options("--to", "stata", "--tables", "runs, clients", "--arm", "repair"))
    place = tmp_path / "r" / "export" / "dta"
    assert said == f"Wrote 6 files to {place}; README.txt says what they are."
    assert {path.name for path in place.iterdir()} == {
        *("runs.dta", "clients.dta", "codebook.csv", "analysis.R", "README.txt", "export.json")
    }
    words = (
        "--folder",
        str(tmp_path / "x"),
        "--wide",
        "phq9",
        "--sessions",
        "1-2,4",
        "--point",
        "1",
        "--tables",
        "runs",
    )
    export.run(Result(tmp_path / "r"), options(*words, "--replication", "0"))
    assert reshape.sessions_of(read_csv(tmp_path / "x" / "wide.csv"), "phq9") == [1, 2, 4]
    assert set(read_csv(tmp_path / "x" / "runs.csv")["design_point"]) == {1}


def read_csv(path):
    return pd.read_csv(path)


def test_sessions_in_words():
    assert sessions_of("1-4,8, 2") == (1, 2, 3, 4, 8)
    for text in ("", "0-3", "4-2", "1-", "a", "1;2", "1-2000", "²"):
        with pytest.raises(argparse.ArgumentTypeError):
            sessions_of(text)
