"""Parameters, switches, records, instruments, columns and references as Markdown, from where the code declares them."""

from itertools import groupby

import norms

from sim import instruments as forms
from sim import parameters, state, tables

RECORDS = (state.ClientRecord, state.TherapistRecord, state.DyadRecord, state.AppointmentRecord)


def markdown(head, rows):
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def parameters_in_short():
    """Return one table of all parameters without their meanings."""
    head = ["parameter", "default", "unit", "range", "kind", "source"]
    return markdown(head, [_parameter(one) for one in parameters.catalogue().values()])


def parameters_in_full():
    """Return a table of parameters for each theme, with their meanings."""
    head = ["parameter", "meaning", "default", "unit", "range", "kind", "source"]
    parts = []
    for theme, members in groupby(parameters.catalogue().values(), key=lambda one: one.name.split(".")[0]):
        rows = [[name, one.text, *rest] for one in members for name, *rest in [_parameter(one)]]
        parts.append(f"### {theme}\n\n{markdown(head, rows)}")
    return "\n\n".join(parts)


def _parameter(one):
    source = "assumed" if one.assumed else " ".join(f"[{key}]" for key in one.sources)
    return [f"`{one.name}`", number(one.default), one.unit, _range(one.low, one.high), one.kind, source]


def switches():
    """Return the table of switches: what off means, and what it sets."""
    rows = [
        [f"`{one.name}`", one.text, ", ".join(f"`{name}` = {value}" for name, value in one.sets.items())]
        for one in parameters.switches().values()
    ]
    return markdown(["switch", "switched off", "sets"], rows)


def states():
    """Return a table of state variables for each record type."""
    head = ["variable", "meaning", "unit", "range", "kind"]
    parts = []
    for record in RECORDS:
        rows = [_variable(*declared) for declared in state.declared(record)]
        parts.append(f"**{record.__name__}.** {record.__doc__}\n\n{markdown(head, rows)}")
    return "\n\n".join(parts)


def _variable(name, default, about):
    if isinstance(default, int):
        return [f"`{name}`", about["text"], about["unit"], f"from {default}", "whole number"]
    kind = "noted once" if default != default else "changes" if about["varies"] else "fixed"
    return [f"`{name}`", about["text"], about["unit"], _range(about["low"], about["high"]), kind]


def instruments():
    """Return the table of instruments: what each is, what it reads, when it can be asked, cut-off and norms."""
    head = ["form", "measures", "reads", "asked", "range", "cut-off", "reliable change", "clinic", "community"]
    head += ["reliability", "source", "status"]
    return markdown(head, [_instrument(one) for one in forms.scales().values()])


def _instrument(one):
    asked = "every session or listed sessions" if "session" in one.occasions else one.occasions[0]
    asked += ", intake and end with it" if one.is_symptom_scale else ""
    return [
        f"{one.label} (`{one.name}`)",
        f"{one.what}, as the {one.rater} says",
        one.reads,
        f"later, with {one.later}" if one.later else asked,
        f"{_range(one.min, one.max)} {one.unit} in steps of {_step(one)}, high = {_high(one)}",
        number(one.cutoff),
        number(one.reliable_change),
        _norm(one.clinic_mean, one.clinic_sd),
        _norm(one.community_norm_mean, one.community_norm_sd),
        number(one.reliability),
        " ".join(f"[{key}]" for key in one.source.split()) or "–",
        one.status,
    ]


def maps():
    """Return the numbers of each form's map, and what its note says."""
    head = ["form", "level", "slope", "bend", "reach", "error", "loading", "own part, community mean", "note"]
    return markdown(head, [_map(one) for one in forms.scales().values()])


def _map(one):
    if one.reads in ("alliance_felt", "alliance_seen") and one.items:
        curve = ["parameter", "parameter", "1", number(one.reach), "parameter"]
    else:
        curve = [number(value) for value in (one.level, one.slope, one.bend, one.reach, one.error)]
    own = [number(one.loading), number(one.own_community_mean)] if one.reads == "distress" else ["–", "–"]
    return [f"`{one.name}`", *curve, *own, one.note]


def what_forms_read():
    """Return the table of latents that forms read, with their reference populations."""
    head = ["latent", "meaning", "mean", "SD", "community", "status"]
    rows = [
        [
            f"`{one.name}`",
            one.text,
            number(one.mean),
            number(one.sd),
            _norm(one.community_mean, one.community_sd),
            _has(one),
        ]
        for one in forms.latents().values()
    ]
    return markdown(head, rows)


def _has(latent):
    return f"later, with {latent.later}" if latent.later else latent.status


def norms_and_achieved():
    """Return norm against achieved at n = 100,000, for each form and each kind of people with a norm."""
    head = ["form", "people", "mean: norm", "achieved", "SD: norm", "achieved", "reliability: stated", "achieved"]
    head += ["skew: sign stated", "achieved", "status"]
    return markdown(head, [_achieved(row) for row in norms.achieved()])


def _achieved(row):
    sign, _, where = row.scale.skew.partition(" in the ")
    clinic = row.people == "clinic"
    return [
        row.scale.label,
        row.people,
        number(row.target_mean),
        f"{row.mean:.2f}",
        number(row.target_sd),
        f"{row.sd:.2f}",
        number(row.scale.reliability) if clinic else "–",
        f"{row.reliability:.2f}" if clinic else "–",
        sign if sign and row.people == (where or "clinic") else "–",
        f"{row.skew:.1f}",
        row.scale.status,
    ]


def tables_in_short():
    """Return the list of tables that a run writes."""
    head = ["table", "one row is", "key", "kept from `keep` =", "columns"]
    rows = [
        [f"`{one.name}`", one.row, ", ".join(f"`{key}`" for key in one.key), f"`{one.keep}`", len(one.names)]
        for one in tables.TABLES.values()
    ]
    return markdown(head, rows)


def columns():
    """Return a table of columns for each table that a run writes, the columns that all have in common first."""
    parts = [f"### all tables\n\n{_columns(tables.ID_COLUMNS)}"]
    for one in tables.TABLES.values():
        key = ", ".join(f"`{name}`" for name in one.key)
        about = f"One row is {one.row}. Key: {key}. Kept from `{one.keep}` on."
        parts.append(f"### {one.name}\n\n{about}\n\n{_columns(one.columns)}")
    return "\n\n".join(parts)


def _columns(those):
    return markdown(["column", "meaning", "type", "unit", "range or values", "origin"], [_column(one) for one in those])


def _column(one):
    span = ", ".join(one.values) or _range(one.low, one.high)
    return [f"`{one.name}`", one.text, one.type, one.unit, span, one.origin]


def sources():
    """Return the list of references, each with what it is cited for."""
    lines = []
    for key, entry in parameters.sources().items():
        doi = f" doi:{entry['doi']}." if "doi" in entry else ""
        note = f" ({entry['note']})" if "note" in entry else ""
        lines.append(f"- **[{key}]** {entry['text']}{doi} *For:* {entry['for']}. *{entry['status']}*{note}")
    return "\n".join(lines)


def number(value):
    """Return a number in plain digits, a dash for none."""
    if value is None:
        return "–"
    return str(int(value)) if float(value).is_integer() else f"{value:g}"


def _range(low, high):
    if low is None and high is None:
        return "–"
    return f"from {number(low)}" if high is None else f"{number(low)} to {number(high)}"


def _step(scale):
    return f"1/{sum(scale.items)}" if scale.items else number(scale.step)


def _high(scale):
    return "worse" if scale.higher_is_worse else "better"


def _norm(mean, sd):
    return "–" if mean is None else f"{mean:g} (SD {sd:g})"


def _cell(content):
    return str(content).replace("|", "\\|")
