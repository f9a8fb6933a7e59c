"""The people of the clinic as Mesa agents. Each carries a sheet (`record`) and has a `step()` of one week."""

import mesa

from sim import week
from sim.state import DISSATISFIED, HELD, NOBODY


class Therapist(mesa.Agent):
    """A therapist: sees the clients of the week, and brings the books up to date when the week is over."""

    def __init__(self, model, record):
        """Take up work in the service `model` with the sheet `record`."""
        super().__init__(model)
        self.record = record
        self.appointments_this_week = 0
        self.started_this_week = 0
        self.left_this_week = 0

    def step(self):
        """End the week: count hours, new clients and those who left. Sessions of this week saw the books unchanged."""
        week.tally(
            self.record,
            appointments=self.appointments_this_week,
            started=self.started_this_week,
            left=self.left_this_week,
            p=self.model.p,
        )
        self.appointments_this_week = self.started_this_week = self.left_this_week = 0


class Client(mesa.Agent):
    """A client: waits, comes or does not come, works, changes, leaves."""

    def __init__(self, model, record):
        """Be referred to the service `model` with the sheet `record`."""
        super().__init__(model)
        self.record = record
        self.therapist = None
        self.dyad = None

    @property
    def alliance(self):
        """The alliance with the therapist now (al.), or None before they met."""
        return self.dyad.alliance if self.dyad and self.record.sessions else None

    @property
    def distress(self):
        """Distress now, in SD of the reference clinic."""
        return self.record.distress

    @property
    def is_waiting(self):
        """Waits for a place."""
        return self.therapist is None and self.record.ending == NOBODY

    @property
    def in_therapy(self):
        """Has a place, and therapy has not ended."""
        return self.therapist is not None and self.record.ending == NOBODY

    @property
    def has_appointment(self):
        """Has an appointment this week."""
        return self.in_therapy and self.record.next_week == self.model.week

    @property
    def dropped_out(self):
        """Left dissatisfied after at least one session."""
        return self.record.ending == DISSATISFIED

    def step(self):
        """Live through one week: wait, or keep an appointment; and life goes on."""
        if self.record.ending != NOBODY:
            return
        if self.has_appointment:
            self.meet()
        elif self.is_waiting:
            week.wait(self.record, week=self.model.week, draws=self.model.life_luck(self), p=self.model.p)
        if self.record.ending == NOBODY:
            self.live()

    def begin_with(self, therapist):
        """Get a place with a therapist."""
        self.therapist = therapist
        self.dyad = week.begin(
            self.record,
            therapist.record,
            week=self.model.week,
            dyad_draws=self.model.dyad_luck(self),
            first_wait=self.model.first_wait(self),
            p=self.model.p,
        )

    def meet(self):
        """Come to this week's appointment, or not."""
        had_started = self.record.sessions > 0
        row = week.attend(
            self.record,
            self.therapist.record,
            self.dyad,
            week=self.model.week,
            draws=self.model.appointment_luck(self),
            answers=self.model.answer_luck(self),
            forms=self.model.setting.forms,
            scales=self.model.scales,
            p=self.model.p,
        )
        self.therapist.appointments_this_week += row.attendance == HELD
        self.therapist.started_this_week += row.attendance == HELD and not had_started
        self.therapist.left_this_week += self.record.ending != NOBODY
        self.model.note_appointment(row)

    def live(self):
        """Let the week pass: distress moves, something may happen in life."""
        event = week.live(self.record, draws=self.model.life_luck(self), p=self.model.p)
        if event:
            self.model.note_life_event(self.record, event)
