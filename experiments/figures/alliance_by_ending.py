"""Figure: how clients rate the alliance, session by session, by the way in which their therapy will end.

Each point is the mean over the clients who are still there and filled in the form, so a rising line may mean that
people grow closer, or that those who do not have left. The numbers beneath say how many are left.
"""

import math

import numpy as np
from matplotlib.colors import to_rgba

from experiments.estimators.columns import numbers
from experiments.estimators.monte_carlo import t_interval
from experiments.estimators.summary import clustered_mean
from experiments.figures import style, wording
from experiments.figures.picture import FigureError

LAST_SESSION = 12
FEWEST = 30
"""The smallest number of clients behind a point that is drawn."""
TITLE = "How clients see the alliance, by how their therapy ends"


def plot(result, *, design_point=None):
    """Return the matplotlib figure and its words."""
    manifest = result.manifest
    number = wording.chosen_point(manifest, design_point)
    ratings = _ratings(result, number)
    arms = [arm for arm in wording.arms(manifest) if (ratings["arm"] == arm).any()]
    kinds = [kind for kind in wording.endings(manifest) if (ratings["ending"] == kind).any()]
    if not arms:
        raise FigureError("No client rated the alliance in any session, so alliance_by_ending has nothing to show.")
    between = ratings["replication"].nunique() > 1
    lines = {
        (arm, kind): _line(ratings[(ratings["arm"] == arm) & (ratings["ending"] == kind)], between=between)
        for arm in arms
        for kind in kinds
    }
    figure = _draw(lines, arms, kinds, manifest)
    return figure, _words(lines, arms, kinds, manifest, number=number, runs=ratings["replication"].nunique())


def _ratings(result, number):
    """Return every alliance rating of the first sessions at a design point, with the ending of its client."""
    who = ["run_id", "client_id"]
    columns = [*who, "arm", "design_point", "replication", "session", "wai_client"]
    sessions = result.table("appointments", columns=columns)
    here = (sessions["design_point"] == number) & (numbers(sessions, "session") <= LAST_SESSION)
    sessions = sessions[here & sessions["wai_client"].notna()]
    clients = result.table("clients", columns=[*who, "ending"])
    return sessions.merge(clients, on=who, how="left", validate="many_to_one")


def _line(ratings, *, between):
    """Return a dict session -> (mean, low, high, n); the interval is between replications, or between clients."""
    points = {}
    for session, group in ratings.groupby("session"):
        clusters = group["replication" if between else "client_id"].to_numpy()
        mean, se, groups = clustered_mean(numbers(group, "wai_client"), clusters)
        points[int(session)] = (mean, *t_interval(mean, se, n=groups), len(group))
    return points


def _draw(lines, arms, kinds, manifest):
    """Draw a panel for each arm with the numbers behind it beneath."""
    rows, columns = style.shape(len(arms))
    below = 0.2 * len(kinds) + 0.1
    size = {"width": max(6.8, 1.5 + style.PANEL * columns), "height": 0.6 + (4.3 + below) * rows}
    figure = style.new_figure(**size)
    above, beneath = (
        style.without_empty(part, len(arms))
        for part in _pairs(figure.subplots(2 * rows, columns, squeeze=False, height_ratios=[4.0, below] * rows))
    )
    label, unit, low, high = wording.scale(manifest, "wai_client")
    for number, arm in enumerate(arms):
        first = number % columns == 0
        here = {kind: lines[arm, kind] for kind in kinds}
        _panel(above[number], here)
        _counts(beneath[number], here, first=first)
        above[number].tick_params(labelbottom=False, labelleft=first)
        above[number].set_title(f"arm: {wording.plain(arm)}")
        if first:
            above[number].set_ylabel(f"Mean alliance, {label}\n({unit}; scale {low:g}–{high:g}, axis cut)")
    ends = [end for axes in above for end in axes.get_ylim()]
    for axes in above:
        axes.set_ylim(min(ends), max(ends))
    style.headline(figure, TITLE)
    return figure


def _pairs(grid):
    """Return the upper and the lower axes of each pair of rows."""
    return grid[0::2], grid[1::2]


def _panel(axes, lines):
    for place, (kind, points) in enumerate(lines.items()):
        colour, dash, marker = style.ending_style(kind)
        x = np.arange(1, LAST_SESSION + 1)
        shown = [points.get(s, (math.nan,) * 3 + (0,)) for s in x]
        asked = [i for i, point in enumerate(shown) if point[3] > 0]
        mean, low, high = np.array([p[:3] if p[3] >= FEWEST else (math.nan,) * 3 for p in shown])[asked].T
        shift = 0.09 * (place - (len(lines) - 1) / 2)
        axes.errorbar(
            x[asked] + shift,
            mean,
            yerr=[mean - low, high - mean],
            color=colour,
            linestyle=dash,
            marker=marker,
            elinewidth=1.0,
            ecolor=to_rgba(colour, 0.55),
        )
    axes.grid(axis="y", color=style.FAINT, linewidth=0.6)
    axes.set_xlim(0.4, LAST_SESSION + 0.6)
    axes.set_xticks(range(1, LAST_SESSION + 1))


def _counts(axes, lines, *, first):
    """Write under each panel how many ratings stand behind the points; the first has the key to the lines."""
    asked = sorted({session for points in lines.values() for session in points})
    shown = asked if len(asked) <= 6 else [session for session in asked if session in (1, 3, 6, 9, 12)]
    for row, (kind, points) in enumerate(lines.items()):
        for session in shown:
            n = points.get(session, (0, 0, 0, 0))[3]
            colour = style.GREY if n < FEWEST else style.INK
            axes.text(session, row, f"{n:,}", ha="center", va="center", fontsize=8, color=colour)
        if first:
            colour, dash, marker = style.ending_style(kind)
            across = axes.get_yaxis_transform()
            axes.plot((-0.105, -0.06, -0.015), [row] * 3, transform=across, clip_on=False, markevery=[1],
                      color=colour, linestyle=dash, marker=marker)  # fmt: skip
    axes.set_ylim(len(lines) - 0.5, -0.5)
    axes.set_yticks(range(len(lines)), [wording.ending(kind) for kind in lines], fontsize=9.5)
    axes.tick_params(axis="y", length=0, labelleft=first, pad=36)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set_xlim(0.4, LAST_SESSION + 0.6)
    axes.set_xticks(range(1, LAST_SESSION + 1))
    axes.set_xlabel("Session (above: number of ratings)")


def _words(lines, arms, kinds, manifest, *, number, runs):
    label, unit, low, high = wording.scale(manifest, "wai_client")
    where = wording.at_point(manifest, number)
    spread = (
        f"from the variation between {runs} replications"
        if runs > 1
        else "from the variation between clients of one run"
    )
    caption = (
        f"Mean of the client's alliance rating ({label}, {unit}, scale {low:g} to {high:g}; the axis shows a part of "
        f"it) by session and by the kind of ending still to come{where}. Bars are 95% intervals {spread}; points with "
        f"fewer than {FEWEST} ratings are left out. Each mean is over those who are still there: clients who rate low "
        "may have left, so a line can rise without anybody's rating rising."
    )
    return {"title": TITLE, "caption": caption, "alt": _alt(lines, arms, kinds, where=where)}


def _alt(lines, arms, kinds, *, where):
    asked = sorted({session for points in lines.values() for session in points})
    session = min(asked, key=lambda s: (abs(s - 3), s))
    parts = []
    for arm in arms:
        seen = {kind: lines[arm, kind].get(session) for kind in kinds}
        said = [
            f"{wording.short(point[0])} by those whose ending was: {wording.ending(kind)}"
            for kind, point in seen.items()
            if point and point[3] >= FEWEST
        ]
        parts.append(f"in arm {wording.plain(arm)}, " + (wording.listed(said) if said else "too few ratings"))
    return (
        f"Lines of the mean alliance over sessions 1 to {LAST_SESSION}{where}. "
        f"At session {session} it was rated, {'; '.join(parts)}."
    )
