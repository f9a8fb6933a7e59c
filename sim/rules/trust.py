"""Trust: built slowly by being understood and by promises kept, lost at once by a breach; it opens the client."""

from sim.maths import clamp, logistic


def first_trust(propensity, p):
    """Return trust at the first meeting (SD, within +-8): trust propensity * its weight. Source: assumed."""
    return clamp(p.trust_propensity * propensity, -8.0, 8.0)


def next_trust(trust, propensity, understood, strain, breached, p):
    """Return trust after a session (SD, within +-8).

    earned = weight * propensity + warmth + understood_weight * understood - strain_cost * strain
    trust' = trust + pace * (earned - trust) - breach_fall * breached
    `understood` = felt empathy (al.), `strain` = strain left from the sessions before (al.), `breached` = 1 if
    confidence was broken.
    Source: assumed (slow to build, quick to break). Left out: regard.
    """
    earned = p.trust_propensity * propensity + p.trust_warmth + p.trust_understood * understood
    moved = trust + p.trust_pace * (earned - p.trust_strain_cost * strain - trust)
    return clamp(moved - p.confidentiality_breach_fall * breached, -8.0, 8.0)


def disclosure(trust, fear, p):
    """Return the share of what matters that the client says in a session (0-1).

    share = logistic(base + weight * trust - fear_closes * fear); `trust`, `fear` in SD. Source: assumed.
    """
    return logistic(p.trust_disclosure_base + p.trust_disclosure * trust - p.trust_fear_closes * fear)
