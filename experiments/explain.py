"""What a name means: parameters, switches, columns, estimates, figures and sources, from where they are declared."""

import textwrap

from experiments.needs import PRIMARY
from sim import measures, parameters, tables
from sim.parameters import nearest


def find(name):
    """Return all that is known under a name, a list of objects with `name`, `what` and more.

    Raises ValueError, in one sentence with the nearest names, if nothing is.
    """
    found = [maker(name) for maker in (_parameter, _switch, _scale, _source, _estimate)]
    found = [entry for entry in found if entry] + _columns(name)
    if not found and name in _themes():
        found = [_parameter(one) for one in parameters.catalogue() if one.startswith(f"{name}.")]
    if not found:
        near = nearest(name, _all_names())
        hint = f"did you mean {' or '.join(near)}?" if near else "`alliance explain` lists what there is."
        raise ValueError(f"{name} is not a known name; {hint}")
    return found


def contents():
    """Return what can be explained, a list of one object a kind with the names."""
    return [
        {
            "name": "parameters",
            "what": "theme.parameter, for [set], arms and sweeps",
            "names": list(parameters.catalogue()),
        },
        {"name": "switches", "what": "for [switch]", "names": list(parameters.switches())},
        {"name": "estimates", "what": "for estimates = […]", "names": list(_registry())},
        {"name": "scales", "what": "for [forms]", "names": list(measures.scales())},
        {
            "name": "tables",
            "what": "of a result; name a column as table.column",
            "names": list(tables.TABLES),
        },
    ]


def as_text(entries):
    """Return objects of `find` or `contents` as lines for a terminal."""
    return "\n\n".join(_entry_text(entry) for entry in entries)


def _entry_text(entry):
    lines = [f"{entry['name']}: {entry['what']}"]
    for key, value in entry.items():
        if key in ("name", "what") or value in (None, "", []):
            continue
        words = ", ".join(map(str, value)) if isinstance(value, list) else value
        lines += textwrap.wrap(f"{key}: {words}", 100, initial_indent="  ", subsequent_indent="    ")
    return "\n".join(lines)


def _parameter(name):
    one = parameters.catalogue().get(name)
    if not one:
        return None
    return {
        "name": one.name,
        "what": one.text,
        "default": one.default,
        "range": f"{one.low:g} to {one.high:g}",
        "unit": one.unit,
        "kind": one.kind,
        "source": "assumed" if one.assumed else [_citation(key) for key in one.sources],
        "switched off by": [switch.name for switch in parameters.switches().values() if name in switch.sets],
        "in rules": f"p.{one.field}",
    }


def _switch(name):
    one = parameters.switches().get(name)
    return one and {
        "name": one.name,
        "what": f"switched off: {one.text}",
        "sets": [f"{key} = {value}" for key, value in one.sets.items()],
    }


def _scale(name):
    one = measures.scales().get(name)
    return one and {
        "name": one.label,
        "what": one.what,
        "range": f"{one.min:g} to {one.max:g} ({one.unit})",
        "cut-off": one.cutoff,
        "reliable change": one.reliable_change,
        "clinic norm": f"{one.clinic_mean:g} (SD {one.clinic_sd:g})",
        "source": [_citation(key) for key in one.source.split()],
        "note": one.note,
    }


def _source(name):
    known = _sources().get(name)
    return known and {"name": name, "what": known["text"], "cited for": known["for"], "status": known["status"]}


def _estimate(name):
    one = _registry().get(name)
    return one and {
        "name": name,
        "what": one.sentence,
        "formula": one.formula,
        "unit": one.unit,
        "stands for it": one.headline,
        "gives": [f"{part} ({unit}): {meaning}" for part, (unit, meaning) in one.parts.items()],
        "waits for a later step": _not_written(one),
        "caveat": one.caveat,
        "reads": [column if "." in column else f"{one.table}.{column}" for column in one.columns],
        "needs": f'keep = "{one.keep}" or more',
        "source": [_citation(key) for key in one.source.split()],
    }


def _not_written(one):
    """Return the columns that an estimate reads and this version of the model does not write."""
    written = {f"{table.name}.{column.name}" for table in tables.TABLES.values() for column in table.columns}
    ids = {f"{table.name}.{column.name}" for table in tables.TABLES.values() for column in tables.ID_COLUMNS}
    read = [column if "." in column else f"{one.table}.{column}" for column in one.columns]
    return [column for column in read if column.replace(PRIMARY, "phq9") not in written | ids]


def _columns(name):
    table_name, _, column_name = name.rpartition(".")
    found = []
    for table in tables.TABLES.values():
        for column in (*tables.ID_COLUMNS, *table.columns):
            if column.name == column_name and table_name in ("", table.name):
                span = (
                    None if column.low is None else f"{column.low:g} to {'…' if column.high is None else column.high}"
                )
                found.append(
                    {
                        "name": f"{table.name}.{column.name}",
                        "what": column.text,
                        "type": column.type,
                        "unit": column.unit,
                        "range": span,
                        "origin": column.origin,
                        "values": list(column.values),
                    }
                )
    return found


def _citation(key):
    return _sources().get(key, {}).get("text", key)


def _sources():
    from experiments.estimators.references import references

    return {**references(), **parameters.sources()}


def _registry():
    from experiments.estimators import REGISTRY

    return REGISTRY


def _themes():
    return {name.split(".")[0] for name in parameters.catalogue()}


def _all_names():
    columns = {column.name for table in tables.TABLES.values() for column in table.columns}
    return {
        *parameters.catalogue(),
        *parameters.switches(),
        *measures.scales(),
        *_registry(),
        *_themes(),
        *columns,
    }
