"""Everybody keeps their own luck: same seed, same rows, whatever happens to others and in whatever order."""

import json

import numpy as np
import pytest

from sim import draws, parameters, week
from sim.agents import Client
from sim.service import Service, Setting, simulate
from sim.state import ClientRecord
from tests.sim import clinic

MINE, OTHERS = 0, range(1, 12)


def as_bytes(tables):
    """Return tables as text in which two different doubles never look alike."""
    return json.dumps(tables, allow_nan=False).encode()


# --- same seed, same bytes ------------------------------------------------------------------------------


@pytest.mark.parametrize("assignment", ["queue", "fixed"])
def test_the_same_seed_gives_the_same_bytes(assignment):
    one, again = (clinic.tables(clinic.BUSY, assignment=assignment) for _ in range(2))
    assert as_bytes(one) == as_bytes(again)


def test_another_seed_gives_another_clinic():
    assert as_bytes(clinic.tables(seed=1)) != as_bytes(clinic.tables(seed=2))


def test_seeds_that_differ_only_above_32_bits_give_other_clinics():
    assert as_bytes(clinic.tables(seed=1)) != as_bytes(clinic.tables(seed=1 + 2**32))


@pytest.mark.parametrize("number", [np.int64, np.int32, np.uint64])
def test_numpy_integers_are_seeds(number):
    assert as_bytes(clinic.tables(seed=number(7))) == as_bytes(clinic.tables(seed=7))


@pytest.mark.parametrize("seed", [0, 2**63 - 1])
def test_the_smallest_and_the_largest_seed_work(seed):
    assert clinic.rows(clinic.tables(seed=seed)["clients"])


def test_what_is_kept_changes_no_number():
    everything = clinic.tables(clinic.BUSY)
    for keep in ("clients", "sessions"):
        for name, table in clinic.tables(clinic.BUSY, keep=keep).items():
            assert table == everything[name]


def test_nothing_of_a_run_is_left_for_the_next():
    first = as_bytes(clinic.tables(clinic.BUSY))
    clinic.tables({"service.clients": 5}, seed=9, switch={"trust": False})
    assert as_bytes(clinic.tables(clinic.BUSY)) == first


# --- order within a week --------------------------------------------------------------------------------


@pytest.mark.parametrize("assignment", ["queue", "fixed"])
@pytest.mark.parametrize("order", ["backwards", "shuffled"])
def test_clients_who_come_to_their_week_in_another_order_keep_their_rows(assignment, order, monkeypatch):
    setting = clinic.setting(clinic.BUSY, assignment=assignment)
    usual = simulate(setting, seed=3)
    shuffler = np.random.default_rng(5)
    came = []

    class AnyOrder(list):
        def do(self, method):
            agents = list(self)[::-1] if order == "backwards" else list(shuffler.permutation(np.array(self, object)))
            came.extend(agent.unique_id for agent in agents)
            for agent in agents:
                getattr(agent, method)()

    people = Service.people
    monkeypatch.setattr(Service, "people", lambda self, kind: AnyOrder(people(self, kind)))
    assert as_bytes(simulate(setting, seed=3)) == as_bytes(usual)
    assert came != sorted(came)


@pytest.mark.parametrize("assignment", ["queue", "fixed"])
def test_the_order_of_the_services_own_list_of_clients_does_not_matter(assignment, monkeypatch):
    setting = clinic.setting(clinic.BUSY, assignment=assignment)
    usual = simulate(setting, seed=3)
    step = Service.step

    def mixed(self):
        self.clients.reverse()
        step(self)

    monkeypatch.setattr(Service, "step", mixed)
    assert as_bytes(simulate(setting, seed=3)) == as_bytes(usual)


def test_mesas_own_random_stream_decides_nothing(monkeypatch):
    usual = clinic.tables(clinic.BUSY)
    step = Service.step

    def spend(self):
        self.random.random()
        step(self)

    monkeypatch.setattr(Service, "step", spend)
    assert as_bytes(clinic.tables(clinic.BUSY)) == as_bytes(usual)


# --- what touches one client touches nobody else --------------------------------------------------------


def differing(one, other, table):
    """Return the clients whose rows differ between two runs."""
    ids = set(one["clients"]["client_id"]) | set(other["clients"]["client_id"])
    return {who for who in ids if clinic.rows_of(one[table], who) != clinic.rows_of(other[table], who)}


PER_CLIENT = ("clients", "treatments", "appointments", "assessments", "events")


@pytest.fixture
def one_client_who(monkeypatch):
    """Run a clinic in which one client differs at intake from how she was drawn."""

    def run(assignment, **traits):
        drawn = Service.welcome_referrals

        def changed(self):
            if self.week == 0:
                for name, value in traits.items():
                    setattr(self.referrals[MINE], name, value)
            drawn(self)

        with monkeypatch.context() as patch:
            patch.setattr(Service, "welcome_referrals", changed)
            return clinic.tables(clinic.BUSY, assignment=assignment)

    return run


@pytest.mark.parametrize(
    "traits",
    [{"frailty": 6.0}, {"contract_sessions": 1}, {"trust_propensity": 4.0}, {"motivation": -4.0}, {"change_rate": 1.0}],
    ids=lambda traits: next(iter(traits)),
)
def test_under_fixed_assignment_one_changed_client_changes_no_row_of_others(one_client_who, traits):
    usual, changed = one_client_who("fixed"), one_client_who("fixed", **traits)
    assert differing(usual, changed, "appointments") == {MINE}
    for table in PER_CLIENT:
        assert differing(usual, changed, table) <= {MINE}


def test_under_the_queue_a_changed_client_moves_others_but_not_their_luck(one_client_who, monkeypatch):
    dealt = {}
    deal = draws.deal

    def noted(seed, deck, ids, clocks):
        luck = deal(seed, deck, ids, clocks)
        for who, clock, row in zip(ids, clocks, luck.tolist(), strict=True):
            assert dealt.setdefault((deck.kind, int(who), int(clock)), row) == row
        return luck

    monkeypatch.setattr(draws, "deal", noted)
    usual, changed = one_client_who("queue"), one_client_who("queue", frailty=6.0)
    assert len(dealt) > 200
    assert differing(usual, changed, "clients") - {MINE}, "this clinic is too empty to show anything"


@pytest.mark.parametrize("mechanism", ["culture_distance", "bias"])
def test_a_switch_that_touches_some_clients_leaves_the_others_as_they_were(mechanism):
    """With no spread within groups, only pairs of two groups are at a distance; only they can feel it or bias."""
    apart = clinic.BUSY | {"culture.own_sd": 0.0, "bias.mean_size": 1.5, "confidentiality.breach_rate": 0.0}
    on = clinic.tables(apart, assignment="fixed", seed=4)
    off = clinic.tables(apart, assignment="fixed", seed=4, switch={mechanism: False})
    alike = {row["client_id"] for row in clinic.rows(on["treatments"]) if row["same_group"]}
    met = {row["client_id"] for row in clinic.rows(on["treatments"])}
    touched = differing(on, off, "appointments")
    assert touched and alike
    assert touched <= met - alike
    for table in PER_CLIENT:
        assert not differing(on, off, table) & alike


def test_the_contract_switch_changes_nobody_without_a_contract():
    on, off = (
        clinic.tables(clinic.BUSY, assignment="fixed", switch={"contract_effect": state}) for state in (True, False)
    )
    bound = {row["client_id"] for row in clinic.rows(on["clients"]) if row["contract_sessions"] is not None}
    for table in PER_CLIENT:
        assert differing(on, off, table) <= bound
    assert len(bound) < 12


def test_before_a_parameter_is_first_felt_all_is_as_it_was():
    """Change takes effect at the end of session 1: until then both arms share every number, under fixed assignment."""
    slow, fast = (clinic.tables({"change.rate_median": rate}, assignment="fixed") for rate in (0.02, 0.4))
    first = [
        {row["client_id"]: row for row in clinic.rows(run["appointments"]) if row["session"] == 1}
        for run in (slow, fast)
    ]
    assert first[0].keys() == first[1].keys()
    for who, row in first[0].items():
        for name in ("week", "true_distress", "phq9", "true_alliance", "true_trust", "rupture", "attendance"):
            assert row[name] == first[1][who][name]
    assert slow["clients"] != fast["clients"]


# --- clocks ---------------------------------------------------------------------------------------------


def test_one_more_client_at_the_end_changes_nobody_else():
    usual, more = (clinic.tables(clinic.BUSY | {"service.clients": n}, assignment="fixed") for n in (12, 13))
    assert len(more["clients"]["client_id"]) == 13
    for table in PER_CLIENT:
        assert differing(usual, more, table) <= {12}


def test_one_more_therapist_has_the_others_as_they_were():
    two, three = (clinic.tables({"service.therapists": n})["therapists"] for n in (2, 3))
    traits = [name for name in two if name.startswith("true_") or name in ("places", "culture_group")]
    for name in traits:
        assert three[name][:2] == two[name]


def test_a_missed_appointment_shifts_no_luck_of_later_ones(monkeypatch):
    """The card for an appointment is keyed by the number of the *booked* appointment, held or not."""
    seen = {}
    meet = Client.meet

    def noted(self):
        number = self.record.appointments + 1
        cards = self.model.appointment_luck(self)
        meet(self)
        assert self.record.appointments == number
        seen[run, self.record.client_id, number] = cards

    monkeypatch.setattr(Client, "meet", noted)
    runs = {}
    for run, miss in (("kept", -6.0), ("missed", 1.0)):
        runs[run] = clinic.tables({"attendance.miss": miss, "service.weeks": 60}, assignment="fixed")
    both = [key[1:] for key in seen if key[0] == "kept" and ("missed", *key[1:]) in seen]
    held = {run: runs[run]["appointments"]["held"] for run in runs}
    assert sum(held["kept"]) / len(held["kept"]) > 0.9 > 0.6 > sum(held["missed"]) / len(held["missed"])
    assert max(number for _, number in both) >= 5
    for key in both:
        assert seen["kept", *key] == seen["missed", *key]


def test_the_luck_of_life_runs_on_weeks_since_referral_not_on_appointments(monkeypatch):
    seen = {}
    live = week.live

    def noted(record, draws, p):
        seen[run].setdefault(record.client_id, []).append(draws)
        return live(record, draws, p)

    monkeypatch.setattr(week, "live", noted)
    for run, weeks_between in (("often", 1.0), ("seldom", 4.0)):
        seen[run] = {}
        clinic.tables({"service.weeks_between": weeks_between}, assignment="fixed")
    for who, cards in seen["often"].items():
        together = min(len(cards), len(seen["seldom"].get(who, [])))
        assert cards[:together] == seen["seldom"][who][:together]
    assert sum(len(cards) for cards in seen["often"].values()) > 50


def test_mesas_numbering_of_agents_does_not_enter():
    """Other agents who came and went shift every `unique_id`; nothing else moves."""
    one = Setting(parameters.resolve(clinic.TINY), assignment="fixed")
    service = Service(one, rng=1)
    shifted = Service(one, rng=1)
    for _ in range(7):
        shifted.people(Client)  # no agents yet
        Client(shifted, ClientRecord(client_id=999, ending=5)).remove()
    service.run()
    shifted.run()
    assert [client.unique_id for client in service.clients] != [client.unique_id for client in shifted.clients]
    assert [client.record for client in service.clients] == [client.record for client in shifted.clients]
