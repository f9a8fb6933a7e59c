"""R opens our exports: haven finds names, labels, values and gaps; the script that lies beside them runs."""

import re
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest

from experiments.export import export
from tests.experiments import small
from tests.r.rscript import ask, missing

pytestmark = pytest.mark.r
TABLES = ("clients", "appointments", "runs", "wide")
READ = {"sav": "haven::read_sav", "dta": "haven::read_dta"}


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return small.result(tmp_path_factory.mktemp("r"))


@pytest.fixture(scope="module")
def folders(result, tmp_path_factory):
    home = tmp_path_factory.mktemp("a folder with spaces")
    for form in ("csv", "sav", "dta"):
        export(result, home / form, form=form, wide=["wai_client", "phq9", "rupture"], sessions=range(1, 5))
    return {form: home / form for form in ("csv", "sav", "dta")}


def file(folders, form, table):
    return f'{READ[form]}("{(folders[form] / table).as_posix()}.{form}")'


def codebook(folders, form, table):
    """Return what the codebook says of a table, for R: names, labels and values of its variables."""
    book = pd.read_csv(folders[form] / "codebook.csv", keep_default_na=False)
    return book[book["file"] == f"{table}.{form}"]


@pytest.mark.parametrize("form", READ)
@pytest.mark.parametrize("table", TABLES)
def test_haven_finds_the_names_labels_and_value_labels_of_the_codebook(folders, form, table):
    book = codebook(folders, form, table)
    full = [label + (f" ({unit})" if unit else "") for label, unit in zip(book["label"], book["unit"], strict=True)]
    whole = [len(label.encode()) <= (80 if form == "dta" else 256) for label in full]
    code = f"""
    d <- {file(folders, form, table)}
    labels <- vapply(d, function(x) {{ l <- attr(x, "label", exact = TRUE); if (is.null(l)) "" else l }}, "")
    values <- vapply(d, function(x) {{
      l <- attr(x, "labels", exact = TRUE)
      if (is.null(l)) "" else paste(l, names(l), sep = " = ", collapse = "; ")
    }}, "")
    book$whole <- book$whole == 1
    answer("names", identical(names(d), book$name))
    answer("labels", sum(labels[book$whole] == book$full[book$whole]))
    answer("cut", sum(nchar(labels[!book$whole], "bytes") <= 80 & grepl("...", labels[!book$whole], fixed = TRUE)))
    wanted <- ifelse(is.na(book$values), "", book$values)
    answer("values", sum(values == wanted))
    """
    frame = pd.DataFrame(
        {"name": book["name"], "full": full, "whole": [int(each) for each in whole], "values": book["values"]}
    )
    found = ask(code, packages=("haven",), book=frame)
    assert found == {"names": 1, "labels": sum(whole), "cut": len(whole) - sum(whole), "values": len(book)}


@pytest.mark.parametrize("form", READ)
@pytest.mark.parametrize("table", ["clients", "appointments"])
def test_haven_finds_every_number_to_the_last_digit_and_every_gap(result, folders, form, table):
    ours = result.table(table)
    book = codebook(folders, form, table).set_index("name")
    ours = ours.drop(columns="run_id")
    for name in ours:
        if book.loc[name, "type"] == "text":
            words = [word.split(" = ")[1] for word in book.loc[name, "values"].split("; ")]
            ours[name] = ours[name].map({word: code for code, word in enumerate(words, start=1)})
        else:
            ours[name] = ours[name].astype("float64")
    code = f"""
    d <- {file(folders, form, table)}
    for (name in names(ours)) {{
      theirs <- as.numeric(d[[name]])
      answer(paste0(name, "_gaps"), identical(is.na(theirs), is.na(ours[[name]])))
      answer(name, max(0, abs(theirs - ours[[name]]), na.rm = TRUE))
    }}
    """
    found = ask(code, packages=("haven",), ours=ours)
    assert len(found) == 2 * len(ours.columns)
    for name in ours:
        assert found[f"{name}_gaps"] == 1, name
        # R reads the last digit of our own numbers' text a little differently; the files hold the same doubles.
        assert found[name] <= 1e-14 * max(1.0, ours[name].abs().max()), name


@pytest.mark.parametrize("form", READ)
def test_haven_finds_texts_and_long_seeds(result, folders, form):
    runs = result.table("runs")[["run_id", "experiment", "world"]].assign(
        seed=[f"s{s}" for s in result.table("runs")["seed"]]
    )
    code = f"""
    d <- {file(folders, form, "runs")}
    for (name in c("run_id", "experiment", "world")) answer(name, identical(as.character(d[[name]]), runs[[name]]))
    answer("seed", identical(paste0("s", d$seed), runs$seed))
    answer("gap", all(is.na(d$message) | d$message == ""))
    """
    found = ask(code, packages=("haven",), runs=runs)
    assert found == {"run_id": 1, "experiment": 1, "world": 1, "seed": 1, "gap": 1}


def script(folder):
    """Run the script of an export as a user would, from another folder, and return what it printed."""
    done = subprocess.run(
        ["Rscript", "--vanilla", str(folder / "analysis.R")],
        capture_output=True,
        text=True,
        cwd=folder.parent,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr.lower()
    return done.stdout


def need(*packages):
    if reason := missing(packages):
        pytest.skip(reason)


@pytest.mark.parametrize("form", ["csv", "sav", "dta"])
def test_the_script_runs_and_says_the_same_of_every_form(folders, form):
    need("haven") if form != "csv" else need()
    text = script(folders[form])
    assert text == script(folders["csv"])
    assert "A model, not clinical advice." in text


def test_the_script_prints_the_means_over_runs_that_we_find(result, folders):
    need()
    text = script(folders["csv"])
    clients = result.table("clients")
    for column in ("sessions_held", "recovered", "phq9_last", "wai_client_s3"):
        block = text.split(f"Mean of {column} \n")[1].split("\n\n")[0].splitlines()[1:]
        found = {line.split()[0]: [float(cell) for cell in line.split()[1:]] for line in block}
        runs = clients.groupby(["arm", "design_point", "replication"])[column].mean().astype(float)
        cells = runs.groupby(["arm", "design_point"])
        for (arm, point), mean in cells.mean().items():
            error = cells.std().loc[(arm, point)] / np.sqrt(2)
            assert found[f"{arm}.{point}"] == pytest.approx([mean, error, 2], rel=2e-3, abs=1e-3)


def test_the_script_gives_r_the_right_types(result, folders, tmp_path):
    need()
    shutil.copytree(folders["csv"], tmp_path / "csv")
    code = f"""
    source("{(tmp_path / "csv" / "analysis.R").as_posix()}", chdir = TRUE)
    answer("ending", nlevels(clients$ending) == 6 && levels(clients$ending)[1] == "good_enough")
    answer("arm", identical(levels(clients$arm), c("as_usual", "repair")))
    answer("recovered", is.logical(clients$recovered))
    answer("share", mean(clients$recovered, na.rm = TRUE))
    answer("whole", is.integer(clients$phq9_intake))
    answer("text", is.character(clients$run_id))
    answer("seed", is.character(runs$seed))
    answer("rupture", sum(appointments$rupture == "withdrawal", na.rm = TRUE))
    """
    found = ask(code)
    clients, appointments = result.table("clients"), result.table("appointments")
    for name in ("ending", "arm", "recovered", "whole", "text", "seed"):
        assert found[name] == 1, name
    assert found["share"] == pytest.approx(clients["recovered"].mean(), rel=1e-12)
    assert found["rupture"] == (appointments["rupture"] == "withdrawal").sum()


def test_texts_that_look_like_formulas_come_back_in_r(result, tmp_path):
    from tests.experiments.test_export import spoil

    messages = ["=1+1", "-x", "'=1+1", "it's", 'two\nlines, "quoted"', "plain"]
    export(spoil(result, tmp_path / "spoilt", messages), tmp_path / "csv", tables=["runs"])
    wanted = spoil(result, tmp_path / "again", messages).table("runs")[["run_id", "message"]]
    code = f"""
    source("{(tmp_path / "csv" / "analysis.R").as_posix()}", chdir = TRUE)
    answer("message", identical(gsub("\\r", "", runs$message), wanted$message))
    """
    assert ask(code, wanted=wanted) == {"message": 1}


def test_the_lavaan_script_beside_a_wide_export_runs(folders):
    need("lavaan")
    done = subprocess.run(
        ["Rscript", "--vanilla", "panel_lavaan.R"], capture_output=True, text=True, cwd=folders["csv"], timeout=300
    )
    assert done.returncode == 0, done.stderr
    (rows,) = re.findall(r"Number of observations +(?:Used +Total\n +)?([0-9]+)", done.stdout)
    assert int(rows) == len(pd.read_csv(folders["csv"] / "panel.csv"))
    assert re.search(r"W_wai_cl?_?\S* ", done.stdout)
