"""What an experiment cannot show, in sentences: those that always hold, and those that this result earns."""

from experiments.figures import wording

FEW = 10
"""Fewer replications than this, and even the errors are rough."""

ALWAYS = (
    "All of this happened in a model. No row is a person, and every sentence about a result means “in this model”.",
    "It is no clinical advice. It says nothing about what a client or a therapist should do, and predicts nobody.",
    "A correlation between alliance and outcome is not the effect of raising somebody's alliance. Opposite causal "
    "stories give the same correlation; which of them runs here is declared beforehand, not found out.",
    "A difference between arms is the effect of changing numbers in the model. Whether a real training, policy or "
    "strategy would change them so is another question.",
    "Many parameters are assumed, without a source; `alliance explain` says which. The model has not yet been "
    "calibrated as a whole to the published evidence.",
    "The Monte Carlo error is about the luck of the draw alone. It does not hold the doubt about parameters or about "
    "the rules, which is larger.",
    "Of many 95% intervals about one in twenty misses; nothing here is corrected for the number of comparisons.",
)


def sentences(manifest, runs):
    """Return all limits of a result."""
    return [*ALWAYS, *_of_queue(manifest), *_of_runs(runs), *_of_status(manifest), *_of_scales(manifest)]


def _of_queue(manifest):
    """Return the remark that a waiting list ties clients to each other, where arms are compared."""
    if len(manifest["arms"]) < 2 or manifest.get("config", {}).get("assignment") != "queue":
        return []
    return [
        "Arms meet the same clients with the same luck, but under a waiting list a shorter therapy frees a place "
        "earlier: so some clients get another therapist, or wait longer or less, in another arm. That belongs to the "
        'effect on the service; with assignment = "fixed" it does not arise.'
    ]


def _of_runs(runs):
    n = int(runs["replication"].nunique()) if len(runs) else 0
    if n == 1:
        return [
            "There is one replication: another seed would give other numbers, and this result cannot say how different."
        ]
    if 1 < n < FEW:
        return [f"There are only {n} replications, so the Monte Carlo errors are themselves rough."]
    return []


def _of_status(manifest):
    found = []
    if manifest.get("runs_failed"):
        found.append(
            "Runs that failed are left out; if they failed because of what was varied, what is left is no fair sample."
        )
    if manifest.get("status") != "done":
        found.append("Not all runs were done when this page was written; the same command goes on where it stopped.")
    return found


def _of_scales(manifest):
    """Return the remarks that stand with the instruments, such as that a norm is only recalled."""
    notes = {wording.scale(manifest, name)[0]: entry.get("note") for name, entry in manifest.get("scales", {}).items()}
    return [f"On the {label}: {note}." for label, note in notes.items() if note]
