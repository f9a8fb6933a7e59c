"""Designs: how many points, which ones, in which order, and what is too many."""

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.designs import MAX_RUNS, NO_SWEEP, Grid, Listed, too_many


def test_a_grid_has_every_combination_and_its_last_key_runs_fastest():
    grid = Grid({"a": (1, 2), "b": (3, 4, 5)})
    assert grid.count() == 6
    assert grid.keys == ("a", "b")
    assert [tuple(point.values()) for point in grid] == [(1, 3), (1, 4), (1, 5), (2, 3), (2, 4), (2, 5)]


def test_no_sweep_is_one_point_that_sets_nothing():
    assert NO_SWEEP.count() == 1
    assert list(NO_SWEEP) == [{}]
    assert NO_SWEEP.keys == ()


def test_a_list_keeps_its_points_and_the_order_of_keys_of_the_first():
    design = Listed(({"a": 1, "b": 2}, {"b": 4, "a": 3}))
    assert design.count() == 2
    assert [list(point.items()) for point in design] == [[("a", 1), ("b", 2)], [("a", 3), ("b", 4)]]


def test_a_design_can_be_gone_through_twice():
    grid = Grid({"a": (1, 2)})
    assert list(grid) == list(grid)


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=2), st.lists(st.integers(), min_size=1, max_size=4, unique=True), max_size=4))
def test_a_grid_counts_what_it_yields_and_repeats_no_point(axes):
    points = list(Grid({name: tuple(values) for name, values in axes.items()}))
    assert len(points) == Grid(axes).count()
    assert len({tuple(point.items()) for point in points}) == len(points)
    assert all(list(point) == list(axes) for point in points)


def test_a_grid_of_a_million_million_points_is_refused_in_a_moment():
    start = time.perf_counter()
    grid = Grid({name: tuple(range(1000)) for name in "abcd"})
    assert too_many(grid, arms=2, replications=20) == (
        "2 arms x 1,000,000,000,000 design points x 20 replications = 40,000,000,000,000 runs, "
        "and an experiment may have at most 1,000,000; take fewer values or fewer replications."
    )
    assert time.perf_counter() - start < 1.0


def test_a_number_of_runs_beyond_reading_is_told_as_a_power_of_ten():
    grid = Grid({str(name): tuple(range(1000)) for name in range(100)})
    assert "more than 10^300 design points x 1 replication = more than 10^300 runs" in too_many(
        grid, arms=1, replications=1
    )


def test_just_as_many_runs_as_allowed_are_allowed():
    assert too_many(NO_SWEEP, arms=1, replications=MAX_RUNS) is None
    assert too_many(NO_SWEEP, arms=1, replications=MAX_RUNS + 1) is not None
