"""Ready R scripts in which lavaan fits the same models to a wide export, so that others can check our numbers.

The script labels every parameter with the name under which we print it: `wai_client_to_phq9` there is
`wai_client_to_phq9` here. The wide table has one row per client and columns `wai_client_s1`, `wai_client_s2`, …;
gaps are empty or NA.
"""

HEAD = """# {title}
# Written by alliance-sim; needs R with the package lavaan (Rosseel 2012). Same model, constraints and estimator as
# ours: full-information maximum likelihood, standard errors from the observed information.
library(lavaan)

data <- read.csv("{file}", na.strings = c("", "NA"))

model <- '
{model}
'

fit <- lavaan(model, data = data, missing = "ml", meanstructure = TRUE, information = "observed",
              em.h1.iter.max = 10000L, em.h1.tol = 1e-9,
              control = list(iter.max = 5000, eval.max = 10000, rel.tol = 1e-10))
summary(fit, fit.measures = TRUE, standardized = TRUE)
"""


def riclpm_lavaan(file, columns, *, sessions, **choices):
    """Return an R script that fits the RI-CLPM of two wide series in a CSV file.

    `columns`: the two series without `_s1`, …; `sessions`: how many. `choices` are those of `riclpm`: `paths`,
    `residuals` ("equal" or "free"), `means` ("free" or "constant"), `intercepts` (False = plain cross-lagged model).
    """
    kind = "Random-intercept cross-lagged" if choices.get("intercepts", True) else "Cross-lagged"
    title = f"{kind} panel model of {columns[0]} and {columns[1]}, sessions 1-{sessions}"
    return HEAD.format(title=title, file=file, model=riclpm_model_text(columns, sessions=sessions, **choices))


def riclpm_model_text(columns, *, sessions, paths="equal", residuals="free", means="free", intercepts=True):
    """Return the model in lavaan's language."""
    blocks = [
        *(_lasting(columns, sessions) if intercepts else []),
        "# How far a session is from the usual level; the observed score is nothing but the two",
        *[f"W_{name}_{t} =~ 1*{name}_s{t}" for name in columns for t in _times(1, sessions)],
        *[f"{name}_s{t} ~~ 0*{name}_s{t}" for name in columns for t in _times(1, sessions)],
        "# Lagged paths",
        *[_lagged(columns, name, t, free=paths == "free") for t in _times(2, sessions) for name in columns],
        "# Variances and covariances of session 1, then of what the session before does not explain",
        *[line for t in _times(1, sessions) for line in _noise(columns, t, free=residuals == "free")],
        "# Means",
        *[_mean(name, t, free=means == "free") for name in columns for t in _times(1, sessions)],
    ]
    return "\n".join(f"  {line}" for line in blocks)


def growth_lavaan(file, column, *, sessions):
    """Return an R script for linear growth of one wide series: random intercept and slope, equal residual variance.

    It is the two-level model `score ~ 1 + time + (1 + time | client)` by maximum likelihood, time = session - 1.
    """
    title = f"Linear growth of {column}, sessions 1-{sessions}"
    return HEAD.format(title=title, file=file, model=growth_model_text(column, sessions=sessions))


def growth_model_text(column, *, sessions):
    """Return the growth model in lavaan's language."""
    level = " + ".join(f"1*{column}_s{t}" for t in _times(1, sessions))
    slope = " + ".join(f"{t - 1}*{column}_s{t}" for t in _times(1, sessions))
    lines = [
        f"level =~ {level}",
        f"slope =~ {slope}",
        "level ~ level_mean*1",
        "slope ~ slope_mean*1",
        "level ~~ level_variance*level",
        "slope ~~ slope_variance*slope",
        "level ~~ covariance*slope",
        *[f"{column}_s{t} ~~ residual_variance*{column}_s{t}" for t in _times(1, sessions)],
    ]
    return "\n".join(f"  {line}" for line in lines)


def _times(first, sessions):
    return range(first, sessions + 1)


def _lasting(columns, sessions):
    """Return the lines of the random intercepts."""
    first, second = columns
    loadings = [" + ".join(f"1*{name}_s{t}" for t in _times(1, sessions)) for name in columns]
    return [
        "# The usual level of each client",
        *[f"RI_{name} =~ {loading}" for name, loading in zip(columns, loadings, strict=True)],
        *[f"RI_{name} ~~ {name}_intercept_variance*RI_{name}" for name in columns],
        f"RI_{first} ~~ intercept_covariance*RI_{second}",
    ]


def _lagged(columns, name, t, *, free):
    when = f"_{t}" if free else ""
    return f"W_{name}_{t} ~ " + " + ".join(f"{other}_to_{name}{when}*W_{other}_{t - 1}" for other in columns)


def _noise(columns, t, *, free):
    first, second = columns
    kind, when = ("", "_1") if t == 1 else ("residual_", f"_{t}" if free else "")
    variances = [f"W_{name}_{t} ~~ {name}_{kind}variance{when}*W_{name}_{t}" for name in columns]
    return [*variances, f"W_{first}_{t} ~~ {kind}covariance{when}*W_{second}_{t}"]


def _mean(name, t, *, free):
    return f"{name}_s{t} ~ {name}_mean{f'_{t}' if free else ''}*1"
