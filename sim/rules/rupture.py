"""Rupture and repair: strain in the relationship, whether the therapist sees it, and whether it is mended."""

from sim.maths import exponential, logistic


def rupture_probability(alliance, gap, friction, p):
    """Return the chance that a rupture begins in a session.

    possible * logistic(base - alliance_weight * alliance + gap_strain * gap + friction)
    `alliance` in al., `gap` in gap units, `friction` = logit from controlling acts.
    Source: eubanks2018 for how common ruptures are; form assumed.
    """
    mismatch = p.goals_gap_strain * gap + friction
    return p.rupture_possible * logistic(p.rupture_base - p.rupture_alliance * alliance + mismatch)


def confrontation_probability(reactance, p):
    """Return the chance that a rupture is a confrontation: logistic(confronting * reactance in SD)."""
    return logistic(p.rupture_confronting * reactance)


def strain_of_rupture(luck, p):
    """Return the strain that a rupture makes (al.): mean size * an exponential of mean 1."""
    return p.rupture_size * luck


def notice_probability(attunement, strain, confrontation, p):
    """Return the chance that the therapist sees strain in a session.

    logistic(notice + notice_skill * attunement + notice_size * strain + notice_confrontation * confrontation)
    `attunement` in SD, `strain` in al., `confrontation` = 1 if it is one, else 0.
    Source: assumed (therapists miss many ruptures that clients feel).
    """
    easier = p.rupture_notice_size * strain + p.rupture_notice_confrontation * confrontation
    return logistic(p.rupture_notice + p.rupture_notice_skill * attunement + easier)


def repair_probability(repair_skill, trust, p):
    """Return the chance that strain which was noticed is repaired in the session.

    repair_possible * logistic(repair + weight * repair_skill + repair_trust * trust); both in SD.
    Source: eubanks2018 for repair and outcome; form assumed.
    """
    raised = p.rupture_repair_skill * repair_skill + p.rupture_repair_trust * trust
    return p.rupture_repair_possible * logistic(p.rupture_repair + raised)


def strain_left(strain, p):
    """Return unrepaired strain a session later (al.): the share `kept` of it; under `forgotten`, nothing is left."""
    left = p.rupture_kept * strain
    return left if left >= p.rupture_forgotten else 0.0


def next_lift(lift, strain_mended, p):
    """Return what repairs have added to the alliance (al.): the old lift fades, mended strain adds to it.

    lift' = lift_kept * lift + repair_lift * (1 - exp(-strain mended / size)): mending much teaches more than mending
    a trifle, up to a limit. Source: assumed.
    """
    size = max(p.rupture_size, 0.01)
    return p.rupture_lift_kept * lift + p.rupture_repair_lift * (1.0 - exponential(-strain_mended / size))
