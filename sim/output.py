"""From the sheets of a finished service to the tables of the data dictionary."""

from sim.answers import Answers
from sim.derived import above_cutoff, change_on_scores, dropout_by_definition
from sim.instruments import form_of
from sim.state import HELD, NOBODY
from sim.tables import ATTENDANCE, ENDINGS, RUPTURES, TABLES, kept


def tables(service, *, keep):
    """Return the kept tables of a finished `Service`: table name -> column name -> list (None = null)."""
    notes = _Notes(service)
    plain = tuple(name for name in _PLAIN_COLUMNS if name not in absent_columns("appointments", service.setting.forms))
    makers = {
        "clients": lambda: [client_row(record, notes) for record in service.referrals],
        "treatments": lambda: [treatment_row(client, notes) for client in service.clients if client.record.sessions],
        "appointments": lambda: [appointment_row(row, plain) for row in service.rows],
        "assessments": lambda: assessment_rows(service, notes),
        "events": lambda: event_rows(service),
        "therapists": lambda: [therapist_row(therapist.record) for therapist in service.therapists],
    }
    return {
        table.name: _columns(table, makers[table.name](), service.setting.forms)
        for table in kept(keep)
        if table.name in makers
    }


def absent_columns(table_name, forms):
    """Return the columns that a table does not have because a form is never asked."""
    return tuple(name for name in TABLES[table_name].names if form_of(name) not in (None, *forms))


def _columns(table, rows, forms):
    """Turn rows into columns, leave out forms that were never asked, and sort the rows by the table's key."""
    order = sorted(range(len(rows)), key=lambda index: tuple(rows[index][key] for key in table.key))
    absent = absent_columns(table.name, forms)
    return {name: [rows[index][name] for index in order] for name in table.names if name not in absent}


class _Notes:
    """What the tables need beside the sheets: each client's rows in order, forms outside sessions, therapists."""

    def __init__(self, service):
        self.therapists = [therapist.record for therapist in service.therapists]
        self.rows = {}
        for row in service.rows:
            self.rows.setdefault(row.client_id, []).append(row)
        self.therapist_of = {
            client.record.client_id: client.therapist.record.therapist_id
            for client in service.clients
            if client.therapist
        }
        self.at_referral = service.setting.intake == "referral"
        self.answers = Answers(service)
        self.primary = self.answers.scales.get(service.setting.primary)

    def held(self, client):
        """Return the rows of the sessions that a client had."""
        return [row for row in self.rows.get(client.client_id, ()) if row.attendance == HELD]

    def intake(self, client, form):
        """Return a symptom score at intake, at referral or at the first session; None if it was not asked."""
        if self.at_referral:
            return self.answers.at_intake(client, form)
        return next((_null(getattr(row, form)) for row in self.held(client) if row.session == 1), None)

    def once(self, client, form):
        """Return what was put down on a form that is asked once, at intake."""
        asked = self.at_referral or client.sessions > 0
        return self.answers.at_intake(client, form) if asked else None

    def change(self, client):
        """Return what became of the primary scale from intake to the score after it.

        That score is the end form, else the last one before a session that is not the intake.
        """
        if self.primary is None:
            return change_on_scores(None, None, None)
        form = self.primary.name
        later = [row for row in self.held(client) if self.at_referral or row.session > 1]
        end = self.answers.at_end(client, form)
        after = _last(later, form) if end is None else end
        return change_on_scores(self.intake(client, form), after, self.primary)

    def scores(self, client):
        """Return the scores of each symptom scale that was asked: at intake, at the end, and the last in between."""
        held, found = self.held(client), {}
        for form in self.answers.symptoms:
            found[f"{form}_intake"] = self.intake(client, form)
            found[f"{form}_end"] = self.answers.at_end(client, form)
            found[f"{form}_last"] = _last(held, form)
        return found


def _last(rows, form):
    """Return the last answer on a form among some rows, None if there is none."""
    return next((score for row in reversed(rows) if (score := _null(getattr(row, form))) is not None), None)


def client_row(client, notes):
    """Return the row of one client."""
    held = notes.held(client)
    ratings = {row.session: row.wai_client for row in held if row.wai_client == row.wai_client}
    return {
        "client_id": client.client_id,
        "therapist_id": notes.therapist_of.get(client.client_id),
        "culture_group": client.culture_group,
        "minority": client.culture_group == 1,
        "referral_week": client.referral_week,
        "waited_weeks": client.start_week - client.referral_week if client.sessions else None,
        "start_week": _null(client.start_week),
        "end_week": _null(client.end_week),
        "contract_sessions": _null(client.contract_sessions),
        "true_trust_propensity": client.trust_propensity,
        "true_fear_of_exposure": client.fear_of_exposure,
        "true_reactance": client.reactance,
        "true_motivation": client.motivation_trait,
        "true_good_enough": client.good_enough,
        "true_change_rate": client.change_rate,
        "appointments_booked": client.appointments,
        "sessions_held": client.sessions,
        "no_shows": client.no_shows,
        "ending": ENDINGS[client.ending],
        **dropout_by_definition(client),
        **{f"{form}_intake": notes.once(client, form) for form in notes.answers.once},
        **notes.scores(client),
        **notes.answers.at_end_only(client),
        "true_distress_intake": client.distress_intake,
        "true_distress_end": client.distress_end,
        **notes.change(client),
        "wai_client_s1": ratings.get(1),
        "wai_client_s3": ratings.get(3),
        "wai_client_last": ratings[max(ratings)] if ratings else None,
        "ruptures": client.ruptures,
        "ruptures_repaired": client.repairs,
        "confidentiality_breaches": client.breaches,
        "microaggressions": client.remarks,
    }


def treatment_row(client, notes):
    """Return the row of a client and the therapist they met."""
    record, therapist = client.record, client.therapist.record
    return {
        "client_id": record.client_id,
        "therapist_id": therapist.therapist_id,
        "therapist_order": 1,
        "start_week": record.start_week,
        "end_week": _null(record.end_week),
        "sessions_held": record.sessions,
        "cultural_distance": client.dyad.distance,
        "same_group": record.culture_group == therapist.culture_group,
    }


def appointment_row(row, plain=None):
    """Return the row of one booked appointment; `plain` are the columns to copy, all of them unless told."""
    noted = {name: _null(getattr(row, name)) for name in plain or _PLAIN_COLUMNS}
    noted |= {name: None if getattr(row, name) == NOBODY else bool(getattr(row, name)) for name in _YES_OR_NO}
    return noted | {
        "held": row.attendance == HELD,
        "attendance": ATTENDANCE[row.attendance],
        "rupture": None if row.rupture == NOBODY else RUPTURES[row.rupture],
    }


_YES_OR_NO = ("rupture_client", "rupture_therapist", "rupture_observer", "repaired", "microaggression")
_PLAIN_COLUMNS = tuple(
    name for name in TABLES["appointments"].names if name not in (*_YES_OR_NO, "held", "attendance", "rupture")
)


def assessment_rows(service, notes):
    """Return the forms asked outside sessions: at intake, and at the ending if the form came back."""
    rows = []
    for client in service.referrals if notes.answers.symptoms else ():
        if notes.at_referral:
            scores = {form: notes.intake(client, form) for form in notes.answers.symptoms}
            rows.append(_assessment(client, 0, None, "intake", scores, client.distress_intake, notes))
        scores = {form: notes.answers.at_end(client, form) for form in notes.answers.symptoms}
        if any(score is not None for score in scores.values()):
            weeks = client.end_week - client.referral_week
            rows.append(_assessment(client, weeks, 0, "end", scores, client.distress_end, notes))
    return rows


def _assessment(client, week, after, occasion, scores, distress, notes):
    primary = notes.primary and scores[notes.primary.name]
    return {
        "client_id": client.client_id,
        "week_after_referral": week,
        "week_after_end": after,
        "occasion": occasion,
        **scores,
        "true_distress": distress,
        "above_cutoff": above_cutoff(primary, notes.primary),
    }


def event_rows(service):
    """Return the rare events of a run."""
    breaches = [
        _event(
            row.week,
            "confidentiality_breach",
            row.client_id,
            row.therapist_id,
            "something the client said got out",
        )
        for row in service.rows
        if row.breach == 1
    ]
    lives = [
        _event(week, "life_event", client_id, None, f"distress {effect:+.2f} SD")
        for week, client_id, effect in service.life_events
    ]
    return breaches + lives


def _event(week, event, client_id, therapist_id, note):
    return {"week": week, "event": event, "client_id": client_id, "therapist_id": therapist_id, "note": note}


def therapist_row(therapist):
    """Return the row of one therapist."""
    named = {f"true_{name}": getattr(therapist, name) for name in _SKILLS}
    return named | {
        "therapist_id": therapist.therapist_id,
        "culture_group": therapist.culture_group,
        "places": therapist.places,
        "caseload": therapist.caseload,
        "hours_worked": therapist.hours_worked,
        "clients_treated": therapist.clients_treated,
    }


_SKILLS = tuple(name.removeprefix("true_") for name in TABLES["therapists"].names if name.startswith("true_"))


def _null(value):
    """Return None for what a record calls missing: NOBODY among whole numbers, NaN among others."""
    missing = value == NOBODY if isinstance(value, int) else value != value
    return None if missing else value
