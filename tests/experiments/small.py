"""A small result of the model itself, for tests of what is done with results: 2 arms, 2 points, 2 replications."""

from experiments import runner
from experiments.store import Result
from tests.experiments import fake
from tests.experiments.config_texts import load_text

CONFIG = """
name = "small"
question = "Does repair help, \\"really\\"? – it may"
seed = 9223372036854775807
replications = 2
keep = "everything"
figures = []
estimates = ["dropout_rate", "alliance_outcome_r"]
[set]
"service.clients" = 60
"service.therapists" = 3
"service.referral_weeks" = 20
"service.weeks" = 60
[arms.as_usual]
[arms.repair]
set = { "rupture.repair_skill_mean" = 1.5 }
[sweep]
kind = "grid"
"alliance.pace" = [0.2, 0.6]
"""


def result(folder, text=CONFIG):
    """Run the experiment of a config text and open its result."""
    experiment = load_text(folder, text)
    return Result(runner.run(experiment, out=folder / "results", workers=1, show=fake.Silent).folder)
