"""Figures: they are drawn from tables and manifest alone, say what the tables say, and nothing is cut off."""

import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import matplotlib
import numpy as np
import pytest

from experiments import figures
from experiments.figures import alliance_by_ending, alliance_outcome, endings, style, sweep, wording
from experiments.figures.layout import Layout
from tests.experiments import synthetic

PACES = ({"alliance.pace": 0.2}, {"alliance.pace": 0.4}, {"alliance.pace": 0.6})
GRID = tuple({"alliance.pace": a, "confidentiality.breach": b} for a in (0.2, 0.6) for b in (0.0, 0.5))
LIST = ({"alliance.pace": 0.2, "confidentiality.breach": 0.0}, {"alliance.pace": 0.6, "confidentiality.breach": 0.5})


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """Two arms, three design points, three replications."""
    return synthetic.write(tmp_path_factory.mktemp("sweep"), points=PACES, replications=3, clients=120)


@pytest.fixture(scope="module")
def single(tmp_path_factory):
    """One arm, no sweep, one run."""
    return synthetic.write(tmp_path_factory.mktemp("single"), arms=("as_usual",), replications=1, clients=120)


def clients_at(result, arm, point=1):
    clients = result.table("clients")
    return clients[(clients["arm"] == arm) & (clients["design_point"] == point)]


def planned(module, result):
    """Return a module's matplotlib figure and words, drawn in our style."""
    with matplotlib.rc_context({**matplotlib.rcParamsDefault, **style.RC}):
        figure, words = module.plot(result)
        figure.draw_without_rendering()
        return figure, words


def cut_off(figure):
    """Return how far, in inches, ink reaches beyond the left, lower, right and upper edge of the figure, if it does."""
    width, height = figure.get_size_inches()
    boxes = [
        figure.get_tightbbox(),
        *(text.get_window_extent().transformed(figure.dpi_scale_trans.inverted()) for text in figure.texts),
    ]
    beyond = [(-box.x0, -box.y0, box.x1 - width, box.y1 - height) for box in boxes]
    return [round(far, 2) for box in beyond for far in box if far > 0.02]


@pytest.mark.parametrize("name", figures.NAMES)
def test_each_figure_becomes_a_png_and_an_svg_with_text_as_text_and_a_description(result, name):
    picture = figures.draw(result, name)
    assert picture.png.read_bytes().startswith(b"\x89PNG")
    svg = picture.svg.read_text(encoding="utf-8")
    words = " ".join(text.strip() for text in ElementTree.fromstring(svg).itertext())
    assert picture.title in words
    assert "as usual" in words and "repair" in words
    assert "95%" in picture.caption
    assert "as usual" in picture.alt and any(digit.isdigit() for digit in picture.alt)
    assert picture.alt.endswith(".") and picture.caption.endswith(".")


@pytest.mark.parametrize("module", [alliance_by_ending, endings, alliance_outcome, sweep])
@pytest.mark.parametrize("which", ["result", "single"])
def test_no_text_is_cut_off(module, which, request):
    figure, _ = planned(module, request.getfixturevalue(which))
    assert cut_off(figure) == []


def test_figures_need_no_model(result):
    code = (
        "import sys; sys.modules['sim'] = None\n"
        "from experiments import figures, report, show, store\n"
        f"result = store.Result({str(result.folder)!r})\n"
        "print(report.write(result)); print(len(show.as_text(result)), len(show.as_objects(result)))\n"
        "assert not [name for name in sys.modules if name.split('.')[0] in ('sim', 'mesa') and sys.modules[name]]\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=".", check=False)
    assert done.returncode == 0, done.stderr
    assert "could not be drawn" not in (result.folder / "report.html").read_text(encoding="utf-8")


def test_names_of_figures_are_known_without_loading_matplotlib():
    code = "import sys; from experiments.figures import NAMES; assert 'matplotlib' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_alliance_means_are_those_of_the_table(result):
    _, words = planned(alliance_by_ending, result)
    sessions = result.table("appointments").merge(result.table("clients")[["run_id", "client_id", "ending"]])
    third = sessions[(sessions["session"] == 3) & (sessions["design_point"] == 1)]
    mean = third[(third["arm"] == "repair") & (third["ending"] == "good_enough")]["wai_client"].mean()
    assert f"in arm repair, {mean:.2f} by those whose ending was: good enough" in words["alt"]
    assert "variation between 3 replications" in words["caption"]


def test_points_with_few_ratings_are_left_out(single):
    figure, words = planned(alliance_by_ending, single)
    drawn = sum(np.isfinite(line.get_ydata().astype(float)).sum() for line in figure.axes[0].lines)
    sessions = single.table("appointments").merge(single.table("clients")[["run_id", "client_id", "ending"]])
    counts = sessions[sessions["session"] <= 12].groupby(["ending", "session"]).size()
    assert drawn == (counts >= alliance_by_ending.FEWEST).sum() > 0
    assert "variation between clients of one run" in words["caption"]


def test_endings_add_up_to_everybody_and_agree_with_the_table(result):
    clients = clients_at(result, "as_usual")
    causes = ["good_enough", "planned_end", "dissatisfied", "external", "never_started"]
    curves = endings._curves(clients, causes, np.arange(21))
    assert sum(curves[kind][0] for kind in (*causes, "in_therapy")) == pytest.approx(np.ones(21))
    for kind in causes:
        share, low, high = curves[kind]
        assert np.all(np.diff(share) >= 0) and np.all(low <= share) and np.all(share <= high)
    assert curves["never_started"][0][0] == pytest.approx((clients["ending"] == "never_started").mean(), abs=1e-9)


def test_the_interval_of_one_run_is_the_pointwise_one(single):
    clients = clients_at(single, "as_usual", point=0)
    share, low, high = endings._curves(clients, ["dissatisfied"], np.arange(10))["dissatisfied"]
    assert np.isnan(low[0]) and share[0] == 0
    assert low[5] < share[5] < high[5]


def test_correlation_shown_is_the_mean_over_clinics(result):
    _, words = planned(alliance_outcome, result)
    runs = result.table("runs")
    here = runs[(runs["arm"] == "as_usual") & (runs["design_point"] == 1)]
    assert f"mean r of 3 clinics = {here['alliance_outcome_r'].mean():.2f}" in words["alt"]
    assert "not the effect of raising somebody's alliance" in words["caption"]


def test_sweep_shows_paired_differences_only_where_there_are_two_arms(result, single):
    figure, words = planned(sweep, result)
    assert len(figure.axes) == 6
    assert "repair minus as usual" in words["alt"]
    figure, words = planned(sweep, single)
    assert len(figure.axes) == 3
    assert "minus" not in words["alt"]
    assert "within the one run" in words["caption"]


@pytest.mark.parametrize(("points", "lines"), [(GRID, 4), (LIST, 2)])
def test_sweep_of_two_parameters_fits(tmp_path, points, lines):
    result = synthetic.write(tmp_path, points=points, replications=2, clients=60)
    figure, words = planned(sweep, result)
    assert cut_off(figure) == []
    assert len(figure.legends[0].get_texts()) == lines
    assert ("no grid" in words["caption"]) == (points is LIST)


def test_many_arms_with_long_names_fit(tmp_path):
    arms = ("as_usual", "repair", "supervision_and_feedback_every_week", "a", "b")
    result = synthetic.write(tmp_path, arms=arms, replications=2, clients=60)
    for module in (sweep, endings):
        figure, _ = planned(module, result)
        assert cut_off(figure) == []


def test_values_that_lie_close_are_spaced_evenly():
    layout = Layout({"arms": ["a"], "points": [{"x": v} for v in (0.01, 0.02, 1.0)], "sweep": {"x": {}}})
    (line,) = layout.lines_of(0, of=1)
    assert np.diff(line.x) == pytest.approx([1, 1])
    assert "evenly spaced" in layout.note


def test_the_point_shown_is_that_of_the_defaults_else_the_first(result):
    assert wording.chosen_point(result.manifest) == 1
    assert wording.chosen_point(result.manifest, 2) == 2
    assert wording.chosen_point({"points": [{"x": 1.0}], "sweep": {"x": {"default": 5}}}) == 0


def emptied(frames):
    """Return tables as they are when all runs failed."""
    runs = frames["runs"].assign(status="failed", **{name: None for name in sweep.PREFERRED})
    keep = ["run_id", "arm", "design_point", "replication", "experiment", "seed", "status"]
    return {**{name: frame.iloc[:0] for name, frame in frames.items()}, "runs": runs[keep]}


@pytest.mark.parametrize("name", figures.NAMES)
def test_without_data_a_figure_says_so_in_a_sentence(tmp_path_factory, name):
    result = synthetic.write(tmp_path_factory.mktemp("empty"), replications=1, clients=5, change=emptied)
    with pytest.raises(figures.FigureError, match=f"{name} has nothing to show|for {name}"):
        figures.draw(result, name)


def test_an_unknown_figure_lists_the_known_ones(result):
    with pytest.raises(figures.FigureError, match="alliance_by_ending, endings"):
        figures.draw(result, "pie")


def test_endings_differ_in_colour_and_also_in_dash_and_marker():
    for part in range(3):
        looks = [str(look[part]) for look in style.ENDINGS.values()]
        assert len(set(looks)) == len(looks)


def test_labels_are_moved_apart_and_keep_their_order():
    moved = style.keep_apart([0.1, 0.1, 0.11, 0.5], gap=0.05)
    assert np.all(np.diff(np.sort(moved)) >= 0.0499)
    assert moved[3] == pytest.approx(0.5)


def test_numbers_in_words_have_a_true_minus_and_no_minus_zero():
    assert wording.short(-0.126) == "−0.13"
    assert wording.short(-0.001) == "0.00"
    assert wording.short(float("nan")) == "–"
    assert wording.listed(["a", "b", "c"]) == "a, b and c"


def test_a_clinic_without_spread_draws_and_says_there_is_no_correlation(tmp_path):
    def flat(frames):
        return {**frames, "clients": frames["clients"].assign(wai_client_s3=4.0)}

    result = synthetic.write(tmp_path, replications=2, clients=60, change=flat)
    picture = figures.draw(result, "alliance_outcome")
    assert "too few clients for a correlation" in picture.alt
