"""The figures of a result, drawn from its tables and its manifest alone; the model need not be installed.

`draw(result, name)` writes `figures/<name>.png` and `.svg` into the result's folder and returns what to say about it.
"""

from importlib import import_module

from experiments.figures.picture import FigureError, Picture

NAMES = {
    "alliance_by_ending": ("sessions", ("appointments.wai_client",)),
    "endings": ("clients", ("ending", "sessions_held")),
    "alliance_outcome": ("clients", ("wai_client_s3", "{primary}_intake", "{primary}_end")),
    "sweep": ("clients", ()),
}
"""Every figure, with the least that must be kept of a run for it, and the columns that depend on what is asked."""

__all__ = ["NAMES", "FigureError", "Picture", "draw"]


def draw(result, name, *, design_point=None):
    """Draw one figure of a result, write it as PNG and SVG, and return its `Picture`.

    `design_point` is the point of the sweep that figures of one point show; None = the one with all parameters at
    their defaults, or the first. Raises FigureError, in one sentence, where there is nothing to draw.
    """
    if name not in NAMES:
        raise FigureError(f"{name} is not a known figure; there are {', '.join(NAMES)}.")
    from experiments.figures.style import write  # here, because it loads matplotlib

    module = import_module(f"experiments.figures.{name}")
    return write(result.folder, name, module.plot, result, design_point=design_point)
