"""The forms of a session: what client, therapist and observer put down, each with a view and a tremor of their own."""

from sim import draws as luck
from sim.felt import AFTER_SESSION, colouring
from sim.instruments import latents
from sim.measures import (
    alliance_item_mean,
    calls_it_rupture,
    coded_shares,
    is_scheduled,
    rating,
    symptom_score,
    total_item_mean,
)


def fill(client, dyad, row, draws, answers, forms, scales, p):
    """Fill in the forms that the schedule asks at this session, as far as they are not missed."""
    if is_scheduled(forms.get("phq9"), row.session) and draws[luck.SYMPTOM_FORM_MISSED] >= p.form_symptom_missed:
        error = draws[luck.SYMPTOM_ERROR]
        row.phq9 = symptom_score(row.true_distress, client.phq9_own, error, scales["phq9"], p.form_symptom_error)
    if is_scheduled(forms.get("wai_client"), row.session) and draws[luck.CLIENT_FORM_MISSED] >= p.form_client_missed:
        rate_as_client(client, row, draws, scales["wai_client"], p)
    if (
        is_scheduled(forms.get("wai_therapist"), row.session)
        and draws[luck.THERAPIST_FORM_MISSED] >= p.form_therapist_missed
    ):
        rate_as_therapist(dyad, row, draws, scales["wai_therapist"], p)
    for name, cards in answers.items():
        if is_scheduled(forms[name], row.session):
            answer(client, dyad, row, cards, scales[name], p)
    code(row, draws, p)


def answer(client, dyad, row, cards, scale, p):
    """The client fills in a form that has a deck of its own (`cards`: its error, and whether it is missed)."""
    error, missed = cards[luck.ANSWER_ERROR], cards[luck.ANSWER_MISSED]
    if scale.is_symptom_scale:
        if missed >= p.form_symptom_missed:
            own = getattr(client, f"{scale.name}_own")
            setattr(row, scale.name, symptom_score(row.true_distress, own, error, scale, p.form_symptom_error))
    elif missed >= p.form_client_missed:
        read, latent = AFTER_SESSION[scale.reads], latents()[scale.reads]
        felt = read(client, dyad, row, p)
        setattr(row, scale.name, rating(felt, error, scale, latent, p.form_rating_error))


def rate_as_client(client, row, draws, scale, p):
    """The client rates goal, task and bond; the relief of this session colours all three.

    felt = part + relief_weight * relief + the client's style + an error of this form + an error of the subscale
    """
    common = colouring(client, row, p) + p.rating_session_sd * draws[luck.CLIENT_RATING_ERROR]
    level, slope, error = p.rating_client_level, p.rating_client_slope, p.rating_part_sd
    items, reach = scale.items, scale.reach
    row.wai_client_goal = alliance_item_mean(
        row.true_goal + common + error * draws[luck.CLIENT_GOAL_ERROR], level, slope, items[0], reach
    )
    row.wai_client_task = alliance_item_mean(
        row.true_task + common + error * draws[luck.CLIENT_TASK_ERROR], level, slope, items[1], reach
    )
    row.wai_client_bond = alliance_item_mean(
        row.true_bond + common + error * draws[luck.CLIENT_BOND_ERROR], level, slope, items[2], reach
    )
    row.wai_client = total_item_mean(row.wai_client_goal, row.wai_client_task, row.wai_client_bond, items)


def rate_as_therapist(dyad, row, draws, scale, p):
    """The therapist rates what they see: the alliance as seen, and a share of how the parts differ."""
    level, slope, error = p.rating_therapist_level, p.rating_therapist_slope, p.rating_therapist_part_sd
    own_part, items = dyad.seen - p.view_sees * row.true_alliance, scale.items
    row.wai_therapist_goal = alliance_item_mean(
        p.view_sees * row.true_goal + own_part + error * draws[luck.THERAPIST_GOAL_ERROR],
        level,
        slope,
        items[0],
        scale.reach,
    )
    row.wai_therapist_task = alliance_item_mean(
        p.view_sees * row.true_task + own_part + error * draws[luck.THERAPIST_TASK_ERROR],
        level,
        slope,
        items[1],
        scale.reach,
    )
    row.wai_therapist_bond = alliance_item_mean(
        p.view_sees * row.true_bond + own_part + error * draws[luck.THERAPIST_BOND_ERROR],
        level,
        slope,
        items[2],
        scale.reach,
    )
    row.wai_therapist = total_item_mean(row.wai_therapist_goal, row.wai_therapist_task, row.wai_therapist_bond, items)


def code(row, draws, p):
    """The observer codes the acts and, like the client, says whether there was a rupture."""
    row.supportive_observer, row.exploratory_observer, row.controlling_observer = coded_shares(
        row.supportive,
        row.exploratory,
        row.controlling,
        draws[luck.CODES_SUPPORTIVE],
        draws[luck.CODES_EXPLORATORY],
        draws[luck.CODES_CONTROLLING],
        p,
    )
    row.rupture_client = calls_it_rupture(row.new_strain, p.view_client_threshold, draws[luck.CLIENT_SEES_STRAIN], p)
    row.rupture_observer = calls_it_rupture(
        row.new_strain, p.view_observer_threshold, draws[luck.OBSERVER_SEES_STRAIN], p
    )
