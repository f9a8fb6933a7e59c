"""Figure: what the sweep and the arms do to the estimates, and how far arms differ on the same luck.

Above, each estimate by the swept parameter, a line for each arm. Beneath, the difference between arms within each
replication: both arms met the same clients with the same luck, so the difference is surer than the two lines look.
"""

import math

import numpy as np
from matplotlib.ticker import MaxNLocator

from experiments.estimators import REGISTRY, monte_carlo, paired_difference
from experiments.figures import style, wording
from experiments.figures.layout import Layout
from experiments.figures.picture import FigureError

PREFERRED = ("dropout_rate", "pre_post_d", "alliance_outcome_r")
MOST = 3
"""The most estimates that are shown."""


def plot(result, *, design_point=None):
    """Return the matplotlib figure and its words; `design_point` is not used, all are shown."""
    manifest, runs = result.manifest, result.table("runs")
    layout = Layout(manifest)
    cells = {name: _cells(runs, name) for name in chosen(runs)}
    if not cells:
        raise FigureError("No run gave a number for any estimate, so sweep has nothing to show.")
    pairs = {
        name: {arm: _by_point(paired_difference(runs, name, arm, layout.arms[0])) for arm in layout.arms[1:]}
        for name in cells
    }
    figure = _draw(cells, pairs, layout)
    return figure, _words(cells, pairs, layout)


def chosen(runs):
    """Return the estimates to show: the preferred ones that any run gave, else the first that any gave."""
    given = [name for name in REGISTRY if name in runs and runs[name].notna().any()]
    return [name for name in PREFERRED if name in given] or given[:MOST]


def _cells(runs, name):
    found = {}
    for each in monte_carlo(runs, name):
        found.setdefault(each.arm, {})[each.design_point] = each
    return found


def _by_point(differences):
    return {each.design_point: each for each in differences}


def _draw(cells, pairs, layout):
    rows = 2 if layout.arms[1:] else 1
    width = max(6.0, 0.6 + 3.5 * len(cells))
    figure = style.new_figure(width=width, height=1.7 + 2.5 * rows + 0.22 * layout.lines)
    panels = figure.subplots(rows, len(cells), sharex=True, squeeze=False, height_ratios=[1.35, 1][:rows])
    for column, name in enumerate(cells):
        _estimates(panels[0, column], cells[name], layout)
        panels[0, column].set_title(REGISTRY[name].label)
        panels[0, column].set_ylabel(REGISTRY[name].unit)
        if rows == 2:
            _differences(panels[1, column], pairs[name], layout)
            panels[1, column].set_ylabel(_against(layout) + f"\n({REGISTRY[name].unit})")
        layout.label(panels[-1, column])
    if not layout.arms_across:
        entries = panels[0, 0].get_legend_handles_labels()
        figure.legend(*entries, loc="outside lower left", ncols=layout.legend_columns)
    style.headline(figure, _title(layout))
    return figure


def _estimates(axes, cells, layout):
    for number, arm in enumerate(layout.arms):
        for line in layout.lines_of(number, of=len(layout.arms)):
            found = [cells.get(arm, {}).get(point) for point in line.points]
            _series(axes, found, line, label=layout.words(arm, line))
    _finish(axes)


def _differences(axes, pairs, layout):
    axes.axhline(0, color=style.BLACK, linewidth=1)
    for number, arm in enumerate(layout.arms[1:], start=1):
        for line in layout.lines_of(number, of=len(layout.arms)):
            _series(axes, [pairs[arm].get(point) for point in line.points], line, label=None)
    _finish(axes)


def _finish(axes):
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
    axes.grid(axis="y", color=style.FAINT, linewidth=0.6)
    axes.margins(y=0.12)


def _series(axes, found, line, *, label):
    """Draw one line of estimates or differences with their intervals; gaps where there is none."""
    mean, low, high = (
        np.array([getattr(each, part) if each else math.nan for each in found]) for part in ("mean", "low", "high")
    )
    axes.errorbar(line.x, mean, yerr=[mean - low, high - mean], color=line.colour, linestyle=line.dash,
                  marker=line.marker, markerfacecolor=line.fill, elinewidth=1.1, capsize=2, label=label)  # fmt: skip


def _against(layout):
    base = wording.plain(layout.arms[0])
    if len(layout.arms) == 2:
        return f"{wording.plain(layout.arms[1])} minus {base}"
    return f"arm minus {base}"


def _title(layout):
    if len(layout.keys) == 1:
        return f"What changes with {wording.meaning(layout.manifest, layout.keys[0])}"
    if layout.keys:
        return f"What changes with {wording.listed(layout.keys)}"
    return "What the arms change" if len(layout.arms) > 1 else "The main estimates"


def _words(cells, pairs, layout):
    runs = max(each.n for arms in cells.values() for points in arms.values() for each in points.values())
    lost = sum(each.absent + each.failed for arms in cells.values() for cell in arms.values() for each in cell.values())
    how = (
        f"Bars are 95% intervals of the mean over {runs} replications (Monte Carlo, t)"
        if runs > 1
        else "Bars are 95% intervals within the one run (sampling of clients), where one is known"
    )
    common = layout.manifest.get("config", {}).get("random_numbers") == "common"
    surer = " (common random numbers, so it is surer than two separate lines would suggest)" if common else ""
    paired = (
        f" Beneath, {_against(layout)} within each replication{surer}, with its 95% interval. "
        "The black line is no difference."
        if layout.arms[1:]
        else ""
    )
    definitions = " ".join(f"{REGISTRY[name].label}: {REGISTRY[name].sentence}" for name in cells)
    missing = f" In {lost} cases a run gave no number." if lost else ""
    caption = f"{how}.{paired}{layout.note}{missing} {definitions}"
    return {"title": _title(layout), "caption": caption, "alt": _alt(cells, pairs, layout)}


def _alt(cells, pairs, layout):
    """Return the finding in words: each estimate of each arm at the first and the last point, and the differences."""
    ends = list(dict.fromkeys((0, len(layout.points) - 1)))
    where = (
        f" At the first and the last design point ({layout.where(ends[0])}; {layout.where(ends[-1])}):"
        if len(ends) > 1
        else ""
    )
    said = []
    for name in cells:
        arms = [f"{wording.plain(arm)} {_at(cells[name].get(arm, {}), ends)}" for arm in layout.arms]
        base = wording.plain(layout.arms[0])
        arms += [f"{wording.plain(arm)} minus {base} {_at(found, ends)}" for arm, found in pairs[name].items()]
        said.append(f"{REGISTRY[name].label}: {'; '.join(arms)}.")
    return f"{_title(layout)}.{where} {' '.join(said)}"


def _at(found, ends):
    """Return means with their intervals, "0.39 (0.36 to 0.42), then 0.34 (0.31 to 0.36)"."""
    here = [found[point] for point in ends if point in found]
    return (
        ", then ".join(f"{wording.short(each.mean)} ({wording.span(each.low, each.high)})" for each in here)
        or "no number"
    )
