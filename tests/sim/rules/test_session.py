"""The order of events in one session: worked through once more, and step by step where it branches."""

import pytest
from pytest import approx

from sim import draws as luck
from sim.parameters import defaults
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
    session,
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
    AppointmentRecord,
    ClientRecord,
    DyadRecord,
    TherapistRecord,
)

SURE, NEVER = 1e-12, 1.0 - 1e-12
"""A uniform below nearly every probability, and one above."""


@pytest.fixture
def p():
    """Parameters at which every path is open, whatever the defaults are."""
    values = vars(defaults())
    open_paths = {
        "attendance_therapist_cancels": 0.1,
        "attendance_told": 0.4,
        "bias_remark_rate": 0.2,
        "bias_remark_strain": 0.6,
        "confidentiality_breach_rate": 0.1,
        "rupture_kept": 0.6,
        "rupture_repair_possible": 0.9,
        "rupture_size": 0.8,
        "ending_external": 0.02,
        "ending_good_enough_hazard": 1.5,
    }
    return type(defaults())(**values | open_paths)


@pytest.fixture
def client():
    return ClientRecord(
        client_id=3,
        contract_sessions=12,
        trust_propensity=0.4,
        fear_of_exposure=0.6,
        reactance=0.5,
        motivation_trait=0.3,
        motivation=0.7,
        change_rate=0.1,
        good_enough=-1.0,
        frailty=0.2,
        culture=0.9,
        set_point=0.5,
        transient=0.3,
        sessions=2,
        appointments=3,
        missed_last=1,
    )


@pytest.fixture
def therapist():
    return TherapistRecord(
        therapist_id=1,
        facilitative_skill=0.4,
        empathy=0.5,
        listening=-0.3,
        collaboration=0.6,
        attunement=0.2,
        repair_skill=0.8,
        retention_skill=-0.4,
        confidentiality=0.7,
        directiveness=0.9,
        cultural_comfort=0.5,
        bias=0.6,
        culture=0.1,
    )


@pytest.fixture
def dyad():
    return DyadRecord(
        client_id=3,
        therapist_id=1,
        fit=0.5,
        distance=0.8,
        view_style=0.2,
        goal=0.3,
        task=0.2,
        bond=0.4,
        mood=0.1,
        lift=0.05,
        strain=0.3,
        trust=0.6,
        fear=0.5,
        goal_gap=0.9,
        alliance=0.35,
        seen=0.15,
        heard=0.45,
        open_ruptures=1,
        disclosure=0.55,
        effort=0.5,
        progress=0.1,
        first_distress=1.1,
    )


@pytest.fixture
def row():
    return AppointmentRecord(client_id=3, therapist_id=1, week=9)


def dealt(**cards):
    """Return the luck of an appointment: nothing special happens, except the cards named."""
    draws = [0.0] * luck.APPOINTMENT.size
    for uniform in range(luck.APPOINTMENT.size):
        if uniform not in luck.APPOINTMENT.normal and uniform not in luck.APPOINTMENT.exponential:
            draws[uniform] = NEVER
    draws[luck.STRAIN_SIZE] = draws[luck.GAIN] = 1.0
    for position, name in enumerate(("ACT_NOISE", "EMPATHY_ERROR", "MOOD", "VIEW_ERROR")):
        draws[getattr(luck, name)] = 0.3 + 0.1 * position
    for name, value in cards.items():
        draws[getattr(luck, name)] = value
    return draws


# --- the first meeting ----------------------------------------------------------------------------------


def test_at_the_first_meeting_the_sheet_opens_with_first_impressions(client, therapist, p):
    dyad = DyadRecord()
    session.meet_first(client, therapist, dyad, p)
    assert dyad.distance == approx(0.9 - 0.1)
    assert dyad.trust == trust.first_trust(0.4, p)
    assert dyad.fear == 0.6
    assert dyad.disclosure == trust.disclosure(dyad.trust, 0.6, p)
    felt = culture.felt_distance(0.9 - 0.1, 0.5, 0, p)
    impression = alliance.first_impression(0.7, dyad.trust, felt, p)
    assert (dyad.goal, dyad.task, dyad.bond, dyad.alliance) == (impression,) * 4


# --- attendance -----------------------------------------------------------------------------------------


def misses(client, dyad, p):
    return attendance.miss_probability(dyad.alliance, client.motivation, p)


@pytest.mark.parametrize(
    ("shift", "kind", "expected"),
    [
        (-1e-9, 0.39, CANCELLED_BY_CLIENT),
        (-1e-9, 0.41, NO_SHOW),
        (+1e-9, 0.39, HELD),
    ],
)
def test_a_client_misses_with_the_chance_that_the_rule_gives(client, dyad, p, shift, kind, expected):
    chance = 0.1 + 0.9 * misses(client, dyad, p)
    draws = dealt(MISS=chance + shift, MISS_KIND=kind)
    assert session.attends(client, dyad, draws, p) == expected
    assert client.missed_last == (expected != HELD)
    assert client.no_shows == (expected == NO_SHOW)
    assert client.appointments == 4


@pytest.mark.parametrize(("uniform", "cancels"), [(0.0999, True), (0.1001, False)])
def test_a_therapist_cancels_with_the_chance_declared_and_that_is_no_miss(client, dyad, p, uniform, cancels):
    kept = session.attends(client, dyad, dealt(MISS=uniform, MISS_KIND=0.5), p)
    assert (kept == CANCELLED_BY_THERAPIST) is cancels
    if cancels:
        assert (client.missed_last, client.no_shows, client.appointments) == (0, 0, 4)


def test_a_missed_appointment_changes_nothing_between_the_two(client, therapist, dyad, row, p):
    before = DyadRecord(**{name: getattr(dyad, name) for name in DyadRecord.__slots__})
    session.appointment(client, therapist, dyad, row, dealt(MISS=0.1 + 1e-9), p)
    assert row.attendance == NO_SHOW
    assert dyad == before
    assert (client.sessions, row.session, client.set_point) == (2, NOBODY, 0.5)
    assert row.true_distress != row.true_distress


def test_a_kept_appointment_is_the_next_session(client, therapist, dyad, row, p):
    session.appointment(client, therapist, dyad, row, dealt(), p)
    assert (row.attendance, row.session, client.sessions, client.missed_last) == (HELD, 3, 3, 0)


def test_the_first_session_remembers_how_distressed_the_client_came(client, therapist, dyad, row, p):
    session.session(client, therapist, dyad, row, dealt(), p)
    assert dyad.first_distress == 1.1
    client.sessions = 0
    coming = client.distress
    session.session(client, therapist, dyad, row, dealt(), p)
    assert dyad.first_distress == row.true_distress == coming


# --- the story of one session ---------------------------------------------------------------------------


def test_a_session_with_everything_in_it_worked_through_once_more(client, therapist, dyad, row, p):
    """A remark, a breach, a confrontation, noticed and mended: every number from the rules, in the order told."""
    draws = dealt(
        REMARK=SURE, BREACH=SURE, RUPTURE=SURE, RUPTURE_KIND=SURE, STRAIN_SIZE=0.7, NOTICE=SURE, REPAIR=SURE, GAIN=1.4
    )
    session.session(client, therapist, dyad, row, draws, p)

    acts = communication.acts(directiveness=0.9, seen=0.15, heard=0.45, noise=0.3, p=p)
    assert (row.supportive, row.exploratory, row.controlling) == acts
    felt = culture.felt_distance(distance=0.8, cultural_comfort=0.5, sessions=2, p=p)
    understood = empathy.perceived_empathy(
        empathy=0.5,
        listening=-0.3,
        fit=0.5,
        supportive=acts[0],
        distance_felt=felt,
        distance=0.8,
        bias=0.6,
        error=0.4,
        p=p,
    )
    assert row.true_empathy == understood
    assert (row.microaggression, row.breach, client.remarks, client.breaches) == (1, 1, 1, 1)

    fear = confidentiality.next_fear(fear=0.5, care=0.7, breached=1, p=p)
    trusts = trust.next_trust(trust=0.6, propensity=0.4, understood=understood, strain=0.3, breached=1, p=p)
    said = trust.disclosure(trust=trusts, fear=fear, p=p)
    gap = goals.next_gap(gap=0.9, collaboration=0.6, disclosure=said, p=p)
    assert (dyad.fear, dyad.trust, dyad.disclosure, dyad.goal_gap) == (fear, trusts, said, gap)

    made = 0.6 + rupture.strain_of_rupture(0.7, p)
    strain = rupture.strain_left(0.3, p) + made
    lift = rupture.next_lift(lift=0.05, strain_mended=strain, p=p)
    assert (row.rupture, row.rupture_therapist, row.repaired) == (CONFRONTATION, 1, 1)
    assert (row.new_strain, dyad.strain, row.true_strain, dyad.lift) == (approx(made), 0.0, 0.0, approx(lift))
    assert (client.ruptures, client.repairs, dyad.open_ruptures) == (1, 2, 0), "the new rupture and the old one"

    goal = alliance.next_part(0.3, alliance.goal_offered(0.5, 0.7, gap, 0.1, p), p)
    task = alliance.next_part(0.2, alliance.task_offered(0.5, 0.7, trusts, 0.1, p), p)
    bond = alliance.next_part(0.4, alliance.bond_offered(0.5, understood, trusts, p), p)
    mood = alliance.next_mood(0.1, 0.5, p)
    assert (dyad.goal, dyad.task, dyad.bond, dyad.mood) == (goal, task, bond, mood)
    parts = [part + mood + lift for part in (goal, task, bond)]
    assert [row.true_goal, row.true_task, row.true_bond] == approx(parts)
    assert dyad.alliance == row.true_alliance == approx((parts[0] + parts[1] + parts[2]) / 3)
    assert dyad.seen == perception.alliance_seen(dyad.alliance, style=0.2, luck=0.6, p=p)

    effort = motivation.effort(0.7, dyad.alliance, p)
    gain = change.session_gain(
        rate=0.1,
        facilitative_skill=0.4,
        effort=effort,
        disclosure=said,
        focus=goals.focus(gap, p),
        alliance=dyad.alliance,
        distress=0.8,
        luck=1.4,
        p=p,
    )
    assert (row.true_distress, row.true_effort, row.relief) == (0.8, effort, gain)
    assert (client.set_point, client.transient) == (approx(0.5 - gain), 0.3)
    progress = alliance.next_progress(0.1, first_distress=1.1, distress=0.8 - gain, p=p)
    moved = motivation.next_motivation(0.7, trait=0.3, progress=progress, alliance=dyad.alliance, p=p)
    assert (dyad.progress, client.motivation) == (approx(progress), approx(moved))
    assert (row.true_trust, row.true_disclosure, row.true_motivation) == (trusts, said, client.motivation)


def test_strain_that_is_left_weighs_on_goal_task_and_bond(client, therapist, dyad, row, p):
    session.session(client, therapist, dyad, row, dealt(RUPTURE=SURE, RUPTURE_KIND=NEVER), p)
    weight = dyad.mood + dyad.lift - dyad.strain
    assert dyad.strain == approx(0.6 * 0.3 + 0.8) == row.true_strain
    assert row.true_goal == approx(dyad.goal + weight)
    assert row.true_task == approx(dyad.task + weight)
    assert row.true_bond == approx(dyad.bond + weight)


@pytest.mark.parametrize(
    ("fell", "probability", "card"),
    [
        ("microaggression", lambda t, d, c, p: bias.remark_probability(t.bias, d.distance, p), "REMARK"),
        ("breach", lambda t, d, c, p: confidentiality.breach_probability(t.confidentiality, p), "BREACH"),
    ],
)
def test_remarks_and_breaches_fall_with_the_chance_that_their_rule_gives(
    client, therapist, dyad, row, p, fell, probability, card
):
    chance = probability(therapist, dyad, client, p)
    for shift, expected in ((-1e-9, 1), (+1e-9, 0)):
        session.encounter(client, therapist, dyad, row, dealt(**{card: chance + shift}), p)
        assert getattr(row, fell) == expected
    assert (client.remarks, client.breaches) == ((1, 0) if card == "REMARK" else (0, 1))


# --- rupture, notice, repair ----------------------------------------------------------------------------


def chance_of_rupture(client, dyad, row, p):
    rubs = communication.friction(row.controlling, client.reactance, p)
    return rupture.rupture_probability(dyad.alliance, dyad.goal_gap, rubs, p)


@pytest.fixture
def opened(row):
    """The row of a session after the encounter."""
    row.controlling, row.microaggression, row.breach = 0.3, 0, 0
    return row


@pytest.mark.parametrize(("shift", "kind"), [(-1e-9, WITHDRAWAL), (+1e-9, NO_RUPTURE)])
def test_a_rupture_begins_with_the_chance_that_its_rule_gives(client, therapist, dyad, opened, p, shift, kind):
    draws = dealt(RUPTURE=chance_of_rupture(client, dyad, opened, p) + shift)
    session.strain_and_repair(client, therapist, dyad, opened, draws, p)
    assert (opened.rupture, client.ruptures) == (kind, int(kind != NO_RUPTURE))


@pytest.mark.parametrize(("shift", "kind"), [(-1e-9, CONFRONTATION), (+1e-9, WITHDRAWAL)])
def test_reactance_decides_what_kind_of_rupture_it_is(client, therapist, dyad, opened, p, shift, kind):
    draws = dealt(RUPTURE=SURE, RUPTURE_KIND=rupture.confrontation_probability(0.5, p) + shift)
    session.strain_and_repair(client, therapist, dyad, opened, draws, p)
    assert opened.rupture == kind


@pytest.mark.parametrize(("kind", "loud"), [(SURE, 1), (NEVER, 0)])
@pytest.mark.parametrize(("shift", "noticed"), [(-1e-9, 1), (+1e-9, 0)])
def test_a_confrontation_is_noticed_more_readily(client, therapist, dyad, opened, p, kind, loud, shift, noticed):
    chance = rupture.notice_probability(0.2, strain=0.6 * 0.3 + 0.8, confrontation=loud, p=p)
    draws = dealt(RUPTURE=SURE, RUPTURE_KIND=kind, NOTICE=chance + shift)
    session.strain_and_repair(client, therapist, dyad, opened, draws, p)
    assert (opened.rupture_therapist, opened.repaired, client.repairs) == (noticed, 0, 0)


@pytest.mark.parametrize(("shift", "mended"), [(-1e-9, 1), (+1e-9, 0)])
def test_what_was_noticed_is_repaired_with_the_chance_that_its_rule_gives(
    client, therapist, dyad, opened, p, shift, mended
):
    draws = dealt(RUPTURE=SURE, NOTICE=SURE, REPAIR=rupture.repair_probability(0.8, 0.6, p) + shift)
    session.strain_and_repair(client, therapist, dyad, opened, draws, p)
    assert (opened.repaired, client.repairs) == (mended, 2 * mended), "the new rupture and the old one"
    assert dyad.open_ruptures == 2 - 2 * mended
    assert (dyad.strain == 0.0) == bool(mended)
    gained = rupture.next_lift(0.05, (0.6 * 0.3 + 0.8) * mended, p)
    assert dyad.lift == approx(gained)


def test_what_is_not_noticed_is_not_repaired(client, therapist, dyad, opened, p):
    session.strain_and_repair(client, therapist, dyad, opened, dealt(RUPTURE=SURE, REPAIR=SURE), p)
    assert (opened.rupture_therapist, opened.repaired) == (0, 0)
    assert dyad.strain > 0.0


def test_old_strain_can_be_repaired_and_is_no_new_rupture(client, therapist, dyad, opened, p):
    session.strain_and_repair(client, therapist, dyad, opened, dealt(NOTICE=SURE, REPAIR=SURE), p)
    assert (opened.rupture, opened.rupture_therapist, opened.repaired) == (NO_RUPTURE, 0, 1)
    assert (opened.new_strain, dyad.strain, client.ruptures, client.repairs) == (0.0, 0.0, 0, 1)


def test_where_there_is_no_strain_there_is_nothing_to_notice_or_repair(client, therapist, dyad, opened, p):
    dyad.strain = 0.0
    session.strain_and_repair(client, therapist, dyad, opened, dealt(NOTICE=SURE, REPAIR=SURE), p)
    assert (opened.rupture_therapist, opened.repaired, client.repairs) == (0, NOBODY, 0)


def test_a_remark_strains_without_a_rupture(client, therapist, dyad, opened, p):
    opened.microaggression = 1
    session.strain_and_repair(client, therapist, dyad, opened, dealt(NOTICE=SURE), p)
    assert (opened.rupture, opened.new_strain, opened.rupture_therapist) == (NO_RUPTURE, 0.6, 1)
    assert dyad.strain == approx(0.6 * 0.3 + 0.6)


def test_the_slightest_new_strain_can_be_noticed(client, therapist, dyad, opened, p):
    opened.microaggression, p.bias_remark_strain = 1, 1e-6
    session.strain_and_repair(client, therapist, dyad, opened, dealt(NOTICE=SURE), p)
    assert (opened.rupture_therapist, opened.new_strain) == (1, 1e-6)


def test_strain_that_is_nearly_gone_is_forgotten_with_its_rupture(client, therapist, dyad, opened, p):
    dyad.strain = 1e-6
    session.strain_and_repair(client, therapist, dyad, opened, dealt(NOTICE=SURE, REPAIR=SURE), p)
    assert (dyad.strain, dyad.open_ruptures, client.repairs, opened.repaired) == (0.0, 0, 0, NOBODY)


def test_a_remark_that_is_mended_is_no_repaired_rupture(client, therapist, dyad, opened, p):
    dyad.strain, dyad.open_ruptures, opened.microaggression = 0.0, 0, 1
    session.strain_and_repair(client, therapist, dyad, opened, dealt(NOTICE=SURE, REPAIR=SURE), p)
    assert (opened.repaired, client.ruptures, client.repairs) == (1, 0, 0)


# --- endings --------------------------------------------------------------------------------------------


def hazards(client, therapist, dyad, p, *, held, contract):
    content = endings.good_enough_hazard(client.distress, client.good_enough, contract, p) if held else 0.0
    lost = endings.dissatisfied_hazard(
        dyad.alliance, therapist.retention_skill, client.frailty, client.missed_last, contract, p
    )
    return content, lost, endings.external_hazard(p)


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("contract", [1, 0])
def test_therapy_ends_with_the_chance_and_the_cause_that_the_hazards_give(
    client, therapist, dyad, row, p, held, contract
):
    row.attendance = HELD if held else NO_SHOW
    client.contract_sessions = 12 if contract else NOBODY
    all_three = hazards(client, therapist, dyad, p, held=held, contract=contract)
    chance = endings.ending_probability(*all_three)
    for uniform in (0.001, 0.3, 0.6, 0.999):
        draws = dealt(LEAVE=chance - 1e-9, LEAVE_CAUSE=uniform)
        cause = (GOOD_ENOUGH, DISSATISFIED, EXTERNAL)[endings.cause_of_ending(uniform, *all_three)]
        assert session.ends(client, therapist, dyad, row, draws, p) == cause
    assert session.ends(client, therapist, dyad, row, dealt(LEAVE=chance + 1e-9), p) == NOBODY


@pytest.mark.parametrize(("content", "lost", "outside"), [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 0.4)])
def test_each_hazard_leads_to_its_own_ending(client, therapist, dyad, row, p, content, lost, outside):
    row.attendance, client.good_enough = HELD, 20.0
    p.ending_good_enough_hazard, p.ending_dissatisfied_possible, p.ending_external = content, lost, outside
    expected = GOOD_ENOUGH if content else DISSATISFIED if lost else EXTERNAL
    for uniform in (SURE, 0.5, NEVER):
        draws = dealt(LEAVE=SURE, LEAVE_CAUSE=uniform)
        assert session.ends(client, therapist, dyad, row, draws, p) == expected


def test_nobody_stops_content_at_an_appointment_that_was_missed(client, therapist, dyad, row, p):
    row.attendance, client.good_enough = NO_SHOW, 20.0
    p.ending_dissatisfied_possible = p.ending_external = 0.0
    assert session.ends(client, therapist, dyad, row, dealt(LEAVE=0.0), p) == NOBODY


@pytest.mark.parametrize(
    ("agreed", "had", "expected"),
    [(12, 11, NOBODY), (12, 12, PLANNED_END), (12, 13, PLANNED_END), (NOBODY, 12, NOBODY), (1, 1, PLANNED_END)],
)
def test_a_plan_ends_when_the_agreed_sessions_were_held(client, therapist, dyad, row, p, agreed, had, expected):
    row.attendance, client.contract_sessions, client.sessions = HELD, agreed, had
    assert session.ends(client, therapist, dyad, row, dealt(), p) == expected


def test_the_ending_is_noted_on_the_clients_sheet(client, therapist, dyad, row, p):
    client.sessions = 11
    session.appointment(client, therapist, dyad, row, dealt(), p)
    assert client.ending == PLANNED_END


# --- the order ------------------------------------------------------------------------------------------

STORY = [
    "communication.acts",
    "culture.felt_distance",
    "empathy.perceived_empathy",
    "bias.remark_probability",
    "confidentiality.breach_probability",
    "confidentiality.next_fear",
    "trust.next_trust",
    "trust.disclosure",
    "perception.openness_heard",
    "goals.next_gap",
    "communication.friction",
    "rupture.rupture_probability",
    "rupture.confrontation_probability",
    "rupture.strain_of_rupture",
    "rupture.strain_left",
    "rupture.notice_probability",
    "rupture.repair_probability",
    "rupture.next_lift",
    "alliance.goal_offered",
    "alliance.next_part",
    "alliance.task_offered",
    "alliance.next_part",
    "alliance.bond_offered",
    "alliance.next_part",
    "alliance.next_mood",
    "perception.alliance_seen",
    "motivation.effort",
    "goals.focus",
    "change.session_gain",
    "alliance.next_progress",
    "motivation.next_motivation",
]


def test_the_rules_speak_in_the_order_of_the_story(client, therapist, dyad, row, p, monkeypatch):
    spoken = []

    def overheard(name, rule):
        def spoke(*arguments, **named):
            spoken.append(name)
            return rule(*arguments, **named)

        return spoke

    for name in set(STORY):
        theme, rule = name.split(".")
        module = getattr(session, theme)
        monkeypatch.setattr(module, rule, overheard(name, getattr(module, rule)))
    draws = dealt(RUPTURE=SURE, RUPTURE_KIND=SURE, NOTICE=SURE, REPAIR=SURE)
    session.session(client, therapist, dyad, row, draws, p)
    assert spoken == STORY
