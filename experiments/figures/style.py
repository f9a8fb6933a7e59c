"""How figures look: colours that colour-blind people tell apart; dashes and markers too, for grey print.

Colours are those of Okabe and Ito. Text stays text in the SVG. Nothing here changes matplotlib's own settings for
long.
"""

from pathlib import Path
from textwrap import fill

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from experiments.figures.picture import Picture
from experiments.writing import make_folder, whole

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILLION, PURPLE = (
    "#000000",
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#F0E442",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
)
INK, GREY, FAINT = "#1a1a1a", "#595959", "#d0d0d0"
DPI = 150
PANEL = 4.5
"""Width of a panel in inches."""
ABREAST = 3
"""The most panels side by side."""

RC = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.labelsize": 10,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.color": INK,
    "lines.linewidth": 1.6,
    "lines.markersize": 5,
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "legend.handlelength": 3.2,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "none",
    "svg.hashsalt": "alliance",
}

ENDINGS = {
    "good_enough": (GREEN, "-", "o"),
    "planned_end": (BLUE, (0, (5, 1.5)), "s"),
    "dissatisfied": (VERMILLION, "-.", "v"),
    "external": (PURPLE, (0, (1.2, 1.2)), "D"),
    "never_started": (ORANGE, (0, (6, 1.5, 1, 1.5, 1, 1.5)), "^"),
    "in_therapy": (GREY, (0, (3, 2)), "x"),
}
"""Colour, line style and marker of each ending; always the same, in every figure."""

SERIES = (
    (BLUE, "-", "o"),
    (VERMILLION, (0, (5, 1.5)), "s"),
    (GREEN, "-.", "^"),
    (PURPLE, (0, (1.2, 1.2)), "D"),
    (BLACK, (0, (6, 1.5, 1, 1.5)), "v"),
    (ORANGE, (0, (3, 1)), "P"),
)
"""Colour, line style and marker of the first arm, the second, and so on."""


def ending_style(code):
    """Return colour, line style and marker of an ending; black and dotted for one that is not known."""
    return ENDINGS.get(code, (BLACK, ":", "*"))


def series_style(number):
    """Return colour, line style and marker of series 0, 1, 2 …; after the last they begin again."""
    return SERIES[number % len(SERIES)]


def new_figure(*, width, height):
    """Return an empty figure of that size in inches, which keeps its parts from overlapping."""
    return Figure(figsize=(width, height), layout="constrained")


def headline(figure, title):
    """Put a title at the upper left, broken into lines that fit."""
    letters = int(figure.get_size_inches()[0] * 9)
    figure.suptitle(fill(title, letters), x=0.008, ha="left", fontsize=12.5, fontweight="bold")


def shape(panels):
    """Return rows and columns for so many panels: side by side, at most three in a row."""
    columns = min(panels, ABREAST)
    return -(-panels // columns), columns


def without_empty(grid, panels):
    """Return the first `panels` axes of a grid, row by row, and take away the others."""
    for axes in grid.flat[panels:]:
        axes.remove()
    return list(grid.flat[:panels])


def keep_apart(places, *, gap):
    """Return the places of labels on a line, moved as little as needed so that neighbours are `gap` apart."""
    order = np.argsort(places, kind="stable")
    moved = np.array(places, dtype=float)
    for _ in range(200):
        steps = np.diff(moved[order])
        tight = np.flatnonzero(steps < gap * 0.999)
        if tight.size == 0:
            break
        for i in tight:
            lack = (gap - (moved[order[i + 1]] - moved[order[i]])) / 2
            if lack > 0:
                moved[order[i]] -= lack
                moved[order[i + 1]] += lack
    return moved


def write(folder, name, plot, result, **more):
    """Let `plot` draw in our style, write PNG and SVG into `folder`/figures, and return the `Picture`."""
    place = Path(folder) / "figures"
    make_folder(place)
    with matplotlib.rc_context({**matplotlib.rcParamsDefault, **RC}):
        figure, words = plot(result, **more)
        picture = Picture(name, **words, png=place / f"{name}.png", svg=place / f"{name}.svg")
        about = {"Title": picture.title, "Description": picture.alt}
        with whole(picture.png) as draft:
            figure.savefig(draft, format="png", dpi=DPI, metadata=about)
        figure.set_layout_engine("none")  # everything has its place now; finding it again would take as long
        with whole(picture.svg) as draft:
            figure.savefig(draft, format="svg", metadata={**about, "Date": None})
    return picture
