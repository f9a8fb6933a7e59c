"""The README of an export: what lies here, what a gap means, where the numbers come from, and what they are not."""

import textwrap

CAUTION = "A model, not clinical advice. No row is a person: all clients, therapists and sessions are simulated."
GAPS = {
    "csv": "An empty cell",
    "sav": "System missing (a dot), or an empty text,",
    "dta": "System missing (a dot), or an empty text,",
    "parquet": "Null",
}
FORMS = {
    "csv": "CSV: UTF-8, commas, decimal points. True and false are 1 and 0. A text that a spreadsheet could take for a "
    "formula has an apostrophe in front; analysis.R takes it off again.",
    "sav": "SPSS: words such as endings are numbers with value labels; yes and no are 1 and 0. The seed is text, "
    "because SPSS keeps only 15 digits of a number.",
    "dta": "Stata: words such as endings are numbers with value labels; yes and no are 1 and 0. The seed is text, "
    "because a double keeps only 15 digits. A label is cut to 80 bytes; codebook.csv has the whole one.",
    "parquet": "Parquet: labels and units are in the metadata of the fields. In R, install arrow or nanoparquet.",
}


def text(manifest, *, form, files, chosen, wide=""):
    """Return the README; `files` maps each file to what it is, `chosen` says which runs, `wide` how it was made."""
    blocks = [
        _wrapped(f"{manifest['name']}: tables of a simulated psychotherapy service"),
        _wrapped(CAUTION),
        _wrapped(manifest.get("question") or ""),
        _listed("Files", files),
        _wrapped(FORMS[form]),
        _wrapped(
            f"{GAPS[form]} means: not asked, not returned, or no session held; never 0. Names that begin with true_ "
            "are what no clinic could see. run_id, arm, design_point and replication say which run a row belongs to: "
            "rows of one run belong together, so a study counts runs and not rows."
        ),
        _wrapped(wide),
        _points(manifest),
        _listed("Where the numbers come from", provenance(manifest, chosen=chosen)),
        _wrapped(_licence(manifest)),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def provenance(manifest, *, chosen=""):
    """Return where a result comes from, a dict of words."""
    versions, config = manifest.get("versions", {}), manifest.get("config", {})
    done = f"{manifest.get('runs_done', '?')} of {manifest.get('runs_expected', '?')} done"
    facts = {
        "experiment": manifest["name"],
        "runs": f"{done}, {manifest.get('runs_failed', 0)} failed ({manifest.get('status', 'status unknown')})",
        "exported": chosen or "all runs",
        "seed": config.get("seed"),
        "config hash": manifest.get("config_hash"),
        "code hash": manifest.get("code_hash"),
        "data hash": manifest.get("data_hash"),
        "commit": manifest.get("commit"),
        "engine": manifest.get("engine"),
        "versions": ", ".join(f"{name} {version}" for name, version in versions.items() if version),
        "run": " to ".join(filter(None, [manifest.get("created"), manifest.get("ended")])),
    }
    return {name: str(fact) for name, fact in facts.items() if fact not in (None, "")}


def _points(manifest):
    points = {f"design point {n}": _setting(point) for n, point in enumerate(manifest.get("points", [])) if point}
    return _listed("Design points", points) if points else ""


def _setting(point):
    return ", ".join(f"{name} = {value:g}" for name, value in point.items())


def _licence(manifest):
    own = "Program: alliance-sim, MIT licence. These tables are its output; say so, with its version and commit, "
    return " ".join([own + "when you use them.", *manifest.get("licences", [])])


def _listed(title, entries):
    lines = [f"{title}:"]
    for name, words in entries.items():
        lines += textwrap.wrap(
            f"{name}: {words}", 100, initial_indent="  ", subsequent_indent="      ", break_on_hyphens=False
        )
    return "\n".join(lines)


def _wrapped(words):
    return "\n".join(textwrap.wrap(" ".join(words.split()), 100, break_on_hyphens=False))
