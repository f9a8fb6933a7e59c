"""Hypothesis draws the same examples every time: a test that passed yesterday fails today only if code has changed."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "alliance",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("alliance")
