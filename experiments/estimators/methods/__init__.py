"""The statistics themselves, on arrays and data frames: what any study could use, with no word about this clinic.

Each module is one family of methods. A function takes columns and returns a `Fit` (named estimates with standard
errors) or a `Value`; bad input gives a named status and a sentence. `docs/estimators.md` says how each was proved.
"""
