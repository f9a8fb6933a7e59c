"""What happens in a week, phase by phase, on the sheets of clients, therapists and dyads.

Both loops call these functions: the Mesa agents, and later the compiled one. Sessions read the therapist as they were
at the start of the week; therapists change afterwards. So it does not matter in which order clients come to their week.
"""

from sim import draws as luck
from sim import forms as form
from sim.maths import geometric
from sim.rules import change, endings, goals, session
from sim.state import HELD, NEVER_STARTED, NOBODY, AppointmentRecord, DyadRecord


def live(client, draws, p):
    """Let a week pass in a client's life; return the effect of a life event, 0 if there was none."""
    event = 0.0
    if draws[luck.LIFE_EVENT] < change.event_probability(p):
        event = change.event_effect(draws[luck.LIFE_EVENT_SIZE], p)
    client.set_point = change.next_set_point(client.set_point, draws[luck.DRIFT], event, p)
    client.transient = change.next_transient(client.transient, draws[luck.FLUCTUATION], p)
    return event


def wait(client, week, draws, p):
    """Let somebody who has no place yet decide whether to give up waiting."""
    if draws[luck.LEAVES_LIST] < endings.leaves_list_probability(p):
        close(client, NEVER_STARTED, week)


def begin(client, therapist, week, dyad_draws, first_wait, p):
    """Give the client a place: open the dyad's sheet, put the client on the books, book the first appointment."""
    client.place_week = week
    client.next_week = week + geometric(first_wait, p.service_weeks_to_first)
    dyad = DyadRecord(client_id=client.client_id, therapist_id=therapist.therapist_id)
    dyad.fit = dyad_draws[luck.DYAD_FIT]
    dyad.goal_gap = goals.first_gap(dyad_draws[luck.FIRST_GOAL_GAP], p)
    dyad.view_style = p.view_style_sd * dyad_draws[luck.VIEW_STYLE]
    session.meet_first(client, therapist, dyad, p)
    therapist.on_the_books += 1
    therapist.caseload = max(therapist.caseload, therapist.on_the_books)
    return dyad


def attend(client, therapist, dyad, week, draws, answers, forms, scales, p):
    """Live through this week's appointment, fill in its forms, book the next one; return the row of the appointment."""
    row = AppointmentRecord(client_id=client.client_id, therapist_id=therapist.therapist_id, week=week)
    session.appointment(client, therapist, dyad, row, draws, p)
    row.appointment = client.appointments
    if row.attendance == HELD:
        form.fill(client, dyad, row, draws, answers, forms, scales, p)
        if client.start_week == NOBODY:
            client.start_week = week
    if client.ending == NOBODY:
        book_next(client, week, draws, p)
    else:
        close(client, client.ending if client.sessions else NEVER_STARTED, week)
    return row


def book_next(client, week, draws, p):
    """Book the next appointment; the second may take longer than later ones."""
    mean = p.service_weeks_to_second if client.sessions == 1 else p.service_weeks_between
    client.next_week = week + geometric(draws[luck.NEXT_APPOINTMENT], mean)


def close(client, ending, week):
    """Note how and when a client's time with the service ended."""
    client.ending = ending
    client.end_week = week
    client.distress_end = client.distress


def tally(therapist, appointments, started, left, p):
    """Bring a therapist's sheet up to date after the week: hours, clients met, clients still on the books."""
    therapist.hours_worked += p.therapist_session_hours * appointments
    therapist.clients_treated += started
    therapist.on_the_books -= left
