"""How many examples each property is tried on, and that they are the same in every run."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "operators",
    max_examples=16,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("operators")
