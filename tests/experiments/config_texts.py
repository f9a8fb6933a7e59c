"""Configs as texts: written to a folder and loaded. The known figures and estimates are a fixed few."""

from unittest.mock import patch

from experiments import needs
from experiments.config import ConfigError, load
from experiments.needs import Need

FIGURES = {
    "endings": Need("clients"),
    "alliance_by_ending": Need("sessions"),
    "alliance_outcome": Need("clients", ("wai_client_s3", "phq9_intake", "phq9_last")),
}
ESTIMATES = {
    "dropout_rate": Need("clients", ("dropout_unilateral",)),
    "alliance_outcome_r": Need("clients", ("wai_client_s3", "phq9_intake", "phq9_last")),
    "rupture_rate": Need("sessions", ("rupture",)),
    "recovered_rate": Need("clients", ("recovered",)),
}


def load_text(folder, text, **services):
    """Write `text` as clinic.toml, and each service beside it under services/; return the experiment."""
    (folder / "services").mkdir(exist_ok=True)
    for name, service in services.items():
        (folder / "services" / f"{name}.toml").write_text(service, encoding="utf-8")
    path = folder / "clinic.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with (
        patch.object(needs, "known_figures", lambda: FIGURES),
        patch.object(needs, "known_estimates", lambda: ESTIMATES),
    ):
        return load(path)


def problems(folder, text, **services):
    """Return the sentences that a wrong config gets."""
    try:
        load_text(folder, text, **services)
    except ConfigError as error:
        return error.problems
    return []
