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
    if scale is None or intake is None or after is None:
        return dict.fromkeys(("reliable_improvement", "reliable_deterioration", "recovered"))
    better = round(intake - after if scale.higher_is_worse else after - intake, 6)  # 18.4 - 13.4 is not quite 5
    improved = better >= scale.reliable_change
    crossed = above_cutoff(intake, scale) and not above_cutoff(after, scale)
    return {
        "reliable_improvement": improved,
        "reliable_deterioration": -better >= scale.reliable_change,
        "recovered": improved and crossed,
    }


def above_cutoff(score, scale):
    """Return whether a score lies on the clinical side of the cut-off, or at it; null without a score."""
    if scale is None or score is None:
        return None
    return score >= scale.cutoff if scale.higher_is_worse else score <= scale.cutoff
