"""A Mesa user's ways of looking at the clinic: model, agents, data collector, and a step that is a week."""

import json

import mesa
import pytest

from sim.agents import Client, Therapist
from sim.output import tables
from sim.service import WEEKLY, Service, Setting, simulate
from tests.sim import clinic


@pytest.fixture
def service():
    return Service(clinic.setting(clinic.BUSY), rng=1)


def test_the_service_is_a_mesa_model_and_people_are_mesa_agents(service):
    service.run()
    assert isinstance(service, mesa.Model)
    assert {kind for kind in service.agents_by_type} == {Client, Therapist}
    assert len(service.agents_by_type[Therapist]) == 2
    assert len(service.agents_by_type[Client]) == len(service.clients) == 12
    assert all(isinstance(agent, mesa.Agent) for agent in service.agents)


def test_stepping_by_hand_is_the_same_as_run(service):
    for _ in range(service.p.service_weeks):
        service.step()
    service.close_books()
    ran = Service(service.setting, rng=1).run()
    by_hand, at_once, simulated = (
        json.dumps(each)
        for each in (
            tables(service, keep="everything"),
            tables(ran, keep="everything"),
            simulate(service.setting, seed=1, keep="everything"),
        )
    )
    assert by_hand == at_once == simulated


def test_a_run_can_be_interrupted_and_go_on(service):
    for _ in range(11):
        service.step()
    service.run()
    assert service.week == service.p.service_weeks
    whole = Service(service.setting, rng=1).run()
    assert tables(service, keep="sessions") == tables(whole, keep="sessions")


def test_the_data_collector_has_one_row_a_week_and_the_declared_columns(service):
    frame = service.run().datacollector.get_model_vars_dataframe()
    assert list(frame.columns) == list(WEEKLY)
    assert frame["week"].tolist() == list(range(service.p.service_weeks))


def test_the_weekly_series_agree_with_the_tables(service):
    frame = service.run().datacollector.get_model_vars_dataframe()
    written = tables(service, keep="everything")
    weeks = range(service.p.service_weeks)
    held = [
        week
        for week, there in zip(written["appointments"]["week"], written["appointments"]["held"], strict=True)
        if there
    ]
    clients = clinic.rows(written["clients"])

    def until(week, which):
        return sum(which(row) <= week for row in clients if which(row) is not None)

    assert frame["referred"].tolist() == [until(week, lambda row: row["referral_week"]) for week in weeks]
    assert frame["sessions_held"].tolist() == [sum(at <= week for at in held) for week in weeks]
    for ending in ("good_enough", "dissatisfied"):
        ended = [row["end_week"] for row in clients if row["ending"] == ending]
        assert frame[ending].tolist() == [sum(at <= week for at in ended) for week in weeks]
    present = frame["referred"] - frame["waiting"] - frame["in_therapy"]
    assert present.tolist() == [until(week, lambda row: row["end_week"]) for week in weeks]


def test_the_weekly_means_are_those_of_the_clients_in_therapy(service):
    for _ in range(12):
        service.step()
    last = service.datacollector.get_model_vars_dataframe().iloc[-1]
    here = [client for client in service.clients if client.in_therapy]
    met = [client for client in here if client.record.sessions]
    assert here and met
    assert last["mean_distress"] == pytest.approx(sum(client.distress for client in here) / len(here))
    assert last["mean_alliance"] == pytest.approx(sum(client.dyad.alliance for client in met) / len(met))
    assert (last["in_therapy"], last["waiting"]) == (len(here), sum(client.is_waiting for client in service.clients))


def test_clients_and_therapists_can_be_asked_how_they_are(service):
    service.run()
    people = service.agents_by_type[Client]
    assert len(people.get("distress")) == 12
    left = people.select(lambda client: client.dropped_out)
    assert len(left) == tables(service, keep="clients")["clients"]["ending"].count("dissatisfied")
    for client in people:
        assert not (client.is_waiting and client.in_therapy)
        assert (client.alliance is None) == (client.record.sessions == 0)


def test_a_clinic_can_be_opened_with_a_few_changes():
    small = Service(
        rng=3,
        set={"service.clients": 4, "service.weeks": 5, "service.referral_weeks": 5},
        switch={"repair": False},
        assignment="fixed",
    )
    assert (small.p.service_clients, small.p.rupture_repair_possible) == (4, 0.0)
    assert small.setting.assignment == "fixed"
    assert small.run().week == 5


def test_a_default_service_is_the_default_setting():
    assert Service(rng=1).setting == Setting()


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({"set": {"service.client": 4}}, "service.client is not a known parameter; did you mean service.clients"),
        ({"set": {"service.clients": 0}}, "service.clients = 0 must lie in 1 to"),
        ({"switch": {"repairs": False}}, "repairs is not a known switch; did you mean repair"),
        ({"assignment": "queu"}, "queu"),
        ({"set": {"service.weeks": 12}}, "service.referral_weeks = 40 must not be more than service.weeks = 12"),
    ],
)
def test_what_does_not_exist_is_refused_in_one_sentence(asked, word):
    with pytest.raises(ValueError, match=word) as refusal:
        Service(**asked)
    assert str(refusal.value).endswith((".", "?"))


def test_weeks_before_the_first_referral_are_no_trouble():
    late = Service(rng=1, set={"service.clients": 1, "service.weeks": 52, "service.referral_weeks": 52}).run()
    weekly = late.datacollector.get_model_vars_dataframe()
    first = late.referrals[0].referral_week
    assert first > 0 and weekly["referred"].tolist() == [0] * first + [1] * (52 - first)


def test_somebody_who_still_waits_when_the_clock_stops_has_not_left():
    full = {"service.clients": 30, "service.therapists": 1, "service.weeks": 8, "service.referral_weeks": 2}
    busy = Service(rng=1, set=full | {"service.leaves_list": 0.0}).run()
    waiting = [row for row in tables(busy, keep="clients")["clients"]["waited_weeks"] if row is None]
    endings = tables(busy, keep="clients")["clients"]["ending"]
    assert waiting and endings.count("in_therapy") >= len(waiting) - endings.count("never_started")


def test_two_services_side_by_side_do_not_meet(service):
    alone = Service(service.setting, rng=1).run()
    other = Service(service.setting, rng=2)
    while service.week < service.p.service_weeks:
        service.step()
        other.step()
    service.close_books()
    assert tables(service, keep="everything") == tables(alone, keep="everything")


@pytest.mark.parametrize(
    "forms", [{"phq9": "sometimes"}, {"phq9": (3, 1)}, {"csq8": "every"}, {"phq9": (0,)}, {"phq9": None}]
)
def test_a_schedule_that_a_form_cannot_have_is_refused(forms):
    with pytest.raises(ValueError, match="the schedule of .* must be"):
        Setting(forms=forms)
