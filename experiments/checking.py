"""What a config would cost, told before it is paid: runs, sessions, minutes and megabytes, from one small timed probe.

The probe is one run of the first cell, with the clinic cut to at most a few hundred clients; the rest is scaled up.
"""

import io
import time
from dataclasses import replace

import pyarrow.parquet as pq

from experiments import needs, schema
from experiments.runner import cores

PROBE_CLIENTS = 300
START_SECONDS = 3.0
"""Seconds that starting workers and drawing figures take beside the runs; a round figure, only for the forecast."""


def cost(experiment, *, workers=None):
    """Return what an experiment would run and cost, as a dict of plain numbers and words."""
    from experiments.estimators import estimates
    from experiments.manifest import marked_scales
    from experiments.store import frame
    from sim.service import simulate

    first = next(experiment.runs())
    setting, grown = probe_setting(first.setting)
    keep = needs.at_hand(experiment.keep)
    clock = time.monotonic()
    data = simulate(setting, seed=first.seed, keep=keep)
    layout = schema.layout(experiment, keep=keep)
    tables = {name: _arrow(name, data[name], layout) for name in data}
    frames = {name: frame(table) for name, table in tables.items()}
    estimates(experiment.estimates, frames, scales=marked_scales(experiment.primary))
    seconds = (time.monotonic() - clock) * grown
    bytes_kept = grown * sum(_size(tables[name]) for name in tables if name in schema.layout(experiment))
    runs, hands = experiment.run_count, min(workers or cores(), experiment.run_count)
    return {
        "experiment": experiment.name,
        "question": experiment.question,
        "arms": len(experiment.arms),
        "design_points": len(experiment.points),
        "replications": experiment.replications,
        "runs": runs,
        "sessions": round(runs * grown * sum(data["clients"]["sessions_held"])),
        "workers": hands,
        "minutes": round((runs * seconds / hands + START_SECONDS) / 60, 2),
        "megabytes": round(runs * bytes_kept / 1e6, 2),
        "keep": experiment.keep,
    }


def in_words(cost):
    """Return a cost as lines for a terminal."""
    return "\n".join(
        (
            f"{cost['experiment']}: {cost['question'] or 'no question is stated.'}",
            f"  {cost['runs']:,} runs = {cost['arms']} arms x {cost['design_points']} design points"
            f" x {cost['replications']} replications",
            f"  about {cost['sessions']:,} sessions, {_time(cost['minutes'])} with {cost['workers']} workers,"
            f' {cost["megabytes"]:.3g} MB on disk (keep = "{cost["keep"]}")',
            "  Time and size come from one probe run, so take them as a guess.",
        )
    )


def probe_setting(setting):
    """Return a setting with at most `PROBE_CLIENTS` clients, and how many times larger the real one is."""
    clients = setting.values["service.clients"]
    grown = max(clients / PROBE_CLIENTS, 1.0)
    smaller = {
        "service.clients": round(clients / grown),
        "service.therapists": max(1, round(setting.values["service.therapists"] / grown)),
    }
    return replace(setting, values={**setting.values, **smaller}), grown


def _time(minutes):
    return f"{minutes * 60:.0f} seconds" if minutes < 2 else f"{minutes:.0f} minutes"


def _arrow(name, data, layout):
    rows = len(next(iter(data.values())))
    ids = {
        "run_id": ["0" * 16] * rows,
        "arm": ["arm"] * rows,
        "design_point": [0] * rows,
        "replication": [0] * rows,
    }
    return schema.to_arrow(name, layout[name], {**ids, **data})


def _size(table):
    """Return how many bytes a table takes as Parquet."""
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.tell()
