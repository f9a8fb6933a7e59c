"""The service: one clinic as a Mesa model. A step is a week; `Service(rng=1).run()` is the whole life of the clinic.

    from sim.service import Service
    clinic = Service(rng=1, set={"service.clients": 60}, switch={"repair": False})
    clinic.run()
    clinic.datacollector.get_model_vars_dataframe()

Mesa gives the people, the clock and the weekly series. Luck does not come from Mesa's random stream but from decks that
belong to each client (`sim/draws.py`), so that nobody's luck depends on who else is there.
"""

from dataclasses import dataclass, field

import mesa

from sim import caseload, draws, output, parameters, population
from sim.agents import Client, Therapist
from sim.instruments import askable, default_primary, scales
from sim.state import DISSATISFIED, GOOD_ENOUGH, HELD, IN_THERAPY, NOBODY
from sim.tables import KEEP

FORMS = {"phq9": "every", "wai_client": "every", "wai_therapist": "every"}
"""The forms that are asked unless a schedule says otherwise; `sim.instruments.askable` lists all."""
WITH_OLD_CARDS = ("phq9", "wai_client", "wai_therapist")
"""The forms whose luck at a session lies in the deck of the appointment; all others have a deck of their own."""
INTAKES = ("referral", "session_1")
WORLDS = ("mixed",)


@dataclass(frozen=True)
class Setting:
    """All that decides a run but the seed: values, assignment, form schedules, primary scale, time of intake, world."""

    values: dict = field(default_factory=parameters.resolve)
    assignment: str = "queue"
    forms: dict = field(default_factory=lambda: dict(FORMS))
    intake: str = "referral"
    world: str = "mixed"
    primary: str | None = None

    def __post_init__(self):
        """Raise ValueError, in one sentence, for a word that does not exist."""
        for what, word, known in (
            ("assignment", self.assignment, caseload.ASSIGNMENTS),
            ("intake", self.intake, INTAKES),
            ("world", self.world, WORLDS),
        ):
            if word not in known:
                raise ValueError(f"{what} = {word!r} must be {' or '.join(map(repr, known))}.")
        for sentence in parameters.broken_orders(self.values):
            raise ValueError(sentence)
        for form, when in self.forms.items():
            if form not in askable():
                raise ValueError(parameters.unknown("form", form, askable()))
            if not askable()[form].accepts(when):
                raise ValueError(f"the schedule of {form} is {when!r} and must be {askable()[form].rule}.")
        if self.primary is None:
            object.__setattr__(self, "primary", default_primary(self.forms))
        elif self.primary not in self.forms or not scales()[self.primary].is_symptom_scale:
            raise ValueError(f"primary = {self.primary!r} must be a symptom scale that is asked.")


class Service(mesa.Model):
    """A clinic: its clients, its therapists, its waiting list and its clock (`week`, from 0)."""

    def __init__(self, setting=None, *, rng=1, set=None, switch=None, assignment="queue"):
        """Open the clinic.

        `rng` is the seed (0 to 2**63 - 1). Give a complete `setting`, or change the default one: `set` maps dotted
        parameter names to values, `switch` mechanism ids to False, `assignment` is "queue" or "fixed".
        Raises ValueError, in one sentence, for names or values that do not exist.
        """
        seed = int(rng)
        super().__init__(rng=seed % 2**32)
        self.seed_of_run = seed
        self.setting = setting or Setting(values=parameters.resolve(set, switch), assignment=assignment)
        self.p = parameters.record(self.setting.values)
        self.scales = scales()
        self.week = 0
        self.rows, self.life_events = [], []
        self.referrals = population.clients(seed, self.p)
        self.therapists = [Therapist(self, record) for record in population.therapists(seed, self.p)]
        self.clients = []
        self._deal_once()
        self.sessions_held = 0
        self.datacollector = mesa.DataCollector(model_reporters={name: _reporter(name) for name in WEEKLY})

    # --- the clock ------------------------------------------------------------------------------------------------

    def step(self):
        """One week: referrals arrive, places are given, clients live their week, therapists close their books."""
        self.welcome_referrals()
        self.give_places()
        self._deal_week()
        self.people(Client).do("step")
        self.people(Therapist).do("step")
        self.census = census(self)
        self.datacollector.collect(self)
        self.week += 1

    def run(self):
        """Run the clock to its end and close the books; return the service itself."""
        while self.week < self.p.service_weeks:
            self.step()
        self.close_books()
        return self

    def welcome_referrals(self):
        """Let those referred this week join the waiting list."""
        for record in self.referrals_by_week.get(self.week, ()):
            self.clients.append(Client(self, record))

    def give_places(self):
        """Give free places to those who wait."""
        waiting = [client for client in self.clients if client.is_waiting]
        records = [client.record for client in waiting]
        therapists = [therapist.record for therapist in self.therapists]
        if self.setting.assignment == "fixed":
            given = caseload.places_as_fixed(records, therapists, week=self.week)
        else:
            given = caseload.places_by_queue(records, therapists, which=self._which_therapist)
        self._dyads = self._deal(
            draws.DYAD, [client for client, _ in given], [therapist.therapist_id for _, therapist in given]
        )
        agents = {client.record.client_id: client for client in waiting}
        for client, therapist in given:
            agents[client.client_id].begin_with(self.therapists[therapist.therapist_id])

    def close_books(self):
        """Note of everybody who is still with the service, in therapy or waiting, that the clock stopped first."""
        for record in self.referrals:
            if record.ending == NOBODY:
                record.ending = IN_THERAPY
                record.distress_end = record.distress

    def people(self, kind):
        """Return the agents of one kind as a Mesa AgentSet (empty if there are none yet)."""
        return self.agents_by_type[kind] if kind in self.agents_by_type else self.agents.select(agent_type=kind)

    # --- what agents ask of the service -----------------------------------------------------------------------------

    def appointment_luck(self, client):
        """Return the luck of this week's appointment of a client, a list read as `draws[RUPTURE]`."""
        return self._appointments[client.record.client_id]

    def answer_luck(self, client):
        """Return the luck of the forms with a deck of their own at this week's appointment: form -> cards."""
        return self._answers.get(client.record.client_id, NO_ANSWERS)

    def life_luck(self, client):
        """Return the luck of this week of a client's life."""
        return self._lives[client.record.client_id]

    def dyad_luck(self, client):
        """Return how a client and the therapist who has a place this week happen to suit each other."""
        return self._dyads[client.record.client_id]

    def first_wait(self, client):
        """Return the uniform that decides how long a client waits for the first appointment."""
        return self._first_wait[client.record.client_id]

    def note_appointment(self, row):
        """Keep the row of an appointment."""
        self.rows.append(row)
        self.sessions_held += row.attendance == HELD

    def note_life_event(self, record, effect):
        """Keep a life event of a client."""
        self.life_events.append((self.week, record.client_id, effect))

    # --- luck ---------------------------------------------------------------------------------------------------------

    def _deal_once(self):
        ids = range(len(self.referrals))
        traits = draws.uniforms(self.seed_of_run, draws.CLIENT, ids, [0] * len(ids))
        self._which_therapist = traits[:, draws.WHICH_THERAPIST].tolist()
        self._first_wait = traits[:, draws.FIRST_WAIT].tolist()
        asked = self.setting.forms
        population.own_parts(self.seed_of_run, self.referrals, [self.scales[form] for form in asked if _has_own(form)])
        self._drawn = [
            form for form in asked if form not in WITH_OLD_CARDS and "session" in self.scales[form].occasions
        ]
        self.referrals_by_week = {}
        for record in self.referrals:
            self.referrals_by_week.setdefault(record.referral_week, []).append(record)

    def _deal_week(self):
        """Deal the week's luck in one go: a life card for everybody still here, appointment cards for those booked."""
        here = [client.record for client in self.clients if client.record.ending == NOBODY]
        booked = [client.record for client in self.clients if client.has_appointment]
        self._lives = self._deal(draws.CLIENT_WEEK, here, [self.week - record.referral_week for record in here])
        self._appointments = self._deal(draws.APPOINTMENT, booked, [record.appointments for record in booked])
        self._answers = self._deal_answers(booked) if self._drawn else {}

    def _deal_answers(self, booked):
        cards = [self.scales[form].card for form in self._drawn]
        ids = [record.client_id for record in booked]
        places = [draws.FIRST_SESSION_FORM + record.appointments for record in booked]
        luck = draws.deal_answers(self.seed_of_run, cards, ids, places).swapaxes(0, 1).tolist()
        return {who: dict(zip(self._drawn, forms, strict=True)) for who, forms in zip(ids, luck, strict=True)}

    def _deal(self, deck, records, clocks):
        ids = [record.client_id for record in records]
        return dict(zip(ids, draws.deal(self.seed_of_run, deck, ids, clocks).tolist(), strict=True))


NO_ANSWERS = {}


def _has_own(form):
    return scales()[form].has_own_part


def census(model):
    """Count the clinic at the end of a week: who waits, who is in therapy and how they are, what has happened."""
    clients = model.clients
    here = [client for client in clients if client.in_therapy]
    met = [client.alliance for client in here if client.record.sessions]
    endings = [client.record.ending for client in clients]
    return {
        "week": model.week,
        "referred": len(clients),
        "waiting": sum(client.is_waiting for client in clients),
        "in_therapy": len(here),
        "sessions_held": model.sessions_held,
        "good_enough": endings.count(GOOD_ENOUGH),
        "dissatisfied": endings.count(DISSATISFIED),
        "mean_alliance": sum(met) / len(met) if met else None,
        "mean_distress": sum(client.distress for client in here) / len(here) if here else None,
    }


def _reporter(name):
    return lambda model: model.census[name]


WEEKLY = (
    "week",
    "referred",
    "waiting",
    "in_therapy",
    "sessions_held",
    "good_enough",
    "dissatisfied",
    "mean_alliance",
    "mean_distress",
)
"""The weekly series of Mesa's DataCollector: counts to date (`referred`, `sessions_held`, `good_enough`,
`dissatisfied`), how many wait and are in therapy, and the mean latent alliance and distress of those in therapy."""


def simulate(setting, *, seed, keep="everything"):
    """Run one service from beginning to end and return its tables.

    Returns a dict: table name -> column name -> list with None for null; which tables, `keep` says (`sim.tables.kept`).
    """
    if keep not in KEEP:
        raise ValueError(f"keep = {keep!r} must be {' or '.join(map(repr, KEEP))}.")
    service = Service(setting, rng=seed).run()
    return output.tables(service, keep=keep)
