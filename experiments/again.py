"""Doing one run of a result again, from its manifest alone: the same run, with all of it kept.

The manifest holds every line of the config that decides a row, the service file's among them, so neither file is
needed. A run's id is a hash of those lines and the seed; if the model that is installed gives the same id, it is the
same run.
"""

from pathlib import Path

from experiments.experiment import Arm, Experiment


def experiment_of(manifest):
    """Return the `Experiment` that a manifest describes."""
    config = dict(manifest["config"])
    arms = tuple(Arm(name, arm["set"], arm["switch"]) for name, arm in config.pop("arms").items())
    for name in ("estimates", "points", "sweep_keys"):
        config[name] = tuple(config[name])
    said = {"question": manifest["question"], "figures": tuple(manifest["figures"])}
    return Experiment(**config, **said, arms=arms, changed={}, path=Path("manifest.json"), text="")


def again(result, run_id, *, keep="everything"):
    """Do one run of a result again and return its tables (table name -> column name -> list).

    Raises ValueError, in one sentence, if the model or the arithmetic below it is no longer what it was.
    """
    from experiments.identity import difference, identity
    from sim.service import simulate

    experiment = experiment_of(result.manifest)
    runs = list(experiment.runs())
    changed = difference(result.manifest, identity(experiment, runs))
    if changed:
        raise ValueError(
            f"Run {run_id} of {result.folder} can't be made again, since {changed}; run the config again with --fresh."
        )
    same = next(run for run in runs if run.run_id == run_id)
    return simulate(same.setting, seed=same.seed, keep=keep)
