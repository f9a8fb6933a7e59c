"""From the sheets of a finished service to the tables of the data dictionary."""

from sim import draws
from sim.derived import change_on_scores, dropout_by_definition
from sim.measures import end_form_probability, scales, symptom_score
from sim.state import (
    DISSATISFIED,
    EXTERNAL,
    GOOD_ENOUGH,
    HELD,
    NOBODY,
    PLANNED_END,
)
from sim.tables import ATTENDANCE, ENDINGS, RUPTURES, TABLES, kept

OBSERVED_ENDINGS = (GOOD_ENOUGH, PLANNED_END, DISSATISFIED, EXTERNAL)


def tables(service, *, keep):
    """Return the kept tables of a finished `Service`: table name -> column name -> list (None = null)."""
    notes = _Notes(service)
    makers = {
        "clients": lambda: [client_row(record, notes) for record in service.referrals],
        "treatments": lambda: [treatment_row(client, notes) for client in service.clients if client.record.sessions],
        "appointments": lambda: [appointment_row(row) for row in service.rows],
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
    return tuple(
        name
        for name in TABLES[table_name].names
        if any(name.startswith(scale) and scale not in forms for scale in scales())
    )


def _columns(table, rows, forms):
    """Turn rows into columns, leave out forms that were never asked, and sort the rows by the table's key."""
    order = sorted(range(len(rows)), key=lambda index: tuple(rows[index][key] for key in table.key))
    absent = absent_columns(table.name, forms)
    return {name: [rows[index][name] for index in order] for name in table.names if name not in absent}


class _Notes:
    """What the tables need beside the sheets: each client's rows in order, intake and end forms, therapists."""

    def __init__(self, service):
        self.scale = scales()["phq9"]
        self.p = service.p
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
        self.asked = "phq9" in service.setting.forms
        self.luck = {
            occasion: draws.deal(
                service.seed_of_run,
                draws.FORM,
                range(len(service.referrals)),
                [occasion] * len(service.referrals),
            ).tolist()
            for occasion in (draws.AT_INTAKE, draws.AT_END)
        }

    def held(self, client):
        """Return the rows of the sessions that a client had."""
        return [row for row in self.rows.get(client.client_id, ()) if row.attendance == HELD]

    def intake(self, client):
        """Return the PHQ-9 at intake, at referral or at the first session; None if it was not asked."""
        if not self.asked:
            return None
        if self.at_referral:
            error = self.luck[draws.AT_INTAKE][client.client_id][draws.FORM_ERROR]
            return symptom_score(client.distress_intake, error, self.scale, factor=self.p.form_symptom_error)
        return next((_null(row.phq9) for row in self.held(client) if row.session == 1), None)

    def end(self, client):
        """Return the PHQ-9 of the end form, or None if there was no ending or the form did not come back."""
        if not self.asked or not client.sessions or client.ending not in OBSERVED_ENDINGS:
            return None
        luck = self.luck[draws.AT_END][client.client_id]
        if luck[draws.FORM_RETURNED] >= end_form_probability(ENDINGS[client.ending], self.p):
            return None
        return symptom_score(client.distress_end, luck[draws.FORM_ERROR], self.scale, factor=self.p.form_symptom_error)

    def after(self, client):
        """Return the PHQ-9 after intake: the end form, else the last score before a session that is not the intake."""
        later = [row for row in self.held(client) if self.at_referral or row.session > 1]
        last = next((row.phq9 for row in reversed(later) if row.phq9 != NOBODY), None)
        end = self.end(client)
        return last if end is None else end


def client_row(client, notes):
    """Return the row of one client."""
    held = notes.held(client)
    intake, end = notes.intake(client), notes.end(client)
    last = next((row.phq9 for row in reversed(held) if row.phq9 != NOBODY), None)
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
        "phq9_intake": intake,
        "phq9_end": end,
        "phq9_last": last,
        "true_distress_intake": client.distress_intake,
        "true_distress_end": client.distress_end,
        **change_on_scores(intake, notes.after(client), notes.scale),
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


def appointment_row(row):
    """Return the row of one booked appointment."""
    noted = {name: _null(getattr(row, name)) for name in _PLAIN_COLUMNS}
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
    for client in service.referrals:
        if notes.asked and notes.at_referral:
            rows.append(_assessment(client, 0, None, "intake", notes.intake(client), client.distress_intake, notes))
        score = notes.end(client)
        if score is not None:
            weeks = client.end_week - client.referral_week
            rows.append(_assessment(client, weeks, 0, "end", score, client.distress_end, notes))
    return rows


def _assessment(client, week, after, occasion, score, distress, notes):
    return {
        "client_id": client.client_id,
        "week_after_referral": week,
        "week_after_end": after,
        "occasion": occasion,
        "phq9": score,
        "true_distress": distress,
        "above_cutoff": None if score is None else score >= notes.scale.cutoff,
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
