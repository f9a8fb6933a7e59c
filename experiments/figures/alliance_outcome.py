"""Figure: clients who rate the alliance higher at session 3, and how they fare: density of clients, means, and r.

A correlation of what was measured in the same people. It is not what would happen if somebody's alliance were raised:
in this model part of it is the alliance helping, part is change that lifts the alliance, and part is who the clients
are.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.colors import ListedColormap, Normalize

from experiments.estimators.alliance import alliance_and_change
from experiments.estimators.columns import primary
from experiments.estimators.correlation import fisher_interval, pearson
from experiments.estimators.monte_carlo import t_interval
from experiments.estimators.summary import clustered_mean
from experiments.estimators.value import OK
from experiments.figures import style, wording
from experiments.figures.picture import FigureError

DOTS = 400
"""Up to this many clients each gets a dot; beyond, the density is shown."""
ACROSS, UP, FINE = 0.25, 2.0, 1.0
"""Width (points of the alliance scale) and height (in 27ths of the symptom scale) of the cells of the density."""
MANY = 2000
TITLE = "Alliance early in therapy, and how clients fare"
ENDS = ("intake", "end", "last")


@dataclass(frozen=True)
class Cloud:
    """The clients of one arm: alliance, change, run; and the correlation of each run, with its mean."""

    alliance: np.ndarray
    change: np.ndarray
    run: np.ndarray
    each: np.ndarray
    r: float
    low: float
    high: float
    absent: int


def plot(result, *, design_point=None):
    """Return the matplotlib figure and its words."""
    manifest = result.manifest
    number = wording.chosen_point(manifest, design_point)
    scales = manifest.get("scales")
    columns = ["sessions_held", "wai_client_s3", *(f"{primary(scales)}_{when}" for when in ENDS)]
    clients = result.table("clients", columns=["arm", "design_point", "replication", *columns])
    clients = clients[clients["design_point"] == number]
    clouds = {arm: _cloud(clients[clients["arm"] == arm], scales) for arm in wording.arms(manifest)}
    clouds = {arm: cloud for arm, cloud in clouds.items() if cloud.alliance.size}
    if not clouds:
        raise FigureError("No client has both an alliance rating of session 3 and an outcome for alliance_outcome.")
    figure = _draw(clouds, manifest)
    return figure, _words(clouds, manifest, where=wording.at_point(manifest, number))


def _cloud(clients, scales):
    """Return what is known of an arm; residualised change and r are worked out within each run."""
    parts, each, absent, n = [], [], 0, 0
    for replication, run in clients.groupby("replication"):
        alliance, change, status = alliance_and_change(run, scales=scales)
        if status == OK:
            parts.append(pd.DataFrame({"alliance": alliance, "change": change, "run": replication}))
            n = alliance.size
        r = pearson(alliance, np.nan_to_num(change), what="a rating and an outcome")
        each.append(r.estimate)
        absent += not r.ok
    people = pd.concat(parts) if parts else pd.DataFrame({"alliance": [], "change": [], "run": []})
    each = np.array([r for r in each if math.isfinite(r)])
    return Cloud(*(people[name].to_numpy() for name in people), each, *_mean_r(each, n=n), absent)


def _mean_r(each, *, n):
    """Return r with its interval: mean and t interval over runs, or, of one run, Fisher's z."""
    if each.size == 0:
        return (math.nan,) * 3
    if each.size == 1:
        fisher = fisher_interval(each[0], n)
        return float(each[0]), fisher.low, fisher.high
    return float(each.mean()), *t_interval(each.mean(), _error(each), n=each.size)


def _error(each):
    return each.std(ddof=1) / math.sqrt(each.size)


def _draw(clouds, manifest):
    rows, columns = style.shape(len(clouds))
    figure = style.new_figure(width=max(6.4, 1.2 + style.PANEL * columns), height=0.6 + 4.4 * rows)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    panels = style.without_empty(grid, len(clouds))
    _, _, low, high = wording.scale(manifest, primary(manifest.get("scales")))
    edges, levels = _cells(clouds.values(), step=max(1.0, round((high - low) / 27)))
    most = max(np.histogram2d(cloud.alliance, cloud.change, [edges, levels])[0].max() for cloud in clouds.values())
    shades = [
        _panel(axes, cloud, edges, levels, most=most) for axes, cloud in zip(panels, clouds.values(), strict=True)
    ]
    for axes, (arm, cloud) in zip(panels, clouds.items(), strict=True):
        axes.set_title(f"arm: {wording.plain(arm)}\n{_r_words(cloud)}")
        axes.set_xlim(edges[0], edges[-1])
    label, unit, low, high = wording.scale(manifest, "wai_client")
    figure.supxlabel(f"Alliance at session 3: {label}, {unit} on {low:g}–{high:g}", fontsize=10)
    for lowest in panels[-columns:]:
        lowest.tick_params(labelbottom=True)
    for first in panels[::columns]:
        unit = wording.scale(manifest, primary(manifest.get("scales")))[1]
        first.set_ylabel(f"Better than intake foretold →\n(residualised change, {unit})")
    if any(shades):
        shade = next(filter(None, shades))
        figure.colorbar(shade, ax=panels, label="clients in a cell", pad=0.01, fraction=0.04, shrink=0.9)
    style.headline(figure, TITLE)
    return figure


def _cells(clouds, *, step):
    """Return the edges of the cells; each holds three of the scale's steps of 1/12, so that none is favoured."""
    alliance = np.concatenate([cloud.alliance for cloud in clouds])
    first, last = math.floor(alliance.min() / ACROSS), math.ceil(alliance.max() / ACROSS)
    edges = np.arange(first, last + 2) * ACROSS - ACROSS / 6
    up = step * (FINE if min(cloud.alliance.size for cloud in clouds) > MANY else UP)
    reach = up * math.ceil(max(np.abs(cloud.change).max() for cloud in clouds) / up + 0.5)
    return edges, np.arange(-reach - up / 2, reach + up, up)


def _panel(axes, cloud, edges, levels, *, most):
    axes.axhline(0, color=style.GREY, linewidth=0.8, zorder=1.5)
    if cloud.alliance.size <= DOTS:
        nudge = np.random.default_rng(0).uniform(-0.03, 0.03, cloud.alliance.size)
        axes.plot(cloud.alliance + nudge, cloud.change, "o", color=style.SKY, markersize=3.5, alpha=0.6)
        shade = None
    else:
        counts, *_ = np.histogram2d(cloud.alliance, cloud.change, [edges, levels])
        pale = ListedColormap(colormaps["Blues"](np.linspace(0.06, 0.62, 256)))
        shade = axes.pcolormesh(
            edges, levels, np.where(counts > 0, counts, np.nan).T, cmap=pale, norm=Normalize(0, most)
        )
    _means(axes, cloud)
    return shade


def _means(axes, cloud):
    """Draw the mean change of eight groups of clients by their alliance, with 95% intervals."""
    cuts = np.unique(np.quantile(cloud.alliance, np.linspace(0, 1, 9)))
    group = np.clip(np.searchsorted(cuts, cloud.alliance, side="right") - 1, 0, max(cuts.size - 2, 0))
    for k in np.unique(group):
        here = group == k
        clusters = cloud.run[here] if cloud.each.size > 1 else np.arange(here.sum())
        mean, se, n = clustered_mean(cloud.change[here], clusters)
        low, high = t_interval(mean, se, n=n)
        axes.errorbar(cloud.alliance[here].mean(), mean, yerr=[[mean - low], [high - mean]], color=style.BLACK,
                      marker="o", markersize=6, markerfacecolor="w", markeredgewidth=1.6, elinewidth=1.6)  # fmt: skip


def _r_words(cloud):
    if not math.isfinite(cloud.r):
        return "too few clients for a correlation"
    interval = f"95% interval {wording.span(cloud.low, cloud.high)}"
    if cloud.each.size < 2:
        return f"r = {wording.short(cloud.r)} ({interval})"
    spread = cloud.each.std(ddof=1)
    single = wording.span(cloud.r - 1.96 * spread, cloud.r + 1.96 * spread)
    mean = f"mean r of {cloud.each.size} clinics = {wording.short(cloud.r)} ({interval})"
    return f"{mean}\none clinic alone: r mostly {single}"


def _words(clouds, manifest, *, where):
    runs = max(cloud.each.size for cloud in clouds.values())
    n = wording.listed(f"{cloud.alliance.size:,} ({wording.plain(arm)})" for arm, cloud in clouds.items())
    errors = [
        f"{wording.short(_error(cloud.each), 3)} ({wording.plain(arm)})"
        for arm, cloud in clouds.items()
        if cloud.each.size > 1
    ]
    how = (
        f"r is the mean of {runs} clinics, with a Monte Carlo error of {wording.listed(errors)}; its interval comes "
        "from the variation between clinics; 'one clinic alone' is the range of 95% of single clinics (mean ± 1.96 SD)"
        if runs > 1
        else "r is that of the one run, with Fisher's z interval"
    )
    label = wording.scale(manifest, primary(manifest.get("scales")))[0]
    absent = sum(cloud.absent for cloud in clouds.values())
    failed = f" In {absent} runs r could not be worked out." if absent else ""
    caption = (
        f"Clients with an alliance rating of session 3 and an end form or at least four sessions{where}: {n}. Change "
        f"is on the {label}, residualised on intake within each clinic: 0 = as foretold by the intake score, "
        "up = better. "
        f"Rings: mean change of clients in groups of about an eighth, with 95% intervals; {how}.{failed} "
        "r says that the two go together in these clients; it is not the effect of raising somebody's alliance."
    )
    return {"title": TITLE, "caption": caption, "alt": _alt(clouds, where=where)}


def _alt(clouds, *, where):
    parts = []
    for arm, cloud in clouds.items():
        words = _r_words(cloud).replace("\n", ", ")
        parts.append(f"arm {wording.plain(arm)}: {words}")
    return f"Clouds of clients, alliance at session 3 against residualised change{where}; {'; '.join(parts)}."
