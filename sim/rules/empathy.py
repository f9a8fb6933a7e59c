"""Empathy: what counts is whether the client feels understood, not what the therapist thinks."""


def perceived_empathy(empathy, listening, fit, supportive, distance_felt, distance, bias, error, p):
    """Return how well the client feels understood in this session (al.; 0 = as usual).

    felt = skill * empathy + listening * listening + fit weight * fit
           + support * (supportive - usual) - distance_cost * felt distance - bias_cost * bias * distance + error
    `empathy`, `listening`, `fit` of the dyad in SD; `supportive` = share of supportive acts; distances in culture
    units; `bias` in bias units; `error` standard normal. The therapist's own opinion of how well they understood does
    not enter. Source: elliott2018 (it is the client's perception that goes with outcome). Left out: empathy that grows
    by training.
    """
    skill = p.empathy_skill * empathy + p.empathy_listening * listening + p.empathy_fit * fit
    warmth = p.empathy_support * (supportive - p.communication_base_supportive)
    lost = p.culture_distance_cost * distance_felt + p.bias_empathy_cost * bias * distance
    return skill + warmth - lost + p.empathy_session_sd * error
