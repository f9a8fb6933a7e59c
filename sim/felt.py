"""What a client has in mind when a form is filled in: the session as it felt, not as it was.

Somebody who has just felt relief, or who always rates high, sees everything about the relationship in that light: the
same colouring goes into every form about it, so forms that ask different things overlap. Each entry of `AFTER_SESSION`
names a latent of `sim/data/measures.toml`.
"""


def colouring(client, row, p):
    """Return what colours the client's ratings of the relationship (al.): relief of the session, and habit.

    rating.relief * relief + the client's style. Source: assumed.
    """
    return p.rating_relief * row.relief + client.rating_style


def alliance_felt(client, dyad, row, p):
    """Return the alliance as the client feels it (al.)."""
    return row.true_alliance + colouring(client, row, p)


def empathy_felt(client, dyad, row, p):
    """Return how well understood the client feels, looking back on the session (al.)."""
    return row.true_empathy + colouring(client, row, p)


def task_felt(client, dyad, row, p):
    """Return the agreement on tasks as the client feels it (al.)."""
    return row.true_task + colouring(client, row, p)


def goal_nearness(client, dyad, row, p):
    """Return how near goals and plan seem (gap units, 0 = as near as can be): - gap + goal_colour * colouring."""
    return p.rating_goal_colour * colouring(client, row, p) - dyad.goal_gap


def session_worth(client, dyad, row, p):
    """Return what the session was worth to the client (al.): alliance + session_relief * relief + style."""
    return row.true_alliance + p.rating_session_relief * row.relief + client.rating_style


def uplift(client, dyad, row, p):
    """Return what lifts the mood after the session (al.): alliance and relief, less the distress that is left."""
    lifts = row.true_alliance + p.rating_session_relief * row.relief
    return lifts - p.rating_affect_distress * (row.true_distress - row.relief)


def upset(client, dyad, row, p):
    """Return what upsets after the session (al.): the distress that is left, new strain, the lack of relief."""
    hurts = row.new_strain - p.rating_session_relief * row.relief
    return hurts + p.rating_affect_distress * (row.true_distress - row.relief)


def effort(client, dyad, row, p):
    """Return the effort that the client puts in (share)."""
    return row.true_effort


AFTER_SESSION = {
    reads.__name__: reads
    for reads in (alliance_felt, empathy_felt, task_felt, goal_nearness, session_worth, uplift, upset, effort)
}
"""What a form after a session can read: name of the latent -> function of client, dyad and row."""


def satisfaction(client, dyad, p):
    """Return the client's satisfaction when therapy has ended (al.).

    alliance + satisfaction_gain * (distress at the first session - distress at the end) + style
    + satisfaction_own * own, where `own` (standard normal) is all else: the wait, the rooms, the telephone.
    Nothing about how satisfaction goes with symptom scores is put in; both read the same gain. Source: assumed.
    """
    gain = dyad.first_distress - client.distress_end
    met = dyad.alliance + p.rating_satisfaction_gain * gain
    return met + client.rating_style + p.rating_satisfaction_own * client.csq8_own


AT_INTAKE = {"reactance": "reactance", "motivation": "motivation_trait"}
"""What a form at intake can read: name of the latent -> the client's trait."""
