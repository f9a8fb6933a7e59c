"""Mistakes that newcomers make, each with its config in full and the exact sentences that it gets.

Only the meaning of a parameter is not repeated here: a sentence ends with the words of `sim/data/parameters.toml`.
"""

import pytest

from sim.parameters import catalogue, switches
from tests.experiments.config_texts import load_text, problems


def meaning(name):
    """Return the words that end a sentence about a parameter."""
    return f"{catalogue()[name].text}."


def test_a_typo_in_a_key_names_the_nearest_key(tmp_path):
    text = """\
name = "clinic"
replication = 20
"""
    assert problems(tmp_path, text) == [
        "clinic.toml line 2: replication is not a known key of the experiment; did you mean replications?"
    ]


def test_a_typo_names_the_nearest_parameter(tmp_path):
    text = """\
name = "clinic"

[set]
"alliance.pase" = 0.3
"""
    assert problems(tmp_path, text) == [
        "clinic.toml line 4: alliance.pase is not a known parameter; did you mean alliance.pace?"
    ]


def test_a_value_out_of_range_is_told_with_range_unit_and_meaning(tmp_path):
    text = """\
name = "clinic"

[set]
"alliance.pace" = 1.4
"""
    assert problems(tmp_path, text) == [
        "clinic.toml line 4: alliance.pace = 1.4 must lie in 0 to 1 (share per session): " + meaning("alliance.pace")
    ]


def test_a_text_is_no_number(tmp_path):
    text = """\
name = "clinic"
seed = "1"

[set]
"service.therapists" = "8"
"""
    assert problems(tmp_path, text) == [
        'clinic.toml line 2: seed = "1" must be a whole number from 0 to 9223372036854775807.',
        'clinic.toml line 5: service.therapists = "8" must be a number, and must lie in 1 to 10000 (therapists): '
        + meaning("service.therapists"),
    ]


def test_a_boolean_is_no_number(tmp_path):
    text = """\
name = "clinic"
replications = true

[set]
"service.therapists" = true
"""
    assert problems(tmp_path, text) == [
        "clinic.toml line 2: replications = true must be a whole number from 1 to 1000000.",
        "clinic.toml line 5: service.therapists = true must be a number, and must lie in 1 to 10000 (therapists): "
        + meaning("service.therapists"),
    ]


def test_infinity_and_not_a_number_are_refused(tmp_path):
    text = """\
name = "clinic"

[set]
"service.leaves_list" = nan

[sweep]
"attendance.therapist_cancels" = [0.1, inf]
"""
    assert problems(tmp_path, text) == [
        "clinic.toml line 4: service.leaves_list = nan must lie in 0 to 0.5 (probability per week): "
        + meaning("service.leaves_list"),
        "clinic.toml line 7: attendance.therapist_cancels = inf must lie in 0 to 0.5 (probability per appointment): "
        + meaning("attendance.therapist_cancels"),
    ]


def test_half_a_therapist_is_refused(tmp_path):
    text = """\
name = "clinic"

[set]
"service.therapists" = 2.5
"""
    assert problems(tmp_path, text) == [
        "clinic.toml line 4: service.therapists = 2.5 must be a whole number (therapists): "
        + meaning("service.therapists")
    ]


def test_an_unknown_service_names_the_nearest(tmp_path):
    text = """\
name = "clinic"
service = "twon"
"""
    assert problems(tmp_path, text, town="") == ["clinic.toml line 2: twon is not a known service; did you mean town?"]


def test_a_path_is_no_service(tmp_path):
    text = """\
name = "clinic"
service = "../../etc/passwd"
"""
    assert problems(tmp_path, text) == [
        'clinic.toml line 2: service = "../../etc/passwd" must be the name of a service, not a path: '
        "1 to 64 lower-case letters a-z, digits, _ or -."
    ]


def test_a_service_may_not_change_how_people_work(tmp_path):
    text = """\
name = "clinic"
service = "town"
"""
    town = """\
name = "town"

[set]
"service.therapists" = 3
"alliance.pace" = 0.3

[switch]
rupture = false
"""
    assert problems(tmp_path, text, town=town) == [
        "services/town.toml line 5: a service cannot set alliance.pace: it says how people and relationships work, "
        "the same in every service; put it into the experiment's config.",
        "services/town.toml line 7: a service cannot turn a switch: it changes how people and relationships work, "
        "the same in every service; put it into the experiment's config.",
    ]


def test_an_unknown_switch_names_the_nearest(tmp_path):
    text = """\
name = "clinic"

[switch]
ruptures = false
"""
    assert problems(tmp_path, text) == ["clinic.toml line 4: ruptures is not a known switch; did you mean rupture?"]


def test_a_switch_is_true_or_false(tmp_path):
    text = """\
name = "clinic"

[switch]
rupture = "off"
"""
    assert problems(tmp_path, text) == [
        f'clinic.toml line 4: rupture = "off" must be true or false, where false means: {switches()["rupture"].text}.'
    ]


def test_unknown_figures_and_estimates_name_the_nearest_or_all(tmp_path):
    text = """\
name = "clinic"
figures = [
    "endngs",
    "survival",
]
estimates = ["dropout"]
"""
    assert problems(tmp_path, text) == [
        "clinic.toml line 3: endngs is not a known figure; did you mean endings?",
        "clinic.toml line 4: survival is not a known figure; known are endings, alliance_by_ending, alliance_outcome.",
        "clinic.toml line 6: dropout is not a known estimate; did you mean dropout_rate?",
    ]


def test_a_keep_that_is_too_small_names_the_keep_that_is_needed(tmp_path):
    text = """\
name = "clinic"
replications = 10
figures = ["endings", "alliance_by_ending"]
estimates = ["rupture_rate"]
"""
    assert problems(tmp_path, text) == [
        'clinic.toml line 3: figure alliance_by_ending needs keep = "sessions" or more, and here keep is "clients".',
        'clinic.toml line 4: estimate rupture_rate needs keep = "sessions" or more, and here keep is "clients".',
    ]


def test_a_form_that_is_not_asked_is_missed_before_anything_runs(tmp_path):
    text = """\
name = "clinic"
figures = []
estimates = ["alliance_outcome_r", "recovered_rate"]

[forms]
wai_client = [1, 5]
"""
    assert problems(tmp_path, text) == [
        "clinic.toml line 3: estimate alliance_outcome_r needs the form wai_client at session 3, "
        "which [forms] does not ask.",
        "clinic.toml line 3: estimate recovered_rate needs the form phq9, which [forms] does not ask.",
    ]


def test_an_intake_at_session_1_needs_the_primary_scale_there(tmp_path):
    text = """\
name = "clinic"
intake = "session_1"

[forms]
oq45 = [3, 10]
"""
    assert problems(tmp_path, text) == [
        'clinic.toml line 5: oq45 = [3, 10] leaves out session 1, and intake = "session_1" takes the score before from '
        "there; add session 1 to it, or ask at referral."
    ]
    assert load_text(tmp_path, text.replace("[3, 10]", "[1, 10]")).primary == "oq45"
    assert load_text(tmp_path, text.replace("session_1", "referral")).primary == "oq45"


def test_a_form_is_asked_every_time_or_in_rising_sessions(tmp_path):
    text = """\
name = "clinic"

[forms]
phq = "every"
wai_client = [3, 1]
wai_therapist = "sometimes"
"""
    assert problems(tmp_path, text) == [
        "clinic.toml line 4: phq is not a known form; did you mean phq9?",
        'clinic.toml line 5: wai_client = [3, 1] must be "every" or a rising list of sessions from 1 to 1000, '
        "such as [1, 3, 5].",
        'clinic.toml line 6: wai_therapist = "sometimes" must be "every" or a rising list of sessions '
        "from 1 to 1000, such as [1, 3, 5].",
    ]


def test_a_form_that_is_asked_once_is_asked_then(tmp_path):
    text = """\
name = "clinic"

[forms]
csq8 = "every"
reactance = [1, 2]
oq45 = "end"
"""
    assert problems(tmp_path, text) == [
        'clinic.toml line 4: csq8 = "every" must be "end": CSQ-8 is asked once, when therapy has ended.',
        'clinic.toml line 5: reactance = [1, 2] must be "intake": reactance is asked once, at intake.',
        'clinic.toml line 6: oq45 = "end" must be "every" or a rising list of sessions from 1 to 1000, '
        "such as [1, 3, 5]; the forms at intake and at the end come with it.",
    ]


@pytest.mark.parametrize(
    ("form", "theme"),
    [
        ("rri_client", "the real relationship"),
        ("csi16", "couples"),
        ("regard_client", "regard"),
        ("attachment_anxiety", "attachment"),
        ("expectation", "expectation"),
    ],
)
def test_a_form_whose_theme_is_not_there_yet_is_refused_in_one_sentence(tmp_path, form, theme):
    text = f'name = "clinic"\n[forms]\n{form} = "every"'
    assert problems(tmp_path, text) == [
        f"clinic.toml line 3: {form} cannot be asked yet: {theme} comes with a later step."
    ]


def test_outcomes_can_only_be_read_from_a_symptom_scale_that_is_asked(tmp_path):
    text = 'name = "clinic"\nprimary = {}\n[forms]\ngad7 = "every"\nwai_client = "every"'
    known = "oq45 or core_om or phq9 or gad7 or wsas"
    assert problems(tmp_path, text.format('"oq45"')) == [
        'clinic.toml line 2: primary = "oq45" is not asked; put it under [forms], or choose gad7.'
    ]
    for wrong in ('"wai_client"', '"phq"', "3", "[]"):
        assert problems(tmp_path, text.format(wrong)) == [
            f"clinic.toml line 2: primary = {wrong} must be a symptom scale that is asked: {known}."
        ]


def test_a_primary_scale_of_the_service_must_be_asked_by_the_config_too(tmp_path):
    town = 'primary = "oq45"\n[forms]\noq45 = "every"'
    text = 'name = "clinic"\nservice = "town"\n[forms]\nphq9 = "every"'
    assert problems(tmp_path, text, town=town) == [
        'clinic.toml line 3: primary = "oq45", as the service says, is not asked; put it under [forms], or choose phq9.'
    ]
    assert problems(tmp_path, 'name = "clinic"\nservice = "town"', town=town) == []
    assert problems(tmp_path, 'name = "clinic"\nservice = "town"', town='primary = "gad"') == [
        'services/town.toml line 1: primary = "gad" must be a symptom scale that is asked: '
        "oq45 or core_om or phq9 or gad7 or wsas."
    ]


def test_a_key_that_stands_twice_is_told_with_both_lines(tmp_path):
    text = """\
name = "clinic"
seed = 1
seed = 2
"""
    assert problems(tmp_path, text) == [
        "clinic.toml line 3: seed stands here a second time (first in line 2); keep one of the two."
    ]


def test_a_parameter_written_in_two_ways_stands_twice(tmp_path):
    text = """\
name = "clinic"

[set]
"alliance.pace" = 0.2
alliance.pace = 0.3
"""
    assert problems(tmp_path, text) == [
        "clinic.toml line 5: set.alliance.pace stands here a second time (first in line 4); keep one of the two."
    ]


def test_broken_toml_is_told_with_its_line(tmp_path):
    text = """\
name = "clinic"
question = Do repairs keep clients?
"""
    assert problems(tmp_path, text) == [
        "clinic.toml line 2: cannot be read as TOML (invalid value); "
        "write key = value, a text in double quotes, a list in [ ], a number as 0.5."
    ]


def test_a_list_that_is_never_closed_is_told_where_it_stops_making_sense(tmp_path):
    text = """\
name = "clinic"
figures = ["endings",
seed = 1
"""
    assert problems(tmp_path, text) == [
        "clinic.toml line 3: cannot be read as TOML (invalid value); "
        "write key = value, a text in double quotes, a list in [ ], a number as 0.5."
    ]


def test_a_sweep_without_a_value_is_refused(tmp_path):
    text = """\
name = "clinic"

[sweep]
"alliance.pace" = []
"trust.pace" = 0.2
"""
    assert problems(tmp_path, text) == [
        "clinic.toml line 4: the sweep of alliance.pace is an empty list "
        "and must be a list of one value or more, such as [0.2, 0.4].",
        "clinic.toml line 5: the sweep of trust.pace is 0.2 "
        "and must be a list of one value or more, such as [0.2, 0.4].",
    ]


def test_a_sweep_without_a_parameter_is_refused(tmp_path):
    text = """\
name = "clinic"

[sweep]
kind = "grid"
"""
    assert problems(tmp_path, text) == [
        "clinic.toml line 3: the sweep varies nothing; "
        'write a parameter and its values, such as "alliance.pace" = [0.2, 0.4].'
    ]


def test_a_value_that_stands_twice_in_a_sweep_is_refused(tmp_path):
    text = """\
name = "clinic"

[sweep]
"alliance.pace" = [0.2, 0.4, 0.2]
"""
    assert problems(tmp_path, text) == [
        "clinic.toml line 4: the sweep of alliance.pace has 0.2 twice; each value may stand once."
    ]


def test_points_of_a_list_must_set_the_same_parameters(tmp_path):
    text = """\
name = "clinic"

[sweep]
kind = "list"
points = [
    { "alliance.pace" = 0.2, "trust.pace" = 0.2 },
    { "alliance.pace" = 0.4 },
    { "alliance.pace" = 4.0, "trust.pace" = 0.4 },
]
"""
    assert problems(tmp_path, text) == [
        "clinic.toml line 7: point 1 of the sweep and point 0 must set the same, but only one sets trust.pace.",
        "clinic.toml line 8: alliance.pace = 4.0 must lie in 0 to 1 (share per session): " + meaning("alliance.pace"),
    ]


def test_an_unknown_kind_of_sweep_names_the_known_ones(tmp_path):
    text = """\
name = "clinic"

[sweep]
kind = "random"
"alliance.pace" = [0.2, 0.4]
"""
    assert problems(tmp_path, text) == ['clinic.toml line 4: sweep.kind = "random" must be "grid" or "list".']


def test_too_many_runs_are_counted_and_refused(tmp_path):
    values = ", ".join(str(number / 1000) for number in range(1000))
    text = f"""\
name = "clinic"
replications = 20

[arms.as_usual]
[arms.repair]
set = {{ "rupture.repair_skill_mean" = 1.0 }}

[sweep]
"alliance.pace" = [{values}]
"trust.pace" = [{values}]
"goals.pace" = [{values}]
"motivation.pace" = [{values}]
"""
    assert problems(tmp_path, text) == [
        "clinic.toml line 8: 2 arms x 1,000,000,000,000 design points x 20 replications = 40,000,000,000,000 runs, "
        "and an experiment may have at most 1,000,000; take fewer values or fewer replications."
    ]


def test_names_have_neither_capitals_nor_spaces(tmp_path):
    text = """\
name = "My clinic"
service = ""

[arms.Usual]
[arms."with repair"]
"""
    assert problems(tmp_path, text) == [
        'clinic.toml line 1: name = "My clinic" must consist of 1 to 64 lower-case letters a-z, digits, _ or -.',
        'clinic.toml line 2: service = "" must be the name of a service, not a path: '
        "1 to 64 lower-case letters a-z, digits, _ or -.",
        'clinic.toml line 4: arm name "Usual" must consist of 1 to 64 lower-case letters a-z, digits, _ or -.',
        'clinic.toml line 5: arm name "with repair" must consist of 1 to 64 lower-case letters a-z, digits, _ or -.',
    ]


def test_an_arm_has_only_set_and_switch(tmp_path):
    text = """\
name = "clinic"

[arms.repair]
sett = { "rupture.repair_skill_mean" = 1.0 }
strategies = { supervision = 1.0 }
"""
    assert problems(tmp_path, text) == [
        "clinic.toml line 4: arm repair: sett is not a known key of an arm; did you mean set?",
        "clinic.toml line 5: arm repair: strategies is not a known key of an arm; known are set, switch.",
    ]


def test_an_arm_cannot_set_what_the_sweep_varies(tmp_path):
    text = """\
name = "clinic"

[arms.as_usual]
[arms.fast]
set = { "alliance.pace" = 0.8 }

[sweep]
"alliance.pace" = [0.2, 0.4]
"""
    assert problems(tmp_path, text) == [
        "clinic.toml line 5: arm fast sets alliance.pace and the sweep varies it too (line 8), "
        "so it is ambiguous which counts; keep one of the two."
    ]


def test_a_sweep_over_what_a_switch_fixes_in_every_arm_is_refused(tmp_path):
    text = """\
name = "clinic"

[switch]
trust = false

[sweep]
"trust.pace" = [0.2, 0.4]
"""
    assert problems(tmp_path, text) == [
        "clinic.toml line 7: the sweep varies trust.pace, but the switch trust is off in every arm, which fixes it; "
        "switch it on or sweep something else."
    ]


def test_a_negative_seed_is_refused(tmp_path):
    text = """\
name = "clinic"
seed = -1
"""
    assert problems(tmp_path, text) == [
        "clinic.toml line 2: seed = -1 must be a whole number from 0 to 9223372036854775807."
    ]


def test_no_replication_is_refused(tmp_path):
    text = """\
name = "clinic"
replications = 0
"""
    assert problems(tmp_path, text) == [
        "clinic.toml line 2: replications = 0 must be a whole number from 1 to 1000000."
    ]


def test_a_word_that_is_not_among_the_few_names_them(tmp_path):
    text = """\
name = "clinic"
world = "flat"
random_numbers = "some"
keep = "all"
assignment = "random"
intake = "never"
"""
    assert problems(tmp_path, text) == [
        'clinic.toml line 2: world = "flat" must be "mixed".',
        'clinic.toml line 3: random_numbers = "some" must be "common" or "independent".',
        'clinic.toml line 4: keep = "all" must be "runs" or "clients" or "sessions" or "everything".',
        'clinic.toml line 5: assignment = "random" must be "queue" or "fixed".',
        'clinic.toml line 6: intake = "never" must be "referral" or "session_1".',
    ]


def test_what_stands_in_the_wrong_place_is_told_where_it_belongs(tmp_path):
    text = """\
name = "clinic"
alliance.pace = 0.3

[set]
replications = 20
rupture = false

[switch]
"trust.pace" = false
"""
    assert problems(tmp_path, text) == [
        "clinic.toml line 2: alliance.pace is a parameter; put it under [set].",
        "clinic.toml line 5: replications is a key of the experiment; "
        "put it at the top of the file, above the first line in [ ].",
        "clinic.toml line 6: rupture is a switch; put it under [switch].",
        "clinic.toml line 9: trust.pace is a parameter; put it under [set].",
    ]


def test_a_value_where_a_table_belongs_is_refused(tmp_path):
    text = """\
name = "clinic"
set = 1
arms = ["a", "b"]
sweep = "alliance.pace"
"""
    assert problems(tmp_path, text) == [
        "clinic.toml line 2: set = 1 must be a table of names and values.",
        'clinic.toml line 3: arms = ["a", "b"] must be a table of names and values.',
        'clinic.toml line 4: sweep = "alliance.pace" must be a table of names and values.',
    ]


def test_parameters_that_contradict_each_other_are_told_once_with_arm_and_point(tmp_path):
    text = """\
name = "clinic"

[set]
"population.distress_sd" = 0.6
"distress.transient_sd" = 0.7

[arms.as_usual]
[arms.short]
set = { "service.weeks" = 30 }

[sweep]
"service.referral_weeks" = [20, 40, 60]
"""
    assert problems(tmp_path, text) == [
        "clinic.toml line 5: distress.transient_sd = 0.7 must not be more than population.distress_sd = 0.6 "
        "(distress SD) in arm as_usual at design point 0 (service.referral_weeks = 20).",
        "clinic.toml line 12: service.referral_weeks = 40 must not be more than service.weeks = 30 (weeks) "
        "in arm short at design point 1 (service.referral_weeks = 40).",
    ]


def test_a_service_that_contradicts_itself_is_told_in_its_own_file(tmp_path):
    text = """\
name = "clinic"
service = "town"
"""
    town = """\
[set]
"service.caseload_min" = 50
"""
    assert problems(tmp_path, text, town=town) == [
        "services/town.toml line 2: service.caseload_min = 50 must not be more than "
        "service.caseload_max = 40 (clients at once)."
    ]


def test_an_experiment_needs_a_name(tmp_path):
    assert problems(tmp_path, 'name = ""') == [
        'clinic.toml line 1: name = "" must consist of 1 to 64 lower-case letters a-z, digits, _ or -.'
    ]
    assert problems(tmp_path, "") == [
        'clinic.toml line 1: the experiment needs a name, such as name = "first_look", for its folder in results/.'
    ]


def test_several_mistakes_are_told_at_once_in_the_order_of_the_file(tmp_path):
    text = """\
name = "clinic"
question = 7
service = "town"
replications = 2.0
figures = "endings"

[arms.repair]
set = { "rupture.repair_skil_mean" = 1.0 }

[sweep]
"alliance.pace" = [0.2, "fast"]
"""
    town = """\
asignment = "queue"
"""
    assert problems(tmp_path, text, town=town) == [
        "clinic.toml line 2: question = 7 must be a text in double quotes of at most 2,000 letters.",
        "clinic.toml line 4: replications = 2.0 must be a whole number from 1 to 1000000.",
        'clinic.toml line 5: figures = "endings" must be a list of names, such as ["endings"].',
        "clinic.toml line 8: rupture.repair_skil_mean is not a known parameter; "
        "did you mean rupture.repair_skill_mean?",
        'clinic.toml line 11: alliance.pace = "fast" must be a number, and must lie in 0 to 1 (share per session): '
        + meaning("alliance.pace"),
        "services/town.toml line 1: asignment is not a known key of a service; did you mean assignment?",
    ]
