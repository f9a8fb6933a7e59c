"""The tables that a run writes: every column once, with type, unit, range, meaning and origin.

Whoever reads a result reads these columns and nothing else; the codebook, the labels of figures and of exported files
are made from here. Names beginning with `true_` are latent: no clinic could observe them.
"""

from sim.columns import Column, Table, count, derived, item_mean, latent, outcomes, points, week

ENDINGS = (
    "good_enough",
    "planned_end",
    "dissatisfied",
    "external",
    "never_started",
    "in_therapy",
)
ATTENDANCE = ("held", "no_show", "cancelled_by_client", "cancelled_by_therapist")
RUPTURES = ("none", "withdrawal", "confrontation")
OCCASIONS = ("intake", "end")
EVENTS = ("confidentiality_breach", "life_event")
STATUS = ("done", "failed")
KEEP = ("runs", "clients", "sessions", "everything")
"""How much of a run is kept, from least to most."""

CLIENT_ID = Column("client_id", "int", "number of the client in order of enrolment, from 0", low=0)
THERAPIST_ID = Column("therapist_id", "int", "number of the therapist, from 0", low=0)
GROUP = Column("culture_group", "int", "cultural group: 0 majority, 1 minority", low=0, high=1)

CLIENTS = Table(
    "clients",
    "one client who was referred",
    ("client_id",),
    "clients",
    (
        CLIENT_ID,
        Column("therapist_id", "int", "the therapist; null if the client never got a place", low=0),
        GROUP,
        Column("minority", "bool", "belongs to the minority group"),
        week("referral_week", "week of the referral"),
        Column("waited_weeks", "int", "weeks from referral to the first session; null if there was none", "weeks", 0),
        week("start_week", "week of the first session held; null if there was none"),
        week("end_week", "week of the ending; null if the clock stopped first"),
        Column("contract_sessions", "int", "agreed number of sessions; null = open-ended", "sessions", 1),
        latent("true_trust_propensity", "how readily the client trusts, as drawn"),
        latent("true_fear_of_exposure", "fear of being judged or exposed, as drawn"),
        latent("true_reactance", "dislike of being told what to do, as drawn"),
        latent("true_motivation", "motivation at intake, as drawn"),
        latent("true_good_enough", "level of distress at which the client would stop, as drawn", "distress SD"),
        latent("true_change_rate", "gain in an ordinary session, as drawn", "distress SD per session", 0),
        count("appointments_booked", "appointments booked"),
        count("sessions_held", "sessions held"),
        count("no_shows", "appointments that the client missed without a word"),
        Column(
            "ending",
            "text",
            "how it ended; in_therapy: still with the service (waiting, or in therapy) when the clock stopped",
            values=ENDINGS,
        ),
        derived(
            "dropout_unilateral",
            "dropout: the client ended before goals or plan were reached; null without a session or ending",
        ),
        derived(
            "dropout_missed_last",
            "dropout: missed the last appointment, for any reason; null without a session or ending",
        ),
        derived(
            "dropout_incomplete_protocol",
            "dropout: left before the agreed number of sessions; null without one, or without an ending",
        ),
        item_mean("readiness_intake", "readiness to change, asked at intake"),
        item_mean("reactance_intake", "dislike of being told what to do, asked at intake"),
        *outcomes("oq45", "OQ-45", 180),
        *outcomes("core_om", "CORE-OM", 40, type="number"),
        *outcomes("phq9", "PHQ-9", 27),
        *outcomes("gad7", "GAD-7", 21),
        *outcomes("wsas", "WSAS", 40),
        points("csq8_end", "CSQ-8 at the end; null if it did not come back", "CSQ-8", 32, low=8),
        latent("true_distress_intake", "distress at referral", "distress SD"),
        latent("true_distress_end", "distress at the ending or when the clock stopped", "distress SD"),
        derived(
            "reliable_improvement",
            "better by at least the reliable change index from intake to the last score, on the primary scale",
        ),
        derived("reliable_deterioration", "worse by at least the reliable change index, on the primary scale"),
        derived(
            "recovered",
            "reliable improvement, from the clinical side of the cut-off to the other, on the primary scale",
        ),
        item_mean("wai_client_s1", "client's alliance rating of session 1"),
        item_mean("wai_client_s3", "client's alliance rating of session 3"),
        item_mean("wai_client_last", "client's last alliance rating"),
        count("ruptures", "ruptures", origin="latent"),
        count("ruptures_repaired", "ruptures that were repaired", origin="latent"),
        count("confidentiality_breaches", "breaches of confidentiality"),
        count("microaggressions", "microaggressions", origin="latent"),
    ),
)

TREATMENTS = Table(
    "treatments",
    "one client and one therapist who met",
    ("client_id", "therapist_id"),
    "clients",
    (
        CLIENT_ID,
        THERAPIST_ID,
        Column("therapist_order", "int", "1 = the client's first therapist", low=1),
        week("start_week", "week of their first session"),
        week("end_week", "week of their ending; null while in therapy"),
        count("sessions_held", "sessions held together"),
        latent("cultural_distance", "distance between their positions in culture", "culture units", 0),
        Column("same_group", "bool", "both belong to the same cultural group"),
    ),
)

APPOINTMENTS = Table(
    "appointments",
    "one booked appointment",
    ("client_id", "appointment"),
    "sessions",
    (
        CLIENT_ID,
        THERAPIST_ID,
        Column("appointment", "int", "number of the appointment, from 1", low=1),
        Column("session", "int", "number of the session; null if it was not held", low=1),
        week("week", "week of the appointment"),
        Column("held", "bool", "the session took place"),
        Column("attendance", "text", "what became of the appointment", values=ATTENDANCE),
        latent("true_distress", "distress before the session", "distress SD"),
        points("oq45", "OQ-45 before the session", "OQ-45", 180),
        points("core_om", "CORE-OM before the session", "CORE-OM", 40, type="number"),
        points("phq9", "PHQ-9 before the session", "PHQ-9", 27),
        points("gad7", "GAD-7 before the session", "GAD-7", 21),
        points("wsas", "WSAS before the session", "WSAS", 40),
        item_mean("wai_client", "client's alliance rating after the session"),
        item_mean("wai_client_goal", "its goal subscale"),
        item_mean("wai_client_task", "its task subscale"),
        item_mean("wai_client_bond", "its bond subscale"),
        item_mean("wai_therapist", "therapist's alliance rating after the session"),
        item_mean("wai_therapist_goal", "its goal subscale"),
        item_mean("wai_therapist_task", "its task subscale"),
        item_mean("wai_therapist_bond", "its bond subscale"),
        points("srs_client", "client's SRS after the session", "SRS", 40, type="number"),
        item_mean("empathy_client", "client's rating of the therapist's empathy"),
        item_mean("collaboration_client", "client's rating of working together"),
        item_mean("goal_agreement_client", "client's rating of agreement on goals"),
        item_mean("session_outcome_client", "client's rating of what the session did"),
        item_mean("positive_affect_client", "good feelings after the session"),
        item_mean("negative_affect_client", "bad feelings after the session"),
        item_mean("effort_client", "client's rating of their own effort between sessions"),
        latent("true_alliance", "alliance at the end of the session: mean of goal, task and bond", "al."),
        latent("true_goal", "agreement on goals, strain counted", "al."),
        latent("true_task", "agreement on tasks, strain counted", "al."),
        latent("true_bond", "bond, strain counted", "al."),
        latent("true_empathy", "how well the client felt understood in the session", "al."),
        latent("true_trust", "the client's trust in the therapist"),
        latent("true_strain", "unrepaired strain at the end of the session", "al.", 0),
        latent("true_motivation", "the client's motivation"),
        latent("true_disclosure", "share of what matters that the client says", "share", 0, 1),
        latent("true_effort", "effort that the client puts in after the session", "share", 0, 1),
        Column("supportive_observer", "number", "share of supportive acts as coded", "share", 0, 1),
        Column("exploratory_observer", "number", "share of exploratory acts as coded", "share", 0, 1),
        Column("controlling_observer", "number", "share of controlling acts as coded", "share", 0, 1),
        Column("rupture", "text", "a rupture began in this session", origin="latent", values=RUPTURES),
        Column("rupture_client", "bool", "the client reports one"),
        Column("rupture_therapist", "bool", "the therapist noticed one"),
        Column("rupture_observer", "bool", "the observer codes one"),
        Column("repaired", "bool", "strain was repaired in this session; null if there was none", origin="latent"),
        Column("microaggression", "bool", "a remark fell that slights who the client is", origin="latent"),
    ),
)

ASSESSMENTS = Table(
    "assessments",
    "one client asked outside sessions",
    ("client_id", "week_after_referral", "occasion"),
    "everything",
    (
        CLIENT_ID,
        Column("week_after_referral", "int", "weeks since the referral", "weeks", 0),
        Column("week_after_end", "int", "weeks since the ending; null before it", "weeks", 0),
        Column("occasion", "text", "why the form was asked", values=OCCASIONS),
        points("oq45", "OQ-45", "OQ-45", 180),
        points("core_om", "CORE-OM", "CORE-OM", 40, type="number"),
        points("phq9", "PHQ-9", "PHQ-9", 27),
        points("gad7", "GAD-7", "GAD-7", 21),
        points("wsas", "WSAS", "WSAS", 40),
        latent("true_distress", "distress", "distress SD"),
        derived("above_cutoff", "on the clinical side of the cut-off of the primary scale, or at it"),
    ),
)

EVENTS_TABLE = Table(
    "events",
    "one rare event",
    ("client_id", "week", "event"),
    "everything",
    (
        week("week", "week of the event"),
        Column("event", "text", "what happened", values=EVENTS),
        CLIENT_ID,
        Column("therapist_id", "int", "the therapist concerned; null if none", low=0),
        Column("note", "text", "in words"),
    ),
)

THERAPISTS = Table(
    "therapists",
    "one therapist",
    ("therapist_id",),
    "clients",
    (
        THERAPIST_ID,
        GROUP,
        count("places", "clients that the therapist can have on the books at once"),
        count("caseload", "most clients that were on the books at once"),
        latent("true_facilitative_skill", "general facilitative skill"),
        latent("true_empathy", "empathy"),
        latent("true_listening", "listening"),
        latent("true_collaboration", "working together on goals"),
        latent("true_attunement", "noticing strain"),
        latent("true_repair_skill", "repairing ruptures"),
        latent("true_retention_skill", "keeping clients"),
        latent("true_confidentiality", "care about confidentiality"),
        latent("true_directiveness", "habit of telling clients what to do"),
        latent("true_cultural_comfort", "ease with people unlike oneself"),
        latent("true_bias", "bias against people unlike oneself", "bias units", 0),
        Column("hours_worked", "number", "hours spent on sessions, notes included", "hours", 0),
        count("clients_treated", "clients with at least one session"),
    ),
)

RUNS = Table(
    "runs",
    "one run of one service",
    ("run_id",),
    "runs",
    (
        Column("experiment", "text", "name of the experiment"),
        Column("seed", "int", "seed of the run", low=0),
        Column("world", "text", "declared causal story"),
        *(count(f"n_{ending}", f"clients whose ending was {ending}") for ending in ENDINGS),
        count("n_clients", "clients referred"),
        count("n_sessions", "sessions held"),
        Column("status", "text", "done or failed", values=STATUS),
        Column("stage", "text", "where a failed run stopped; null if it did not fail"),
        Column("error_type", "text", "type of the error; null if there was none"),
        Column("message", "text", "what went wrong; null if nothing did"),
    ),
)

TIMINGS = Table(
    "timings",
    "one run of one service",
    ("run_id",),
    "runs",
    (
        Column("engine", "text", "who looped over clients and weeks"),
        Column("worker", "int", "process number of the worker", low=0),
        Column("seconds", "number", "seconds that the run took", "s", 0),
        Column("started", "text", "when the run started, UTC"),
    ),
)

TABLES = {
    table.name: table
    for table in (CLIENTS, TREATMENTS, APPOINTMENTS, ASSESSMENTS, EVENTS_TABLE, THERAPISTS, RUNS, TIMINGS)
}
"""All tables by name. Every table also carries `run_id`, `arm`, `design_point` and `replication` (see `ID_COLUMNS`)."""

ID_COLUMNS = (
    Column("run_id", "text", "hash of resolved parameters, seed, arm, design point and what is kept"),
    Column("arm", "text", "name of the arm"),
    Column("design_point", "int", "number of the point of the sweep, from 0", low=0),
    Column("replication", "int", "number of the replication, from 0", low=0),
)


def kept(keep):
    """Return the tables that a run writes when the config says `keep`, one of `KEEP`."""
    return [table for table in TABLES.values() if KEEP.index(table.keep) <= KEEP.index(keep)]
