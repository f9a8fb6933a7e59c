"""A service: what kind of clinic it is, who is referred to it, its staff, contract and forms.

`service = "iapt"` in a config reads `services/iapt.toml`. One service may differ from others in whom it sees
and how it works, never in how people and relationships work: it sets parameters of the kinds service and form
only.
"""

import math
import os
from dataclasses import dataclass, field

from experiments import needs, shipped, toml_files
from experiments.model_values import allowed, flat, known_parameter, read_forms, read_primary
from experiments.reader import NAME_RULE, Reader, is_name, unknown
from experiments.toml_files import ConfigError, show
from sim import parameters

ASSIGNMENTS = ("queue", "fixed")
INTAKES = ("referral", "session_1")
KEYS = ("name", "question", "source", "licence", "assignment", "intake", "primary", "set", "forms", "references")
SCIENCE = "how people and relationships work, the same in every service; put it into the experiment's config"
EVERY_SESSION = {"phq9": "every", "wai_client": "every", "wai_therapist": "every"}


@dataclass(frozen=True)
class Service:
    """What a service file says: parameters, who gets which therapist, when intake is, the forms, the primary scale."""

    reader: Reader | None = None
    set: dict = field(default_factory=dict)
    assignment: str = "queue"
    intake: str = "referral"
    forms: dict = field(default_factory=EVERY_SESSION.copy)
    primary: str | None = None
    references: tuple = ()
    licence: str = ""


def read_service(config):
    """Return the `Service` that a config names, the plain one if it names none."""
    name = config.data.get("service")
    if name is None:
        return Service()
    if not is_name(name):
        rule = f"must be the name of a service, not a path: {NAME_RULE}"
        config.refuse(f"service = {show(name)} {rule}.", "service")
        return Service()
    folders = _folders(config.file.path)
    paths = [path for folder in folders if _inside(path := folder / f"{name}.toml", folder)]
    if not paths:
        known = sorted({path.stem for folder in folders for path in folder.glob("*.toml")})
        config.refuse(unknown("service", name, known), "service")
        return Service()
    return _read(paths[0], config)


def _folders(config_path):
    here = config_path.resolve().parent
    return [here / "services", here.parent / "services", shipped.folder() / "services"]


def _inside(path, folder):
    """Return True if the file is there and does not lead out of its folder by a symbolic link."""
    return os.path.isfile(path) and path.resolve().is_relative_to(folder.resolve())


def _read(path, config):
    try:
        file = toml_files.read(path, shown=f"services/{path.name}")
    except ConfigError as error:
        config.problems.include(error)
        return Service()
    reader = Reader(file, config.problems)
    _check_keys(reader)
    forms = read_forms(reader, default=EVERY_SESSION.copy())
    return Service(
        reader=reader,
        set=_service_parameters(reader),
        assignment=reader.choice("assignment", known=ASSIGNMENTS, default="queue"),
        intake=reader.choice("intake", known=INTAKES, default="referral"),
        forms=forms,
        primary=read_primary(reader, default=None, forms=forms) if "primary" in reader.data else None,
        references=_references(reader),
        licence=reader.text("licence"),
    )


def _check_keys(reader):
    if "switch" in reader.data:
        reader.refuse(f"a service cannot turn a switch: it changes {SCIENCE}.", "switch")
    reader.only(reader.data, (*KEYS, "switch"), what="key of a service")
    reader.name("name", default="")
    reader.text("question")
    reader.text("source")


def _references(reader):
    """Return what is known of the real service: for each estimate its value, in whose words, and from where."""
    found = []
    for name, entry in reader.table("references").items():
        place = ("references", name)
        if name not in needs.known_estimates():
            reader.refuse(unknown("estimate", name, needs.known_estimates()), *place)
        elif not isinstance(entry, dict) or {*entry} != {"value", "label", "source"} or not is_number(entry["value"]):
            rule = 'must be a table such as { value = 13.8, label = "PHQ-9 at intake", source = "annual tables" }'
            reader.refuse(f"{'.'.join(place)} = {show(entry)} {rule}.", *place)
        else:
            found.append({"estimate": name, **entry})
    return tuple(found)


def is_number(value):
    """Return True for a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _service_parameters(reader):
    found = {}
    for name, value, keys in flat(reader.table("set")):
        if not known_parameter(reader, name, "set", *keys):
            continue
        if parameters.catalogue()[name].kind == "science":
            reader.refuse(f"a service cannot set {name}: it says {SCIENCE}.", "set", *keys)
        elif allowed(reader, name, value, "set", *keys):
            found[name] = value
    return found
