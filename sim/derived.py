"""What a study would work out afterwards from a client's sheet and scores: dropout, reliable change, recovery."""

from sim.state import DISSATISFIED, IN_THERAPY, NEVER_STARTED


def dropout_by_definition(client):
    """Return dropout as three published definitions would count it; null before a first session or while in therapy."""
    if client.ending in (NEVER_STARTED, IN_THERAPY):
        return dict.fromkeys(("dropout_unilateral", "dropout_missed_last", "dropout_incomplete_protocol"))
    agreed = client.contract_sessions
    return {
        "dropout_unilateral": client.ending == DISSATISFIED,
        "dropout_missed_last": client.missed_last == 1,
        "dropout_incomplete_protocol": client.sessions < agreed if agreed > 0 else None,
    }


def change_on_scores(intake, after, scale):
    """Return reliable improvement, reliable deterioration and recovery on a symptom scale; null without two scores."""
    if intake is None or after is None:
        return dict.fromkeys(("reliable_improvement", "reliable_deterioration", "recovered"))
    improved = intake - after >= scale.reliable_change
    return {
        "reliable_improvement": improved,
        "reliable_deterioration": after - intake >= scale.reliable_change,
        "recovered": improved and intake >= scale.cutoff > after,
    }
