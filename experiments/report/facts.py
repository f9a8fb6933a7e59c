"""What was run, in words from the manifest: service, arms, design points, luck, forms, changed defaults, versions."""

from experiments.figures import wording

LUCK = {
    "common": "common random numbers: the same seeds in every arm and at every design point",
    "independent": "independent random numbers: every run has a seed of its own",
}
KEPT = {
    "runs": "counts and estimates of each run",
    "clients": "one row for each client",
    "sessions": "one row for each appointment",
    "everything": "every appointment, form and event",
}
ASSIGNED = {
    "queue": "waiting list: the next free place with any therapist",
    "fixed": "fixed: each client has a therapist and a start of their own, without capacity",
}
WHEN = {"every": "every session", "intake": "intake", "end": "the end"}
ASKED = {"referral": "at referral", "session_1": "before session 1"}


def status(manifest):
    """Return in a sentence how far the runs got."""
    done, expected = manifest.get("runs_done", 0), manifest.get("runs_expected", 0)
    failed, state = manifest.get("runs_failed", 0), manifest.get("status", "unknown")
    words = f"{done:,} of {expected:,} runs done"
    words += f", {failed:,} failed" if failed else ""
    return words + ("." if state == "done" else f"; this result is not complete (status: {state}).")


def run(manifest):
    """Return (what, how it was) pairs about the whole experiment; what the manifest does not tell is left out."""
    config = manifest.get("config", {})
    several_arms = _several(len(wording.arms(manifest)), "arm")
    counts = f"{several_arms} × {_several(len(wording.points(manifest)), 'design point')}"
    pairs = [
        ("Service", config.get("service") or "the defaults"),
        ("Runs", f"{counts} × {_several(config.get('replications', 1), 'replication')}; {status(manifest)}"),
        ("Seed", config.get("seed")),
        ("Luck", LUCK.get(config.get("random_numbers"), config.get("random_numbers"))),
        ("Causal story", manifest.get("world") and f"{manifest['world']} (declared, not found out)"),
        ("Who gets which therapist", ASSIGNED.get(config.get("assignment"), config.get("assignment"))),
        ("Intake form", ASKED.get(config.get("intake"), config.get("intake"))),
        ("Forms", forms(manifest)),
        ("Outcomes read from", primary(manifest)),
        ("Kept", KEPT.get(manifest.get("keep"), manifest.get("keep"))),
        ("Made", " to ".join(filter(None, [manifest.get("created"), manifest.get("ended")]))),
    ]
    return [(what, how) for what, how in pairs if how not in (None, "")]


def forms(manifest):
    """Return which form is asked when: "PHQ-9 at every session; CSQ-8 at the end; SRS at sessions 1, 3 and 5"."""
    said = []
    for name, when in (manifest.get("config", {}).get("forms") or {}).items():
        label = wording.scale(manifest, name)[0]
        place = WHEN[when] if isinstance(when, str) else f"sessions {wording.listed(map(str, when))}"
        said.append(f"{label} at {place}")
    return "; ".join(said)


def primary(manifest):
    """Return the label of the symptom scale that outcomes are read from, "" if none is marked."""
    return next((entry["label"] for entry in manifest.get("scales", {}).values() if entry.get("primary")), "")


def arms(manifest):
    """Return name and what is different about each arm."""
    set_by = manifest.get("config", {}).get("arms") or {}
    return [(wording.plain(arm), _arm(set_by.get(arm) or {})) for arm in wording.arms(manifest)]


def _arm(entry):
    sets = [f"{name} = {_value(value)}" for name, value in (entry.get("set") or {}).items()]
    switches = [f"{name} {'on' if on else 'off'}" for name, on in (entry.get("switch") or {}).items()]
    return ", ".join([*sets, *switches]) or "nothing is changed"


def points(manifest):
    """Return number and setting of each design point of a sweep; nothing without a sweep."""
    if not wording.swept(manifest):
        return []
    return [(number, wording.setting(manifest, point)) for number, point in enumerate(wording.points(manifest))]


def changed(manifest):
    """Return name, value and file of every default that was changed."""
    return [(name, _value(entry["value"]), entry["file"]) for name, entry in (manifest.get("changed") or {}).items()]


def versions(manifest):
    """Return name and version of everything the numbers depend on."""
    pairs = list((manifest.get("versions") or {}).items())
    pairs += [(name, manifest.get(name)) for name in ("engine", "commit")]
    pairs += [(f"hash of the {what}", manifest.get(f"{what}_hash")) for what in ("config", "code", "data")]
    return [(name, version) for name, version in pairs if version]


def _several(n, word):
    return f"{n:,} {word}" + ("" if n == 1 else "s")


def _value(value):
    return f"{value:g}" if isinstance(value, float) else str(value)
