"""Ready Mplus inputs for the same models, with the data file that they read.

Mplus allows names of eight characters and lines of ninety, no header in the data, and a number for a gap. So the
series are called x1, x2, … and y1, y2, … (a comment says which is which) and gaps are -999.
"""

from textwrap import wrap

GAP = -999
WIDTH = 88

HEAD = """TITLE:
  {title}
DATA:
  FILE = "{file}";
VARIABLE:
{names}
  MISSING = ALL ({gap});
ANALYSIS:
  ESTIMATOR = ML;
  INFORMATION = OBSERVED;
  MODEL = NOCOVARIANCES;  ! only the covariances written below
MODEL:
{model}
OUTPUT:
  STDYX CINTERVAL;
"""


def mplus_data(table, columns, *, sessions):
    """Return the text of the data file: the wide columns of each series in order, commas between, -999 for a gap.

    `table` is a wide data frame; a client without any of the scores is left out.
    """
    scores = table[[f"{column}_s{t}" for column in columns for t in range(1, sessions + 1)]].astype(float)
    scores = scores.dropna(how="all")
    return scores.to_csv(index=False, header=False, na_rep=str(GAP), float_format="%.10g", lineterminator="\n")


def riclpm_mplus(file, columns, *, sessions, paths="equal", residuals="free", means="free", intercepts=True):
    """Return an Mplus input for the RI-CLPM of two series in a data file of `mplus_data`; choices as in `riclpm`."""
    kind = "Random-intercept cross-lagged" if intercepts else "Cross-lagged"
    last = range(2, sessions + 1)
    lines = [
        *(_lasting(sessions) if intercepts else []),
        "! how far a session is from the usual level",
        *[f"w{name}{t} BY {name}{t}@1;" for name in "xy" for t in range(1, sessions + 1)],
        f"x1-x{sessions}@0;",
        f"y1-y{sessions}@0;",
        "! lagged paths",
        *[line for t in last for line in _lagged(t, free=paths == "free")],
        "! variances and covariances of session 1, then of residuals",
        "wx1 wy1;",
        "wx1 WITH wy1;",
        *_noise(sessions, free=residuals == "free"),
        "! means",
        *[f"[{name}1-{name}{sessions}]{'' if means == 'free' else f' (m{name})'};" for name in "xy"],
    ]
    title = f"{kind} panel model of {columns[0]} and {columns[1]}, sessions 1-{sessions}"
    return _input(title, file, columns, sessions, lines)


def growth_mplus(file, column, *, sessions):
    """Return an Mplus input for linear growth of one series: random intercept and slope, equal residual variance."""
    loadings = " ".join(f"x{t}@{t - 1}" for t in range(1, sessions + 1))
    lines = [*wrap(f"i s | {loadings};", WIDTH), "i s;", "i WITH s;", "[i s];", f"x1-x{sessions} (r);"]
    return _input(f"Linear growth of {column}, sessions 1-{sessions}", file, [column], sessions, lines)


def _input(title, file, columns, sessions, lines):
    series = list(zip("xy", columns, strict=False))
    names = [f"  NAMES = {' '.join(f'{name}1-{name}{sessions}' for name, _ in series)};"]
    names += [f"  ! {name}1-{name}{sessions} = {column}_s1 to {column}_s{sessions}" for name, column in series]
    model = "\n".join(f"  {line}" for line in lines)
    title = "\n  ".join(wrap(title, WIDTH))
    return HEAD.format(title=title, file=file, names="\n".join(names), gap=GAP, model=model)


def _lasting(sessions):
    loading = [
        wrap(f"ri{name} BY " + " ".join(f"{name}{t}@1" for t in range(1, sessions + 1)) + ";", WIDTH) for name in "xy"
    ]
    return ["! the usual level of each client", *loading[0], *loading[1], "rix riy;", "rix WITH riy;"]


def _lagged(t, *, free):
    """Return one line a path, labelled alike at all sessions if they are equal."""
    label = {False: "(p{}{});", True: ";"}[free]
    pairs = [(to, by) for to in "xy" for by in "xy"]
    return [f"w{to}{t} ON w{by}{t - 1} {label.format(by, to)}".replace(" ;", ";") for to, by in pairs]


def _noise(sessions, *, free):
    if free:
        pairs = [f"wx{t} WITH wy{t};" for t in range(2, sessions + 1)]
        return [f"wx2-wx{sessions};", f"wy2-wy{sessions};", *pairs]
    pairs = [f"wx{t} WITH wy{t} (rxy);" for t in range(2, sessions + 1)]
    return [f"wx2-wx{sessions} (rx);", f"wy2-wy{sessions} (ry);", *pairs]
