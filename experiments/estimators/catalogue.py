"""The list of estimates: plain words, unit, formula, its row in the evidence, and which columns it needs."""

from collections.abc import Callable
from dataclasses import dataclass

from experiments.estimators import alliance, attendance, dropout, outcome

ENDED = ("sessions_held", "ending")
SCORES = ("phq9_intake", "phq9_end", "phq9_last")
COURSE = (*ENDED, *SCORES)


@dataclass(frozen=True)
class Estimator:
    """One estimate: `label` for an axis, a `sentence`, `unit`, `formula`, `source` (keys of references).

    It reads `columns` of `table`, so at least `keep` must be kept of a run. `function(tables, scales)`
    takes the tables of one run as data frames, and the scales of the manifest.
    """

    function: Callable
    label: str
    sentence: str
    unit: str
    formula: str
    source: str
    columns: tuple
    table: str = "clients"
    keep: str = "clients"
    digits: int = 3

    @property
    def name(self):
        """The name under which a config asks for it."""
        return self.function.__name__


ALL = (
    Estimator(
        dropout.dropout_rate,
        "Dropout rate",
        "Share of clients with at least one session who ended before goals or plan were reached; "
        "those still in therapy count as not.",
        unit="share of clients",
        formula="mean(dropout_unilateral), sessions_held >= 1",
        source="swift2012",
        columns=("sessions_held", "dropout_unilateral"),
    ),
    Estimator(
        attendance.never_started_rate,
        "Never started",
        "Share of clients referred who left before a first session.",
        unit="share of clients",
        formula="mean(ending = never_started)",
        source="",
        columns=("ending",),
    ),
    Estimator(
        dropout.good_enough_rate,
        "Good-enough endings",
        "Share of clients with at least one session who ended because they were well enough for themselves.",
        unit="share of clients",
        formula="mean(ending = good_enough), sessions_held >= 1",
        source="",
        columns=ENDED,
    ),
    Estimator(
        attendance.n_sessions_mean,
        "Sessions held",
        "Mean number of sessions held, of clients with at least one whose therapy has ended.",
        unit="sessions",
        formula="mean(sessions_held), sessions_held >= 1 and ended",
        source="",
        columns=ENDED,
        digits=2,
    ),
    Estimator(
        alliance.alliance_outcome_r,
        "Alliance–outcome correlation",
        "Pearson's r between the client's alliance rating of session 3 and residualised change on the"
        " PHQ-9; clients with an end form or at least four sessions.",
        unit="Pearson's r",
        formula="r(wai_client_s3, -(after - OLS(after ~ before)))",
        source="flueckiger2018",
        columns=("sessions_held", *SCORES, "wai_client_s3"),
    ),
    Estimator(
        dropout.alliance_dropout_d,
        "Alliance of stayers minus dropouts",
        "Cohen's d of the last alliance rating at or before session 3, those who stayed minus those who dropped out.",
        unit="Cohen's d",
        formula="(mean stayers - mean dropouts) / pooled SD",
        source="sharf2010",
        columns=(*ENDED, "dropout_unilateral", "wai_client_s1", "wai_client_s3", "wai_client_last"),
    ),
    Estimator(
        outcome.pre_post_d,
        "Change on the PHQ-9",
        "Pre-post d on the SD at intake, of all clients with an intake score and a later one (end "
        "form, or last score from two sessions on).",
        unit="d, in SDs at intake",
        formula="(mean before - mean after) / SD before",
        source="",
        columns=("sessions_held", *SCORES),
    ),
    Estimator(
        outcome.reliable_improvement_rate,
        "Reliable improvement",
        "Share of finished courses (at least two sessions, ended) that fell by at least the reliable "
        "change index of the PHQ-9.",
        unit="share of courses",
        formula="mean(reliable_improvement), finished courses",
        source="nhs_tt_2023",
        columns=(*ENDED, "reliable_improvement"),
    ),
    Estimator(
        outcome.recovered_rate,
        "Recovered",
        "Of finished courses that began at or above the cut-off of the PHQ-9, the share that ended below it.",
        unit="share of courses",
        formula="mean(after < cut-off), before >= cut-off, finished courses",
        source="nhs_tt_2023",
        columns=COURSE,
    ),
    Estimator(
        outcome.reliably_recovered_rate,
        "Reliably recovered",
        "Of finished courses that began at or above the cut-off of the PHQ-9, the share that "
        "recovered and improved reliably.",
        unit="share of courses",
        formula="mean(recovered), before >= cut-off, finished courses",
        source="nhs_tt_2023",
        columns=(*ENDED, "phq9_intake", "recovered"),
    ),
    Estimator(
        outcome.phq9_intake_mean,
        "PHQ-9 at intake, mean",
        "Mean PHQ-9 at intake, of finished courses with both scores.",
        unit="PHQ-9 points",
        formula="mean(before)",
        source="nhs_tt_2023",
        columns=COURSE,
        digits=2,
    ),
    Estimator(
        outcome.phq9_intake_sd,
        "PHQ-9 at intake, SD",
        "Standard deviation of the PHQ-9 at intake, of finished courses with both scores.",
        unit="PHQ-9 points",
        formula="SD(before)",
        source="nhs_tt_2023",
        columns=COURSE,
        digits=2,
    ),
    Estimator(
        outcome.phq9_end_mean,
        "PHQ-9 at the end, mean",
        "Mean PHQ-9 at the end form or last score, of finished courses with both scores.",
        unit="PHQ-9 points",
        formula="mean(after)",
        source="nhs_tt_2023",
        columns=COURSE,
        digits=2,
    ),
    Estimator(
        outcome.phq9_end_sd,
        "PHQ-9 at the end, SD",
        "Standard deviation of the PHQ-9 at the end form or last score, of finished courses with both scores.",
        unit="PHQ-9 points",
        formula="SD(after)",
        source="nhs_tt_2023",
        columns=COURSE,
        digits=2,
    ),
    Estimator(
        attendance.waited_within_6_weeks,
        "First session within 6 weeks",
        "Share of finished courses with the first session less than six weeks after the referral.",
        unit="share of courses",
        formula="mean(waited_weeks < 6), finished courses",
        source="nhs_tt_2023",
        columns=(*ENDED, "waited_weeks"),
    ),
    Estimator(
        alliance.wai_client_s3_mean,
        "Alliance at session 3, mean",
        "Mean of the client's WAI-SR rating of session 3.",
        unit="item mean, 1–5",
        formula="mean(wai_client_s3)",
        source="",
        columns=("wai_client_s3",),
    ),
    Estimator(
        alliance.wai_client_s3_sd,
        "Alliance at session 3, SD",
        "Standard deviation between clients of the WAI-SR rating of session 3.",
        unit="item mean, 1–5",
        formula="SD(wai_client_s3)",
        source="",
        columns=("wai_client_s3",),
    ),
    Estimator(
        alliance.rupture_rate,
        "Ruptures that clients report",
        "Share of sessions held in which the client reports a rupture.",
        unit="share of sessions",
        formula="mean(rupture_client), held sessions",
        source="eubanks2018",
        columns=("client_id", "held", "rupture_client"),
        keep="sessions",
        table="appointments",
    ),
    Estimator(
        alliance.repaired_share,
        "Ruptures repaired",
        "Share of all ruptures that were repaired (latent: only the model knows).",
        unit="share of ruptures",
        formula="sum(ruptures_repaired) / sum(ruptures)",
        source="eubanks2018",
        columns=("ruptures", "ruptures_repaired"),
    ),
)
"""In the order in which they are shown."""
