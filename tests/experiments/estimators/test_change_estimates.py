"""The registered estimates of change, dropout, relationship and ratings: counted by hand, turned about, and starved."""

import math

import numpy as np
import pandas as pd
import pytest

from experiments.estimators import (
    REASONS,
    Fit,
    Value,
    change,
    dropout_definitions,
    gains,
    nhs,
    planned,
    predictors,
    ratings,
    relationship,
    relationship_entries,
    returning,
    traits,
)
from experiments.estimators.columns import mean_of_sessions, primary
from tests.experiments.estimators.change_clinic import SCALES, clinic

MODULES = (
    change,
    planned,
    nhs,
    gains,
    dropout_definitions,
    returning,
    predictors,
    traits,
    relationship_entries,
    ratings,
)
ENTRIES = [entry for module in MODULES for entry in module.ENTRIES]
NAMES = [entry.name for entry in ENTRIES]


@pytest.fixture(scope="module")
def tables():
    return clinic(3, clients=500)


def values(result):
    return list(result.values()) if isinstance(result, Fit) else [result]


def same(first, second):
    for one, other in zip(values(first), values(second), strict=True):
        assert one.estimate == pytest.approx(other.estimate, rel=1e-9, abs=1e-12, nan_ok=True)
        assert one.se == pytest.approx(other.se, rel=1e-7, abs=1e-12, nan_ok=True)
        assert (one.n, one.status) == (other.n, other.status)


def test_names_are_unique_and_words_are_there():
    assert len(set(NAMES)) == len(NAMES)
    for entry in ENTRIES:
        assert entry.label and entry.sentence.endswith(".") and entry.unit and entry.formula and entry.columns


@pytest.mark.parametrize("entry", ENTRIES, ids=NAMES)
def test_a_full_clinic_gives_a_finite_headline_from_the_columns_that_are_declared(entry, tables):
    needed = [name.replace("{primary}", "phq9").rpartition(".") for name in entry.columns]
    only = {
        table: tables[table][[name for where, _, name in needed if (where or entry.table) == table]]
        for table in {where or entry.table for where, _, _ in needed}
    }
    result = entry.function(only, SCALES)
    value = result[entry.headline] if isinstance(result, Fit) else result
    assert value.status == "ok", value.note
    assert math.isfinite(value.estimate) and (math.isnan(value.low) or value.low <= value.estimate <= value.high)


@pytest.mark.parametrize("entry", ENTRIES, ids=NAMES)
def test_the_order_of_rows_changes_nothing(entry, tables):
    turned = {name: table.sample(frac=1, random_state=4) for name, table in tables.items()}
    same(entry.function(turned, SCALES), entry.function(tables, SCALES))


def starved(tables, how):
    clients, appointments = tables["clients"], tables["appointments"]
    if how == "nobody":
        return {"clients": clients[:0], "appointments": appointments[:0]}
    if how == "two clients":
        two = clients[clients["sessions_held"] >= 2][:2]
        return {"clients": two, "appointments": appointments[appointments["client_id"].isin(two["client_id"])]}
    if how == "no appointments":
        return {"clients": clients, "appointments": appointments[:0]}
    keys = {"client_id", "ending", "attendance", "main_problem", "appointment", "session", "held"}
    fill = {"all missing": np.nan, "all the same": 1.0}[how]
    return {
        name: table.assign(**{column: fill for column in table.columns if column not in keys})
        for name, table in tables.items()
    }


@pytest.mark.parametrize("how", ["nobody", "two clients", "no appointments", "all missing", "all the same"])
@pytest.mark.parametrize("entry", ENTRIES, ids=NAMES)
@pytest.mark.filterwarnings("error")
def test_a_starved_clinic_gives_named_reasons_and_no_number_that_looks_fine(entry, how, tables):
    result = entry.function(starved(tables, how), SCALES)
    for value in [*values(result), *([result[entry.headline]] if isinstance(result, Fit) else [])]:
        assert isinstance(value, Value)
        assert math.isfinite(value.estimate) if value.ok else (value.status in REASONS and value.note)
        if how == "nobody" or (how == "all missing" and "attendance" not in "".join(entry.columns)):
            assert not value.ok


def test_two_clients_never_give_a_correlation_or_a_slope(tables):
    few = starved(tables, "two clients")
    for entry in ENTRIES:
        if entry.unit in ("Pearson's r", "Spearman's r", "partial r", "R squared", "Cohen's d"):
            result = entry.function(few, SCALES)
            value = result[entry.headline] if isinstance(result, Fit) else result
            assert value.status in ("too_few", "missing"), entry.name


def people(**columns):
    return {"clients": pd.DataFrame({"client_id": range(len(next(iter(columns.values())))), **columns})}


COURSES = people(
    sessions_held=[6, 6, 6, 6, 1, 6],
    ending=["planned_end", "good_enough", "dissatisfied", "dissatisfied", "planned_end", "in_therapy"],
    phq9_intake=[18, 12, 16, 20, 15, 10],
    phq9_end=[8, 3, np.nan, np.nan, np.nan, np.nan],
    phq9_last=[9, 5, 12, 27, 15, 4],
    dropout_unilateral=[0, 0, 1, 1, 0, np.nan],
)
"""Six clients; the fifth has no score after the first session, the sixth has not ended."""


def test_change_of_six_clients_by_hand():
    shares = change.clinical_significance(COURSES, SCALES)
    assert shares.n == 5
    assert shares["recovered"].estimate == pytest.approx(3 / 5)
    assert shares["unchanged"].estimate == pytest.approx(1 / 5)
    assert shares["deteriorated"].estimate == pytest.approx(1 / 5)
    worse = change.deterioration_rate(COURSES, SCALES)
    assert worse["worse"].estimate == pytest.approx(1 / 5)
    assert worse["not_improved"].estimate == pytest.approx(2 / 5)
    assert worse["true_change"].status == "missing"
    response = change.response_rate(COURSES, SCALES)
    assert response["response"].estimate == pytest.approx(3 / 5)
    assert response["remission"].estimate == pytest.approx(2 / 5)


def test_dropout_of_six_clients_by_each_definition():
    got = dropout_definitions.dropout_by_definition(COURSES, SCALES)
    assert got["unilateral"].estimate == pytest.approx(2 / 5)
    assert got["therapist_judged"].status == "missing"
    assert got["intake_only"].estimate == got["few_sessions"].estimate == got["below_median"].estimate == 1 / 5
    assert got["no_reliable_change"].estimate == got["no_significant_change"].estimate == pytest.approx(2 / 4)
    assert dropout_definitions.unplanned_rate(COURSES).estimate == pytest.approx(2 / 5)


def test_cut_off_from_norms_is_jacobsons_c_of_the_scale():
    # c = 6.9 from these norms: client 1 (18 to 8) has improved but not recovered, clients 2 and 6 end below it
    got = change.significance_by_norms(COURSES, SCALES)
    assert (got["recovered"].estimate, got["improved"].estimate) == pytest.approx((2 / 5, 1 / 5))
    assert change.significance_by_norms(COURSES, {"phq9": {"cutoff": 10}}).status == "missing"


def test_another_primary_scale_is_read_where_the_manifest_marks_one():
    scales = {"oq45": {"primary": True, "cutoff": 64, "reliable_change": 14}, **SCALES}
    assert primary(scales) == "oq45"
    courses = people(sessions_held=[5, 5], oq45_intake=[90, 80], oq45_end=[60, 75], oq45_last=[70, 75])
    got = change.clinical_significance(courses, scales)
    assert (got["recovered"].estimate, got["unchanged"].estimate) == (0.5, 0.5)


def test_response_at_two_months_takes_no_score_from_later_and_none_from_the_first_session():
    clients = people(
        start_week=[0, 0, 0, 0],
        end_week=[20, 5, np.nan, 20],
        phq9_intake=[20, 20, 20, 20],
        phq9_end=[2, 9, np.nan, 1],
        sessions_held=[3, 2, 1, 2],
    )["clients"]
    booked = pd.DataFrame(
        {
            "client_id": [0, 0, 0, 1, 1, 2, 3, 3],
            "session": [1, 2, 3, 1, 2, 1, 1, 2],
            "week": [0, 5, 12, 0, 4, 0, 0, 15],
            "phq9": [20, 10, 3, 20, 15, 5, 20, 2],
        }
    )
    got = change.response_at_2_months({"clients": clients, "appointments": booked}, SCALES)
    assert (got["response"].n, got["response"].estimate) == (2, 1.0)  # 10 and the end form 9; the others have no score


def test_rates_of_two_scales_count_finished_courses_only(tables):
    got = nhs.nhs_outcomes(tables, SCALES)
    clients = tables["clients"]
    fine = clients[(clients["sessions_held"] >= 2) & (clients["ending"] != "in_therapy")]
    after = {name: fine[f"{name}_end"].fillna(fine[f"{name}_last"]) for name in ("phq9", "gad7")}
    case = (fine["phq9_intake"] >= 10) | (fine["gad7_intake"] >= 8)
    well = (after["phq9"] < 10) & (after["gad7"] < 8)
    assert got["recovered"].estimate == pytest.approx(well[case].mean())
    same(nhs.nhs_recovered(tables, SCALES), got["recovered"])
    down = {name: fine[f"{name}_intake"] - after[name] for name in after}
    better, worse = (down["phq9"] >= 6) | (down["gad7"] >= 4), (down["phq9"] <= -6) | (down["gad7"] <= -4)
    assert got["improved"].estimate == pytest.approx((better & ~worse).mean())
    assert got["deteriorated"].estimate == pytest.approx((worse & ~better).mean())


def test_depression_alone_is_read_from_the_main_problem(tables):
    clients = tables["clients"]
    fine = clients[
        (clients["sessions_held"] >= 2)
        & (clients["ending"] != "in_therapy")
        & (clients["main_problem"] == "depression")
    ]
    after = fine["phq9_end"].fillna(fine["phq9_last"])
    assert nhs.depression_start_mean(tables)["mean"].estimate == pytest.approx(fine["phq9_intake"].mean())
    assert nhs.depression_end_mean(tables)["sd"].estimate == pytest.approx(after.std())
    assert nhs.depression_sd_ratio(tables).estimate == pytest.approx(after.std() / fine["phq9_intake"].std())


def test_no_return_counts_whom_it_can_know():
    clients = people(
        sessions_held=[1, 1, 2, 3, 0],
        ending=["dissatisfied", "in_therapy", "in_therapy", "planned_end", "never_started"],
        dropout_unilateral=[1, np.nan, np.nan, 0, np.nan],
    )
    got = returning.no_return_after_first(clients)
    assert (got["after_1"].estimate, got["after_1"].n) == (pytest.approx(1 / 3), 3)


def test_a_u_shape_is_seen_and_a_slope_is_none():
    n, luck = 4000, np.random.default_rng(2)
    rating = luck.normal(size=n)
    for chance, wanted in ((0.2 + 0.15 * (np.abs(rating) > 1.5), True), (0.2 + 0.15 * (rating < -1.5), False)):
        gone = luck.random(n) < chance
        clients = people(
            sessions_held=np.where(gone, 1, 5),
            ending=["planned_end"] * n,
            wai_client_s1=rating,
            dropout_unilateral=gone,
        )
        value = returning.no_return_by_alliance(clients)["u_shape"]
        assert (value.estimate > 2 * value.se) == wanted


def test_the_missed_appointment_that_was_the_ending_is_left_out():
    clients = people(dropout_unilateral=[1, 0, 1], wai_client_s1=[3.0, 4, 5])["clients"]
    booked = pd.DataFrame(
        {
            "client_id": [0, 0, 1, 1, 2, 2],
            "appointment": [1, 2, 1, 2, 1, 2],
            "attendance": ["held", "no_show", "no_show", "no_show", "no_show", "held"],
        }
    )
    got = returning.missed_appointment_rate({"clients": clients, "appointments": booked})
    assert (got["rate"].estimate, got["rate"].n) == (pytest.approx(3 / 5), 5)
    assert got["first"].estimate == pytest.approx(2 / 3)


def test_adjusted_correlation_is_the_partial_one_of_all_columns(tables):
    got = predictors.alliance_outcome_partial(tables, SCALES)
    assert got["ratio"].estimate == pytest.approx(
        got["partial"].estimate / predictors.alliance_outcome_readings(tables, SCALES)["residualised"].estimate
    )
    turned = {**SCALES, "phq9": {**SCALES["phq9"], "higher_is_worse": False}}
    opposite = predictors.alliance_outcome_partial(tables, turned)["partial"].estimate
    assert opposite == pytest.approx(-got["partial"].estimate)


def test_a_facet_leaves_out_ratings_after_the_last_score_where_no_form_came_back():
    clients = people(
        sessions_held=[3, 3], phq9_intake=[10, 10], phq9_end=[5, np.nan], phq9_last=[8, 8], wai_client_s3=[3, 3]
    )["clients"]
    booked = pd.DataFrame(
        {
            "client_id": [0, 0, 0, 1, 1, 1],
            "session": [1, 2, 3, 1, 2, 3],
            "phq9": [10, 9, 8, 10, 9, 8],
            "empathy_client": [1.0, 2, 6, 1, 2, 6],
        }
    )
    got = relationship.early_mean({"clients": clients, "appointments": booked}, "empathy_client", SCALES)
    np.testing.assert_allclose(got, [3.0, 1.5])


def test_means_of_sessions_skip_gaps_and_stop_where_told():
    table = np.array([[1.0, np.nan, 5, 9], [np.nan] * 4])
    np.testing.assert_allclose(mean_of_sessions(table, last=3), [3, np.nan])
    np.testing.assert_allclose(mean_of_sessions(table, first=2, last=4, until=[3, 3]), [5, np.nan])


def test_one_session_per_client_enters_the_joint_regression(tables):
    fit = relationship.session_outcome_r_squared(tables)
    started = (tables["clients"]["sessions_held"] >= 1).sum()
    assert fit.n == started
    assert fit["negative_affect_client"].estimate < fit["wai_client"].estimate


def test_raters_a_constant_apart_differ_by_it_in_sds(tables):
    booked = tables["appointments"].assign(wai_therapist=lambda table: table["wai_client"] - 0.5)
    value = ratings.rater_difference_d({**tables, "appointments": booked})
    third = booked.loc[booked["session"] == 3, "wai_client"]
    assert value.estimate == pytest.approx(0.5 / third.std())


def test_the_gain_of_the_alliance_is_of_those_who_rated_both(tables):
    booked = tables["appointments"]
    wide = booked.dropna(subset="session").pivot(index="client_id", columns="session", values="wai_client")
    got = ratings.alliance_course(tables)
    assert got["gain"].estimate == pytest.approx((wide[10] - wide[1]).mean())
    assert got["sd_5"].estimate == pytest.approx(wide[5].std())
