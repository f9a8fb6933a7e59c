"""What a client, a therapist and the two together carry: one record type each.

Picture the folder on the desk: the client's sheet, the therapist's sheet, and the sheet that belongs to both of them.
Rules read and return plain numbers; only `session.py` and `week.py` write on these sheets. A record has only numbers,
so that a compiled loop can lay the same fields out in arrays.
"""

from dataclasses import dataclass, field, fields

NOBODY = -1
"""Stands for "none yet" where a record holds a week, a person or a session number."""

GOOD_ENOUGH, PLANNED_END, DISSATISFIED, EXTERNAL, NEVER_STARTED, IN_THERAPY = range(6)
"""Codes of the endings, in the order of `tables.ENDINGS`."""
HELD, NO_SHOW, CANCELLED_BY_CLIENT, CANCELLED_BY_THERAPIST = range(4)
"""Codes of attendance, in the order of `tables.ATTENDANCE`."""
NO_RUPTURE, WITHDRAWAL, CONFRONTATION = range(3)
"""Codes of ruptures, in the order of `tables.RUPTURES`."""
MISSING = float("nan")
"""Stands for "not asked, not returned, not held" where a record holds a measurement."""


def trait(text, unit="SD", low=-8.0, high=8.0):
    """Declare a number that is fixed at intake."""
    return field(default=0.0, metadata={"text": text, "unit": unit, "low": low, "high": high, "varies": False})


def state(text, unit="SD", low=-8.0, high=8.0):
    """Declare a number that changes from session to session or from week to week."""
    return field(default=0.0, metadata={"text": text, "unit": unit, "low": low, "high": high, "varies": True})


def mark(text, unit="-", default=NOBODY):
    """Declare a whole number: an identity, a week, a count."""
    return field(default=default, metadata={"text": text, "unit": unit, "low": -1, "high": 2**31, "varies": True})


@dataclass(slots=True)
class ClientRecord:
    """A client: traits as drawn, and states that move."""

    client_id: int = mark("number in order of enrolment")
    culture_group: int = mark("0 majority, 1 minority")
    referral_week: int = mark("week of the referral")
    contract_sessions: int = mark("agreed number of sessions; -1 = open-ended")
    fixed_therapist: int = mark("therapist under fixed assignment")
    fixed_wait: int = mark("wait for a place under fixed assignment", "weeks")

    trust_propensity: float = trait("how readily the client trusts")
    fear_of_exposure: float = trait("fear of being judged or exposed")
    reactance: float = trait("dislike of being told what to do")
    motivation_trait: float = trait("motivation at intake")
    change_rate: float = trait("gain in an ordinary session", "distress SD", 0.0, 1e6)
    good_enough: float = trait("distress at which the client would stop", "distress SD", -20.0, 20.0)
    frailty: float = trait("how easily the client is lost")
    rating_style: float = trait("habit of rating high or low", "al.", -20.0, 20.0)
    culture: float = trait("position in culture", "culture units", -12.0, 12.0)
    oq45_own: float = trait("what the client has on the OQ-45 alone")
    core_om_own: float = trait("what the client has on the CORE-OM alone")
    phq9_own: float = trait("what the client has on the PHQ-9 alone")
    gad7_own: float = trait("what the client has on the GAD-7 alone")
    wsas_own: float = trait("what the client has on the WSAS alone")
    csq8_own: float = trait("what the client's satisfaction holds beside the relationship and the gain")

    set_point: float = state("level around which distress moves", "distress SD", -20.0, 20.0)
    transient: float = state("passing up or down of distress", "distress SD", -20.0, 20.0)
    motivation: float = state("motivation", "SD", -12.0, 12.0)
    distress_intake: float = state("distress at referral", "distress SD", -20.0, 20.0)
    distress_end: float = state("distress at the ending", "distress SD", -40.0, 40.0)

    ending: int = mark("code of the ending; -1 = none yet")
    end_week: int = mark("week of the ending")
    place_week: int = mark("week in which a place was found")
    next_week: int = mark("week of the next appointment")
    start_week: int = mark("week of the first session")
    appointments: int = mark("appointments booked", "count", 0)
    sessions: int = mark("sessions held", "count", 0)
    no_shows: int = mark("appointments missed without a word", "count", 0)
    missed_last: int = mark("1 if the last appointment was missed by the client", "-", 0)
    ruptures: int = mark("ruptures", "count", 0)
    repairs: int = mark("ruptures repaired", "count", 0)
    breaches: int = mark("breaches of confidentiality", "count", 0)
    remarks: int = mark("microaggressions", "count", 0)

    @property
    def distress(self):
        """Distress now, in SD of the reference clinic: the lasting level and what passes."""
        return self.set_point + self.transient


@dataclass(slots=True)
class TherapistRecord:
    """A therapist: skills and habits as drawn, and what the caseload does."""

    therapist_id: int = mark("number of the therapist")
    culture_group: int = mark("0 majority, 1 minority")
    places: int = mark("clients that can be on the books at once", "clients")

    facilitative_skill: float = trait("general facilitative skill", low=-17.0, high=17.0)
    empathy: float = trait("empathy", low=-17.0, high=17.0)
    listening: float = trait("listening", low=-17.0, high=17.0)
    collaboration: float = trait("working together on goals", low=-17.0, high=17.0)
    attunement: float = trait("noticing strain", low=-17.0, high=17.0)
    repair_skill: float = trait("repairing ruptures", "SD", -20.0, 20.0)
    retention_skill: float = trait("keeping clients", low=-17.0, high=17.0)
    confidentiality: float = trait("care about confidentiality", low=-17.0, high=17.0)
    directiveness: float = trait("habit of telling clients what to do", low=-17.0, high=17.0)
    cultural_comfort: float = trait("ease with people unlike oneself", low=-17.0, high=17.0)
    bias: float = trait("bias against people unlike oneself", "bias units", 0.0, 20.0)
    culture: float = trait("position in culture", "culture units", -12.0, 12.0)

    hours_worked: float = state("hours spent on appointments", "hours", 0.0, 1e9)
    on_the_books: int = mark("clients on the books now", "clients", 0)
    caseload: int = mark("most clients on the books at once", "clients", 0)
    clients_treated: int = mark("clients with at least one session", "clients", 0)


@dataclass(slots=True)
class DyadRecord:
    """One client with one therapist: the relationship."""

    client_id: int = mark("the client")
    therapist_id: int = mark("the therapist")
    fit: float = trait("how well the two suit each other")
    distance: float = trait("distance between their positions in culture", "culture units", 0.0, 24.0)
    view_style: float = trait("the therapist's lasting error about this client", "al.", -20.0, 20.0)

    goal: float = state("agreement on goals, strain left out", "al.", -120.0, 120.0)
    task: float = state("agreement on tasks, strain left out", "al.", -120.0, 120.0)
    bond: float = state("bond, strain left out", "al.", -120.0, 120.0)
    mood: float = state("passing up or down of the alliance", "al.", -30.0, 30.0)
    lift: float = state("what repaired ruptures have added", "al.", 0.0, 20.0)
    strain: float = state("strain that no repair has taken away", "al.", 0.0, 200.0)
    trust: float = state("the client's trust in the therapist", "SD", -8.0, 8.0)
    fear: float = state("the client's fear of exposure with this therapist", "SD", -8.0, 8.0)
    goal_gap: float = state("distance between the client's goals and the plan", "gap units", 0.0, 10.0)
    alliance: float = state("alliance: mean of goal, task and bond, with mood, lift and strain", "al.", -200.0, 60.0)
    seen: float = state("the alliance as the therapist sees it", "al.", -400.0, 120.0)
    heard: float = state("openness of the client as the therapist sees it", "share", 0.0, 1.0)
    disclosure: float = state("share of what matters that the client says", "share", 0.0, 1.0)
    effort: float = state("effort between sessions", "share", 0.0, 1.0)
    open_ruptures: int = mark("ruptures that are neither repaired nor forgotten", "count", 0)
    progress: float = state("improvement that the relationship has taken in", "distress SD", -40.0, 40.0)
    first_distress: float = state("distress at the first session", "distress SD", -40.0, 40.0)


def seen(text, unit="-", low=0.0, high=1.0):
    """Declare a number written once at an appointment; missing where the session was not held."""
    return field(default=MISSING, metadata={"text": text, "unit": unit, "low": low, "high": high, "varies": True})


@dataclass(slots=True)
class AppointmentRecord:
    """One booked appointment: what happened, and what the forms say. Names are those of the table `appointments`."""

    client_id: int = mark("the client")
    therapist_id: int = mark("the therapist")
    appointment: int = mark("number of the appointment")
    session: int = mark("number of the session")
    week: int = mark("week of the appointment")
    attendance: int = mark("code of attendance")

    true_distress: float = seen("distress before the session", "distress SD", -40.0, 40.0)
    true_alliance: float = seen("alliance at the end of the session", "al.", -200.0, 60.0)
    true_goal: float = seen("agreement on goals", "al.", -200.0, 60.0)
    true_task: float = seen("agreement on tasks", "al.", -200.0, 60.0)
    true_bond: float = seen("bond", "al.", -200.0, 60.0)
    true_empathy: float = seen("felt understanding", "al.", -60.0, 60.0)
    true_trust: float = seen("trust", "SD", -8.0, 8.0)
    true_strain: float = seen("unrepaired strain", "al.", 0.0, 200.0)
    true_motivation: float = seen("motivation", "SD", -12.0, 12.0)
    true_disclosure: float = seen("disclosure", "share")
    true_effort: float = seen("effort", "share")
    relief: float = seen("gain of this session", "distress SD", -200.0, 1e6)

    supportive: float = seen("share of supportive acts", "share")
    exploratory: float = seen("share of exploratory acts", "share")
    controlling: float = seen("share of controlling acts", "share")
    supportive_observer: float = seen("share of supportive acts as coded", "share")
    exploratory_observer: float = seen("share of exploratory acts as coded", "share")
    controlling_observer: float = seen("share of controlling acts as coded", "share")

    rupture: int = mark("code of the rupture")
    new_strain: float = seen("strain made in this session", "al.", 0.0, 200.0)
    rupture_client: int = mark("1 if the client reports a rupture")
    rupture_therapist: int = mark("1 if the therapist noticed one")
    rupture_observer: int = mark("1 if the observer codes one")
    repaired: int = mark("1 if strain was repaired")
    microaggression: int = mark("1 if a slighting remark fell")
    breach: int = mark("1 if something the client said got out")

    oq45: int = mark("OQ-45 before the session")
    core_om: float = seen("CORE-OM before the session", "CORE-OM points", 0.0, 40.0)
    phq9: int = mark("PHQ-9 before the session")
    gad7: int = mark("GAD-7 before the session")
    wsas: int = mark("WSAS before the session")
    wai_client: float = seen("client's alliance rating", "item mean", 1.0, 5.0)
    wai_client_goal: float = seen("its goal subscale", "item mean", 1.0, 5.0)
    wai_client_task: float = seen("its task subscale", "item mean", 1.0, 5.0)
    wai_client_bond: float = seen("its bond subscale", "item mean", 1.0, 5.0)
    wai_therapist: float = seen("therapist's alliance rating", "item mean", 1.0, 5.0)
    wai_therapist_goal: float = seen("its goal subscale", "item mean", 1.0, 5.0)
    wai_therapist_task: float = seen("its task subscale", "item mean", 1.0, 5.0)
    wai_therapist_bond: float = seen("its bond subscale", "item mean", 1.0, 5.0)
    srs_client: float = seen("client's SRS", "SRS points", 0.0, 40.0)
    empathy_client: float = seen("client's rating of empathy", "item mean", 1.0, 5.0)
    collaboration_client: float = seen("client's rating of collaboration", "item mean", 1.0, 5.0)
    goal_agreement_client: float = seen("client's rating of agreement on goals", "item mean", 1.0, 5.0)
    session_outcome_client: float = seen("client's rating of what the session did", "item mean", 1.0, 5.0)
    positive_affect_client: float = seen("good feelings after the session", "item mean", 1.0, 5.0)
    negative_affect_client: float = seen("bad feelings after the session", "item mean", 1.0, 5.0)
    effort_client: float = seen("client's rating of own effort", "item mean", 1.0, 5.0)


def declared(record_type):
    """Return the fields of a record type as a list of (name, default, metadata)."""
    return [(item.name, item.default, item.metadata) for item in fields(record_type)]
