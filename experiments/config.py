"""From a TOML file to an `Experiment`, or to all that is wrong with it in one sentence each.

A config is data and never code. `load("configs/first_look.toml")` reads it and the service file that it
names, checks every line, then the lines against each other, and then gives the experiment or raises
`ConfigError`.
"""

from pathlib import Path

from experiments import cross_checks, needs, sweep, toml_files
from experiments.designs import MAX_RUNS
from experiments.experiment import Arm, Experiment
from experiments.model_values import check_top, read_forms, read_parameters, read_primary, read_switches
from experiments.reader import NAME_RULE, Reader, is_name, unknown
from experiments.service_files import ASSIGNMENTS, INTAKES, read_service
from experiments.toml_files import ConfigError, Problems, show, show_name
from sim.draws import MAX_SEED
from sim.parameters import catalogue
from sim.tables import KEEP

__all__ = ["ConfigError", "load"]

WORLDS = ("mixed",)
RANDOM_NUMBERS = ("common", "independent")
ARM_KEYS = ("set", "switch")
ONE_ARM = (Arm("as_usual", {}, {}),)


def load(path):
    """Return the `Experiment` that a config asks for. Raises `ConfigError` with all its mistakes."""
    path = Path(path)
    file = toml_files.read(path, shown=path.name or str(path))
    config = Reader(file, Problems(first=file.shown))
    check_top(config)
    service = read_service(config)
    experiment = _experiment(config, service)
    cross_checks.check_sweep(experiment, config)
    cross_checks.check_orders(experiment, config, service)
    cross_checks.check_intake(experiment, config)
    config.problems.raise_any()
    return experiment


def _experiment(config, service):
    """Put the experiment together; where the config is wrong, a usable value stands in for now."""
    here = read_parameters(config, config.table("set"), "set")
    arms = _arms(config)
    design = sweep.read_sweep(config)
    replications = config.whole("replications", low=1, high=MAX_RUNS, default=1)
    points = sweep.points(config, design, arms=len(arms), replications=replications)
    one_run = len(arms) * len(points) * replications == 1
    keep = config.choice("keep", known=KEEP, default="everything" if one_run else "clients")
    forms = read_forms(config, default=service.forms)
    primary = read_primary(config, default=service.primary, forms=forms)
    asked = {"keep": keep, "forms": forms, "primary": primary}
    return Experiment(
        name=_name(config),
        question=config.text("question"),
        service=config.data.get("service"),
        world=config.choice("world", known=WORLDS, default="mixed"),
        seed=config.whole("seed", low=0, high=MAX_SEED, default=1),
        replications=replications,
        random_numbers=config.choice("random_numbers", known=RANDOM_NUMBERS, default="common"),
        keep=keep,
        figures=needs.choose(config, "figures", needs.known_figures(), **asked),
        estimates=needs.choose(config, "estimates", needs.known_estimates(), **{**asked, "keep": needs.at_hand(keep)}),
        assignment=config.choice("assignment", known=ASSIGNMENTS, default=service.assignment),
        intake=config.choice("intake", known=INTAKES, default=service.intake),
        forms=forms,
        primary=primary,
        base={**service.set, **here},
        switch=read_switches(config, config.table("switch"), "switch"),
        arms=arms,
        points=points,
        sweep_keys=design.keys,
        changed=_changed(config, here, service),
        path=config.file.path,
        text=config.file.text,
        references=service.references,
        licence=service.licence,
    )


def _name(config):
    if "name" not in config.data:
        config.refuse('the experiment needs a name, such as name = "first_look", for its folder in results/.')
    return config.name("name", default="")


def _arms(config):
    """Return the arms in the order of the file; without any, one arm called as_usual."""
    table = config.table("arms")
    return tuple(_arm(config, name, table) for name in table) or ONE_ARM


def _arm(config, name, arms):
    place = ("arms", name)
    if not is_name(name):
        config.refuse(f"arm name {show(name)} must consist of {NAME_RULE}.", *place)
    table = config.table(*place, inside=arms)
    for key in table:
        if key not in ARM_KEYS:
            config.refuse(f"arm {show_name(name)}: {unknown('key of an arm', key, ARM_KEYS)}", *place, key)
    return Arm(
        name,
        set=read_parameters(config, config.table(*place, "set", inside=table), *place, "set"),
        switch=read_switches(config, config.table(*place, "switch", inside=table), *place, "switch"),
    )


def _changed(config, here, service):
    """Return which defaults were changed, each with its value and the file that has the last word on it."""
    in_service = service.reader.file.origin if service.reader else ""
    changed = {name: (value, in_service) for name, value in service.set.items()}
    changed |= {name: (value, config.file.origin) for name, value in here.items()}
    return {name: pair for name, pair in changed.items() if pair[0] != catalogue()[name].default}
