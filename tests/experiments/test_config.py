"""What a right config becomes: defaults, precedence, cells, runs, seeds and names of runs."""

import dataclasses
import json
import os

import numpy as np
import pytest

from experiments import shipped
from experiments.config import ConfigError, load
from experiments.experiment import Arm
from experiments.reader import whole_number
from sim import parameters
from sim.draws import MAX_SEED, replication_seed
from tests.experiments.config_texts import ESTIMATES, FIGURES, load_text, problems

FULL = """
name = "repair_and_growth"
question = "Does repairing ruptures keep clients, and does it matter how fast alliance grows?"
service = "town"
world = "mixed"
seed = 7
replications = 2
random_numbers = "common"
keep = "sessions"
figures = ["alliance_by_ending", "endings"]
estimates = ["dropout_rate", "alliance_outcome_r"]
assignment = "fixed"

[set]
"service.clients" = 50
"trust.pace" = 0.3

[switch]
life_events = false

[forms]
phq9 = "every"
wai_client = [1, 3, 5]

[arms.as_usual]
[arms.repair]
set = { "rupture.repair_skill_mean" = 1.0 }
switch = { life_events = true }

[sweep]
kind = "grid"
"alliance.pace" = [0.2, 0.4]
"service.weeks_between" = [1.0, 2.0, 3.0]
"""
TOWN = """
name = "town"
question = "A small clinic in a town."
source = "made up"
assignment = "queue"
intake = "session_1"
[set]
"service.clients" = 40
"service.therapists" = 3
"form.client_missed" = 0.0
[forms]
phq9 = "every"
"""


@pytest.fixture
def full(tmp_path):
    return load_text(tmp_path, FULL, town=TOWN)


def test_a_config_says_all_that_an_experiment_needs(full, tmp_path):
    assert full.name == "repair_and_growth"
    assert full.service == "town"
    assert (full.seed, full.replications, full.random_numbers, full.keep) == (7, 2, "common", "sessions")
    assert full.figures == ("alliance_by_ending", "endings")
    assert full.estimates == ("dropout_rate", "alliance_outcome_r")
    assert full.arms == (
        Arm("as_usual", {}, {}),
        Arm("repair", {"rupture.repair_skill_mean": 1.0}, {"life_events": True}),
    )
    assert full.sweep_keys == ("alliance.pace", "service.weeks_between")
    assert full.points[1] == {"alliance.pace": 0.2, "service.weeks_between": 2.0}
    assert full.forms == {"phq9": "every", "wai_client": (1, 3, 5)}
    assert full.text == FULL
    assert full.path == tmp_path / "clinic.toml"


def test_the_shortest_config_is_a_name(tmp_path):
    plain = load_text(tmp_path, 'name = "x"')
    assert (plain.question, plain.service, plain.world, plain.seed, plain.replications) == ("", None, "mixed", 1, 1)
    assert (plain.random_numbers, plain.assignment, plain.intake) == ("common", "queue", "referral")
    assert plain.arms == (Arm("as_usual", {}, {}),)
    assert plain.points == ({},)
    assert plain.forms == {"phq9": "every", "wai_client": "every", "wai_therapist": "every"}
    assert plain.figures == tuple(FIGURES)
    assert plain.estimates == tuple(ESTIMATES)
    assert plain.changed == {}


def test_one_run_keeps_everything_and_several_keep_clients(tmp_path):
    assert load_text(tmp_path, 'name = "x"').keep == "everything"
    assert load_text(tmp_path, 'name = "x"\nreplications = 2').keep == "clients"
    assert load_text(tmp_path, 'name = "x"\n[arms.a]\n[arms.b]').keep == "clients"


def test_without_a_list_all_figures_and_estimates_are_made_that_can_be(tmp_path):
    less_kept = load_text(tmp_path, 'name = "x"\nreplications = 2')
    assert less_kept.figures == ("endings", "alliance_outcome")
    assert less_kept.estimates == ("dropout_rate", "alliance_outcome_r", "recovered_rate")
    less_asked = load_text(tmp_path, 'name = "x"\n[forms]\nwai_client = [1, 2]')
    assert less_asked.figures == ("endings", "alliance_by_ending")
    assert less_asked.estimates == ("dropout_rate", "rupture_rate")


def test_an_empty_list_of_figures_means_none(tmp_path):
    assert load_text(tmp_path, 'name = "x"\nfigures = []').figures == ()


def test_config_beats_service_arm_beats_config_and_sweep_beats_arm(full):
    values = full.values(full.arms[1], full.points[5])
    assert values["service.therapists"] == 3  # from the service
    assert values["service.clients"] == 50  # the config over the service
    assert values["trust.pace"] == 0.3
    assert values["rupture.repair_skill_mean"] == 1.0
    assert values["alliance.pace"] == 0.4
    assert values["goals.pace"] == parameters.catalogue()["goals.pace"].default
    assert full.assignment == "fixed"  # the config over the service
    assert full.intake == "session_1"  # from the service


def test_a_switch_has_the_last_word_and_an_arm_can_turn_it_back(full):
    usual, repair = full.arms
    assert full.values(usual, {})["distress.event_rate"] == 0.0
    assert full.values(repair, {})["distress.event_rate"] > 0.0


def test_changed_defaults_are_told_with_the_file_that_changed_them(full, tmp_path):
    assert full.changed == {
        "service.clients": (50, f"{tmp_path.name}/clinic.toml"),
        "service.therapists": (3, f"{tmp_path.name}/services/town.toml"),
        "form.client_missed": (0.0, f"{tmp_path.name}/services/town.toml"),
        "trust.pace": (0.3, f"{tmp_path.name}/clinic.toml"),
    }


def test_a_value_that_is_the_default_changes_nothing(tmp_path):
    assert load_text(tmp_path, 'name = "x"\n[set]\n"alliance.pace" = 0.4').changed == {}


def test_a_parameter_may_be_written_with_or_without_quotes(tmp_path):
    with_quotes = load_text(tmp_path, 'name = "x"\n[set]\n"alliance.pace" = 0.3\n"alliance.trust" = 0.2')
    without = load_text(tmp_path, 'name = "x"\n[set]\nalliance.pace = 0.3\nalliance.trust = 0.2')
    as_table = load_text(tmp_path, 'name = "x"\n[set.alliance]\npace = 0.3\ntrust = 0.2')
    assert with_quotes.base == without.base == as_table.base == {"alliance.pace": 0.3, "alliance.trust": 0.2}


def test_a_list_sweep_takes_its_points_as_they_are(tmp_path):
    points = "{ trust.pace = 0.1, goals.pace = 0.2 }, { goals.pace = 0.4, trust.pace = 0.3 }"
    text = f"name = 'x'\n[sweep]\nkind = 'list'\npoints = [{points}]"
    listed = load_text(tmp_path, text)
    assert listed.sweep_keys == ("trust.pace", "goals.pace")
    assert listed.points == ({"trust.pace": 0.1, "goals.pace": 0.2}, {"trust.pace": 0.3, "goals.pace": 0.4})


def test_a_sweep_of_one_value_is_one_point(tmp_path):
    assert load_text(tmp_path, 'name = "x"\n[sweep]\n"alliance.pace" = [0.2]').points == ({"alliance.pace": 0.2},)


def test_cells_are_arms_times_points_each_with_all_parameters(full):
    cells = list(full.cells())
    assert [(cell.arm, cell.design_point) for cell in cells] == [
        (arm, point) for arm in ("as_usual", "repair") for point in range(6)
    ]
    assert all(set(cell.values) == set(parameters.catalogue()) for cell in cells)
    assert cells[7].point == full.points[1]
    setting = cells[7].setting
    assert setting.values == cells[7].values
    assert (setting.assignment, setting.intake, setting.world) == ("fixed", "session_1", "mixed")
    assert setting.forms == {"phq9": "every", "wai_client": (1, 3, 5)}


def test_runs_go_through_all_cells_before_the_next_replication(full):
    runs = list(full.runs())
    assert len(runs) == full.run_count == 24
    assert [run.replication for run in runs] == [0] * 12 + [1] * 12
    assert [run.arm for run in runs[:12]] == ["as_usual"] * 6 + ["repair"] * 6
    assert {run.keep for run in runs} == {"sessions"}


def test_common_random_numbers_are_the_same_in_every_cell(full):
    runs = list(full.runs())
    assert {run.seed for run in runs[:12]} == {replication_seed(7, 0)}
    assert {run.seed for run in runs[12:]} == {replication_seed(7, 1)}


def test_independent_random_numbers_differ_in_every_run(full):
    runs = list(dataclasses.replace(full, random_numbers="independent").runs())
    assert len({run.seed for run in runs}) == 24
    assert all(0 <= run.seed <= MAX_SEED for run in runs)


def test_every_run_has_a_name_of_its_own_that_stays_the_same(full, tmp_path):
    names = [run.run_id for run in full.runs()]
    assert len(set(names)) == 24
    assert all(len(name) == 16 and int(name, 16) >= 0 for name in names)
    assert names == [run.run_id for run in load_text(tmp_path, FULL, town=TOWN).runs()]


def test_more_replications_leave_the_first_ones_as_they_were(full):
    more = [run.run_id for run in dataclasses.replace(full, replications=3).runs()]
    assert more[:24] == [run.run_id for run in full.runs()]


def test_the_name_of_a_run_changes_with_all_that_decides_its_rows(full):
    def first_name(**changes):
        return next(dataclasses.replace(full, **changes).runs()).run_id

    names = [
        first_name(),
        first_name(seed=8),
        first_name(keep="clients"),
        first_name(assignment="queue"),
        first_name(intake="referral"),
        first_name(forms={"phq9": "every"}),
        first_name(forms={"phq9": "every", "oq45": "every"}),
        first_name(forms={"phq9": "every", "oq45": "every"}, primary="oq45"),
        first_name(base={}),
        first_name(switch={}),
    ]
    assert len(set(names)) == len(names)
    assert first_name(question="other", figures=(), replications=9) == names[0]


def test_arms_that_agree_in_every_number_are_still_different_runs(tmp_path):
    twins = load_text(tmp_path, 'name = "x"\n[arms.a]\n[arms.b]\n[sweep]\n"alliance.pace" = [0.4]')
    assert len({run.run_id for run in twins.runs()}) == 2


def test_points_that_a_switch_makes_equal_are_still_different_runs(tmp_path):
    text = 'name = "x"\n[arms.with]\n[arms.without]\nswitch = { trust = false }\n[sweep]\n"trust.pace" = [0.1, 0.2]'
    assert len({run.run_id for run in load_text(tmp_path, text).runs()}) == 4


def test_the_largest_seed_is_allowed(tmp_path):
    assert load_text(tmp_path, f'name = "x"\nseed = {MAX_SEED}').seed == 2**63 - 1


def test_numpy_integers_are_whole_numbers_and_booleans_are_not():
    assert whole_number(np.int64(5), low=0, high=9) == 5
    assert type(whole_number(np.int64(5), low=0, high=9)) is int
    assert whole_number(True, low=0, high=9) is None
    assert whole_number(np.bool_(True), low=0, high=9) is None
    assert whole_number(5.0, low=0, high=9) is None


def test_a_seed_from_numpy_gives_the_same_runs(full):
    runs = list(dataclasses.replace(full, seed=np.int64(7)).runs())
    assert [run.run_id for run in runs] == [run.run_id for run in full.runs()]


def test_a_service_beside_the_config_goes_before_one_in_the_folder_above(tmp_path):
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "town.toml").write_text('[set]\n"service.clients" = 11')
    inner = tmp_path / "themes"
    inner.mkdir()
    assert load_text(inner, 'name = "x"\nservice = "town"').base == {"service.clients": 11}
    beside = load_text(inner, 'name = "x"\nservice = "town"', town='[set]\n"service.clients" = 12')
    assert beside.base == {"service.clients": 12}


def test_a_shipped_service_is_found_from_any_folder(tmp_path):
    names = sorted(path.stem for path in (shipped.folder() / "services").glob("*.toml"))
    assert "iapt" in names
    for name in names:
        (tmp_path / "clinic.toml").write_text(f'name = "x"\nservice = "{name}"', encoding="utf-8")
        assert load(tmp_path / "clinic.toml").service == name


def test_a_service_may_say_what_the_real_one_is_like(tmp_path):
    (tmp_path / "services").mkdir()
    service = tmp_path / "services" / "town.toml"
    service.write_text(
        '[references]\ndropout_rate = { value = 0.2, label = "left", source = "a table" }\n', encoding="utf-8"
    )
    found = load_text(tmp_path, 'name = "x"\nservice = "town"').references
    assert found == ({"estimate": "dropout_rate", "value": 0.2, "label": "left", "source": "a table"},)
    service.write_text("[references]\ndropout_rate = 0.2\n", encoding="utf-8")
    assert problems(tmp_path, 'name = "x"\nservice = "town"') == [
        "services/town.toml line 2: references.dropout_rate = 0.2 must be a table such as "
        '{ value = 13.8, label = "PHQ-9 at intake", source = "annual tables" }.'
    ]


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm(tmp_path):
    text = '\ufeffname = "x"\r\nquestion = "Hält die Beziehung?"\r\n\r\n[set]\r\n"alliance.pace" = 3\r\n'
    assert problems(tmp_path, text)[0].startswith("clinic.toml line 5: alliance.pace = 3 must lie in 0 to 1")
    right = load_text(tmp_path, text.replace("= 3", "= 0.3"))
    assert right.question == "Hält die Beziehung?"


def test_the_config_knows_the_worlds_intakes_and_forms_of_the_model():
    from experiments import config, service_files
    from sim import service

    assert config.WORLDS == service.WORLDS
    assert service_files.INTAKES == service.INTAKES
    assert service_files.EVERY_SESSION == service.FORMS


def test_forms_that_are_asked_once_have_their_occasion_for_a_schedule(tmp_path):
    text = 'name = "x"\n[forms]\noq45 = [1, 4]\ncsq8 = "end"\nreactance = "intake"\nsrs_client = "every"'
    plain = load_text(tmp_path, text)
    assert plain.forms == {"oq45": (1, 4), "csq8": "end", "reactance": "intake", "srs_client": "every"}


@pytest.mark.parametrize(
    ("text", "primary"),
    [
        ("", "phq9"),
        ('[forms]\noq45 = "every"\nphq9 = "every"', "phq9"),
        ('[forms]\nwsas = "every"\ngad7 = "every"', "gad7"),
        ('primary = "wsas"\n[forms]\nwsas = "every"\ngad7 = "every"', "wsas"),
        ('[forms]\nwai_client = "every"', None),
    ],
)
def test_outcomes_are_read_from_the_scale_that_the_config_says(tmp_path, text, primary):
    plain = load_text(tmp_path, f'name = "x"\n{text}')
    assert plain.primary == primary
    assert next(plain.runs()).setting.primary == primary


def test_a_service_says_its_primary_scale_and_the_config_has_the_last_word(tmp_path):
    town = 'primary = "oq45"\n[forms]\noq45 = "every"\nphq9 = "every"'
    assert load_text(tmp_path, 'name = "x"\nservice = "town"', town=town).primary == "oq45"
    both = 'name = "x"\nservice = "town"\nprimary = "phq9"'
    assert load_text(tmp_path, both, town=town).primary == "phq9"


def test_the_manifest_marks_the_primary_scale_and_no_other(tmp_path):
    from experiments import manifest

    oq45 = load_text(tmp_path, 'name = "x"\nprimary = "oq45"\n[forms]\noq45 = "every"\nphq9 = "every"')
    scales = manifest.make(oq45, {}, runs=1, engine="mesa")["scales"]
    assert [name for name, scale in scales.items() if scale["primary"]] == ["oq45"]
    assert scales["phq9"]["cutoff"] == 10


def test_estimates_of_the_primary_scale_can_be_had_on_whatever_it_is(tmp_path):
    oq45 = 'name = "x"\nestimates = ["recovered_rate"]\n[forms]\noq45 = "every"'
    assert load_text(tmp_path, oq45).estimates == ("recovered_rate",)


def test_the_default_figures_are_those_that_the_forms_allow(tmp_path):
    path = tmp_path / "clinic.toml"
    path.write_text('name = "x"\nreplications = 2\nkeep = "sessions"\n[forms]\nphq9 = "every"\n')
    assert load(path).figures == ("endings", "sweep")
    path.write_text('name = "x"\nfigures = ["alliance_outcome"]\n[forms]\nphq9 = "every"\n')
    with pytest.raises(ConfigError, match="alliance_outcome needs the form wai_client at session 3"):
        load(path)


def test_estimates_from_clients_can_be_had_where_only_runs_are_kept(tmp_path):
    path = tmp_path / "clinic.toml"
    path.write_text('name = "x"\nreplications = 2\nkeep = "runs"\nestimates = ["dropout_rate"]\n')
    assert load(path).estimates == ("dropout_rate",)
    path.write_text('name = "x"\nreplications = 2\nkeep = "runs"\nestimates = ["rupture_rate"]\n')
    with pytest.raises(ConfigError, match='rupture_rate needs keep = "sessions" or more'):
        load(path)


def test_an_estimate_whose_columns_come_later_is_refused_in_words(tmp_path):
    path = tmp_path / "clinic.toml"
    path.write_text('name = "x"\nestimates = ["self_efficacy_d"]\n')
    with pytest.raises(ConfigError, match="needs the column true_self_efficacy.*comes with a later step"):
        load(path)


def test_points_and_arms_are_plain_data(full):
    assert json.loads(json.dumps([full.points, full.forms, full.changed, full.arms[1].set]))


def test_the_real_figures_and_estimates_are_known(tmp_path):
    path = tmp_path / "clinic.toml"
    path.write_text('name = "x"\n')
    plain = load(os.fspath(path))
    assert "dropout_rate" in plain.estimates
    assert "endings" in plain.figures
