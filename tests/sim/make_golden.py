"""Work out the golden numbers of one tiny clinic anew: `python tests/sim/make_golden.py`, if a change is wanted.

`golden.json` beside this file is compared with a fresh run by `test_golden.py`. Whoever makes it anew says why in
CHANGELOG.md.
"""

import json
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILE = Path(__file__).with_name("golden.json")
CHANGES = {"service.clients": 12, "service.therapists": 2, "service.weeks": 30, "service.referral_weeks": 8}
SEED = 1


def golden(assignment):
    """Return a few numbers that stand for all that happened in the tiny clinic under one kind of assignment."""
    from sim import parameters
    from sim.service import Setting, simulate

    setting = Setting(parameters.resolve(CHANGES), assignment=assignment)
    written = simulate(setting, seed=SEED, keep="everything")
    clients, appointments, therapists = (written[name] for name in ("clients", "appointments", "therapists"))
    return {
        "endings": dict(sorted(Counter(clients["ending"]).items())),
        "attendance": dict(sorted(Counter(appointments["attendance"]).items())),
        "ruptures": dict(sorted(Counter(filter(None, appointments["rupture"])).items())),
        "repaired": appointments["repaired"].count(True),
        "events": dict(sorted(Counter(written["events"]["event"]).items())),
        "sessions of each client": clients["sessions_held"],
        "end week of each client": clients["end_week"],
        "therapist of each client": clients["therapist_id"],
        "places of each therapist": therapists["places"],
        "phq9 at intake": clients["phq9_intake"],
        "phq9 in sessions, sum": total(appointments["phq9"]),
        "wai of clients, sum": total(appointments["wai_client"]),
        "wai of therapists, sum": total(appointments["wai_therapist"]),
        "true alliance, sum": total(appointments["true_alliance"]),
        "true trust, sum": total(appointments["true_trust"]),
        "true effort, sum": total(appointments["true_effort"]),
        "true distress at the end": clients["true_distress_end"],
    }


def total(values):
    """Return the sum of what is not null."""
    return sum(value for value in values if value is not None)


def write():
    """Write the golden numbers of both kinds of assignment."""
    numbers = {assignment: golden(assignment) for assignment in ("queue", "fixed")}
    FILE.write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    write()
    print(f"Wrote {FILE.relative_to(ROOT)}.")
