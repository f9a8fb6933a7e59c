"""Made-up results with planted truths, in the shape that runs write: for tests that must not need the model.

Clients carry one latent alliance u ~ N(0, 1). It lifts ratings, lowers the chance to leave dissatisfied, and adds to
change. The arm "repair" lifts u by .4 on the same luck; the sweep moves how fast ratings grow.
"""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.estimators import REGISTRY, estimates
from experiments.figures import NAMES
from experiments.store import Result
from sim import tables as dictionary

SESSIONS = 20
ROUTINE = [name for name, spec in REGISTRY.items() if spec.routine]
UNITS = {"alliance.pace": "share per session", "confidentiality.breach": "probability per session"}
CHANCES = {"good_enough": 0.05, "external": 0.02}
SCALES = {
    "phq9": {
        "label": "PHQ-9",
        "unit": "PHQ-9 points",
        "min": 0,
        "max": 27,
        "cutoff": 10,
        "reliable_change": 6,
        "higher_is_worse": True,
    },
    "wai_client": {
        "label": "WAI-SR (client)",
        "unit": "item mean",
        "min": 1,
        "max": 5,
        "cutoff": None,
        "reliable_change": 0.61,
        "higher_is_worse": False,
    },
}


def clinic(seed, *, clients=150, lift=0.0, growth=0.02):
    """Return the clients and appointments tables of one clinic, without id columns."""
    luck = np.random.default_rng(seed)
    u = luck.normal(size=clients) + lift
    change = luck.normal(0.25, 0.15, size=clients) + 0.08 * u
    intake = np.clip(luck.normal(14.5, 5.0, size=clients), 0, 27)
    contract = np.where(luck.random(clients) < 0.4, luck.integers(8, 17, size=clients), 0)
    noise = luck.normal(size=(clients, SESSIONS, 2))
    chance = luck.random((clients, SESSIONS, 2))
    stop = np.where(luck.random(clients) < 0.08, luck.integers(1, SESSIONS, size=clients), SESSIONS)
    never = luck.random(clients) < 0.1
    returned = luck.random(clients) < 0.7
    people, sessions = [], []
    for i in range(clients):
        rows = [] if never[i] else _sessions(i, u[i], change[i], intake[i], noise[i], growth)
        ending, held = _ending(u[i], change[i], chance[i], contract[i], stop[i], never=never[i])
        sessions += rows[:held]
        people.append(_client(i, rows[:held], ending, intake[i], contract[i], back=returned[i]))
    return pd.DataFrame(people), pd.DataFrame(sessions)


def _sessions(i, u, change, intake, noise, growth):
    rating = np.clip(3.75 + 0.5 * u + growth * np.arange(SESSIONS) + 0.35 * noise[:, 0], 1, 5)
    score = np.clip(intake - 3 * change * np.arange(SESSIONS) ** 0.7 + 2 * noise[:, 1], 0, 27)
    return [
        {
            "client_id": i,
            "therapist_id": i % 8,
            "appointment": t + 1,
            "session": t + 1,
            "held": True,
            "phq9": round(score[t]),
            "wai_client": round(rating[t] * 12) / 12,
            "rupture_client": bool(noise[t, 0] < -0.6),
        }
        for t in range(SESSIONS)
    ]


def _ending(u, change, chance, contract, stop, *, never):
    """Return the ending and the number of sessions held; competing causes, one draw for whether, one for which."""
    if never:
        return "never_started", 0
    hazards = {**CHANCES, "dissatisfied": 0.06 * np.exp(-0.75 * u)}
    hazards["good_enough"] *= 1 + 2 * max(change, 0)
    for t in range(SESSIONS):
        if chance[t, 0] < 1 - np.exp(-sum(hazards.values())):
            shares = np.cumsum(list(hazards.values())) / sum(hazards.values())
            return list(hazards)[int(np.searchsorted(shares, chance[t, 1]))], t + 1
        if t + 1 == contract:
            return "planned_end", t + 1
        if t + 1 >= stop:
            return "in_therapy", t + 1
    return "in_therapy", SESSIONS


def _client(i, rows, ending, intake, contract, *, back):
    held, before = len(rows), round(intake)
    last = rows[-1]["phq9"] if rows else None
    end = max(0, last - 1) if rows and back and ending in ("good_enough", "planned_end") else None
    after = end if end is not None else last
    ratings = [row["wai_client"] for row in rows]
    return {
        "client_id": i,
        "therapist_id": i % 8 if rows else None,
        "waited_weeks": i % 9 if rows else None,
        "contract_sessions": int(contract) or None,
        "sessions_held": held,
        "ending": ending,
        "dropout_unilateral": ending == "dissatisfied" if rows else None,
        "phq9_intake": before,
        "phq9_end": end,
        "phq9_last": last,
        "reliable_improvement": None if after is None else before - after >= 6,
        "recovered": None if after is None else before - after >= 6 and before >= 10 and after < 10,
        "wai_client_s1": ratings[0] if held >= 1 else None,
        "wai_client_s3": ratings[2] if held >= 3 else None,
        "wai_client_last": ratings[-1] if rows else None,
        "ruptures": held // 4,
        "ruptures_repaired": held // 8,
    }


def tables(*, arms=("as_usual", "repair"), points=({},), replications=4, clients=150, estimate=None):
    """Return clients, appointments and runs of a small experiment as data frames, id columns and estimates included.

    `estimate(tables)` returns a dict from name to `Value` for the tables of one run; without it there are none.
    """
    parts = {"clients": [], "appointments": [], "runs": []}
    for replication in range(replications):
        for index, point in enumerate(points):
            for arm in arms:
                ids = {
                    "run_id": f"{arm}-{index}-{replication}",
                    "arm": arm,
                    "design_point": index,
                    "replication": replication,
                }
                growth = point.get("alliance.pace", 0.4) * 0.05
                lift = (0.4 if arm == "repair" else 0.0) - point.get("confidentiality.breach", 0.0)
                people, sessions = clinic(replication, clients=clients, lift=lift, growth=growth)
                values = estimate({"clients": people, "appointments": sessions}) if estimate else {}
                row = {"experiment": "made_up", "seed": replication, "status": "done", "message": None}
                for name, value in values.items():
                    row[name] = value.estimate if value.ok else None
                    row[f"{name}_se"] = value.se if value.ok else None
                    row[f"{name}_status"] = value.status
                for name, frame in (
                    ("clients", people),
                    ("appointments", sessions),
                    ("runs", pd.DataFrame([row])),
                ):
                    parts[name].append(frame.assign(**ids))
    return {name: pd.concat(frames, ignore_index=True) for name, frames in parts.items()}


def manifest(frames, *, arms, points, replications, **more):
    """Return a manifest in the form of the store for made-up tables."""
    sweep = {
        key: {"column": key.replace(".", "_"), "unit": UNITS.get(key, ""), "text": f"what {key} is", "default": 0.4}
        for key in points[0]
    }
    config = {"seed": 1, "replications": replications, "random_numbers": "common", "service": "iapt"}
    return {
        "form": 1,
        "name": "made_up",
        "question": "Does repairing ruptures keep clients, and does it matter how fast the alliance grows?",
        "status": "done",
        "config": {**config, "assignment": "queue", "intake": "referral", "forms": {"phq9": "every"}},
        "world": "mixed",
        "keep": "sessions",
        "arms": list(arms),
        "points": list(points),
        "sweep": sweep,
        "changed": {"service.clients": {"value": 150, "file": "configs/services/iapt.toml"}},
        "tables": {name: described(name, frame) for name, frame in frames.items()},
        "keys": {name: ["run_id", *dictionary.TABLES[name].key] for name in frames} | {"runs": ["run_id"]},
        "scales": SCALES,
        "estimates": {
            name: {"label": spec.label, "unit": spec.unit} for name, spec in REGISTRY.items() if spec.routine
        },
        "figures": list(NAMES),
        "engine": "mesa",
        "versions": {"python": "3.13.1", "numpy": "2.5.5", "mesa": "3.5.1"},
        "created": "2026-11-24T12:00:00Z",
        "ended": "2026-11-24T12:01:00Z",
        "runs_expected": len(arms) * len(points) * replications,
        "runs_done": len(frames["runs"]),
        "runs_failed": 0,
        **more,
    }


def described(name, frame):
    """Return the manifest's description of the columns of a table."""
    known = {column.name: asdict(column) for column in (*dictionary.ID_COLUMNS, *dictionary.TABLES[name].columns)}
    return {column: known.get(column, {"type": "number", "unit": "-", "text": column}) for column in frame}


def write(folder, *, arms=("as_usual", "repair"), points=({},), replications=4, clients=150, change=None, **more):
    """Write a whole result folder and open it with the store; `change(frames)` may spoil the tables first."""
    scales = {"scales": SCALES}
    frames = tables(
        arms=arms,
        points=points,
        replications=replications,
        clients=clients,
        estimate=lambda run: estimates(ROUTINE, run, **scales),
    )
    if change:
        frames = change(frames)
    for name, frame in frames.items():
        place = Path(folder) / "parts" / name
        place.mkdir(parents=True)
        frame.to_parquet(place / f"{0:016x}.parquet", index=False)
    about = manifest(frames, arms=arms, points=points, replications=replications, **more)
    (Path(folder) / "manifest.json").write_text(json.dumps(about, indent=1), encoding="utf-8")
    return Result(folder)
