"""The model: clients and therapists who meet session by session in one clinic.

`sim` knows nothing of experiments, of files of results, or of screens.
A Mesa user starts at `sim/service.py`; a student who wants to change a rule at `sim/rules/`.
"""

__version__ = "0.1.0"
