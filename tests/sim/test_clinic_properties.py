"""What must hold in every clinic, whatever the parameters: many tiny clinics drawn from the whole declared ranges."""

import math
import random
from collections import Counter
from types import SimpleNamespace

import pytest

from sim import output, parameters, tables
from sim.caseload import ASSIGNMENTS
from sim.instruments import askable, form_of, scales, symptom_scales
from sim.service import FORMS, INTAKES, Service, Setting
from sim.state import AppointmentRecord, declared
from sim.tables import TABLES, kept
from tests.sim.clinic import consistent

HOW_MANY = 200
SIZE = {
    "service.clients": (4, 9),
    "service.therapists": (1, 3),
    "service.weeks": (1, 45),
    "service.referral_weeks": (1, 12),
    "service.caseload_max": (1, 6),
    "service.caseload_min": (1, 3),
}
"""Kept small, so that many clinics can be run; everything else is drawn from its whole range."""
SOON = {
    "service.weeks_to_first": 1.5,
    "service.weeks_to_second": 1.5,
    "service.weeks_between": 1.2,
    "service.fixed_wait": 2.0,
    "service.leaves_list": 0.02,
    "attendance.therapist_cancels": 0.05,
    "ending.external": 0.01,
    "ending.dissatisfied": -5.0,
    "ending.good_enough_hazard": 0.2,
}
"""Drawn from the whole range in every other clinic only, or else hardly anybody would ever sit in a session."""


LONG = {
    "service.clients": 2,
    "service.therapists": 1,
    "service.weeks": 80,
    "service.referral_weeks": 1,
    "service.caseload_median": 2.0,
    "service.caseload_min": 2,
    "service.caseload_max": 2,
    "service.weeks_to_first": 1.0,
    "service.weeks_to_second": 1.0,
    "service.weeks_between": 1.0,
    "service.fixed_contract_share": 0.0,
    "service.leaves_list": 0.0,
    "ending.dissatisfied_possible": 0.0,
    "ending.good_enough_hazard": 0.0,
    "ending.external": 0.0,
}


def anywhere(parameter, dice):
    """Draw a value of a parameter: its default, an end of its range, or anything between."""
    low, high = SIZE.get(parameter.name, (parameter.low, parameter.high))
    between = dice.randint(low, high) if parameter.integer else dice.uniform(low, high)
    default = between if parameter.name in SIZE else parameter.default
    return dice.choice((default, default, low, high, between, between))


def drawn_setting(dice, number):
    """Draw a setting: every parameter, assignment, forms and their schedules, time of intake."""
    values = {name: anywhere(parameter, dice) for name, parameter in parameters.catalogue().items()}
    return Setting(
        values=consistent(parameters.resolve(values | (SOON if number % 2 else {}))),
        assignment=dice.choice(ASSIGNMENTS),
        intake=dice.choice(INTAKES),
        forms=drawn_forms(dice),
    )


def drawn_forms(dice):
    """Draw which forms are asked when: the usual ones mostly, each of the others now and then."""
    schedules = ("every", "every", (1, 3, 5), (2,), ())
    usual = {form: dice.choice(schedules) for form in FORMS if dice.random() < 0.8}
    return usual | {
        form: dice.choice(schedules) if "session" in scale.occasions else scale.occasions[0]
        for form, scale in askable().items()
        if form not in FORMS and dice.random() < 0.25
    }


def watched(setting, seed):
    """Run a clinic; return it with its tables and what was on the therapists' books each week."""
    service = Service(setting, rng=seed)
    books = []
    for _ in range(service.p.service_weeks):
        service.step()
        books.append([(therapist.record.on_the_books, therapist.record.places) for therapist in service.therapists])
    service.close_books()
    written = output.tables(service, keep="everything")
    rows = {
        name: [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
        for name, table in written.items()
    }
    return SimpleNamespace(service=service, setting=setting, seed=seed, tables=written, rows=rows, books=books)


@pytest.fixture(scope="module")
def clinics():
    """Many clinics, the same ones every time."""
    return [watched(drawn_setting(random.Random(number), number), seed=number) for number in range(HOW_MANY)]


def appointments_of(clinic):
    """Return the appointments of every client, in order."""
    found = {row["client_id"]: [] for row in clinic.rows["clients"]}
    for row in clinic.rows["appointments"]:
        found[row["client_id"]].append(row)
    return found


def test_the_clinics_are_worth_looking_at(clinics):
    endings = Counter(row["ending"] for clinic in clinics for row in clinic.rows["clients"])
    assert set(endings) == set(tables.ENDINGS)
    assert sum(row["held"] for clinic in clinics for row in clinic.rows["appointments"]) > 1000
    attendance = {row["attendance"] for clinic in clinics for row in clinic.rows["appointments"]}
    assert attendance == set(tables.ATTENDANCE)
    assert {row["rupture"] for clinic in clinics for row in clinic.rows["appointments"]} >= set(tables.RUPTURES)
    assert {row["event"] for clinic in clinics for row in clinic.rows["events"]} == set(tables.EVENTS)


# --- the tables as the data dictionary says -------------------------------------------------------------


def test_every_table_has_the_columns_of_the_dictionary_in_order(clinics):
    for clinic in clinics:
        for name, table in clinic.tables.items():
            absent = output.absent_columns(name, clinic.setting.forms)
            assert list(table) == [column for column in TABLES[name].names if column not in absent]
            assert len({len(values) for values in table.values()}) == 1


def test_only_columns_of_forms_that_are_never_asked_are_absent():
    forms = {"phq9": "every"}
    everything = {name: "every" for name in askable()}
    for name in TABLES:
        assert output.absent_columns(name, everything) == ()
    asked = [name for name in TABLES["clients"].names if name not in output.absent_columns("clients", forms)]
    assert {"phq9_intake", "phq9_end", "phq9_last", "reliable_improvement", "ending"} <= set(asked)
    assert not any(name.startswith(("wai_", "oq45", "gad7", "csq8", "reactance")) for name in asked)
    assert set(output.absent_columns("assessments", {})) == set(symptom_scales())
    there = set(TABLES["appointments"].names) - set(output.absent_columns("appointments", forms))
    assert there & set(askable()) == {"phq9"}
    assert not any(name.startswith("wai_") for name in there)


@pytest.mark.parametrize("keep", tables.KEEP)
def test_each_level_of_keep_gives_the_tables_that_it_says(clinics, keep):
    expected = {table.name for table in kept(keep)} - {"runs", "timings"}
    assert (
        expected
        == {
            "runs": set(),
            "clients": {"clients", "treatments", "therapists"},
            "sessions": {"clients", "treatments", "therapists", "appointments"},
            "everything": {"clients", "treatments", "therapists", "appointments", "assessments", "events"},
        }[keep]
    )
    for clinic in clinics[:20]:
        assert set(output.tables(clinic.service, keep=keep)) == expected


def cells(clinics):
    """Yield table, column and value of everything that was written."""
    for clinic in clinics:
        for name, table in clinic.tables.items():
            for column in TABLES[name].columns:
                for value in table.get(column.name, ()):
                    yield name, column, value


def test_nothing_written_is_nan_or_infinite(clinics):
    for name, column, value in cells(clinics):
        assert not isinstance(value, float) or math.isfinite(value), (name, column.name, value)


def test_every_value_has_the_type_that_the_dictionary_says(clinics):
    types = {"int": int, "number": (int, float), "bool": bool, "text": str}
    for name, column, value in cells(clinics):
        if value is not None:
            assert isinstance(value, types[column.type]), (name, column.name, value)
            assert column.type == "bool" or not isinstance(value, bool), (name, column.name, value)


def test_every_value_lies_in_the_range_that_the_dictionary_says(clinics):
    """Probabilities and shares in 0-1, PHQ-9 within 0-27, ratings within 1-5, counts never negative."""
    for name, column, value in cells(clinics):
        if value is not None:
            assert column.low is None or value >= column.low, (name, column.name, value)
            assert column.high is None or value <= column.high, (name, column.name, value)
            assert not column.values or value in column.values, (name, column.name, value)


NULL_BY_RULE = {
    "clients": {
        "therapist_id",
        "waited_weeks",
        "start_week",
        "end_week",
        "contract_sessions",
        "dropout_unilateral",
        "dropout_missed_last",
        "dropout_incomplete_protocol",
        "readiness_intake",
        "reactance_intake",
        "csq8_end",
        *(f"{scale}_{when}" for scale in symptom_scales() for when in ("intake", "end", "last")),
        "reliable_improvement",
        "reliable_deterioration",
        "recovered",
        "wai_client_s1",
        "wai_client_s3",
        "wai_client_last",
    },
    "treatments": {"end_week"},
    "appointments": set(TABLES["appointments"].names)
    - {"client_id", "therapist_id", "appointment", "week", "held", "attendance"},
    "assessments": {"week_after_end", *symptom_scales(), "above_cutoff"},
    "events": {"therapist_id"},
    "therapists": set(),
}


def test_only_what_the_dictionary_lets_be_null_is_null(clinics):
    for name, column, value in cells(clinics):
        assert value is not None or column.name in NULL_BY_RULE[name], (name, column.name)


FORM_COLUMNS = tuple(name for name in TABLES["appointments"].names if form_of(name))
SESSION_COLUMNS = tuple(
    name
    for name in TABLES["appointments"].names
    if name not in FORM_COLUMNS
    and name not in ("client_id", "therapist_id", "appointment", "week", "held", "attendance", "repaired")
)


def test_a_session_that_was_held_has_all_its_numbers_and_one_that_was_not_has_none(clinics):
    for clinic in clinics:
        for row in clinic.rows["appointments"]:
            assert row["held"] == (row["attendance"] == "held")
            for name in SESSION_COLUMNS:
                assert (row[name] is not None) == row["held"], (name, row[name])
            if not row["held"]:
                assert {row[name] for name in FORM_COLUMNS if name in row} <= {None}
                assert row["repaired"] is None


def test_forms_are_there_only_where_the_schedule_asks(clinics):
    for clinic in clinics:
        for row in clinic.rows["appointments"]:
            for scale in scales():
                schedule = clinic.setting.forms.get(scale)
                if scale in row and schedule != "every" and row["session"] not in schedule:
                    assert row[scale] is None


def test_a_form_that_came_back_is_whole(clinics):
    for clinic in clinics:
        for row in clinic.rows["appointments"]:
            for scale in ("wai_client", "wai_therapist"):
                parts = [row.get(f"{scale}_{part}") for part in ("goal", "task", "bond")]
                assert len({part is None for part in parts} | {row.get(scale) is None}) == 1


def test_keys_are_unique_and_rows_are_sorted_by_them(clinics):
    for clinic in clinics:
        for name, rows in clinic.rows.items():
            keys = [tuple(row[key] for key in TABLES[name].key) for row in rows]
            assert keys == sorted(set(keys)), name


# --- states ---------------------------------------------------------------------------------------------


def records_of(clinic):
    """Yield every record of a clinic."""
    yield from clinic.service.referrals
    yield from (therapist.record for therapist in clinic.service.therapists)
    yield from (client.dyad for client in clinic.service.clients if client.dyad)
    yield from clinic.service.rows


def outside(clinics):
    """Return the states that left their declared range, with how often, lowest and highest value."""
    left = {}
    for clinic in clinics:
        for record in records_of(clinic):
            for name, _, metadata in declared(type(record)):
                value = getattr(record, name)
                missing = isinstance(record, AppointmentRecord) and value != value
                if not missing and not metadata["low"] <= value <= metadata["high"]:
                    left.setdefault(f"{type(record).__name__}.{name}", []).append(value)
    return {name: (len(values), min(values), max(values)) for name, values in left.items()}


def test_every_state_stays_within_its_declared_range(clinics):
    assert not outside(clinics)


@pytest.mark.parametrize("seed", range(4))
def test_every_state_stays_within_its_declared_range_in_a_therapy_of_eighty_weeks_too(seed):
    """Nobody leaves, everybody comes every week, and the parameters stand at the ends of their ranges."""
    coin = random.Random(seed)
    clinics = []
    for _ in range(15):
        ends = {name: coin.choice((p.low, p.high, p.default)) for name, p in parameters.catalogue().items()}
        setting = Setting(consistent(parameters.resolve(ends | LONG)))
        clinics.append(SimpleNamespace(service=Service(setting, rng=seed).run()))
    assert not outside(clinics)


def test_shares_of_acts_sum_to_one(clinics):
    for clinic in clinics:
        for row in clinic.service.rows:
            if row.session > 0:
                assert row.supportive + row.exploratory + row.controlling == pytest.approx(1.0)
                coded = row.supportive_observer, row.exploratory_observer, row.controlling_observer
                assert coded[0] + coded[1] + coded[2] == pytest.approx(1.0)


def test_the_alliance_is_the_mean_of_goal_task_and_bond(clinics):
    for clinic in clinics:
        for row in clinic.rows["appointments"]:
            if row["held"]:
                mean = (row["true_goal"] + row["true_task"] + row["true_bond"]) / 3
                assert row["true_alliance"] == pytest.approx(mean, abs=1e-9)


# --- endings --------------------------------------------------------------------------------------------


def test_every_client_has_exactly_one_ending(clinics):
    for clinic in clinics:
        ids = [row["client_id"] for row in clinic.rows["clients"]]
        assert ids == list(range(clinic.service.p.service_clients))
        assert all(row["ending"] in tables.ENDINGS for row in clinic.rows["clients"])


def test_endings_agree_with_what_happened(clinics):
    for clinic in clinics:
        for row in clinic.rows["clients"]:
            ending, sessions = row["ending"], row["sessions_held"]
            assert ending != "never_started" or sessions == 0
            assert sessions > 0 or ending in ("never_started", "in_therapy")
            assert ending != "planned_end" or sessions == row["contract_sessions"]
            assert row["contract_sessions"] is None or sessions <= row["contract_sessions"]
            assert (ending == "in_therapy") == (row["end_week"] is None)
            assert row["ruptures_repaired"] <= row["ruptures"]


def test_somebody_stops_content_only_at_a_session(clinics):
    for clinic in clinics:
        booked = appointments_of(clinic)
        for row in clinic.rows["clients"]:
            if row["ending"] in ("good_enough", "planned_end"):
                last = booked[row["client_id"]][-1]
                assert last["held"] and last["week"] == row["end_week"]


def test_a_client_who_left_never_returns(clinics):
    for clinic in clinics:
        booked = appointments_of(clinic)
        for row in clinic.rows["clients"]:
            weeks = [appointment["week"] for appointment in booked[row["client_id"]]]
            if row["end_week"] is not None and weeks:
                assert max(weeks) == row["end_week"]


def test_dropout_definitions_follow_from_the_data(clinics):
    for clinic in clinics:
        booked = appointments_of(clinic)
        for row in clinic.rows["clients"]:
            if row["ending"] in ("never_started", "in_therapy"):
                assert {row[name] for name in row if name.startswith("dropout_")} == {None}
                continue
            missed = booked[row["client_id"]][-1]["attendance"] in ("no_show", "cancelled_by_client")
            assert row["dropout_unilateral"] == (row["ending"] == "dissatisfied")
            assert row["dropout_missed_last"] == missed
            agreed = row["contract_sessions"]
            assert row["dropout_incomplete_protocol"] == (None if agreed is None else row["sessions_held"] < agreed)


# --- time -----------------------------------------------------------------------------------------------


def test_time_runs_from_referral_to_start_to_end(clinics):
    for clinic in clinics:
        for row in clinic.rows["clients"]:
            assert 0 <= row["referral_week"] < clinic.service.p.service_referral_weeks
            if row["start_week"] is not None:
                assert row["referral_week"] < row["start_week"] < clinic.service.p.service_weeks
                assert row["waited_weeks"] == row["start_week"] - row["referral_week"]
            if row["end_week"] is not None:
                assert row["end_week"] >= (row["start_week"] or row["referral_week"])


def test_appointments_and_sessions_are_numbered_from_one_and_at_most_one_a_week(clinics):
    for clinic in clinics:
        for booked in appointments_of(clinic).values():
            assert [row["appointment"] for row in booked] == list(range(1, len(booked) + 1))
            sessions = [row["session"] for row in booked if row["held"]]
            assert sessions == list(range(1, len(sessions) + 1))
            weeks = [row["week"] for row in booked]
            assert weeks == sorted(set(weeks))


def test_fixed_assignment_keeps_therapist_and_wait_as_drawn(clinics):
    for clinic in clinics:
        if clinic.setting.assignment == "fixed":
            for client in clinic.service.referrals:
                if client.place_week >= 0:
                    assert client.place_week == client.referral_week + client.fixed_wait
            for row in clinic.rows["clients"]:
                drawn = clinic.service.referrals[row["client_id"]].fixed_therapist
                assert row["therapist_id"] in (None, drawn)


def test_under_the_queue_nobody_is_overtaken(clinics):
    for clinic in clinics:
        if clinic.setting.assignment == "queue":
            placed = [client for client in clinic.service.referrals if client.place_week >= 0]
            placed.sort(key=lambda client: (client.referral_week, client.client_id))
            weeks = [client.place_week for client in placed]
            assert weeks == sorted(weeks)


# --- books and counts -----------------------------------------------------------------------------------


def test_under_the_queue_no_therapist_has_more_clients_than_places(clinics):
    for clinic in clinics:
        if clinic.setting.assignment == "queue":
            for week in clinic.books:
                assert all(0 <= on_the_books <= places for on_the_books, places in week)
            assert all(row["caseload"] <= row["places"] for row in clinic.rows["therapists"])


def test_places_stay_within_the_limits_of_the_service(clinics):
    for clinic in clinics:
        p = clinic.service.p
        low, high = p.service_caseload_min, p.service_caseload_max
        for row in clinic.rows["therapists"]:
            assert min(low, high) <= row["places"] <= high


def test_the_books_hold_exactly_those_in_therapy_when_the_clock_stops(clinics):
    for clinic in clinics:
        now = Counter(
            client.therapist.record.therapist_id
            for client in clinic.service.clients
            if client.therapist and not ended(client)
        )
        for therapist in clinic.service.therapists:
            assert therapist.record.on_the_books == now[therapist.record.therapist_id]
            assert therapist.record.caseload >= therapist.record.on_the_books


def ended(client):
    """Whether a client with a place has left it before the clock stopped."""
    return client.record.end_week >= 0


def test_counts_of_clients_agree_with_their_appointments(clinics):
    for clinic in clinics:
        booked = appointments_of(clinic)
        for row in clinic.rows["clients"]:
            mine = booked[row["client_id"]]
            assert row["appointments_booked"] == len(mine)
            assert row["sessions_held"] == sum(each["held"] for each in mine)
            assert row["no_shows"] == sum(each["attendance"] == "no_show" for each in mine)
            assert row["ruptures"] == sum(each["rupture"] in ("withdrawal", "confrontation") for each in mine)
            mended = sum(each["repaired"] is True for each in mine)
            assert row["ruptures_repaired"] <= row["ruptures"]
            assert mended > 0 or row["ruptures_repaired"] == 0
            assert row["microaggressions"] == sum(each["microaggression"] is True for each in mine)


def test_counts_of_therapists_agree_with_their_appointments(clinics):
    for clinic in clinics:
        for row in clinic.rows["therapists"]:
            held = [each for each in clinic.rows["appointments"] if each["held"]]
            mine = [each for each in held if each["therapist_id"] == row["therapist_id"]]
            assert row["clients_treated"] == len({each["client_id"] for each in mine})
            assert row["hours_worked"] == pytest.approx(len(mine) * clinic.service.p.therapist_session_hours)


def test_events_agree_with_the_counts_of_clients(clinics):
    for clinic in clinics:
        breaches = Counter(
            row["client_id"] for row in clinic.rows["events"] if row["event"] == "confidentiality_breach"
        )
        for row in clinic.rows["clients"]:
            assert row["confidentiality_breaches"] == breaches[row["client_id"]]
        for row in clinic.rows["events"]:
            client = clinic.rows["clients"][row["client_id"]]
            assert client["referral_week"] <= row["week"] < clinic.service.p.service_weeks
            assert client["end_week"] is None or row["week"] <= client["end_week"]
            assert (row["therapist_id"] is None) == (row["event"] == "life_event")


def test_treatments_are_the_clients_who_had_a_session(clinics):
    for clinic in clinics:
        clients = {row["client_id"]: row for row in clinic.rows["clients"] if row["sessions_held"]}
        treatments = {row["client_id"]: row for row in clinic.rows["treatments"]}
        assert clients.keys() == treatments.keys()
        for who, row in treatments.items():
            for name in ("therapist_id", "start_week", "end_week", "sessions_held"):
                assert row[name] == clients[who][name]


# --- scores ---------------------------------------------------------------------------------------------


def test_ratings_move_in_the_steps_of_their_items(clinics):
    for clinic in clinics:
        for row in clinic.rows["appointments"]:
            for scale in ("wai_client", "wai_therapist"):
                goals, tasks, bonds = scales()[scale].items
                for part, items in (("goal", goals), ("task", tasks), ("bond", bonds)):
                    rating = row.get(f"{scale}_{part}")
                    assert rating is None or rating * items == pytest.approx(round(rating * items), abs=1e-9)
                total = row.get(scale)
                if total is not None:
                    assert total * (goals + tasks + bonds) == pytest.approx(
                        goals * row[f"{scale}_goal"] + tasks * row[f"{scale}_task"] + bonds * row[f"{scale}_bond"]
                    )


def test_scores_of_clients_are_those_of_their_sessions(clinics):
    for clinic in clinics:
        booked = appointments_of(clinic)
        for row in clinic.rows["clients"]:
            mine = [each for each in booked[row["client_id"]] if each["held"]]
            if "phq9" in clinic.setting.forms:
                scored = [each["phq9"] for each in mine if each["phq9"] is not None]
                assert row["phq9_last"] == (scored[-1] if scored else None)
                if clinic.setting.intake == "session_1":
                    assert row["phq9_intake"] == (mine[0]["phq9"] if mine else None)
                else:
                    assert row["phq9_intake"] is not None
            if "wai_client" in clinic.setting.forms:
                rated = {each["session"]: each["wai_client"] for each in mine if each["wai_client"] is not None}
                assert (row["wai_client_s1"], row["wai_client_s3"]) == (rated.get(1), rated.get(3))
                assert row["wai_client_last"] == (rated[max(rated)] if rated else None)


def at_referral(clinic):
    """Return whether intake is at referral, so that the first session's form comes after it."""
    return clinic.service.setting.intake == "referral"


def test_reliable_change_and_recovery_follow_from_the_scores(clinics):
    for clinic in clinics:
        scale = scales().get(clinic.setting.primary, scales()["phq9"])
        for row in clinic.rows["clients"]:
            intake, end = row.get(f"{scale.name}_intake"), row.get(f"{scale.name}_end")
            booked = [each for each in clinic.rows["appointments"] if each["client_id"] == row["client_id"]]
            later = [
                each.get(scale.name) for each in booked if each["held"] and (at_referral(clinic) or each["session"] > 1)
            ]
            after = next((score for score in reversed(later) if score is not None), None) if end is None else end
            if intake is None or after is None:
                assert row["reliable_improvement"] is row["reliable_deterioration"] is row["recovered"] is None
                continue
            assert row["reliable_improvement"] == (intake - after >= scale.reliable_change - 1e-9)
            assert row["reliable_deterioration"] == (after - intake >= scale.reliable_change - 1e-9)
            crossed = intake >= scale.cutoff and after < scale.cutoff
            assert row["recovered"] == (row["reliable_improvement"] and crossed)


def test_an_end_form_comes_only_from_those_who_had_therapy_and_left_it(clinics):
    for clinic in clinics:
        for row in clinic.rows["clients"]:
            if row.get("phq9_end") is not None:
                assert row["ending"] not in ("never_started", "in_therapy")


def test_assessments_agree_with_clients(clinics):
    for clinic in clinics:
        found = {(row["client_id"], row["occasion"]): row for row in clinic.rows["assessments"]}
        for client in clinic.rows["clients"]:
            who = client["client_id"]
            intake, end = found.get((who, "intake")), found.get((who, "end"))
            asked = [scale for scale in symptom_scales() if scale in clinic.setting.forms]
            assert (intake is not None) == (bool(asked) and clinic.setting.intake == "referral")
            assert {end is not None} >= {client[f"{scale}_end"] is not None for scale in asked}
            if intake:
                assert [intake[scale] for scale in asked] == [client[f"{scale}_intake"] for scale in asked]
                assert intake["week_after_referral"] == 0
                assert intake["true_distress"] == client["true_distress_intake"]
            if end:
                assert [end[scale] for scale in asked] == [client[f"{scale}_end"] for scale in asked]
                assert end["week_after_referral"] == client["end_week"] - client["referral_week"]
                assert (end["week_after_end"], end["true_distress"]) == (0, client["true_distress_end"])
            for row in filter(None, (intake, end)):
                primary = scales()[clinic.setting.primary]
                assert row["above_cutoff"] == (row[primary.name] >= primary.cutoff)
