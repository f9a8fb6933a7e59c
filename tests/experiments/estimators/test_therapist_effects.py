"""Therapist effects, and the alliance between and within: who goes in, what comes out, and when nothing does."""

import math

import numpy as np
import pandas as pd
import pytest

from experiments.estimators import therapist_effects, within_between
from experiments.estimators.estimator import PRIMARY
from experiments.estimators.methods.mixed.linear_mixed import linear_mixed
from experiments.estimators.methods.mixed.variance_components import variance_components
from experiments.estimators.value import Fit
from tests.experiments import synthetic
from tests.statistics import plants_mixed as plants

ENTRIES = (*therapist_effects.ENTRIES, *within_between.ENTRIES)
SCALES = {"oq45": {"primary": True, "higher_is_worse": True}}


def clients(seed=1, **sizes):
    return plants.outcomes_of_therapists(np.random.default_rng(seed), **sizes)


def split(seed=1, **sizes):
    return plants.alliances_and_outcomes(np.random.default_rng(seed), **sizes)


def lagged(seed=1, **sizes):
    return plants.sessions_after_sessions(np.random.default_rng(seed), **sizes)


def experienced(seed=1):
    frame, therapists = plants.clients_of_experienced_therapists(np.random.default_rng(seed))
    return {"clients": frame, "therapists": therapists}


def close(got, expected, rel=1e-6):
    np.testing.assert_allclose(got, expected, rtol=rel, atol=1e-12)


def same(got, expected):
    numbers = [(value.estimate, value.se, value.low, value.high, value.p, value.n) for value in (got, expected)]
    np.testing.assert_array_equal(*numbers)
    assert (got.status, got.note) == (expected.status, expected.note)


# --- therapist effects on outcome ---


def test_the_icc_is_that_of_the_model_given_the_intake_score():
    frame = clients(therapists=40)
    fit = therapist_effects.therapist_effect_icc({"clients": frame})
    rows = frame.rename(columns={"phq9_intake": "before", "phq9_end": "after"})
    model = variance_components(rows, outcome="after", groups=("therapist_id",), fixed=("before",))
    same(fit["icc"], model["share_therapist_id"])
    same(fit["variance_between"], model["variance_therapist_id"])
    same(fit["before"], model["before"])
    between, within = fit["variance_between"].estimate, fit["variance_within"].estimate
    assert fit["icc"].estimate == pytest.approx(between / (between + within))


def test_therapists_with_fewer_than_five_clients_are_left_out():
    frame = clients(therapists=40)
    few = frame.head(4).assign(therapist_id=999, phq9_end=500.0)
    with_few = therapist_effects.therapist_effect_icc({"clients": pd.concat([frame, few])})
    assert with_few.n == len(frame) and with_few.facts["groups_therapist_id"] == 40
    five = frame.head(5).assign(therapist_id=999)
    assert therapist_effects.therapist_effect_icc({"clients": pd.concat([frame, five])}).n == len(frame) + 5


def test_severity_goes_in_where_a_run_has_it():
    frame = clients(therapists=40)
    luck = np.random.default_rng(2)
    frame["interpersonal_problems"] = luck.random(len(frame)) < 0.3
    frame["phq9_end"] = frame["phq9_end"] + 3.0 * frame["interpersonal_problems"]
    fit = therapist_effects.therapist_effect_icc({"clients": frame})
    assert fit["interpersonal_problems"].estimate == pytest.approx(3.0, abs=0.8)
    assert "interpersonal_problems" not in therapist_effects.therapist_effect_icc(
        {"clients": frame.assign(interpersonal_problems=False)}
    )


def test_unadjusted_means_without_any_predictor_but_with_the_same_clients():
    frame = clients(therapists=40)
    frame = frame[frame.groupby("therapist_id")["client_id"].transform("size") >= 8].reset_index(drop=True)
    frame.loc[::9, "phq9_intake"] = np.nan
    fit = therapist_effects.therapist_icc_unadjusted({"clients": frame})
    adjusted = therapist_effects.therapist_effect_icc({"clients": frame})
    assert fit.n == adjusted.n == frame["phq9_intake"].notna().sum()
    assert fit["variance_within"].estimate > adjusted["variance_within"].estimate


def test_an_outcome_is_the_end_form_or_the_last_score_from_two_sessions_on():
    frame = clients(therapists=40)
    frame = frame[frame.groupby("therapist_id")["client_id"].transform("size") >= 9].reset_index(drop=True)
    frame.loc[frame.index % 3 == 0, "phq9_end"] = np.nan
    frame.loc[frame.index % 6 == 0, "sessions_held"] = 1
    fit = therapist_effects.therapist_effect_icc({"clients": frame})
    assert fit.n == np.sum(frame.index % 6 != 0)


def test_another_primary_scale_is_read():
    frame = clients(therapists=40)
    renamed = frame.rename(columns=lambda name: name.replace("phq9", "oq45"))
    first = therapist_effects.therapist_effect_icc({"clients": frame})
    same(therapist_effects.therapist_effect_icc({"clients": renamed}, SCALES)["icc"], first["icc"])


# --- the alliance's components, experience ---


def test_components_of_the_alliance_are_those_of_sessions_in_clients_in_therapists():
    frame = plants.sessions_of_clients(np.random.default_rng(1))
    fit = therapist_effects.alliance_components({"appointments": frame})
    model = variance_components(frame, outcome="wai_client", groups=("client_id", "therapist_id"))
    same(fit["therapist_share"], model["share_therapist_id"])
    shares = [fit[name].estimate for name in ("therapist_share", "client_share", "session_share")]
    assert sum(shares) == pytest.approx(1.0)
    same(fit["mean"], model["intercept"])


def test_a_year_of_experience_is_counted_at_the_clients_first_session():
    tables = experienced()
    fit = therapist_effects.outcome_by_experience(tables)
    rows = tables["clients"].merge(tables["therapists"], on="therapist_id")
    rows["total"] = rows["years"] + rows["start_week"] / 52
    rows["d"] = (rows["phq9_intake"] - rows["phq9_end"]) / rows["phq9_intake"].std()
    model = linear_mixed(rows, outcome="d", fixed=("total",), groups={"therapist_id": ()})
    close([fit["per_year"].estimate, fit["per_year"].se], [model["total"].estimate, model["total"].se])
    higher_is_better = {"phq9": {"higher_is_worse": False}}
    turned = therapist_effects.outcome_by_experience(tables, higher_is_better)
    close(turned["per_year"].estimate, -fit["per_year"].estimate)


def test_without_years_or_spread_there_is_a_reason():
    tables = experienced()
    none = {**tables, "therapists": tables["therapists"].assign(years=np.nan)}
    assert therapist_effects.outcome_by_experience(none)["per_year"].status == "missing"
    same = {**tables, "clients": tables["clients"].assign(phq9_intake=12.0)}
    assert therapist_effects.outcome_by_experience(same)["per_year"].status == "constant"
    alike = {
        **tables,
        "therapists": tables["therapists"].assign(years=4.0),
        "clients": tables["clients"].assign(start_week=3),
    }
    assert therapist_effects.outcome_by_experience(alike)["per_year"].status == "constant"


# --- between and within ---


def test_the_two_slopes_are_of_the_mean_and_of_the_deviation():
    frame = split()
    fit = within_between.between_therapist_slope({"clients": frame})
    rows = frame.rename(columns={"phq9_intake": "before", "phq9_end": "after"})
    rows["mean"] = rows.groupby("therapist_id")["wai_client_s3"].transform("mean")
    rows["deviation"] = rows["wai_client_s3"] - rows["mean"]
    model = linear_mixed(rows, outcome="after", fixed=("before", "mean", "deviation"), groups={"therapist_id": ()})
    close([fit["between"].estimate, fit["within"].se], [model["mean"].estimate, model["deviation"].se])
    close(fit["difference"].estimate, fit["between"].estimate - fit["within"].estimate)
    same(fit["within"], within_between.within_therapist_slope({"clients": frame})["within"])


def test_the_share_within_therapists_is_one_minus_the_icc_of_the_alliance():
    frame = split()
    icc = variance_components(frame, outcome="wai_client_s3", groups=("therapist_id",))["share_therapist_id"]
    fit = within_between.between_therapist_slope({"clients": frame})
    close(fit["share_within_therapists"].estimate, 1 - icc.estimate)


def test_a_clients_own_scores_count_from_the_fourth_session_on():
    frame = split().assign(phq9_end=np.nan)
    frame.loc[frame.index % 4 == 0, "sessions_held"] = 3
    fit = within_between.between_therapist_slope({"clients": frame})
    assert fit.n == np.sum(frame.index % 4 != 0)


def test_concealment_takes_the_place_of_the_alliance():
    frame = split()
    fit = within_between.between_therapist_slope({"clients": frame})
    other = within_between.concealment_levels(
        {"clients": frame.rename(columns={"wai_client_s3": "concealment_intake"})}
    )
    same(other["within"], fit["within"])


# --- slopes of clients ---


def test_a_score_counts_for_the_session_before_it_and_only_if_the_sessions_are_neighbours():
    appointments = pd.DataFrame(
        {
            "client_id": [1, 1, 1, 1, 1, 2, 2],
            "session": [2, 1, None, 3, 5, 1, 2],
            "phq9": [10.0, 12.0, 99.0, 9.0, 7.0, 20.0, 18.0],
            "wai_client": [4.0, 3.0, 1.0, 4.5, 2.0, 5.0, 4.0],
        }
    )
    rows = within_between._followed(appointments, "phq9")
    assert rows[["client_id", "session"]].to_numpy().tolist() == [[1, 1], [1, 2], [2, 1]]
    assert rows["symptoms"].tolist() == [12, 10, 20] and rows["next_symptoms"].tolist() == [10, 9, 18]
    assert rows["alliance_within"].tolist() == [-0.5, 0.5, 0.0]


def test_the_slopes_variance_carries_the_p_of_its_boundary_test():
    fit = within_between.client_alliance_slopes({"appointments": lagged(clients=400)})
    assert fit["slope_variance"].p == fit["chi2"].p < 0.05
    assert fit["slope_sd"].estimate == pytest.approx(math.sqrt(fit["slope_variance"].estimate))
    assert fit["slope_difference"].status == "missing"


def test_clients_with_interpersonal_problems_have_a_slope_of_their_own():
    appointments = lagged(clients=300)
    people = pd.DataFrame({"client_id": np.arange(300), "interpersonal_problems": np.arange(300) % 3 == 0})
    extra = (
        -1.5
        * (appointments["client_id"] % 3 == 0)
        * (appointments["wai_client"] - 4).groupby(appointments["client_id"]).shift()
    )
    appointments["phq9"] += extra.fillna(0.0)
    fit = within_between.client_alliance_slopes({"appointments": appointments, "clients": people})
    assert fit["slope_difference"].estimate == pytest.approx(-1.5, abs=3.5 * fit["slope_difference"].se)
    assert fit["slope_difference"].p < 0.001
    close(
        fit["slope_difference"].estimate,
        fit["slope_with_problems"].estimate - fit["slope_without_problems"].estimate,
    )


def test_too_few_sessions_have_no_slopes():
    short = lagged()
    fit = within_between.client_alliance_slopes({"appointments": short[short["session"] <= 3]})
    assert fit["slope_variance"].status == "too_few" and fit["slope_variance"].note


# --- all of them ---


def tables_of_all():
    frame = split(therapists=60).assign(start_week=3, interpersonal_problems=lambda each: each["client_id"] % 3 == 0)
    frame["concealment_intake"] = frame["wai_client_s3"] * 1.1
    appointments = lagged(clients=100)
    appointments["therapist_id"] = appointments["client_id"] % 9
    therapists = pd.DataFrame({"therapist_id": np.arange(60), "years": np.arange(60) % 20})
    return {"clients": frame, "appointments": appointments, "therapists": therapists}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_entry_reads_only_the_columns_it_names(entry):
    tables, named = tables_of_all(), {}
    for column in entry.columns:
        table, _, own = column.replace(PRIMARY, "phq9").rpartition(".")
        named.setdefault(table or entry.table, []).append(own)
    fit = entry.function({table: tables[table][columns] for table, columns in named.items()}, synthetic.SCALES)
    value = fit[entry.headline] if isinstance(fit, Fit) else fit
    assert value.ok and math.isfinite(value.estimate)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_entry_names_a_reason_in_a_clinic_that_is_empty_or_of_one_therapist(entry):
    tables = tables_of_all()
    empty = {name: frame.iloc[:0] for name, frame in tables.items()}
    assert entry.function(empty, None)[entry.headline].status == "missing"
    single = {name: frame.assign(therapist_id=0) for name, frame in tables.items()}
    single["therapists"] = tables["therapists"].iloc[:1]
    fit = entry.function(single, None)
    expected = "ok" if entry.name == "client_alliance_slopes" else "one_group"
    assert fit[entry.headline].status in (expected, "constant")
