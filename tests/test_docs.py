"""The pages in docs/ say what the code does: their tables are the code's own, and what they name exists."""

import importlib
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
CITED = re.compile(r"\[([a-z]+(?:_[a-z]+)*_?(?:18|19|20)\d\d[a-z]?)\](?!\()")
ODD_ELEMENTS = [
    "1 Purpose and patterns",
    "2 Entities, state variables, and scales",
    "3 Process overview and scheduling",
    "4 Design concepts",
    "5 Initialization",
    "6 Input data",
    "7 Submodels",
]
ODD_CONCEPTS = [
    "Basic principles",
    "Emergence",
    "Adaptation",
    "Objectives",
    "Learning",
    "Prediction",
    "Sensing",
    "Interaction",
    "Stochasticity",
    "Collectives",
    "Observation",
]


@pytest.fixture
def generator(monkeypatch):
    """Return the module that makes the tables."""
    monkeypatch.syspath_prepend(str(DOCS))
    return importlib.import_module("make_tables")


def read(name):
    return (DOCS / name).read_text(encoding="utf-8")


def sources():
    """Return the references of the model and of the estimators."""
    places = ("sim/data/sources.toml", "experiments/estimators/references.toml")
    texts = [(ROOT / place).read_text(encoding="utf-8") for place in places]
    return {key: entry for text in texts for key, entry in tomllib.loads(text).items()}


def declared_keys():
    """Return the source keys of all parameters and instruments."""
    found = set()
    for name in ("parameters.toml", "measures.toml"):
        text = (ROOT / "sim/data" / name).read_text(encoding="utf-8")
        for words in re.findall(r'source = "([^"]*)"', text):
            found.update(words.split())
    return found - {"assumed"}


def test_generated_blocks_are_what_the_code_says_now(generator):
    stale = {path.name: generator.renew(path.read_text(encoding="utf-8"))[1] for path in generator.pages()}
    stale = {page: names for page, names in stale.items() if names}
    assert not stale, f"{stale}: run `python docs/make_tables.py`"


def test_check_names_the_stale_block_and_changes_nothing(generator, monkeypatch, tmp_path, capsys):
    page = tmp_path / "page.md"
    old = "<!-- generated: switches -->\n| made up |\n<!-- end generated -->\n"
    page.write_text(old, encoding="utf-8")
    monkeypatch.setattr(generator, "DOCS", tmp_path)
    assert generator.main(["--check"]) == 1
    assert "page.md: the block “switches” is stale" in capsys.readouterr().out
    assert page.read_text(encoding="utf-8") == old
    assert generator.main([]) == 0
    assert generator.main(["--check"]) == 0


def test_an_unknown_block_is_refused(generator):
    with pytest.raises(ValueError, match="weather is not a known block"):
        generator.renew("<!-- generated: weather -->\n<!-- end generated -->")


def test_every_block_is_closed():
    for path in DOCS.glob("*.md"):
        text = path.read_text(encoding="utf-8")
        assert text.count("<!-- generated: ") == text.count("<!-- end generated -->"), path.name


def test_the_odd_has_exactly_its_elements_in_order():
    headings = re.findall(r"^## (\d.*)$", read("ODD.md"), re.MULTILINE)
    assert headings == ODD_ELEMENTS


def test_the_odd_has_exactly_the_eleven_design_concepts_in_order():
    concepts = read("ODD.md").partition("## 4 Design concepts")[2].partition("\n## ")[0]
    assert re.findall(r"^### (.+)$", concepts, re.MULTILINE) == ODD_CONCEPTS


def test_every_rule_file_is_described_with_a_reason():
    submodels = read("ODD.md").partition("## 7 Submodels")[2]
    for path in sorted((ROOT / "sim/rules").glob("*.py")):
        if path.stem == "__init__":
            continue
        section = submodels.partition(f"`sim/rules/{path.name}`\n")[2].partition("\n### ")[0]
        assert section.strip().startswith("Why: "), path.name
        assert f"<!-- generated: functions sim.rules.{path.stem} -->" in section, path.name


def test_every_parameter_switch_and_column_is_in_the_pages(generator):
    from sim import parameters, tables

    odd, book = read("ODD.md"), read("codebook.md")
    assert all(f"| `{name}` |" in odd for name in (*parameters.catalogue(), *parameters.switches()))
    assert all(f"| `{column.name}` |" in book for table in tables.TABLES.values() for column in table.columns)


def test_the_schedule_of_a_session_has_every_rule_that_session_py_asks(generator):
    text = (ROOT / "sim/rules/session.py").read_text(encoding="utf-8")
    block = read("ODD.md").partition("<!-- generated: session -->")[2].partition("<!-- end generated -->")[0]
    themes = re.search(r"from sim\.rules import \((.*?)\)", text, re.DOTALL)[1].replace(",", " ").split()
    asked = set(re.findall(rf"\b((?:{'|'.join(themes)})\.[a-z]\w*)\(", text.partition("def appointment")[2]))
    assert asked
    assert all(f"`{rule}`" in block for rule in asked), asked


def test_every_source_that_is_cited_exists():
    cited = declared_keys()
    places = [*DOCS.glob("*.md"), *(ROOT / "sim").rglob("*.py"), *(ROOT / "configs").rglob("*.md")]
    for path in places:
        text = path.read_text(encoding="utf-8")
        cited.update(CITED.findall(text))
        cited.update(re.findall(r"Source: ([a-z_]+\d{4})", text))
    assert cited <= set(sources()), cited - set(sources())


def test_every_reference_says_what_for_and_whether_it_was_seen():
    for key, entry in sources().items():
        assert entry["text"] and entry["for"], key
        assert entry["status"] in ("verified", "recalled"), key


def test_the_rule_in_the_how_to_reads_as_it_stands():
    rule = (ROOT / "sim/rules/rupture.py").read_text(encoding="utf-8")
    quoted = re.search(r"```python\n(.*?)```", read("how-to-change-a-rule.md"), re.DOTALL)[1]
    assert all(line.strip() in rule for line in quoted.splitlines())


def test_links_between_pages_lead_somewhere():
    for path in DOCS.glob("*.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_derived_rows_of_the_real_data_follow_from_the_published_ones():
    import pandas

    rows = pandas.read_csv(ROOT / "configs/data/nhs_talking_therapies_2022_23.csv", keep_default_na=False)
    finished = rows.query("variable_type == 'Total' and measure_name == 'finished_course_treatment'")["value"].item()
    shares = rows.query("measure_statistic == 'share'")
    for share in shares.itertuples():
        same = rows.query("row == 'published' and variable_a == @share.variable_a and variable_b == @share.variable_b")
        assert share.value == pytest.approx(same["value"].item() / finished, abs=5e-4)
    assert set(rows["row"]) == {"published", "derived"}
    assert all((rows["formula"] != "") == (rows["row"] == "derived"))
