"""What a result was made with, and whether that is still the same.

Half a sweep under one rule and half under another would be no sweep. So the manifest remembers the config, a
hash of every file of the model and of the estimators, and the versions of the libraries that do the
arithmetic; `difference` names the first thing that is no longer as it was.
"""

import hashlib
import json
import platform
from importlib import metadata
from pathlib import Path

import sim

CONFIG_FIELDS = (
    "name",
    "service",
    "world",
    "seed",
    "replications",
    "random_numbers",
    "keep",
    "estimates",
    "assignment",
    "intake",
    "forms",
    "primary",
    "base",
    "switch",
    "arms",
    "points",
    "sweep_keys",
)
"""What of a config decides the rows of the tables. The question and the choice of figures do not."""
LIBRARIES = ("numpy", "scipy", "pandas", "mesa")
"""Libraries whose version may move a number; the others are noted too, but may change."""
NOTED = (*LIBRARIES, "pyarrow", "matplotlib", "alliance-sim")


def code_folders():
    """Return the folders whose files decide the numbers: the model and the estimators."""
    return {"sim": Path(sim.__file__).parent, "experiments/estimators": Path(__file__).parent / "estimators"}


def identity(experiment, runs):
    """Return what decides the rows of a result, as a dict for the manifest; `runs` is all of its runs."""
    config = described(experiment)
    files = {
        f"{name}/{path.relative_to(folder).as_posix()}": _hash(path.read_bytes())
        for name, folder in code_folders().items()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    }
    code = {name: value for name, value in files.items() if name.endswith(".py")}
    data = {name: value for name, value in files.items() if not name.endswith(".py")}
    return {
        "config": config,
        "config_hash": _hash_of(config),
        "runs_hash": _hash_of(sorted(run.run_id for run in runs)),
        "code": code,
        "code_hash": _hash_of(code),
        "data": data,
        "data_hash": _hash_of(data),
        "versions": versions(),
    }


def described(experiment):
    """Return the config's fields that decide the rows, as plain data."""
    fields = {name: getattr(experiment, name) for name in CONFIG_FIELDS}
    fields["arms"] = {arm.name: {"set": arm.set, "switch": arm.switch} for arm in experiment.arms}
    return json.loads(json.dumps(fields))


def versions():
    """Return the versions of Python and of the libraries, None for one that is not installed."""
    found = {"python": platform.python_version()}
    for name in NOTED:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def difference(old, new):
    """Return a clause that names the first thing in which two identities differ, or None if they agree."""
    return (
        _changed_key(old["config"], new["config"])
        or _changed_file(old["code"], new["code"])
        or _changed_file(old["data"], new["data"])
        or _changed_version(old["versions"], new["versions"])
        or _changed_runs(old["runs_hash"], new["runs_hash"])
    )


def _changed_key(old, new):
    old, new = dict(_flat(old)), dict(_flat(new))
    for key in [*old, *(key for key in new if key not in old)]:
        if old.get(key) != new.get(key) or (key in old) != (key in new):
            before, after = (_short(side[key]) if key in side else "not there" for side in (old, new))
            return f"the config's {key} was {before} and is now {after}"
    return None


def _changed_file(old, new):
    names = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
    if not names:
        return None
    what = "has changed" if names[0] in old and names[0] in new else "is new" if names[0] in new else "is gone"
    others = f" (and {len(names) - 1} more)" if len(names) > 1 else ""
    return f"{names[0]} {what}{others}"


def _changed_version(old, new):
    for name in ("python", *LIBRARIES):
        before, after = old.get(name), new.get(name)
        if name == "python":  # a bug-fix release of Python does not move numbers
            before, after = (text and text.rpartition(".")[0] for text in (before, after))
        if before != after:
            return f"{name} was {before} and is now {after}"
    return None


def _changed_runs(old, new):
    return None if old == new else "the config stands for other runs than before, though each of its lines is the same"


def _flat(data, prefix=""):
    """Yield (dotted key, value) of nested dicts."""
    for key, value in data.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, prefix=f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _short(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def _hash_of(data):
    return _hash(json.dumps(data, sort_keys=True, separators=(",", ":")).encode())


def _hash(content):
    return hashlib.sha256(content).hexdigest()[:32]
