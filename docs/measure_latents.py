"""Measure what forms read in the people in whom their norms hold: the references of `sim/data/measures.toml`.

Runs the default service and looks at the third session of everybody, and at all whose end form comes back. Prints
mean and SD of each latent; whoever changes a rule or a number that moves them writes them into the table by hand and
solves the maps anew (`docs/solve_maps.py`).

    python docs/measure_latents.py
"""

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # so that the command also works in a checkout that is not installed

from sim import answers, felt, forms, parameters  # noqa: E402
from sim.service import FORMS, Service, Setting  # noqa: E402

SEEDS = (1, 2, 3, 4)
SIZE = {"service.clients": 1500, "service.therapists": 40, "service.weeks": 60}
PARTS = ("true_goal", "true_task", "true_bond")


def measured(seeds=SEEDS):
    """Return what forms read: name of the latent -> array over people; "parts" = goal, task and bond off the whole."""
    found = {name: [] for name in (*felt.AFTER_SESSION, "alliance_seen", "parts", "satisfaction")}
    for seed in seeds:
        setting = Setting(parameters.resolve(SIZE), forms={**FORMS, "csq8": "end"})
        _look_at(Service(setting, rng=seed), found)
    return {name: np.array(values) for name, values in found.items()}


def _look_at(service, found):
    """Run a service and note what is read after session 3 and at the end."""
    fill = forms.fill

    def noted(client, dyad, row, *rest):
        fill(client, dyad, row, *rest)
        if row.session == 3:
            for name, read in felt.AFTER_SESSION.items():
                found[name].append(read(client, dyad, row, service.p))
            found["alliance_seen"].append(dyad.seen)
            found["parts"].append([getattr(row, part) - row.true_alliance for part in PARTS])

    forms.fill = noted
    try:
        service.run()
    finally:
        forms.fill = fill
    sheets = answers.Answers(service)
    for client in service.referrals:
        if sheets.came_back(client):
            found["satisfaction"].append(felt.satisfaction(client, sheets.dyads[client.client_id], service.p))


def main():
    """Print mean and SD of everything that was measured."""
    for name, values in measured().items():
        print(f"{name}: n {len(values)}, mean {values.mean(axis=0).round(3)}, SD {values.std(axis=0).round(3)}")


if __name__ == "__main__":
    main()
