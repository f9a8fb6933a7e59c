"""Outcomes as England's talking therapies count them: a depression and an anxiety scale together.

Courses finished: at least two sessions held, ended in any way, both scales before and after. Caseness: PHQ-9 of 10 or
more, or GAD-7 of 8 or more. The figures of one kind of problem read the PHQ-9 alone.
"""

import numpy as np

from experiments.estimators.columns import before_and_after, by_session, finished_course, numbers, scale_number
from experiments.estimators.estimator import Estimator
from experiments.estimators.methods.basics.effect_sizes import d_on_start_sd, ratio_of_spreads
from experiments.estimators.methods.change.two_scales import Pair, two_scale_rates
from experiments.estimators.summary import mean, share, spread
from experiments.estimators.value import Fit

SCALES = ("phq9", "gad7")
CUTOFFS = {"phq9": 10.0, "gad7": 8.0}
RELIABLE = {"phq9": 6.0, "gad7": 4.0}
"""Used where the manifest gives none."""
DEPRESSION = "depression"
"""The value of `main_problem` to which the figures for depression are restricted."""
DEPRESSED = "finished courses for depression with both scores"
FOUR_WEEKS, NINETY_DAYS = 4, 13


def nhs_outcomes(tables, scales=None):
    """Return all rates of the rule of two scales as a `Fit`, see `two_scale_rates`; finished courses."""
    scores = [before_and_after(tables["clients"], scale=scale, of=finished_course) for scale in SCALES]
    pair = Pair(
        before=tuple(before for before, _ in scores),
        after=tuple(after for _, after in scores),
        cutoffs=_limits(scales, "cutoff", CUTOFFS),
        reliable_changes=_limits(scales, "reliable_change", RELIABLE),
    )
    return two_scale_rates(pair)


def _limits(scales, field, default):
    given = {name: scale_number(scales, name, field) for name in SCALES}
    return tuple(default[name] if np.isnan(number) else number for name, number in given.items())


def nhs_recovered(tables, scales=None):
    """Return, of finished courses at caseness at the start, the share below both cut-offs at the end."""
    return nhs_outcomes(tables, scales)["recovered"]


def nhs_reliably_recovered(tables, scales=None):
    """Return, of the same courses, the share recovered and reliably improved."""
    return nhs_outcomes(tables, scales)["reliably_recovered"]


def nhs_improved_cases(tables, scales=None):
    """Return, of the same courses, the share reliably improved."""
    return nhs_outcomes(tables, scales)["improved_cases"]


def nhs_improved(tables, scales=None):
    """Return the share of all finished courses with reliable improvement."""
    return nhs_outcomes(tables, scales)["improved"]


def nhs_deteriorated(tables, scales=None):
    """Return the share of all finished courses with reliable deterioration."""
    return nhs_outcomes(tables, scales)["deteriorated"]


def depression_start_mean(tables, scales=None):
    """Return `mean` and `sd` of the PHQ-9 at intake, of finished courses with depression as main problem."""
    before, _ = _depressed(tables)
    return Fit({"mean": mean(before, what=DEPRESSED), "sd": spread(before, what=DEPRESSED)}, before.size)


def depression_end_mean(tables, scales=None):
    """Return `mean` and `sd` of the PHQ-9 at the end of the same courses, and pre-post `d` on the SD at intake."""
    before, after = _depressed(tables)
    parts = {
        "mean": mean(after, what=DEPRESSED),
        "sd": spread(after, what=DEPRESSED),
        "d": d_on_start_sd(before, after, what=DEPRESSED),
    }
    return Fit(parts, after.size)


def depression_sd_ratio(tables, scales=None):
    """Return SD at the end / SD at the start of the PHQ-9, of the same courses."""
    return ratio_of_spreads(*_depressed(tables), what=DEPRESSED)


def _depressed(tables):
    def of(clients):
        return finished_course(clients) & (clients["main_problem"] == DEPRESSION).to_numpy(dtype=bool)

    before, after = before_and_after(tables["clients"], scale="phq9", of=of)
    here = ~np.isnan(before)
    return before[here], after[here]


def second_session_waits(tables, scales=None):
    """Return the shares of finished courses with the second session `within_4_weeks` of the first, `over_90_days`."""
    clients = tables["clients"]
    courses = clients["client_id"][finished_course(clients)]
    weeks = by_session(tables["appointments"], "week", clients=courses, sessions=2)
    gap = weeks[:, 1] - weeks[:, 0]
    gap = gap[~np.isnan(gap)]
    what = "finished courses with two dated sessions"
    parts = {
        "within_4_weeks": share(gap <= FOUR_WEEKS, what=what),
        "over_90_days": share(gap >= NINETY_DAYS, what=what),
    }
    return Fit(parts, gap.size)


def finished_share(tables, scales=None):
    """Return the share of referrals whose course is finished: at least two sessions held and ended in any way."""
    clients = tables["clients"]
    settled = numbers(clients, "sessions_held")
    return share(np.where(np.isnan(settled), np.nan, finished_course(clients)), what="clients referred")


_ENDED = ("sessions_held", "ending")
_TWO = (*_ENDED, *(f"{scale}_{when}" for scale in SCALES for when in ("intake", "end", "last")))
_ONE = (*_ENDED, "main_problem", "phq9_intake", "phq9_end", "phq9_last")
_CASES = "Of finished courses (two sessions or more, ended) at caseness at the start (PHQ-9 >= 10 or GAD-7 >= 8):"

ENTRIES = (
    Estimator(
        nhs_recovered,
        "Recovered, two scales",
        f"{_CASES} share below both cut-offs at the end.",
        unit="share of courses",
        formula="mean(PHQ-9 < 10 and GAD-7 < 8 at the end)",
        source="nhs_tt_2023",
        columns=_TWO,
    ),
    Estimator(
        nhs_reliably_recovered,
        "Reliably recovered, two scales",
        f"{_CASES} share below both cut-offs at the end and reliably improved.",
        unit="share of courses",
        formula="mean(recovered and reliably improved)",
        source="nhs_tt_2023 gyani2013",
        columns=_TWO,
    ),
    Estimator(
        nhs_improved_cases,
        "Reliable improvement of cases, two scales",
        f"{_CASES} share with a reliable fall on one scale and no reliable rise on the other.",
        unit="share of courses",
        formula="mean((PHQ-9 fell >= 6 or GAD-7 fell >= 4) and neither rose so much)",
        source="gyani2013",
        columns=_TWO,
    ),
    Estimator(
        nhs_improved,
        "Reliable improvement, two scales",
        "Of all finished courses (at least two sessions, ended): share with a reliable fall on one scale and no "
        "reliable rise on the other.",
        unit="share of courses",
        formula="mean((PHQ-9 fell >= 6 or GAD-7 fell >= 4) and neither rose so much)",
        source="nhs_tt_2023",
        columns=_TWO,
    ),
    Estimator(
        nhs_deteriorated,
        "Reliable deterioration, two scales",
        "Of all finished courses (at least two sessions, ended): share with a reliable rise on one scale and no "
        "reliable fall on the other.",
        unit="share of courses",
        formula="mean((PHQ-9 rose >= 6 or GAD-7 rose >= 4) and neither fell so much)",
        source="nhs_tt_2023",
        columns=_TWO,
    ),
    Estimator(
        depression_start_mean,
        "Depression: PHQ-9 at the start",
        "Mean PHQ-9 at intake, of finished courses (at least two sessions, ended) with depression as main problem.",
        unit="PHQ-9 points",
        formula="mean(intake score), main_problem = depression",
        source="nhs_tt_2023",
        columns=_ONE,
        headline="mean",
        parts={"sd": ("PHQ-9 points", "standard deviation of the same scores")},
        digits=2,
    ),
    Estimator(
        depression_end_mean,
        "Depression: PHQ-9 at the end",
        "Mean PHQ-9 at the end form or last score, of finished courses (at least two sessions, ended) with depression "
        "as main problem.",
        unit="PHQ-9 points",
        formula="mean(end form, else last score), main_problem = depression",
        source="nhs_tt_2023",
        columns=_ONE,
        headline="mean",
        parts={
            "sd": ("PHQ-9 points", "standard deviation of the same scores"),
            "d": ("d, in SDs at intake", "mean fall from intake to the end over the SD at intake"),
        },
        digits=2,
    ),
    Estimator(
        depression_sd_ratio,
        "Depression: spread at the end over spread at the start",
        "SD of the PHQ-9 at the end / SD at the start, of finished courses with depression as main problem.",
        unit="ratio",
        formula="SD(end form, else last score) / SD(intake score)",
        source="nhs_tt_2023",
        columns=_ONE,
    ),
    Estimator(
        second_session_waits,
        "Second session within 4 weeks of the first",
        "Share of finished courses (at least two sessions, ended) with at most four weeks from the first to "
        "the second session held.",
        unit="share of courses",
        formula="mean(week of session 2 - week of session 1 <= 4)",
        source="nhs_tt_2023",
        columns=("client_id", *_ENDED, *(f"appointments.{name}" for name in ("client_id", "session", "week"))),
        keep="sessions",
        headline="within_4_weeks",
        parts={"over_90_days": ("share of courses", "13 weeks or more from the first to the second session")},
    ),
    Estimator(
        finished_share,
        "Referrals that finish a course",
        "Share of all clients referred who had at least two sessions and have ended.",
        unit="share of referrals",
        formula="mean(sessions_held >= 2 and ended)",
        source="nhs_tt_2023",
        columns=_ENDED,
        caveat="Only in a steady state is it the share of a year's referrals that finish.",
    ),
)
"""In the order in which they are shown."""
