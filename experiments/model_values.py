"""Reads what a config says about the model: parameters, switches, and which form is asked when.

The parameters know their own rules (`sim/parameters.py`); here those rules become sentences with file and
line. Somebody who writes `"alliance.pase" = 0.5` is told of `alliance.pace`; somebody who puts `seed` under
`[set]`, where it belongs.
"""

import math

from experiments.reader import unknown, whole_number
from experiments.toml_files import show
from sim import instruments, parameters

TOP_KEYS = (
    "name",
    "question",
    "service",
    "world",
    "seed",
    "replications",
    "random_numbers",
    "keep",
    "figures",
    "estimates",
    "assignment",
    "intake",
    "primary",
    "set",
    "switch",
    "forms",
    "arms",
    "sweep",
)
"""What the top level of an experiment's config may have."""
LAST_SESSION = 1000
_PLACES = {
    "key of the experiment": "at the top of the file, above the first line in [ ]",
    "parameter": "under [set]",
    "switch": "under [switch]",
}


def flat(table):
    """Yield (dotted name, value, keys in the file); `"alliance.pace"` and `alliance.pace` mean the same."""
    for key, value in table.items():
        if isinstance(value, dict) and value:
            yield from ((f"{key}.{rest}", inner, (key, rest)) for rest, inner in value.items())
        else:
            yield key, value, (key,)


def read_parameters(reader, table, *place):
    """Return the parameters that the table at `place` sets, a dict from dotted name to number."""
    return {
        name: value
        for name, value, keys in flat(table)
        if known_parameter(reader, name, *place, *keys) and allowed(reader, name, value, *place, *keys)
    }


def known_parameter(reader, name, *keys):
    """Return True if there is a parameter of this name, else refuse it."""
    return _known(reader, "parameter", name, parameters.catalogue(), *keys)


def allowed(reader, name, value, *keys):
    """Return True if the parameter can have this value, else refuse it."""
    parameter = parameters.catalogue()[name]
    huge = isinstance(value, int) and value.bit_length() > 64
    problem = parameter.problem(math.inf if huge else value)
    if problem:
        reader.refused.add(name)
        reader.refuse(f"{name} = {show(value)} {problem}: {parameter.text}.", *keys)
    return not problem


def read_switches(reader, table, *place):
    """Return the switches that the table at `place` sets, a dict from switch to True (on) or False (off)."""
    known = parameters.switches()
    found = {}
    for name, value in table.items():
        if not _known(reader, "switch", name, known, *place, name):
            continue
        if isinstance(value, bool):
            found[name] = value
        else:
            rule = f"must be true or false, where false means: {known[name].text}"
            reader.refuse(f"{name} = {show(value)} {rule}.", *place, name)
    return found


def check_top(reader):
    """Refuse what the top level of an experiment's config does not know."""
    for key, value in reader.data.items():
        if key not in TOP_KEYS:
            names = [name for name, *_ in flat({key: value}) if name in parameters.catalogue()]
            _known(reader, "key of the experiment", names[0] if names else key, TOP_KEYS, key)


def _known(reader, what, name, known, *keys):
    """Return True if `name` is known; else say where it belongs, or which known name is near."""
    if name in known:
        return True
    homes = {
        "key of the experiment": TOP_KEYS,
        "parameter": parameters.catalogue(),
        "switch": parameters.switches(),
    }
    other = [kind for kind, names in homes.items() if name in names]
    if other:
        reader.refuse(f"{name} is a {other[0]}; put it {_PLACES[other[0]]}.", *keys)
    else:
        reader.refuse(unknown(what, name, known), *keys)
    return False


def read_forms(reader, *, default):
    """Return which form is asked when: form -> "every", session numbers, "intake" or "end"; others are not asked."""
    if "forms" not in reader.data:
        return default
    found = {}
    for name, when in reader.table("forms").items():
        form = instruments.scales().get(name)
        if form is None:
            reader.refuse(unknown("form", name, instruments.scales()), "forms", name)
        elif form.later:
            reader.refuse(f"{name} cannot be asked yet: {form.later} comes with a later step.", "forms", name)
        else:
            found[name], rule = _schedule(form, when)
            if rule:
                reader.refuse(f"{name} = {show(when)} {rule}.", "forms", name)
    return found


def _schedule(form, when):
    """Return when a form is asked, and what rule that breaks ("" if none; a usable schedule then stands in)."""
    if "session" not in form.occasions:
        (once,) = form.occasions
        said = {"intake": "at intake", "end": "when therapy has ended"}[once]
        return once, "" if when == once else f'must be "{once}": {form.label} is asked once, {said}'
    if when == "every" or _session_numbers(when):
        return (when if when == "every" else tuple(when)), ""
    rule = f'must be "every" or a rising list of sessions from 1 to {LAST_SESSION}, such as [1, 3, 5]'
    also = "; the forms at intake and at the end come with it" if form.is_symptom_scale else ""
    return "every", rule + also


def read_primary(reader, *, default, forms):
    """Return the symptom scale that outcomes are read from: as the file says, else `default`, else as forms have it.

    `default` is what a service file says; None stands for nothing said.
    """
    own, place = "primary" in reader.data, "primary"
    chosen = reader.data["primary"] if own else default
    asked = [name for name in instruments.symptom_scales() if name in forms]
    if chosen is None:
        return instruments.default_primary(forms)
    if chosen in asked:
        return chosen
    if isinstance(chosen, str) and chosen in instruments.symptom_scales():
        place = place if own else "forms"
        whose = "" if own else ", as the service says,"
        rule = f"{whose} is not asked; put it under [forms], or choose {' or '.join(asked) or 'another scale'}"
    else:
        rule = f" must be a symptom scale that is asked: {' or '.join(instruments.symptom_scales())}"
    reader.refuse(f"primary = {show(chosen)}{rule}.", place)
    return instruments.default_primary(forms)


def _session_numbers(value):
    if not isinstance(value, list) or not value:
        return False
    whole = all(whole_number(number, low=1, high=LAST_SESSION) for number in value)
    return whole and value == sorted(set(value))
