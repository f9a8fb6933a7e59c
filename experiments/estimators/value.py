"""What an estimator gives back: a number with its standard error, or a named reason why there is none.

A clinic of three clients has no correlation worth printing. Then the answer is "too_few" with a sentence that says
how many there were and how many it takes; never a number that looks fine, never a traceback.
"""

import math
from dataclasses import dataclass

OK = "ok"
TOO_FEW = "too_few"
CONSTANT = "constant"
MISSING = "missing"
NOT_FINITE = "not_finite"

REASONS = {
    TOO_FEW: "fewer clients than the estimate needs",
    CONSTANT: "everybody has the same value, so there is no spread to compare",
    MISSING: "the form was not asked, did not come back, or its table was not kept",
    NOT_FINITE: "the arithmetic gave no finite number",
}
"""Every reason why an estimate may be absent, in words."""


@dataclass(frozen=True)
class Value:
    """One estimate of one clinic: `estimate`, its standard error within the clinic (nan if unknown), and `n`.

    `status` is "ok" or a key of `REASONS`; `note` is a sentence, empty where there is nothing to add.
    """

    estimate: float
    se: float
    n: int
    status: str = OK
    note: str = ""

    @property
    def ok(self):
        """True where there is a number to use."""
        return self.status == OK


def found(estimate, *, se=math.nan, n, note=""):
    """Return an estimate as a `Value`; a number that is not finite becomes the status `not_finite`."""
    if not math.isfinite(estimate):
        return absent(NOT_FINITE, n=n, note=f"{REASONS[NOT_FINITE].capitalize()} from {int(n)} clients.")
    return Value(float(estimate), float(se) if math.isfinite(se) else math.nan, int(n), OK, note)


def absent(status, *, n, note):
    """Return a `Value` without a number: the named reason and a sentence."""
    return Value(math.nan, math.nan, int(n), status, note)


def too_few(n, *, fewest, what):
    """Return the `Value` for `n` of `what` ("clients with a rating") where `fewest` are needed."""
    if n == 0:
        return absent(MISSING, n=0, note=f"There are no {what}.")
    return absent(TOO_FEW, n=n, note=f"There are {int(n)} {what}; the estimate needs at least {fewest}.")


def constant(n, *, what):
    """Return the `Value` for a column in which everybody has the same value."""
    return absent(CONSTANT, n=n, note=f"All {int(n)} values of {what} are the same, so nothing can be compared.")
