"""One session, from the first word to the next week: the order of events, and nothing else.

Read it as a story. The client comes in as distressed as the week has left her. The therapist acts on what they *think*
of the relationship. She feels understood or not; something may be said that hurts, or get out that should not have.
Trust moves, she says more or less, the two come closer on what this is for. A rupture may begin; it is seen or not,
mended or not. Out of that comes the alliance; out of the alliance, her effort; out of all of it, change. Then she goes
home, and whether she comes back is decided by `endings`.

All luck of the appointment was drawn before it began: `draws[RUPTURE]` is the card for "does a rupture begin?".
This file is the only one that knows the order; a rule never calls another file's rule.
"""

from sim import draws as luck
from sim.rules import (
    alliance,
    attendance,
    bias,
    change,
    communication,
    confidentiality,
    culture,
    empathy,
    endings,
    goals,
    motivation,
    perception,
    rupture,
    trust,
)
from sim.state import (
    CANCELLED_BY_CLIENT,
    CANCELLED_BY_THERAPIST,
    CONFRONTATION,
    DISSATISFIED,
    EXTERNAL,
    GOOD_ENOUGH,
    HELD,
    NO_RUPTURE,
    NO_SHOW,
    NOBODY,
    PLANNED_END,
    WITHDRAWAL,
)


def meet_first(client, therapist, dyad, p):
    """Open the sheet of a dyad at the moment a therapist has a place for the client."""
    dyad.distance = culture.distance_between(client.culture, therapist.culture)
    dyad.trust = trust.first_trust(client.trust_propensity, p)
    dyad.fear = client.fear_of_exposure
    dyad.disclosure = trust.disclosure(dyad.trust, dyad.fear, p)
    dyad.heard = perception.NOTHING_HEARD_YET
    felt = culture.felt_distance(dyad.distance, therapist.cultural_comfort, 0, p)
    dyad.goal = dyad.task = dyad.bond = alliance.first_impression(client.motivation, dyad.trust, felt, p)
    dyad.alliance = dyad.bond


def appointment(client, therapist, dyad, row, draws, p):
    """Live through one booked appointment: kept or missed, the session if it is kept, and whether therapy ends."""
    row.attendance = attends(client, dyad, draws, p)
    if row.attendance == HELD:
        session(client, therapist, dyad, row, draws, p)
    client.ending = ends(client, therapist, dyad, row, draws, p)


def attends(client, dyad, draws, p):
    """Return what becomes of the appointment (a code of attendance)."""
    client.appointments += 1
    client.missed_last = 0
    cancels = p.attendance_therapist_cancels
    if draws[luck.MISS] < cancels:
        return CANCELLED_BY_THERAPIST
    misses = attendance.miss_probability(dyad.alliance, client.motivation, p)
    if draws[luck.MISS] >= cancels + (1.0 - cancels) * misses:
        return HELD
    client.missed_last = 1
    if draws[luck.MISS_KIND] < p.attendance_told:
        return CANCELLED_BY_CLIENT
    client.no_shows += 1
    return NO_SHOW


def session(client, therapist, dyad, row, draws, p):
    """Hold one session: change the sheets of client and dyad, and note on the row what happened."""
    row.true_distress = client.distress
    if client.sessions == 0:
        dyad.first_distress = row.true_distress
    encounter(client, therapist, dyad, row, draws, p)
    open_up(client, therapist, dyad, row, draws, p)
    strain_and_repair(client, therapist, dyad, row, draws, p)
    grow_together(client, dyad, row, draws, p)
    work(client, therapist, dyad, row, draws, p)
    client.sessions += 1
    row.session = client.sessions


def encounter(client, therapist, dyad, row, draws, p):
    """The therapist acts on what they see; the client feels understood or not; a remark may fall, a secret get out."""
    row.supportive, row.exploratory, row.controlling = communication.acts(
        therapist.directiveness,
        seen=dyad.seen,
        heard=dyad.heard,
        noise=draws[luck.ACT_NOISE],
        p=p,
    )
    row.true_empathy = empathy.perceived_empathy(
        therapist.empathy,
        listening=therapist.listening,
        fit=dyad.fit,
        supportive=row.supportive,
        distance_felt=culture.felt_distance(dyad.distance, therapist.cultural_comfort, client.sessions, p),
        distance=dyad.distance,
        bias=therapist.bias,
        error=draws[luck.EMPATHY_ERROR],
        p=p,
    )
    row.microaggression = 1 if draws[luck.REMARK] < bias.remark_probability(therapist.bias, dyad.distance, p) else 0
    row.breach = 1 if draws[luck.BREACH] < confidentiality.breach_probability(therapist.confidentiality, p) else 0
    client.remarks += row.microaggression
    client.breaches += row.breach


def open_up(client, therapist, dyad, row, draws, p):
    """Fear calms or rises, trust moves, the client says what she dares to, and the goals come closer."""
    dyad.fear = confidentiality.next_fear(dyad.fear, care=therapist.confidentiality, breached=row.breach, p=p)
    dyad.trust = trust.next_trust(
        dyad.trust,
        propensity=client.trust_propensity,
        understood=row.true_empathy,
        strain=dyad.strain,
        breached=row.breach,
        p=p,
    )
    dyad.disclosure = trust.disclosure(dyad.trust, fear=dyad.fear, p=p)
    dyad.heard = perception.openness_heard(dyad.disclosure, luck=draws[luck.HEARD_ERROR], p=p)
    dyad.goal_gap = goals.next_gap(
        dyad.goal_gap, collaboration=therapist.collaboration, disclosure=dyad.disclosure, p=p
    )


def strain_and_repair(client, therapist, dyad, row, draws, p):
    """Old strain fades a little, new strain may come; what the therapist notices can be repaired."""
    rubs = communication.friction(row.controlling, client.reactance, p)
    row.new_strain = p.bias_remark_strain * row.microaggression
    row.rupture = NO_RUPTURE
    if draws[luck.RUPTURE] < rupture.rupture_probability(dyad.alliance, gap=dyad.goal_gap, friction=rubs, p=p):
        confronts = draws[luck.RUPTURE_KIND] < rupture.confrontation_probability(client.reactance, p)
        row.rupture = CONFRONTATION if confronts else WITHDRAWAL
        row.new_strain += rupture.strain_of_rupture(draws[luck.STRAIN_SIZE], p)
        client.ruptures += 1
    left = rupture.strain_left(dyad.strain, p)
    dyad.open_ruptures = (dyad.open_ruptures if left > 0.0 else 0) + (row.rupture != NO_RUPTURE)
    dyad.strain = left + row.new_strain
    row.rupture_therapist = 0
    mended = 0.0
    if dyad.strain > 0.0:
        row.repaired = 0
        loud = 1 if row.rupture == CONFRONTATION else 0
        noticed = rupture.notice_probability(therapist.attunement, strain=dyad.strain, confrontation=loud, p=p)
        if draws[luck.NOTICE] < noticed:
            row.rupture_therapist = 1 if row.new_strain > 0.0 else 0
            if draws[luck.REPAIR] < rupture.repair_probability(therapist.repair_skill, trust=dyad.trust, p=p):
                row.repaired, mended, dyad.strain = 1, dyad.strain, 0.0
                client.repairs += dyad.open_ruptures
                dyad.open_ruptures = 0
    dyad.lift = rupture.next_lift(dyad.lift, strain_mended=mended, p=p)


def grow_together(client, dyad, row, draws, p):
    """Goal, task and bond walk toward what the session offered; the alliance is felt with mood, lift and strain."""
    dyad.goal = alliance.next_part(
        dyad.goal, alliance.goal_offered(dyad.fit, client.motivation, dyad.goal_gap, dyad.progress, p), p
    )
    dyad.task = alliance.next_part(
        dyad.task, alliance.task_offered(dyad.fit, client.motivation, dyad.trust, dyad.progress, p), p
    )
    dyad.bond = alliance.next_part(dyad.bond, alliance.bond_offered(dyad.fit, row.true_empathy, dyad.trust, p), p)
    dyad.mood = alliance.next_mood(dyad.mood, draws[luck.MOOD], p)
    felt_by_all = dyad.mood + dyad.lift - dyad.strain
    row.true_goal = dyad.goal + felt_by_all
    row.true_task = dyad.task + felt_by_all
    row.true_bond = dyad.bond + felt_by_all
    dyad.alliance = row.true_alliance = (row.true_goal + row.true_task + row.true_bond) / 3.0
    dyad.seen = perception.alliance_seen(dyad.alliance, style=dyad.view_style, luck=draws[luck.VIEW_ERROR], p=p)


def work(client, therapist, dyad, row, draws, p):
    """The client works until the next session; distress changes, and change feeds back on motivation and alliance."""
    dyad.effort = motivation.effort(client.motivation, alliance=dyad.alliance, p=p)
    row.relief = change.session_gain(
        client.change_rate,
        facilitative_skill=therapist.facilitative_skill,
        effort=dyad.effort,
        disclosure=dyad.disclosure,
        focus=goals.focus(dyad.goal_gap, p),
        alliance=dyad.alliance,
        distress=row.true_distress,
        luck=draws[luck.GAIN],
        p=p,
    )
    client.set_point = change.set_point_after(client.set_point, gain=row.relief)
    dyad.progress = alliance.next_progress(dyad.progress, dyad.first_distress, client.distress, p)
    client.motivation = motivation.next_motivation(
        client.motivation,
        trait=client.motivation_trait,
        progress=dyad.progress,
        alliance=dyad.alliance,
        p=p,
    )
    row.true_trust, row.true_strain, row.true_disclosure = dyad.trust, dyad.strain, dyad.disclosure
    row.true_motivation, row.true_effort = client.motivation, dyad.effort


def ends(client, therapist, dyad, row, draws, p):
    """Return the code of the ending after this appointment, or NOBODY if therapy goes on."""
    contract = 1 if client.contract_sessions > 0 else 0
    content = 0.0
    if row.attendance == HELD:
        content = endings.good_enough_hazard(client.distress, client.good_enough, contract, p)
    dissatisfied = endings.dissatisfied_hazard(
        dyad.alliance,
        retention_skill=therapist.retention_skill,
        frailty=client.frailty,
        missed=client.missed_last,
        contract=contract,
        p=p,
    )
    external = endings.external_hazard(p)
    if draws[luck.LEAVE] < endings.ending_probability(content, dissatisfied, external):
        cause = endings.cause_of_ending(draws[luck.LEAVE_CAUSE], content, dissatisfied, external)
        return (GOOD_ENOUGH, DISSATISFIED, EXTERNAL)[cause]
    if contract and client.sessions >= client.contract_sessions:
        return PLANNED_END
    return NOBODY
