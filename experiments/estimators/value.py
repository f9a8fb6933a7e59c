"""What an estimator gives back: a number with its standard error, or a named reason why there is none.

A clinic of three clients has no correlation worth printing. Then the answer is "too_few" with a sentence that says
how many there were and how many it takes; never a number that looks fine, never a traceback.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

OK = "ok"
TOO_FEW = "too_few"
CONSTANT = "constant"
MISSING = "missing"
ONE_GROUP = "one_group"
COLLINEAR = "collinear"
SEPARATION = "separation"
NOT_CONVERGED = "not_converged"
NOT_FINITE = "not_finite"

REASONS = {
    TOO_FEW: "fewer clients than the estimate needs",
    CONSTANT: "everybody has the same value, so there is no spread to compare",
    MISSING: "the form was not asked, did not come back, or its table was not kept",
    ONE_GROUP: "there are not enough therapists (or groups) to tell them apart",
    COLLINEAR: "a predictor can be worked out from the others, so their effects cannot be told apart",
    SEPARATION: "a predictor tells perfectly who has the event, so the likelihood has no maximum",
    NOT_CONVERGED: "the iterations did not settle",
    NOT_FINITE: "the arithmetic gave no finite number",
}
"""Every reason why an estimate may be absent, in words."""


@dataclass(frozen=True)
class Value:
    """One estimate: `estimate`, its standard error (nan if unknown), and `n`, how many it comes from.

    `low` and `high` are the 95 % interval and `p` the two-sided p-value where the method has its own (nan else).
    `status` is "ok" or a key of `REASONS`; `note` is a sentence, empty where there is nothing to add.
    """

    estimate: float
    se: float
    n: int
    status: str = OK
    note: str = ""
    low: float = math.nan
    high: float = math.nan
    p: float = math.nan

    @property
    def ok(self):
        """True where there is a number to use."""
        return self.status == OK


@dataclass(frozen=True)
class Fit(Mapping):
    """The named estimates of one analysis: `fit["slope"]` is a `Value`, absent for every name if the analysis failed.

    `n` is how many clients (or sessions) went in, `status` and `note` are those of the whole analysis. `facts` holds
    plain numbers about it that are not estimates: log-likelihood, degrees of freedom, iterations, counts of groups.
    """

    parts: dict
    n: int
    status: str = OK
    note: str = ""
    facts: dict = field(default_factory=dict)

    @property
    def ok(self):
        """True where the analysis gave numbers."""
        return self.status == OK

    def __getitem__(self, name):
        """Return the `Value` of this name; of a failed analysis an absent one with its status and note."""
        if self.ok or name in self.parts:
            return self.parts[name]
        return absent(self.status, n=self.n, note=self.note)

    def __iter__(self):
        """Go through the names of the estimates."""
        return iter(self.parts)

    def __len__(self):
        """Return how many estimates there are."""
        return len(self.parts)

    def __bool__(self):
        """Return True: a failed analysis, which has no estimates, is still an answer."""
        return True


def found(estimate, *, se=math.nan, n, note="", low=math.nan, high=math.nan, p=math.nan):
    """Return an estimate as a `Value`; a number that is not finite becomes the status `not_finite`."""
    if not math.isfinite(estimate):
        return absent(NOT_FINITE, n=n, note=f"{REASONS[NOT_FINITE].capitalize()} from {counted(n, 'clients')}.")
    se, low, high, p = (float(number) if math.isfinite(number) else math.nan for number in (se, low, high, p))
    return Value(float(estimate), se, int(n), OK, note, low, high, p)


def absent(status, *, n, note):
    """Return a `Value` without a number: the named reason and a sentence."""
    return Value(math.nan, math.nan, int(n), status, note)


def no_fit(status, *, n, note, facts=None):
    """Return a `Fit` without numbers: the named reason and a sentence."""
    return Fit({}, int(n), status, note, facts or {})


def as_fit(value):
    """Return a single absent `Value` as a `Fit` without numbers, for an analysis that a check of its input ended."""
    return no_fit(value.status, n=value.n, note=value.note)


def too_few(n, *, fewest, what):
    """Return the `Value` for `n` of `what` ("clients with a rating") where `fewest` are needed."""
    if n == 0:
        return absent(MISSING, n=0, note=f"There are no {what}.")
    return absent(TOO_FEW, n=n, note=f"{there_are(n, what)}; the estimate needs at least {fewest}.")


def there_are(n, what):
    """Return "There are 7 clients with a rating", and of one "There is 1 client with a rating"."""
    return f"There {'is' if n == 1 else 'are'} {counted(n, what)}"


def counted(n, what):
    """Return the number and what is counted, one of them with its first plural in the singular: "1 finished course"."""
    if n != 1:
        return f"{int(n)} {what}"
    words = what.split(" ")
    place = next((i for i, word in enumerate(words) if word.endswith("s") and not word.endswith("ss")), None)
    return f"1 {what}" if place is None else " ".join(["1", *words[:place], words[place][:-1], *words[place + 1 :]])


def constant(n, *, what):
    """Return the `Value` for a column in which everybody has the same value."""
    return absent(CONSTANT, n=n, note=f"All {int(n)} values of {what} are the same, so nothing can be compared.")
