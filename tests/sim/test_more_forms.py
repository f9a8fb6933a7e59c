"""Forms beside the usual three: asked when they should be, filled from what was felt, and never in each other's way."""

import json

import numpy as np
import pytest
from pytest import approx

from sim import draws, felt, forms, parameters
from sim.instruments import askable, latents, scales, symptom_scales
from sim.measures import rating, symptom_score
from sim.service import FORMS, Service, Setting, simulate
from sim.state import AppointmentRecord, ClientRecord, DyadRecord
from tests.sim import clinic

ALL = {form: "every" if "session" in scale.occasions else scale.occasions[0] for form, scale in askable().items()}
P = parameters.record(
    parameters.resolve(
        {
            "rating.relief": 1.5,
            "rating.goal_colour": 0.3,
            "rating.session_relief": 2.0,
            "rating.affect_distress": 0.7,
            "rating.satisfaction_gain": 0.6,
            "rating.satisfaction_own": 0.4,
            "form.rating_error": 0.8,
            "form.symptom_error": 0.6,
            "form.client_missed": 0.2,
            "form.symptom_missed": 0.1,
        }
    )
)
CLIENT = ClientRecord(rating_style=0.2, oq45_own=1.3, csq8_own=-0.5, distress_end=-0.9)
DYAD = DyadRecord(goal_gap=0.6, alliance=0.7, first_distress=0.5)


def row():
    return AppointmentRecord(
        session=3,
        true_distress=0.4,
        true_alliance=0.25,
        true_task=0.1,
        true_empathy=-0.3,
        true_effort=0.55,
        relief=0.3,
        new_strain=0.5,
        supportive=0.4,
        exploratory=0.35,
        controlling=0.25,
    )


# --- what is read ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("latent", "value"),
    [
        ("alliance_felt", 0.25 + 1.5 * 0.3 + 0.2),
        ("empathy_felt", -0.3 + 1.5 * 0.3 + 0.2),
        ("task_felt", 0.1 + 1.5 * 0.3 + 0.2),
        ("goal_nearness", -0.6 + 0.3 * (1.5 * 0.3 + 0.2)),
        ("session_worth", 0.25 + 2.0 * 0.3 + 0.2),
        ("uplift", 0.25 + 2.0 * 0.3 - 0.7 * (0.4 - 0.3)),
        ("upset", 0.5 - 2.0 * 0.3 + 0.7 * (0.4 - 0.3)),
        ("effort", 0.55),
    ],
)
def test_what_a_form_reads_worked_by_hand(latent, value):
    assert felt.AFTER_SESSION[latent](CLIENT, DYAD, row(), P) == approx(value)


def test_satisfaction_worked_by_hand():
    assert felt.satisfaction(CLIENT, DYAD, P) == approx(0.7 + 0.6 * (0.5 + 0.9) + 0.2 + 0.4 * -0.5)


def test_each_form_after_a_session_is_filled_from_what_it_reads():
    for name, scale in askable().items():
        if scale.is_symptom_scale or name in FORMS or "session" not in scale.occasions:
            continue
        one = row()
        forms.fill(CLIENT, DYAD, one, [0.5] * draws.APPOINTMENT.size, {name: [0.9, 0.5]}, {name: "every"}, scales(), P)
        read = felt.AFTER_SESSION[scale.reads](CLIENT, DYAD, row(), P)
        assert getattr(one, name) == rating(read, 0.9, scale, latents()[scale.reads], 0.8), name


def test_a_symptom_scale_is_filled_from_distress_before_the_session_and_its_own_part():
    one = row()
    forms.fill(CLIENT, DYAD, one, [0.5] * draws.APPOINTMENT.size, {"oq45": [0.9, 0.5]}, {"oq45": (3,)}, scales(), P)
    assert one.oq45 == symptom_score(0.4, 1.3, 0.9, scales()["oq45"], 0.6)


@pytest.mark.parametrize(("form", "chance"), [("srs_client", 0.2), ("gad7", 0.1)])
def test_each_form_is_missed_by_a_card_of_its_own(form, chance):
    for card, there in ((chance - 1e-9, False), (chance + 1e-9, True)):
        one = row()
        forms.fill(CLIENT, DYAD, one, [0.5] * draws.APPOINTMENT.size, {form: [0.0, card]}, {form: "every"}, scales(), P)
        empty = getattr(row(), form)
        assert (repr(getattr(one, form)) != repr(empty)) is there


def test_a_form_is_not_filled_in_at_a_session_that_its_schedule_leaves_out():
    one = row()
    cards = {"srs_client": [0.0, 0.5], "gad7": [0.0, 0.5]}
    forms.fill(
        CLIENT, DYAD, one, [0.5] * draws.APPOINTMENT.size, cards, {"srs_client": (1,), "gad7": (3,)}, scales(), P
    )
    assert repr(one.srs_client) == "nan" and one.gad7 >= 0


# --- luck -----------------------------------------------------------------------------------------------


def alone(form):
    return {form: ALL[form]}


@pytest.fixture(scope="module")
def with_all():
    return clinic.tables(clinic.BUSY, forms=ALL)


@pytest.mark.parametrize("form", ALL)
def test_a_form_has_the_same_answers_whichever_others_are_asked(with_all, form):
    own = clinic.tables(clinic.BUSY, forms=alone(form))
    derived = ("reliable_improvement", "reliable_deterioration", "recovered", "above_cutoff")
    for name in ("clients", "appointments", "treatments", "events", "therapists"):
        for column, values in own[name].items():
            if column not in derived:
                assert values == with_all[name][column], (name, column)


@pytest.mark.parametrize("form", [form for form in ALL if form not in FORMS])
def test_one_form_more_changes_no_other_number(form):
    usual, more = clinic.tables(clinic.BUSY), clinic.tables(clinic.BUSY, forms={**FORMS, form: ALL[form]})
    for name, table in usual.items():
        kept = {column: more[name][column] for column in table}
        assert json.dumps(kept) == json.dumps(table), name
    new = {column for name in more for column in set(more[name]) - set(usual[name])}
    assert new and all(column == form or column.startswith(f"{form}_") for column in new)


def test_forms_that_are_not_asked_draw_no_luck(monkeypatch):
    dealt = []
    deal = draws.deal
    monkeypatch.setattr(
        draws, "deal", lambda seed, deck, ids, clocks: dealt.append(deck) or deal(seed, deck, ids, clocks)
    )
    clinic.tables(clinic.BUSY, forms={"wai_client": "every"})
    assert draws.ANSWER not in dealt
    assert draws.SCALE_OWN not in dealt


def test_a_clients_own_part_of_a_scale_is_lasting_and_a_standard_normal():
    setting = Setting(parameters.resolve({"service.clients": 4000}), forms=dict.fromkeys(symptom_scales(), "every"))
    people = Service(setting, rng=3).referrals
    own = np.array([[getattr(person, f"{form}_own") for form in symptom_scales()] for person in people])
    assert own.mean(axis=0) == approx(np.zeros(5), abs=5 / np.sqrt(4000))
    assert own.std(axis=0) == approx(np.ones(5), abs=5 / np.sqrt(8000))
    assert np.abs(np.corrcoef(own.T)[np.triu_indices(5, 1)]).max() < 5 / np.sqrt(4000)


# --- occasions ------------------------------------------------------------------------------------------


def test_the_end_sheet_comes_back_whole_or_not_at_all(with_all):
    rows = clinic.rows(with_all["clients"])
    back = [{row[f"{form}_end"] is not None for form in (*symptom_scales(), "csq8")} for row in rows]
    assert {len(each) for each in back} == {1}
    assert {True} in back and {False} in back


def test_forms_about_the_person_are_asked_at_intake(with_all):
    for row in clinic.rows(clinic.tables({"form.intake_missed": 0.0}, forms=ALL)["clients"]):
        assert row["readiness_intake"] is not None and row["reactance_intake"] is not None
    for row in clinic.rows(clinic.tables({"form.intake_missed": 1.0}, forms=ALL)["clients"]):
        assert row["readiness_intake"] is None and row["oq45_intake"] is not None


def test_where_intake_is_the_first_session_only_those_who_came_have_an_intake():
    table = clinic.tables(clinic.BUSY | {"form.intake_missed": 0.0}, forms=ALL, intake="session_1")["clients"]
    rows = clinic.rows(table)
    assert {row["sessions_held"] > 0 for row in rows} == {True, False}
    for row in rows:
        assert (row["reactance_intake"] is not None) == (row["sessions_held"] > 0)


def test_without_error_reactance_at_intake_ranks_clients_by_their_trait():
    table = clinic.tables({"form.rating_error": 0.0, "form.intake_missed": 0.0}, forms=ALL)["clients"]
    pairs = sorted(zip(table["true_reactance"], table["reactance_intake"], strict=True))
    scores = [score for _, score in pairs]
    assert scores == sorted(scores) and len(set(scores)) > 2


def test_derived_columns_are_read_from_the_primary_scale():
    forms_asked = {"phq9": "every", "oq45": "every"}
    by_phq9, by_oq45 = (clinic.tables(clinic.BUSY, forms=forms_asked, primary=primary) for primary in ("phq9", "oq45"))
    assert by_phq9["clients"]["oq45_end"] == by_oq45["clients"]["oq45_end"]
    for written, scale in ((by_phq9, scales()["phq9"]), (by_oq45, scales()["oq45"])):
        for row in clinic.rows(written["assessments"]):
            assert row["above_cutoff"] == (row[scale.name] >= scale.cutoff)
    assert by_phq9["clients"]["reliable_improvement"] != by_oq45["clients"]["reliable_improvement"]


def test_a_setting_refuses_a_primary_scale_that_is_not_asked():
    for wrong in ("oq45", "wai_client", "nonsense"):
        with pytest.raises(ValueError, match="must be a symptom scale that is asked"):
            clinic.setting(primary=wrong)
    with pytest.raises(ValueError, match="rri_client is not a known form"):
        clinic.setting(forms={"rri_client": "every"})
    assert clinic.setting(forms={"wai_client": "every"}).primary is None


def test_with_measurement_error_off_a_form_is_a_function_of_what_it_reads():
    p = parameters.record(parameters.resolve({}, {"measurement_error": False}))
    assert (p.form_rating_error, p.form_symptom_error) == (0.0, 0.0)


# --- how forms go together ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def service():
    """A service like the default one with 2,500 clients, all of it that a correlation needs."""
    values = parameters.resolve({"service.clients": 2500, "service.therapists": 60, "service.weeks": 70})
    asked = FORMS | {"gad7": "every", "wsas": "every", "oq45": "every", "csq8": "end"}
    return simulate(Setting(values, forms=asked), seed=4, keep="clients")["clients"]


def r(table, *columns):
    pairs = [pair for pair in zip(*(table[column] for column in columns), strict=True) if None not in pair]
    return np.corrcoef(np.array(pairs, dtype=float).T)[0, 1]


@pytest.mark.statistics
def test_depression_and_anxiety_go_together_at_intake_but_are_not_one(service):
    """Within .65 to .75; standard error .010 around .70: false alarm below 1 in 100,000."""
    assert 0.65 < r(service, "phq9_intake", "gad7_intake") < 0.75


@pytest.mark.statistics
def test_satisfaction_goes_with_gain_and_with_the_alliance(service):
    """About .35 and .76; standard errors about .025 and .012 (n about 1,200), limits five of them away."""
    gain = [
        None if None in pair else pair[0] - pair[1]
        for pair in zip(service["phq9_intake"], service["phq9_end"], strict=True)
    ]
    assert 0.22 < r(service | {"gain": gain}, "gain", "csq8_end") < 0.48
    assert 0.66 < r(service, "wai_client_last", "csq8_end") < 0.85


@pytest.mark.statistics
def test_after_session_3_of_a_run_forms_are_as_far_off_their_norms_as_the_page_says():
    """Skewed latents: means within .15 SD, SDs within .15 (SRS: .3); standard errors .022 and, heavy tails, .03."""
    values = parameters.resolve({"service.clients": 2500, "service.therapists": 60, "service.weeks": 70})
    table = simulate(Setting(values, forms=ALL), seed=4)["appointments"]
    for name, scale in askable().items():
        if scale.occasions == ("session",):
            found = [value for value, session in zip(table[name], table["session"], strict=True) if session == 3]
            scores = np.array([value for value in found if value is not None])
            assert scores.mean() == approx(scale.clinic_mean, abs=0.15 * scale.clinic_sd), name
            allowed = 0.3 if name == "srs_client" else 0.15
            assert scores.std() == approx(scale.clinic_sd, abs=allowed * scale.clinic_sd), name


@pytest.mark.statistics
def test_parts_of_the_alliance_go_together_but_are_not_one():
    """About .68 to .77 after session 3 (n about 1,500): between .5 and .9 by more than five standard errors."""
    values = parameters.resolve({"service.clients": 2500, "service.therapists": 60, "service.weeks": 70})
    table = simulate(Setting(values), seed=5)["appointments"]
    third = {name: [v for v, n in zip(table[name], table["session"], strict=True) if n == 3] for name in table}
    for rater in ("wai_client", "wai_therapist"):
        for one, other in (("goal", "task"), ("goal", "bond"), ("task", "bond")):
            assert 0.5 < r(third, f"{rater}_{one}", f"{rater}_{other}") < 0.9
