"""Rules that tie several lines of a config together, checked once all lines have been read.

No service can give its therapists at least 50 and at most 40 places, in any arm, at any point of the sweep;
and an arm cannot set what the sweep varies.
"""

from typing import NamedTuple

from experiments.toml_files import show
from sim import parameters
from sim.measures import is_scheduled


class Broken(NamedTuple):
    """The first cell that breaks an order: arm, number of the design point, all values there."""

    arm: object
    number: int
    values: dict


def check_sweep(experiment, config):
    """Refuse to sweep a parameter that an arm sets, or that switches hold fixed in every arm."""
    for name in experiment.sweep_keys:
        for arm in experiment.arms:
            if name in arm.set:
                also = f"the sweep varies it too (line {_sweep_line(name, config)})"
                rule = "so it is ambiguous which counts; keep one of the two"
                config.refuse(f"arm {arm.name} sets {name} and {also}, {rule}.", "arms", arm.name, "set", name)
        held = [_switch_that_sets(name, {**experiment.switch, **arm.switch}) for arm in experiment.arms]
        if all(held):
            fixed = f"the switch {held[0]} is off in every arm, which fixes it"
            config.refuse(
                f"the sweep varies {name}, but {fixed}; switch it on or sweep something else.",
                *_in_sweep(name, config),
            )


def check_orders(experiment, config, service):
    """Check `parameters.ORDERS` in every arm at every point; refuse each once, at the first cell that breaks it."""
    readers = [reader for reader in (config, service.reader) if reader]
    refused = set().union(*(reader.refused for reader in readers))
    for order in parameters.ORDERS:
        broken = None if refused & {order.less, order.more} else _first_broken(order, experiment)
        if broken:
            less, more = (broken.values[name] for name in (order.less, order.more))
            rule = f"must not be more than {order.more} = {more:g} ({order.unit})"
            reader, *keys = _last_word(order, broken, readers)
            reader.refuse(f"{order.less} = {less:g} {rule}{_where(broken, experiment)}.", *keys)


def check_intake(experiment, config):
    """Refuse an intake at session 1 whose primary scale is not asked then: nobody would have a score before."""
    scale = experiment.primary
    if experiment.intake != "session_1" or not scale or is_scheduled(experiment.forms[scale], 1):
        return
    place = next((keys for keys in (("forms", scale), ("intake",)) if config.file.lines.has(*keys)), ())
    when = show(list(experiment.forms[scale]))
    config.refuse(
        f'{scale} = {when} leaves out session 1, and intake = "session_1" takes the score before from there; '
        "add session 1 to it, or ask at referral.",
        *place,
    )


def _in_sweep(name, config):
    return ("sweep", name) if config.file.lines.has("sweep", name) else ("sweep", "points", 0, name)


def _sweep_line(name, config):
    return config.file.lines.of(*_in_sweep(name, config))


def _switch_that_sets(name, switch):
    off = [key for key, on in switch.items() if not on]
    return next((key for key in off if name in parameters.switches()[key].sets), None)


def _first_broken(order, experiment):
    for arm in experiment.arms:
        seen = set()
        for number, point in enumerate(experiment.points):
            varied = (point.get(order.less), point.get(order.more))
            if varied in seen:
                continue
            seen.add(varied)
            values = experiment.values(arm, point)
            if values[order.less] > values[order.more]:
                return Broken(arm, number, values)
    return None


def _last_word(order, broken, readers):
    """Return the reader and the keys of the place that had the last word on one of the two parameters."""
    tables = (("sweep",), ("sweep", "points", broken.number), ("arms", broken.arm.name, "set"), ("set",))
    for reader in readers:
        for table in tables:
            for name in (order.less, order.more):
                if reader.file.lines.has(*table, name):
                    return reader, *table, name
    return (readers[0],)


def _where(broken, experiment):
    """Return " in arm repair at design point 3 (service.weeks = 20)", as far as there are several of them."""
    words = f" in arm {broken.arm.name}" if len(experiment.arms) > 1 else ""
    if len(experiment.points) > 1:
        point = experiment.points[broken.number]
        values = ", ".join(f"{name} = {show(value)}" for name, value in point.items())
        words += f" at design point {broken.number} ({values})"
    return words
