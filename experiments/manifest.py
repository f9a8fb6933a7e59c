"""The label on a folder of results: all that a reader needs besides the tables, without asking the model.

Figures and reports take units, ranges, cut-offs and the names of arms from here. It is written before the
first run (status "running") and again at the end.
"""

import json
import os
import platform
import subprocess
import time
from dataclasses import asdict
from pathlib import Path

import sim
from experiments import schema
from experiments.writing import write_csv, write_json, write_text
from sim.instruments import scales
from sim.parameters import catalogue
from sim.tables import TABLES

FORM = 1
"""Number of this form of manifest; it grows when a reader would have to be told."""


def make(experiment, identity, *, runs, engine):
    """Return the manifest of a result that is about to begin."""
    return {
        "form": FORM,
        "name": experiment.name,
        "status": "running",
        **changeable(experiment),
        **identity,
        "world": experiment.world,
        "keep": experiment.keep,
        "arms": [arm.name for arm in experiment.arms],
        "points": [dict(point) for point in experiment.points],
        "sweep": sweep(experiment),
        "changed": {name: {"value": value, "file": str(file)} for name, (value, file) in experiment.changed.items()},
        "tables": {name: described(columns) for name, columns in schema.layout(experiment).items()},
        "keys": {name: ["run_id", *(key for key in TABLES[name].key if key != "run_id")] for name in TABLES},
        "scales": marked_scales(experiment.primary),
        "estimates": {name: spec(entry) for name, entry in schema.estimators(experiment.estimates).items()},
        "engine": engine,
        "commit": commit(),
        "host": platform.node(),
        "machine": {"system": platform.platform(), "processor": platform.machine(), "cores": os.cpu_count()},
        "created": now(),
        "ended": None,
        "runs_expected": runs,
        "runs_done": 0,
        "runs_failed": 0,
    }


def changeable(experiment):
    """Return what may differ when the same runs are asked for again: words, and the choice of figures."""
    return {
        "question": experiment.question,
        "figures": list(experiment.figures),
        "references": [dict(entry) for entry in experiment.references],
        "licences": [experiment.licence] if experiment.licence else [],
    }


def write(folder, manifest):
    """Write the manifest into its folder."""
    write_json(Path(folder) / "manifest.json", manifest)


def write_companions(folder, experiment, manifest):
    """Write what lies beside the manifest: the config as read, and the full names of swept parameters."""
    write_text(Path(folder) / "config.toml", experiment.text)
    rows = [(entry["column"], name, entry["unit"], entry["text"]) for name, entry in manifest["sweep"].items()]
    write_csv(Path(folder) / "parameters.csv", ("column", "parameter", "unit", "text"), rows)


def sweep(experiment):
    """Return each swept parameter: dotted name -> its column in `runs`, unit, meaning and default."""
    columns = schema.swept_columns(experiment)
    return {
        key: {
            "column": column.name,
            "unit": column.unit,
            "text": column.text,
            "default": catalogue()[key].default,
        }
        for key, column in zip(experiment.sweep_keys, columns, strict=True)
    }


def described(columns):
    """Return the data dictionary's entries of some columns as plain data."""
    return {column.name: _plain({k: v for k, v in asdict(column).items() if k != "name"}) for column in columns}


def marked_scales(primary):
    """Return all instruments as plain data, the one that outcomes are read from marked as `primary`."""
    return {name: {**scale(entry), "primary": name == primary} for name, entry in scales().items()}


def scale(entry):
    """Return an instrument as plain data; `low` and `high` are the ends of its range."""
    return _plain({**asdict(entry), "low": entry.min, "high": entry.max})


def spec(estimator):
    """Return what an estimate is, in words, as plain data."""
    return _plain({key: value for key, value in vars(estimator).items() if not callable(value)})


def _plain(data):
    return json.loads(json.dumps(data))


def commit():
    """Return the commit of the checkout that the model lies in, "+" if files have changed since, or None."""
    root = Path(sim.__file__).resolve().parents[1]
    if not (root / ".git").exists():
        return None
    head, changed = _git(root, "rev-parse", "HEAD"), _git(root, "status", "--porcelain")
    return head and head + ("+" if changed else "")


def _git(root, *words):
    try:
        answer = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


def now():
    """Return the time of day in UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
