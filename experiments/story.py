"""One client's therapy, told session by session in words, as it felt to the two of them.

Where a result kept the appointments, they are read from it. Where it did not, the one run is done again, which gives
the same therapy, since luck belongs to the client; that needs the model as it was.
"""

import textwrap
from types import SimpleNamespace

import pandas as pd

from experiments.estimators.columns import primary

ENDINGS = {
    "good_enough": "stopped because things were good enough",
    "planned_end": "reached the number of sessions that had been agreed",
    "dissatisfied": "stayed away, dissatisfied",
    "external": "had to stop for a reason from outside",
    "never_started": "never came to a session",
    "in_therapy": "was still in therapy when the clock stopped",
}
ABSENCE = {
    "no_show": "The client did not come and did not call.",
    "cancelled_by_client": "The client cancelled.",
    "cancelled_by_therapist": "The therapist cancelled.",
}


def tell(result, *, client, arm=None, design_point=0, replication=0):
    """Return the story of one client as text.

    Raises ValueError, in one sentence, if there is no such arm, design point, replication or client.
    """
    run = _run_row(result, arm=arm, design_point=design_point, replication=replication)
    people, meetings = _rows(result, run, client)
    person = _only(people, client, run)
    manifest = result.manifest
    words = [_opening(person, run, manifest), *_meetings(meetings, manifest), _ending(person, manifest)]
    return "\n\n".join(textwrap.fill(paragraph, 96) for paragraph in words)


def _run_row(result, *, arm, design_point, replication):
    arm = arm or result.manifest["arms"][0]
    runs = result.table("runs")
    here = runs[(runs["arm"] == arm) & (runs["design_point"] == design_point) & (runs["replication"] == replication)]
    if here.empty:
        arms = ", ".join(result.manifest["arms"])
        raise ValueError(
            f"{result.folder} has no run with arm {arm}, design point {design_point}, replication {replication}; "
            f"its arms are {arms}, design points 0 to {runs['design_point'].max()}, "
            f"replications 0 to {runs['replication'].max()}."
        )
    row = here.iloc[0]
    if row["status"] != "done":
        raise ValueError(f"Run {row['run_id']} failed, so there is no story of it; choose another replication.")
    return row


def _rows(result, run, client):
    """Return the rows of clients and of this client's appointments in a run, kept or made again."""
    if "appointments" in result.tables:
        people, meetings = result.table("clients"), result.table("appointments")
        people = people[people["run_id"] == run["run_id"]]
        meetings = meetings[meetings["run_id"] == run["run_id"]]
    else:
        people, meetings = _again(result, run)
    return people, meetings[meetings["client_id"] == client].sort_values("appointment")


def _again(result, run):
    """Do one run again and return its clients and appointments."""
    from experiments.again import again

    tables = again(result, run["run_id"], keep="sessions")
    return pd.DataFrame(tables["clients"]), pd.DataFrame(tables["appointments"])


def _only(people, client, run):
    mine = people[people["client_id"] == client]
    if mine.empty:
        last = int(people["client_id"].max())
        raise ValueError(f"Client {client} is not in run {run['run_id']}; its clients are numbered 0 to {last}.")
    return SimpleNamespace(**mine.iloc[0].to_dict())


def _opening(person, run, manifest):
    scale = primary(manifest["scales"])
    intake = getattr(person, f"{scale}_intake", None)
    label = manifest["scales"][scale]["label"]
    score = "no intake form" if pd.isna(intake) else f"{_a(label)} of {intake:.0f}"
    waited = (
        f"and met therapist {person.therapist_id:.0f} after {_weeks(person.waited_weeks)}"
        if _known(person, "waited_weeks")
        else "and waited"
    )
    agreed = f"They agreed on {_sessions(person.contract_sessions)}." if _known(person, "contract_sessions") else ""
    return (
        f"Client {person.client_id}, arm {run['arm']}, design point {run['design_point']}, replication "
        f"{run['replication']}. Referred in week {person.referral_week:.0f} with {score}, {waited}. {agreed}"
    ).strip()


def _meetings(meetings, manifest):
    before = None
    for _, row in meetings.iterrows():
        row = SimpleNamespace(**row.to_dict())
        yield _meeting(row, before, manifest)
        if row.held:
            before = row


def _meeting(row, before, manifest):
    """Return the paragraph of one booked appointment."""
    head = f"Week {row.week:.0f}, appointment {row.appointment:.0f}"
    if not row.held:
        return f"{head}: {ABSENCE[row.attendance]}"
    parts = (_arrives(row, manifest), _understood(row), _shares(row), _strain(row), _effort(row), _ratings(row, before))
    return f"{head}, session {row.session:.0f}: " + " ".join(part for part in parts if part)


def _arrives(row, manifest):
    scale = primary(manifest["scales"])
    if not _known(row, scale):
        return "Fills in no symptom form."
    return f"Comes in with {_a(manifest['scales'][scale]['label'])} of {getattr(row, scale):.0f}."


def _a(label):
    return f"{'an' if label[0] in 'AEIOU' else 'a'} {label}"


def _understood(row):
    if row.true_empathy > 0.4:
        return "Feels well understood."
    return "Does not feel understood." if row.true_empathy < -0.6 else "Feels understood as usual."


def _shares(row):
    if row.true_disclosure > 0.75:
        return "Says nearly all that matters."
    return "Holds much back." if row.true_disclosure < 0.5 else "Says part of what matters."


def _strain(row):
    remark = "A remark about who the client is hurts." if _true(row, "microaggression") else ""
    if row.rupture == "none" and not remark:
        mended = "What stood between them from before is mended." if _true(row, "repaired") else ""
        return mended
    kind = {"withdrawal": "The client draws back.", "confrontation": "The client protests.", "none": ""}[row.rupture]
    seen = "The therapist notices" if _true(row, "rupture_therapist") else "The therapist does not notice"
    end = " and they mend it." if _true(row, "repaired") else "; it stays between them."
    return " ".join(filter(None, [remark, kind, f"{seen}{end}"]))


def _effort(row):
    if row.true_effort > 0.6:
        return "Works hard until the next time."
    return "Does little between sessions." if row.true_effort < 0.35 else ""


def _ratings(row, before):
    client, therapist = _rating(row, before, "wai_client"), _rating(row, before, "wai_therapist")
    if not client and not therapist:
        return ""
    return f"The alliance (1 to 5): client {client or 'gives none'}, therapist {therapist or 'gives none'}."


def _rating(row, before, name):
    if not _known(row, name):
        return ""
    now = getattr(row, name)
    if before is None or not _known(before, name):
        return f"{now:.1f}"
    change = now - getattr(before, name)
    moved = "as before" if abs(change) < 0.25 else ("up" if change > 0 else "down")
    return f"{now:.1f} ({moved})"


def _ending(person, manifest):
    name = primary(manifest["scales"])
    scale = manifest["scales"][name]
    said = f"After {_sessions(person.sessions_held)} the client {ENDINGS[person.ending]}."
    if person.ending == "in_therapy" and person.sessions_held == 0:
        return "The client was still waiting for a first session when the clock stopped."
    when = f" It was week {person.end_week:.0f}." if _known(person, "end_week") else ""
    if _known(person, f"{name}_end"):
        end = getattr(person, f"{name}_end")
        return f"{said}{when} {scale['label']} at the end: {end:.0f} (cut-off {scale['cutoff']:g})."
    if person.sessions_held == 0 or person.ending == "in_therapy":
        return said + when
    score = getattr(person, f"{name}_last", None)
    last = "" if pd.isna(score) else f"; the last score before a session was {score:.0f}"
    return f"{said}{when} The end form did not come back{last}."


def _weeks(number):
    return "1 week" if number == 1 else f"{number:.0f} weeks"


def _sessions(number):
    return "1 session" if number == 1 else f"{number:.0f} sessions"


def _known(row, name):
    return not pd.isna(getattr(row, name, None))


def _true(row, name):
    return _known(row, name) and bool(getattr(row, name))
