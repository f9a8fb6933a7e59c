"""The report: one file that asks for nothing, says what was run and found, counts failures, escapes what comes in."""

import base64
import copy
import json
import re
from html.parser import HTMLParser

import pytest

from experiments import figures, report, show
from experiments.estimators import monte_carlo, paired_difference
from experiments.report import build
from tests.experiments import synthetic

PACES = ({"alliance.pace": 0.2}, {"alliance.pace": 0.4})
VOID = {"meta", "img", "br", "link", "hr", "input"}


class Page(HTMLParser):
    """A page taken apart: text, links, images, and whether every element is closed in its turn."""

    def __init__(self, html):
        super().__init__()
        self.text, self.links, self.images, self.open, self.tags, self.ids = [], [], [], [], set(), []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.add(tag)
        self.ids += [attrs["id"]] if "id" in attrs else []
        self.links += [attrs[name] for name in ("href", "src", "action", "data") if name in attrs]
        self.images += [attrs] if tag == "img" else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.text.append(data)

    @property
    def words(self):
        return re.sub(r"\s+", " ", " ".join(self.text))


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return synthetic.write(tmp_path_factory.mktemp("report"), points=PACES, replications=3, clients=80)


@pytest.fixture
def quick(monkeypatch):
    """Leave the figures out, where a test is not about them."""

    def none(result, name):
        raise figures.FigureError(f"{name} is left out in this test.")

    monkeypatch.setattr(figures, "draw", none)


def page(result, **changes):
    """Return the report of a result whose manifest is changed in these fields, taken apart."""
    changed = copy.copy(result)
    changed.manifest = {**result.manifest, **changes}
    return Page(build.page(changed))


@pytest.fixture(scope="module")
def whole(result):
    """The report as it is written, figures and all."""
    return Page(report.write(result).read_text(encoding="utf-8"))


def test_report_is_one_file_that_asks_for_nothing(result, whole):
    html = (result.folder / "report.html").read_text(encoding="utf-8")
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in whole.links)
    assert {link[1:] for link in whole.links if link.startswith("#")} <= set(whole.ids)
    assert not whole.tags & {"script", "link", "iframe", "object", "base", "form"}
    assert "http:" not in html and "https:" not in html
    assert "url(" not in html and "@import" not in html
    assert "default-src 'none'" in html
    assert whole.open == []


def test_figures_are_inside_with_descriptions(result, whole):
    assert len(whole.images) == 4
    for image in whole.images:
        assert base64.b64decode(image["src"].split(",", 1)[1]).startswith(b"\x89PNG")
        assert len(image["alt"]) > 80
        assert int(image["width"]) > 800
    assert whole.words.count("The figure in words") == 4


def test_page_says_what_was_run(whole):
    for words in (
        "Does repairing ruptures keep clients",
        "2 arms × 2 design points × 3 replications; 12 of 12 runs done.",
        "common random numbers",
        "mixed (declared, not found out)",
        "service.clients 150 configs/services/iapt.toml",
        "numpy 2.5.5",
        "PHQ-9 at every session",
        "alliance.pace = 0.2 share per session",
        "nothing here is clinical advice",
        "What this cannot show",
        "There are only 3 replications",
    ):
        assert words in whole.words, words


def test_numbers_of_the_page_are_those_of_the_runs(result, whole):
    runs = result.table("runs")
    (mean, *_) = monte_carlo(runs[(runs["arm"] == "as_usual") & (runs["design_point"] == 1)], "dropout_rate")
    assert f"{mean.mean:.3f} ± {mean.se:.3f}" in whole.words
    apart = paired_difference(runs, "pre_post_d", "repair", "as_usual")[1]
    assert f"repair − as usual {apart.mean:.3f} ± {apart.se:.3f}" in whole.words
    assert f"{apart.se_unpaired:.3f} {100 * apart.saved:.0f}%" in whole.words.replace(">99%", "100%")


@pytest.mark.usefixtures("quick")
def test_what_it_is_given_is_escaped(result):
    taken = page(result, question="<script>alert(1)</script> & more")
    assert "script" not in taken.tags
    assert "<script>alert(1)</script> & more" in taken.words


@pytest.mark.usefixtures("quick")
def test_a_figure_that_cannot_be_drawn_is_named_with_the_reason(result):
    words = page(result).words
    assert "Figure 2 (endings) could not be drawn. endings is left out in this test." in words


def spoiled(frames):
    """Return tables in which two runs failed and one has no correlation because everybody rated alike."""
    runs, clients = frames["runs"].copy(), frames["clients"].copy()
    runs.loc[[0, 1], "status"] = "failed"
    runs["stage"] = runs["error_type"] = None
    runs.loc[[0, 1], ["stage", "error_type", "message"]] = ["simulate", "ValueError", "trust is <nan>"]
    numbers = [name for name in runs if name in show.REGISTRY]
    runs.loc[[0, 1], numbers] = None
    flat = runs.loc[2, "run_id"]
    clients.loc[clients["run_id"] == flat, "wai_client_s3"] = 4.0
    runs.loc[2, "alliance_outcome_r"] = None
    runs.loc[2, "alliance_outcome_r_status"] = "constant"
    return {**frames, "runs": runs, "clients": clients}


@pytest.mark.usefixtures("quick")
def test_failed_runs_and_estimates_without_a_number_are_counted_and_explained(tmp_path):
    result = synthetic.write(tmp_path, points=PACES, replications=3, clients=80, change=spoiled, runs_failed=2)
    words = page(result).words
    assert "2 runs failed and are left out of every estimate." in words
    assert "simulate ValueError trust is <nan>" in words
    assert "Alliance–outcome correlation: 1 of 10 runs gave no number (1 run: everybody has the same value," in words
    assert "so nothing can be compared." in words
    assert "2 of 3 runs" in words
    text = show.as_text(result)
    assert "2 failed" in text and "(2 of 3)" in text


@pytest.mark.usefixtures("quick")
def test_the_real_service_stands_beside_ours_only_if_the_manifest_has_it(result):
    assert "This service against the real one" not in page(result).words
    entry = {"label": "Recovered", "estimate": "recovered_rate", "value": 0.499, "source": "NHS tables"}
    licence = "Contains public sector information licensed under the Open Government Licence v3.0."
    words = page(result, references=[entry], licences=[licence]).words
    assert "This service against the real one" in words
    assert "Recovered 0.499" in words and "NHS tables" in words and licence in words


@pytest.mark.usefixtures("quick")
def test_one_arm_and_one_run_have_no_differences_and_say_what_the_error_is(tmp_path):
    result = synthetic.write(tmp_path, arms=("as_usual",), replications=1, clients=80)
    words = page(result).words
    assert "Differences between arms" not in words
    assert "There is one replication" in words
    assert "standard error within" in words


def nothing(frames):
    """Return tables as they are before the first run is done."""
    return {name: frame.iloc[:0] for name, frame in frames.items()}


def test_a_result_without_a_run_still_has_a_page(tmp_path):
    result = synthetic.write(tmp_path, replications=1, clients=5, change=nothing, status="running")
    words = page(result).words
    assert "0 of 2 runs done; this result is not complete (status: running)." in words
    assert words.count("could not be drawn") == 4
    assert "Not all runs were done" in words
    assert show.as_text(result)


def test_text_table_has_a_row_for_each_point_and_a_column_for_each_arm(result):
    text = show.as_text(result)
    block = text.split("[dropout_rate]\n")[1].split("\n\n")[0].splitlines()
    assert block[0].split() == ["as_usual", "repair", "repair", "-", "as_usual"]
    assert [line.split(" share")[0] for line in block[1:]] == ["alliance.pace = 0.2", "alliance.pace = 0.4"]
    (mean, *_) = monte_carlo(result.table("runs"), "dropout_rate")
    assert f"{mean.mean:.3f} ± {mean.se:.3f}" in text
    assert len({len(line) for line in block}) == 1


def test_objects_are_plain_json_without_nan(result):
    rows = show.as_objects(result)
    json.dumps(rows, allow_nan=False)
    cell = next(row for row in rows if row["kind"] == "estimate" and row["name"] == "pre_post_d")
    assert (cell["arm"], cell["point"], cell["n"]) == ("as_usual", {"alliance.pace": 0.2}, 3)
    assert {row["kind"] for row in rows} == {"estimate", "difference"}
