"""The references behind the estimators, read from `references.toml`."""

import tomllib
from functools import cache
from importlib.resources import files


@cache
def references():
    """Return the references: key -> dict with text, for, status ("verified" or "recalled")."""
    path = files("experiments").joinpath("estimators", "references.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))
