"""What is known about a figure besides its ink: title, caption, a description for who cannot see it, its files."""

from dataclasses import dataclass
from pathlib import Path


class FigureError(Exception):
    """A figure cannot be drawn from this result; the text is one sentence that says why."""


@dataclass(frozen=True)
class Picture:
    """A figure on disk. `alt` tells the finding in words and numbers; `caption` how to read it."""

    name: str
    title: str
    caption: str
    alt: str
    png: Path
    svg: Path
