"""Unit and meaning of what the models from session to session give, by the patterns of their names.

`alliance_to_symptoms` is the path from the alliance of one session to the symptoms of the next, in points of the forms;
`alliance_to_symptoms_std` is the same in standard deviations.
"""

_PATH = ("points per point", "next session's score of the second per point of the first, the other held constant")

CLPM = {
    "*_to_*_std": ("SDs", "the same path in standard deviations of the scores"),
    "*_to_*": _PATH,
    "*_residual_variance_*": ("points squared", "variance of this session's score that the session before leaves open"),
    "residual_covariance_*": (
        "points times points",
        "covariance of what the session before leaves open in both scores",
    ),
    "*_variance_1": ("points squared", "variance at session 1"),
    "covariance_1": ("points times points", "covariance of both at session 1"),
    "*_mean_*": ("points", "mean score of this session"),
}

PANEL_PARTS = {
    **CLPM,
    "*_to_*_std": ("within-client SDs", "the same path in standard deviations within clients"),
    "intercept_covariance": ("points times points", "covariance of the lasting differences between clients in both"),
    "intercept_correlation": ("Pearson's r", "correlation of the lasting differences between clients in both"),
    "*_intercept_variance": ("points squared", "variance of the lasting differences between clients"),
    "*_lasting_share": ("share of variance", "of the scores, that lasting differences between clients make up"),
}

LAG = {
    "*_to_*_std": ("within-client SDs", "the same path in standard deviations within clients"),
    "*_to_*_uncorrected": ("points per point", "the path by least squares, not corrected for the bias of short series"),
    "*_to_*": _PATH,
}

WITHIN_BETWEEN = {
    "alliance_between": ("points per point", "next symptoms per point of the client's mean alliance"),
    "alliance_contextual": ("points per point", "slope between clients minus slope within them"),
}
