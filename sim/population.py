"""Who comes and who works here: clients and therapists drawn from distributions, each from a deck of their own."""

import math

from sim import draws as luck
from sim.maths import clamp, geometric
from sim.state import NOBODY, ClientRecord, TherapistRecord


def therapists(seed, p):
    """Return the service's therapists, a list of `TherapistRecord`.

    Each of empathy, listening, collaboration, attunement and repair skill follows the general facilitative skill with
    the correlation `therapist.facilitative_share`; retention skill with `therapist.retention_share`; the rest are
    independent. All are normal with SD `therapist.skill_sd`; bias is half-normal; places are log-normal within limits.
    """
    ids = range(p.service_therapists)
    dealt = luck.deal(seed, luck.THERAPIST, ids, [0] * len(ids)).tolist()
    return [_therapist(therapist_id, draws, p) for therapist_id, draws in zip(ids, dealt, strict=True)]


def _therapist(therapist_id, draws, p):
    general, spread, share = draws[luck.FACILITATIVE], p.therapist_skill_sd, p.therapist_facilitative_share
    group = 1 if draws[luck.THERAPIST_GROUP] < p.population_minority_therapists else 0
    return TherapistRecord(
        therapist_id=therapist_id,
        culture_group=group,
        places=_places(draws[luck.PLACES], p),
        facilitative_skill=spread * general,
        empathy=spread * blend(general, draws[luck.EMPATHY], share),
        listening=spread * blend(general, draws[luck.LISTENING], share),
        collaboration=spread * blend(general, draws[luck.COLLABORATION], share),
        attunement=spread * blend(general, draws[luck.ATTUNEMENT], share),
        repair_skill=p.rupture_repair_skill_mean + spread * blend(general, draws[luck.REPAIR_SKILL], share),
        retention_skill=spread * blend(general, draws[luck.RETENTION], p.therapist_retention_share),
        confidentiality=spread * draws[luck.CONFIDENTIALITY],
        directiveness=spread * draws[luck.DIRECTIVENESS],
        cultural_comfort=spread * draws[luck.COMFORT],
        bias=_bias(draws[luck.BIAS], p),
        culture=_culture(group, draws[luck.THERAPIST_CULTURE], p),
    )


def _bias(normal, p):
    """Bias of a therapist: half-normal with the mean `bias.mean_size`; with skill_sd = 0 everybody has the mean."""
    usual = abs(normal) / math.sqrt(2.0 / math.pi)
    return p.bias_mean_size * max(1.0 + p.therapist_skill_sd * (usual - 1.0), 0.0)


def _places(normal, p):
    """Places of a therapist: log-normal, whole, within the service's limits."""
    places = p.service_caseload_median * math.exp(p.service_caseload_log_sd * normal)
    return int(clamp(math.floor(places + 0.5), p.service_caseload_min, p.service_caseload_max))


def clients(seed, p):
    """Return the clients who will be referred, a list of `ClientRecord` in order of enrolment.

    One common factor (readiness to be helped) stands behind motivation, trust propensity and low fear of exposure;
    the other traits are independent. Distress = a set point and a passing crisis; their sum has the population's mean
    and SD. Referral weeks are uniform over the intake period, which is a Poisson stream with its total given.
    """
    ids = range(p.service_clients)
    dealt = luck.deal(seed, luck.CLIENT, ids, [0] * len(ids)).tolist()
    return [_client(client_id, draws, p) for client_id, draws in zip(ids, dealt, strict=True)]


def _client(client_id, draws, p):
    factor = draws[luck.COMMON_FACTOR]
    group = 1 if draws[luck.GROUP] < p.population_minority_share else 0
    motivation = blend(factor, draws[luck.MOTIVATION], p.client_factor_motivation)
    client = ClientRecord(
        client_id=client_id,
        culture_group=group,
        referral_week=int(draws[luck.REFERRAL_WEEK] * p.service_referral_weeks),
        contract_sessions=_contract(draws, p),
        fixed_therapist=int(draws[luck.WHICH_THERAPIST] * p.service_therapists),
        fixed_wait=geometric(draws[luck.FIXED_WAIT], p.service_fixed_wait),
        trust_propensity=blend(factor, draws[luck.TRUST_PROPENSITY], p.client_factor_trust),
        fear_of_exposure=blend(-factor, draws[luck.FEAR_OF_EXPOSURE], p.client_factor_fear),
        reactance=draws[luck.REACTANCE],
        motivation_trait=motivation,
        change_rate=p.change_rate_median * math.exp(p.change_rate_log_sd * draws[luck.CHANGE_RATE]),
        good_enough=p.ending_good_enough_mean + p.ending_good_enough_sd * draws[luck.GOOD_ENOUGH],
        frailty=draws[luck.FRAILTY],
        rating_style=p.rating_style_sd * draws[luck.RATING_STYLE],
        culture=_culture(group, draws[luck.CULTURE], p),
        motivation=motivation,
    )
    _distress(client, draws, p)
    return client


def _distress(client, draws, p):
    """Draw set point and passing crisis at referral, so that their sum has the population's mean and SD."""
    lasting_variance = (
        p.population_distress_sd * p.population_distress_sd - p.distress_transient_sd * p.distress_transient_sd
    )
    lasting_sd = math.sqrt(max(lasting_variance, 0.0))
    client.set_point = p.population_distress_mean - p.distress_crisis + lasting_sd * draws[luck.SET_POINT]
    client.transient = p.distress_crisis + p.distress_transient_sd * draws[luck.TRANSIENT]
    client.distress_intake = client.distress
    client.distress_end = client.distress


def own_parts(seed, clients, scales):
    """Give each client what they have on each of these scales alone (SD): lasting, and independent of all else.

    A client's OQ-45 holds more than distress: relations, roles. Therapy does not move this part. Source: assumed.
    """
    ids = [client.client_id for client in clients]
    for scale in scales:
        own = luck.deal(seed, luck.SCALE_OWN, ids, [scale.card] * len(ids))[:, 0].tolist()
        for client, part in zip(clients, own, strict=True):
            setattr(client, f"{scale.name}_own", part)


def _contract(draws, p):
    """The agreed number of sessions, log-normal; NOBODY if the therapy is open-ended."""
    if draws[luck.CONTRACT_KIND] >= p.service_fixed_contract_share:
        return NOBODY
    sessions = p.service_contract_median * math.exp(p.service_contract_log_sd * draws[luck.CONTRACT_LENGTH])
    return int(clamp(math.floor(sessions + 0.5), 1, p.service_contract_max))


def _culture(group, normal, p):
    """A person's position in culture: that of the group and an own offset (culture units)."""
    return p.culture_group_gap * group + p.culture_own_sd * normal


def blend(common, own, correlation):
    """Return a standard normal that correlates with `common` by `correlation`; both arguments are standard normal."""
    return correlation * common + math.sqrt(1.0 - correlation * correlation) * own
