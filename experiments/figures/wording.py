"""Words for what is in a result, taken from its manifest: arms, design points, swept parameters, scales, endings.

A figure's axis says "WAI-SR (client), item mean" because the manifest says so, not because a figure knows the model.
"""

import math

ENDINGS = {
    "good_enough": "good enough",
    "planned_end": "planned end",
    "dissatisfied": "left dissatisfied",
    "external": "outside reason",
    "never_started": "never started",
    "in_therapy": "still in therapy",
}


def arms(manifest):
    """Return the names of the arms, in the order of the config."""
    return list(manifest["arms"])


def plain(name):
    """Return a name with spaces for underscores: as_usual is "as usual"."""
    return str(name).replace("_", " ")


def ending(code):
    """Return an ending in plain words."""
    return ENDINGS.get(code, plain(code))


def endings(manifest):
    """Return the codes of all endings, in the order of the data dictionary; those known here if it does not say."""
    column = manifest.get("tables", {}).get("clients", {}).get("ending", {})
    return list(column.get("values") or ENDINGS)


def points(manifest):
    """Return the design points, each a dict from dotted parameter name to value; one empty dict without a sweep."""
    return list(manifest.get("points") or [{}])


def swept(manifest):
    """Return the dotted names of the parameters that the sweep varies."""
    return list(manifest.get("sweep") or {})


def unit(manifest, name):
    """Return the unit of a swept parameter, "" if it has none or is not swept."""
    found = manifest.get("sweep", {}).get(name, {}).get("unit", "")
    return "" if found in ("-", None) else found


def parameter(manifest, name):
    """Return a swept parameter with its unit, for an axis."""
    words = unit(manifest, name)
    return f"{name} ({words})" if words else name


def meaning(manifest, name):
    """Return what a swept parameter is in a few plain words with its name, or the name alone if words are many."""
    words = manifest.get("sweep", {}).get(name, {}).get("text", "").split(":")[0].split(";")[0].strip()
    return f"{words} ({name})" if 0 < len(words) <= 60 else name


def setting(manifest, point):
    """Return a design point in words: "alliance.pace = 0.2 share per session"; "" without a sweep."""
    return ", ".join(f"{name} = {value:g} {unit(manifest, name)}".rstrip() for name, value in point.items())


def chosen_point(manifest, design_point=None):
    """Return the number of the design point to show: the one asked for, the one of all defaults, or the first."""
    if design_point is not None:
        return int(design_point)
    known = manifest.get("sweep") or {}
    for number, point in enumerate(points(manifest)):
        if point and all(known.get(name, {}).get("default") == value for name, value in point.items()):
            return number
    return 0


def at_point(manifest, number):
    """Return " at design point 1 (alliance.pace = 0.4 share per session)", or "" without a sweep."""
    if len(points(manifest)) < 2:
        return ""
    return f" at design point {number} ({setting(manifest, points(manifest)[number])})"


def scale(manifest, name):
    """Return a scale's label, unit and ends of range."""
    found = manifest.get("scales", {}).get(name, {})
    low, high = found.get("low", found.get("min")), found.get("high", found.get("max"))
    return found.get("label", plain(name)), found.get("unit", ""), low, high


def short(value, digits=2):
    """Return a number with so many decimals and a true minus sign; a dash if there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    text = f"{value:.{digits}f}"
    return text.replace("-", "−") if float(text) else text.lstrip("-")


def span(low, high, digits=2):
    """Return an interval in words, "0.18 to 0.24"; "no interval" if there is none."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return "no interval"
    return f"{short(low, digits)} to {short(high, digits)}"


def percent(share):
    """Return a share as whole per cent."""
    return "–" if not math.isfinite(share) else f"{100 * share:.0f}%"


def listed(words):
    """Return words as a list in a sentence: a, b and c."""
    words = list(words)
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
