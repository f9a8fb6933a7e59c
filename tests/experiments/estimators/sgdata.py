"""The example data of the R package suddengains: 43 made-up clients, the BDI before each of 12 sessions."""

from functools import cache
from pathlib import Path

import pandas as pd

PLACE = Path(__file__).parents[2] / "data" / "sgdata.csv"


@cache
def sgdata():
    return pd.read_csv(PLACE)


def bdi():
    """Return the scores of sessions 1 to 12, an array clients x sessions."""
    return sgdata()[[f"bdi_s{t}" for t in range(1, 13)]].to_numpy(float)
