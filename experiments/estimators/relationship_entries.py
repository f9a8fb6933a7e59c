"""The entries of `relationship.py`: words, unit, formula, source and columns of each facet's estimate."""

from experiments.estimators import relationship as r
from experiments.estimators.estimator import Estimator

_SCORES = ("sessions_held", "{primary}_intake", "{primary}_end", "{primary}_last")
_JOIN = ("client_id", *_SCORES, "appointments.client_id", "appointments.session", "appointments.{primary}")
_CHANGE = "-(after - OLS(after ~ before))"
_AND = "and residualised change on the primary scale: end form, else last score, given the intake score."
_READS = (
    "Where no end form came back only sessions before the last score enter, which is why the score of each session is "
    "read: no score is an outcome of what came after it."
)


def _facet(
    function,
    label,
    what,
    source,
    *names,
    unit="Pearson's r",
    formula="{r}",
    headline="",
    parts=None,
    sentence="",
    last=5,
    more=(),
):
    """Return the entry of a facet: the mean of its ratings of sessions 1 to `last`, and residualised change."""
    r = f"r(mean {names[0]} of sessions 1-{last}, {_CHANGE})"
    return Estimator(
        function,
        label,
        sentence or f"{what} (mean of sessions 1-{last}) {_AND}",
        unit=unit,
        formula=formula.format(r=r),
        source=source,
        columns=(*_JOIN, *more, *(f"appointments.{name}" for name in names)),
        keep="sessions",
        headline=headline,
        parts=parts or {},
        caveat=_READS,
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
        "The real relationship",
        "gelso2018",
        "rri_client",
        "session_outcome_client",
        sentence="Mean of two r (by Fisher's z): real relationship (mean of sessions 1-5) with residualised change on"
        " the primary scale, and that of session 3 with the client's outcome rating of it.",
        headline="mean",
        parts={
            "change": ("Pearson's r", "mean rating of sessions 1-5 with residualised change"),
            "session": ("Pearson's r", "rating of session 3 with the client's rating of that session's outcome"),
        },
        formula="tanh((atanh r1 + atanh r2) / 2), r1 = {r}, r2 = r(rri_client, session_outcome_client) of session 3",
    ),
    _facet(
        r.regard_outcome_g,
        "Positive regard and outcome",
        "Perceived regard",
        "farber2018",
        "regard_client",
        unit="g",
        formula="2 r / sqrt(1 - r r), r = {r}",
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
        "Perceived credibility",
        "constantino2018credibility",
        "credibility_client",
        last=3,
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
        parts={
            "supportive": ("Pearson's r", "share of supportive acts with residualised change"),
            "exploratory": ("Pearson's r", "share of exploratory acts with residualised change"),
            "controlling": ("Pearson's r", "share of controlling acts with residualised change"),
        },
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
        parts={
            "intercept": ("points", "session outcome where all four predictors are 0"),
            "beta_*": ("SDs per SD", "session outcome per SD of this predictor, the other three held constant"),
            "*_client": (
                "points per point",
                "session outcome per point of this predictor, the other three held constant",
            ),
        },
    ),
    Estimator(
        r.repaired_outcome_r,
        "Rupture resolution–outcome correlation",
        "Share of a client's ruptures that were repaired, and residualised change, among clients with a rupture.",
        unit="Pearson's r",
        formula=f"r(ruptures_repaired / ruptures, {_CHANGE}); after = end form, else last score",
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
