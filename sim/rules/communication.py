"""Communication: the shares of what a therapist does in a session, supporting, exploring or controlling."""

from sim.maths import clamp, exponential


def acts(directiveness, seen, heard, noise, p):
    """Return the shares (supportive, exploratory, controlling) of a session; they sum to 1.

    weight of supportive = usual share * exp(responsiveness * (0 - seen)), seen within +-3
    weight of exploratory = usual share * exp(opening * (heard - 1/2))
    weight of controlling = usual share * exp(habit * directiveness + noise weight * noise)
    `seen` = the alliance and `heard` = the client's openness (share), both as the *therapist* judged them after the
    session before, right or wrong; `directiveness` in SD; `noise` standard normal.
    Source: assumed. Left out: what the modality asks of the therapist.
    """
    supportive = p.communication_base_supportive * exponential(p.communication_responsiveness * clamp(-seen, -3.0, 3.0))
    usual_exploratory = max(1.0 - p.communication_base_supportive - p.communication_base_controlling, 0.01)
    exploratory = usual_exploratory * exponential(p.communication_opening * (heard - 0.5))
    controlling = p.communication_base_controlling * exponential(
        p.communication_directive_habit * directiveness + p.communication_noise * noise
    )
    total = supportive + exploratory + controlling
    return supportive / total, exploratory / total, controlling / total


def friction(controlling, reactance, p):
    """Return how much the session's controlling acts rub (logit added to the chance of a rupture; may be negative).

    friction = (controlling - usual) * (controlling_strain + reactance_strain * reactance)
    `controlling` = share of acts, `reactance` in SD. For a client who likes to be told (negative reactance) directive
    work can soothe. Source: beutler2018 for the interaction, size assumed.
    """
    more_than_usual = controlling - p.communication_base_controlling
    return more_than_usual * (p.communication_controlling_strain + p.communication_reactance_strain * reactance)
