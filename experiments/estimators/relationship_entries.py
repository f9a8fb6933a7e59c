"""The entries of `relationship.py`: words, unit, formula, source and columns of each facet's estimate."""

from experiments.estimators import relationship as r
from experiments.estimators.estimator import Estimator

_SCORES = ("sessions_held", "{primary}_intake", "{primary}_end", "{primary}_last")
_JOIN = ("client_id", *_SCORES, "appointments.client_id", "appointments.session", "appointments.{primary}")
_R = "r(mean of sessions, -(after - OLS(after ~ before)))"


def _facet(function, label, what, source, *names, unit="Pearson's r", formula=_R, headline="", more=()):
    return Estimator(
        function,
        label,
        f"{what} and residualised change on the primary scale.",
        unit=unit,
        formula=formula,
        source=source,
        columns=(*_JOIN, *more, *(f"appointments.{name}" for name in names)),
        keep="sessions",
        headline=headline,
    )


ENTRIES = (
    _facet(r.empathy_outcome_r, "Empathy–outcome correlation", "Perceived empathy", "elliott2018", "empathy_client"),
    _facet(
        r.collaboration_outcome_r,
        "Collaboration–outcome correlation",
        "Perceived collaboration",
        "tryon2018",
        "collaboration_client",
    ),
    _facet(
        r.goal_agreement_outcome_r,
        "Goal consensus–outcome correlation",
        "Perceived agreement on goals",
        "tryon2018",
        "goal_agreement_client",
    ),
    _facet(
        r.real_relationship_r,
        "Real relationship–outcome correlation",
        "The real relationship, with outcome: mean of its r with the outcome of session 3",
        "gelso2018",
        "rri_client",
        "session_outcome_client",
        headline="mean",
        formula="tanh((atanh r1 + atanh r2) / 2)",
    ),
    _facet(
        r.regard_outcome_g,
        "Positive regard and outcome",
        "Perceived regard",
        "farber2018",
        "regard_client",
        unit="g",
        formula="2 r / sqrt(1 - r r)",
    ),
    _facet(
        r.genuineness_outcome_r,
        "Genuineness–outcome correlation",
        "Perceived genuineness",
        "kolden2018",
        "genuineness_client",
    ),
    _facet(
        r.credibility_outcome_r,
        "Credibility–outcome correlation",
        "Perceived credibility in sessions 1-3",
        "constantino2018credibility",
        "credibility_client",
    ),
    _facet(
        r.countertransference_r,
        "Countertransference–outcome correlation",
        "Coded countertransference reactions",
        "hayes2018",
        "countertransference_observer",
    ),
    _facet(
        r.acts_outcome_r,
        "Therapists' acts and outcome",
        "Shares of supportive, exploratory and controlling acts",
        "kadur2020",
        *(f"{act}_observer" for act in r.ACTS),
        headline="supportive",
    ),
    _facet(
        r.multicultural_outcome_r,
        "Multicultural competence–outcome correlation",
        "Competence as minority clients perceive it",
        "soto2018",
        "multicultural_client",
        more=("minority",),
    ),
    Estimator(
        r.session_outcome_r_squared,
        "Session outcome explained by the relationship",
        "R squared of the outcome of one session per client on alliance, real relationship and affects in it.",
        unit="R squared",
        formula="OLS(session_outcome ~ wai + rri + positive + negative affect)",
        source="stefana2024",
        columns=("client_id", "session", "session_outcome_client", *r.JOINT),
        table="appointments",
        keep="sessions",
        headline="r_squared",
    ),
    Estimator(
        r.repaired_outcome_r,
        "Rupture resolution–outcome correlation",
        "Share of a client's ruptures that were repaired, and residualised change, among clients with a rupture.",
        unit="Pearson's r",
        formula="r(ruptures_repaired / ruptures, residualised change)",
        source="eubanks2018",
        columns=(*_SCORES, "ruptures", "ruptures_repaired"),
        caveat="Repaired at any time before the ending, not within three sessions.",
    ),
    Estimator(
        r.microaggression_share,
        "Clients who met a microaggression",
        "Share of minority clients with a session who met at least one microaggression (latent).",
        unit="share of clients",
        formula="mean(microaggressions >= 1), minority",
        source="owen2014",
        columns=("minority", "sessions_held", "microaggressions"),
    ),
)
"""In the order in which they are shown."""
