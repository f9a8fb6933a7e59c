"""Reads the `[sweep]` of a config into a design: a grid of values, or a list of points.

`"alliance.pace" = [0.2, 0.4]` under `[sweep]` asks what happens if the alliance grows slowly and if it grows
fast.
"""

from experiments.designs import NO_SWEEP, Grid, Listed, too_many
from experiments.model_values import allowed, flat, known_parameter, read_parameters
from experiments.toml_files import show, show_name

KINDS = ("grid", "list")


def read_sweep(config):
    """Return the design of a config, `NO_SWEEP` if it has none."""
    if "sweep" not in config.data:
        return NO_SWEEP
    table = config.table("sweep")
    if table is not config.data["sweep"]:
        return NO_SWEEP
    usual = "list" if "points" in table else "grid"
    kind = config.choice("sweep", "kind", known=KINDS, default=usual, inside=table)
    rest = {key: value for key, value in table.items() if key != "kind"}
    return _grid(config, rest) if kind == "grid" else _listed(config, rest)


def points(config, design, *, arms, replications):
    """Return the points of a design as a tuple; refuse a design that would make too many runs."""
    problem = too_many(design, arms=arms, replications=replications)
    if problem:
        config.refuse(problem, "sweep" if design.count() > 1 else "replications")
        return ()
    return tuple(design)


def _grid(config, table):
    if "points" in table:
        config.refuse('points belong to a sweep of kind = "list".', "sweep", "points")
    axes = {}
    for name, values, keys in flat(table):
        if keys != ("points",) and known_parameter(config, name, "sweep", *keys):
            axes[name] = _axis(config, name, values, "sweep", *keys)
    if not table:
        example = '"alliance.pace" = [0.2, 0.4]'
        config.refuse(f"the sweep varies nothing; write a parameter and its values, such as {example}.", "sweep")
    return Grid({name: values for name, values in axes.items() if values})


def _axis(config, name, values, *keys):
    """Return the values that a parameter takes, without those that are refused."""
    if not isinstance(values, list) or not values:
        config.refused.add(name)
        found = "an empty list" if values == [] else show(values)
        rule = "must be a list of one value or more, such as [0.2, 0.4]"
        config.refuse(f"the sweep of {name} is {found} and {rule}.", *keys)
        return ()
    good = [value for place, value in enumerate(values) if allowed(config, name, value, *keys, place)]
    twice = _repeated(good)
    if twice is not None:
        config.refuse(f"the sweep of {name} has {show(twice)} twice; each value may stand once.", *keys)
    return tuple(good)


def _repeated(values):
    seen = set()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return None


def _listed(config, table):
    rows = table.get("points")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        rule = 'such as points = [ { "alliance.pace" = 0.2 }, { "alliance.pace" = 0.4 } ]'
        config.refuse(f"a sweep of kind list needs a list of points, {rule}.", "sweep", "points")
        return NO_SWEEP
    for name in table:
        if name != "points":
            sentence = f"in a sweep of kind list, {show_name(name)} must stand inside each of the points."
            config.refuse(sentence, "sweep", name)
    read = [read_parameters(config, row, "sweep", "points", number) for number, row in enumerate(rows)]
    return Listed(tuple(read)) if _alike(config, rows) else NO_SWEEP


def _alike(config, rows):
    """Return True if all points set the same parameters, at least one; else refuse those that do not."""
    names = [{name for name, *_ in flat(row)} for row in rows]
    if not names[0]:
        config.refuse("point 0 of the sweep sets no parameter.", "sweep", "points", 0)
    for number, row in enumerate(names):
        if row != names[0]:
            config.refused |= row | names[0]
            differ = ", ".join(map(show_name, sorted(row ^ names[0])))
            sentence = f"point {number} of the sweep and point 0 must set the same, but only one sets {differ}."
            config.refuse(sentence, "sweep", "points", number)
    return bool(names[0]) and all(row == names[0] for row in names)
