"""Figure: of all clients referred, the share whose therapy has ended in each way after so many sessions.

Endings compete: who left dissatisfied after session 2 can no longer reach a good-enough level. So the curves are
Aalen-Johansen estimates and, with those still waiting or in therapy, add up to everybody; never one minus
Kaplan-Meier.
"""

import numpy as np
from matplotlib.ticker import MaxNLocator, PercentFormatter

from experiments.estimators.columns import IN_THERAPY, numbers
from experiments.estimators.methods.survival.cumulative_incidence import cumulative_incidence
from experiments.estimators.monte_carlo import t_interval
from experiments.figures import style, wording
from experiments.figures.picture import FigureError

LONGEST, FEWEST = 30, 30
"""The axis goes to the last session before which at least `FEWEST` clients of an arm are in therapy, or `LONGEST`."""
TITLE = "How therapies end, session by session"
COLUMNS = ["arm", "design_point", "replication", "sessions_held", "ending"]


def plot(result, *, design_point=None):
    """Return the matplotlib figure and its words."""
    manifest = result.manifest
    number = wording.chosen_point(manifest, design_point)
    clients = result.table("clients", columns=COLUMNS)
    clients = clients[clients["design_point"] == number]
    arms = [arm for arm in wording.arms(manifest) if (clients["arm"] == arm).any()]
    causes = [code for code in wording.endings(manifest) if code != IN_THERAPY and (clients["ending"] == code).any()]
    if not arms or not causes:
        raise FigureError("No therapy has ended in any way, so endings has nothing to show.")
    sessions = np.arange(_longest(clients) + 1)
    curves = {arm: _curves(clients[clients["arm"] == arm], causes, sessions) for arm in arms}
    if not any(curves.values()):
        raise FigureError("No run has enough clients for a curve, so endings has nothing to show.")
    runs = int(clients["replication"].nunique())
    figure = _draw(curves, causes, sessions)
    return figure, _words(curves, causes, sessions, where=wording.at_point(manifest, number), runs=runs)


def _longest(clients):
    """Return the last session to show."""
    held = numbers(clients, "sessions_held")
    arms = clients["arm"].to_numpy()
    enough = [np.sort(held[arms == arm])[-FEWEST:][0] for arm in np.unique(arms)]
    return int(np.clip(np.nanmax(enough), 5, LONGEST))


def _curves(clients, causes, sessions):
    """Return a dict from ending to (share, low, high) over sessions; `in_therapy` is the rest.

    With several replications the share is the mean of their Aalen-Johansen curves and the interval is theirs;
    with one, it is the pointwise interval of its curve.
    """
    runs = [
        cumulative_incidence(numbers(run, "sessions_held"), run["ending"].to_numpy(dtype=object), of=causes)
        for _, run in clients.groupby("replication")
    ]
    runs = [run for run in runs if run.times.size]
    if not runs:
        return {}
    if len(runs) == 1:
        found = {cause: _of_one(runs[0], cause, sessions) for cause in causes}
    else:
        found = {cause: _of_many([_steps(run.times, run.share[cause], sessions) for run in runs]) for cause in causes}
    rest = np.mean([_steps(run.times, run.free, sessions, start=1.0) for run in runs], axis=0)
    return {**found, IN_THERAPY: (rest, None, None)}


def _steps(times, values, sessions, start=0.0):
    """Return a step function, known at `times`, at each of `sessions`."""
    return np.concatenate([[start], values])[np.searchsorted(times, sessions, side="right")]


def _of_one(run, cause, sessions):
    share, low, high = (_steps(run.times, part[cause], sessions) for part in (run.share, run.low, run.high))
    return share, np.where(low > 0, low, np.nan), np.where(high > 0, high, np.nan)


def _of_many(shares):
    shares = np.array(shares)
    mean, se = shares.mean(axis=0), shares.std(axis=0, ddof=1) / np.sqrt(len(shares))
    low, high = t_interval(mean, 1.0, n=len(shares))
    half = (high - low) / 2 * se
    return mean, np.clip(mean - half, 0, 1), np.clip(mean + half, 0, 1)


def _draw(curves, causes, sessions):
    rows, columns = style.shape(len(curves))
    figure = style.new_figure(width=max(6.8, 0.6 + style.PANEL * columns), height=1.4 + 4.0 * rows)
    panels = style.without_empty(figure.subplots(rows, columns, sharey=True, squeeze=False), len(curves))
    for axes, (arm, lines) in zip(panels, curves.items(), strict=True):
        for place, cause in enumerate([*causes, IN_THERAPY] if lines else []):
            _line(axes, sessions, lines[cause], cause, place=place)
        _labels(axes, sessions, lines)
        axes.set_title(f"arm: {wording.plain(arm)}")
        axes.set_xlabel("Sessions held (0 = before the first)")
        axes.set_xlim(-0.3, sessions[-1] + 0.6)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
        axes.grid(axis="y", color=style.FAINT, linewidth=0.6)
    top = max(part[0].max() for lines in curves.values() for cause, part in lines.items() if cause != IN_THERAPY)
    panels[0].set_ylim(0, 1 if top > 0.8 else None)
    panels[0].yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    for first in panels[::columns]:
        first.set_ylabel("Ended in this way so far\n(share of all clients referred)")
    drawn = next(axes for axes, lines in zip(panels, curves.values(), strict=True) if lines)
    figure.legend(*drawn.get_legend_handles_labels(), loc="outside lower left", ncols=3)
    style.headline(figure, TITLE)
    return figure


def _line(axes, sessions, curve, cause, *, place):
    share, low, high = curve
    colour, dash, marker = style.ending_style(cause)
    label = "still waiting or in therapy (the rest)" if cause == IN_THERAPY else wording.ending(cause)
    every = list(range(place % 5, sessions.size, 5))
    sessions = np.append(sessions, sessions[-1] + 0.6)  # so that the last step is seen
    share = np.append(share, share[-1])
    axes.plot(sessions, share, color=colour, linestyle=dash, marker=marker, markevery=every,
              drawstyle="steps-post", label=label)  # fmt: skip
    if low is not None:
        low, high = np.append(low, low[-1]), np.append(high, high[-1])
        axes.fill_between(sessions, low, high, step="post", color=colour, alpha=0.18, linewidth=0)


def _labels(axes, sessions, lines):
    """Write each share at the end of its line."""
    if not lines:
        axes.text(0.5, 0.5, "too few clients", transform=axes.transAxes, ha="center", color=style.GREY)
        return
    ends = {cause: part[0][-1] for cause, part in lines.items()}
    places = style.keep_apart(list(ends.values()), gap=0.042)
    for (cause, share), y in zip(ends.items(), places, strict=True):
        colour, _, marker = style.ending_style(cause)
        beside = axes.get_yaxis_transform()
        axes.plot(1.02, y, marker=marker, color=colour, transform=beside, clip_on=False)
        axes.text(1.04, y, wording.percent(share), transform=beside, va="center", fontsize=9.5)


def _words(curves, causes, sessions, *, where, runs):
    spread = (
        f"bands are 95% intervals of the mean of {runs} replications, from the variation between them"
        if runs > 1
        else "bands are pointwise 95% intervals of one run (log-log, delta method)"
    )
    caption = (
        f"Cumulative incidence of each kind of ending by the number of sessions held{where}, of all clients referred "
        f"(Aalen–Johansen; a client still waiting or in therapy when the clock stops is censored); {spread}. "
        "Endings compete, so at every session the lines of a panel add up to 100%. Good enough = the client had "
        "reached a level good enough for themselves. The numbers at the right are the shares after "
        f"{sessions[-1]} sessions."
    )
    return {"title": TITLE, "caption": caption, "alt": _alt(curves, causes, sessions, where=where)}


def _alt(curves, causes, sessions, *, where):
    parts = []
    for arm, lines in curves.items():
        said = [f"{wording.ending(cause)} {wording.percent(lines[cause][0][-1])}" for cause in causes if lines]
        rest = f", the rest still waiting or in therapy {wording.percent(lines[IN_THERAPY][0][-1])}" if lines else ""
        parts.append(f"arm {wording.plain(arm)}: {', '.join(said) or 'too few clients'}{rest}")
    return f"Rising step curves of how therapies end{where}. After {sessions[-1]} sessions, {'; '.join(parts)}."
