"""The cabinet of forms: what is declared is whole, and every form meets its norms in the people it was made for."""

import importlib
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from pytest import approx

from sim import felt, instruments, measures, parameters
from sim.instruments import OCCASIONS, askable, latents, scales, symptom_scales
from sim.maths import logistic
from sim.output import absent_columns
from sim.tables import TABLES

ROOT = Path(__file__).resolve().parents[2]
EVERY = pytest.mark.parametrize("scale", scales().values(), ids=lambda scale: scale.name)


@pytest.fixture(scope="module")
def docs():
    """Return the modules beside the pages that solve the maps and set norms beside what is achieved."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "docs"))
        yield {name: importlib.import_module(name) for name in ("solve_maps", "norms", "measure_latents")}


# --- what is declared -----------------------------------------------------------------------------------


@EVERY
def test_every_instrument_is_declared_in_full(scale):
    assert scale.label and scale.what and scale.unit and scale.note
    assert scale.rater in ("client", "therapist")
    assert scale.status in ("verified", "recalled", "computed", "assumed")
    assert scale.occasions in (OCCASIONS, ("session",), ("intake",), ("end",))
    assert scale.reads in latents()
    assert scale.min < scale.clinic_mean < scale.max
    assert 0.0 < scale.clinic_sd < scale.max - scale.min
    assert 0.0 < scale.reliability < 1.0
    assert scale.steps * (scale.step or 1 / sum(scale.items)) == approx(scale.max - scale.min)
    assert scale.cutoff is None or scale.min < scale.cutoff < scale.max
    assert (scale.status == "assumed") == (scale.source == "")
    assert set(scale.source.split()) <= set(parameters.sources())
    assert scale.skew.split()[:1] in ([], ["positive"], ["negative"])


def test_what_forms_read_is_declared_in_full():
    for name, latent in latents().items():
        assert latent.name == name and latent.text and latent.sd > 0.0
        assert latent.status in ("computed", "assumed")
        assert any(scale.reads == name for scale in scales().values()), f"no form reads {name}"


def test_facts_are_those_of_the_published_instruments():
    facts = {
        name: (one.min, one.max, one.higher_is_worse, one.cutoff, one.reliable_change) for name, one in scales().items()
    }
    assert facts["oq45"] == (0, 180, True, 63.5, 14)
    assert facts["core_om"] == (0, 40, True, 10, 5)
    assert facts["phq9"] == (0, 27, True, 10, 6)
    assert facts["gad7"] == (0, 21, True, 8, 4)
    assert facts["wsas"] == (0, 40, True, 10, 9.9)
    assert facts["csi16"] == (0, 81, False, 51.5, 6.3)
    assert facts["srs_client"] == (0, 40, False, 36, None)
    assert facts["csq8"] == (8, 32, False, None, None)
    assert facts["wai_client"] == (1, 5, False, None, 0.61)
    assert facts["wai_therapist"] == (1, 5, False, None, 0.60)
    assert [scales()[name].items for name in ("wai_client", "wai_therapist", "rri_client")] == [
        (4, 4, 4),
        (3, 3, 4),
        (12, 12),
    ]


@pytest.mark.parametrize("name", ["wsas", "csi16", "wai_client", "wai_therapist"])
def test_a_computed_reliable_change_follows_from_reliability_and_spread(name):
    scale = scales()[name]
    assert scale.reliable_change == approx(1.96 * sqrt(2) * scale.clinic_sd * sqrt(1 - scale.reliability), rel=0.02)


def test_everything_that_can_be_asked_has_its_columns():
    for name, scale in askable().items():
        columns = {table: set(TABLES[table].names) for table in ("clients", "appointments", "assessments")}
        if scale.is_symptom_scale:
            assert {f"{name}_intake", f"{name}_end", f"{name}_last"} <= columns["clients"]
            assert name in columns["assessments"]
        assert ("session" in scale.occasions) == (name in columns["appointments"])
        assert (scale.occasions == ("end",)) <= (f"{name}_end" in columns["clients"])
        assert (scale.occasions == ("intake",)) <= (f"{name}_intake" in columns["clients"])


def test_columns_of_forms_have_the_range_and_type_of_their_form():
    for table in TABLES.values():
        for column in table.columns:
            form = instruments.form_of(column.name)
            if form:
                scale = scales()[form]
                assert (column.low, column.high) == (scale.min, scale.max), column.name
                assert column.type == ("int" if scale.whole else "number"), column.name


def test_no_column_belongs_to_a_form_that_cannot_be_asked_yet():
    for table in TABLES.values():
        forms = {instruments.form_of(name) for name in table.names} - {None}
        assert forms <= set(askable())
        assert absent_columns(table.name, askable()) == ()


def test_what_can_be_asked_reads_something_that_the_model_has():
    read = {**felt.AFTER_SESSION, **felt.AT_INTAKE, "satisfaction": felt.satisfaction}
    own = {"distress", "alliance_seen"}
    for scale in askable().values():
        assert scale.reads in own or scale.reads in read, scale.name
    assert {scale.reads for scale in scales().values() if scale.later}.isdisjoint(read)


@pytest.mark.parametrize(
    ("column", "form"),
    [
        ("phq9_intake", "phq9"),
        ("phq9", "phq9"),
        ("wai_client_goal", "wai_client"),
        ("autonomous_motivation_client", "autonomous_motivation_client"),
        ("autonomous_motivation_intake", "autonomous_motivation"),
        ("csq8_end", "csq8"),
        ("true_reactance", None),
        ("recovered", None),
        ("phq90", None),
    ],
)
def test_a_column_knows_its_form(column, form):
    assert instruments.form_of(column) == form


@pytest.mark.parametrize(
    ("forms", "primary"),
    [
        (("oq45", "phq9"), "phq9"),
        (("gad7", "oq45"), "oq45"),
        (("wsas", "wai_client"), "wsas"),
        (("wai_client", "csq8"), None),
        ((), None),
    ],
)
def test_outcomes_are_read_from_the_phq9_or_else_the_first_scale_asked(forms, primary):
    assert instruments.default_primary(dict.fromkeys(forms, "every")) == primary


def test_symptom_scales_come_in_the_order_of_the_file():
    assert symptom_scales() == ("oq45", "core_om", "phq9", "gad7", "wsas")


# --- norms ----------------------------------------------------------------------------------------------


def test_every_norm_is_met_within_a_twentieth_of_a_standard_deviation(docs):
    """n = 100,000 on synthetic latents; the sampling error is .003 SD, so this never fails by chance."""
    rows = docs["norms"].achieved()
    assert {row.scale.name for row in rows if row.people == "clinic"} == set(scales())
    assert {row.scale.name for row in rows if row.people == "community"} == {
        "oq45",
        "core_om",
        "phq9",
        "gad7",
        "csi16",
    }
    for row in rows:
        assert row.mean == approx(row.target_mean, abs=0.05 * row.target_sd), (row.scale.name, row.people)
        assert row.sd == approx(row.target_sd, abs=0.05 * row.target_sd), (row.scale.name, row.people)


def test_parallel_forms_correlate_by_the_reliability(docs):
    """Standard error of r at n = 100,000: at most .0013."""
    for row in docs["norms"].achieved():
        if row.people == "clinic":
            assert row.reliability == approx(row.scale.reliability, abs=0.01), row.scale.name


def test_skew_has_the_sign_that_its_note_says(docs):
    checked = 0
    for row in docs["norms"].achieved():
        sign, _, where = row.scale.skew.partition(" in the ")
        if sign and row.people == (where or "clinic"):
            checked += 1
            assert row.skew > 0.1 if sign == "positive" else row.skew < -0.1, row.scale.name
    assert checked == sum(bool(scale.skew) for scale in scales().values())


def test_scores_of_many_people_never_leave_the_range(docs):
    for row in docs["norms"].achieved():
        assert row.scale.min <= row.lowest and row.highest <= row.scale.max
        assert row.on_steps, row.scale.name


def test_the_norms_are_worked_out_with_the_maps_that_the_model_uses(docs):
    """The table's arithmetic in arrays gives the scores that clients get one by one."""
    luck = np.random.default_rng(8).normal(size=(200, 2))
    for scale in scales().values():
        if not scale.items:
            ours = [measures.score(place, error, scale) for place, error in luck.tolist()]
            assert docs["norms"].scores(scale, luck[:, 0], luck[:, 1]) == approx(ours)


def test_the_wsas_stands_at_its_cut_off_halfway_between_community_and_clinic():
    mean, sd = instruments.community()
    wsas = scales()["wsas"]
    halfway = wsas.loading * mean / (1 + sd)
    assert 40 * logistic(wsas.level + wsas.slope * halfway) ** wsas.bend == approx(10, abs=0.05)


# --- the numbers in the tables --------------------------------------------------------------------------


def test_the_tables_hold_what_is_solved(docs):
    assert docs["solve_maps"].differences(*docs["solve_maps"].solved()) == []


def test_a_number_that_is_not_solved_is_named(docs):
    told = docs["solve_maps"].differences({"phq9": {"level": 99.0}}, {"rating.client_level": 7.0})
    assert told == [
        f"phq9.level is {scales()['phq9'].level}, solved is 99.0.",
        f"rating.client_level is {parameters.catalogue()['rating.client_level'].default}, solved is 7.0.",
    ]


@pytest.mark.statistics
def test_the_reference_populations_are_those_of_the_default_service(docs):
    """Means and SDs within .08 SD of other seeds: n about 2,000, standard errors .022 and, heavy tails, up to .02."""
    for name, values in docs["measure_latents"].measured(seeds=(21, 22)).items():
        if name == "parts":
            reference = latents()["alliance_felt"]
            assert values.mean(axis=0) == approx(np.array(reference.parts_mean), abs=0.03)
            assert values.std(axis=0) == approx(np.array(reference.parts_sd), abs=0.03)
            continue
        reference = latents()[name]
        assert values.mean() == approx(reference.mean, abs=0.08 * reference.sd), name
        assert values.std() == approx(reference.sd, abs=0.08 * reference.sd), name
