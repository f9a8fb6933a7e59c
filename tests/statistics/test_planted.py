"""Every estimator finds what was planted: 100 data sets each here, 400 in `make full`."""

import pytest

from tests.statistics.accuracy import PLANTS
from tests.statistics.planting import accuracy, faults

pytestmark = pytest.mark.statistics


@pytest.mark.parametrize("plant", PLANTS, ids=[plant.name for plant in PLANTS])
def test_planted_numbers_are_found_and_covered(plant):
    wrong = [sentence for each in accuracy(plant, replications=100) for sentence in faults(plant, each)]
    assert not wrong, "\n".join(wrong)
