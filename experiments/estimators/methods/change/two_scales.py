"""The rule of England's talking therapies: change counted on a depression and an anxiety scale together.

A client with PHQ-9 16 and GAD-7 12 at the start ends with 9 and 9. The PHQ-9 fell below its cut-off of 10 and by more
than the reliable 6; the GAD-7 is still at or above its 8. This is reliable improvement (one scale fell reliably, the
other did not rise reliably), but no recovery (which needs both below).
"""

from dataclasses import dataclass

import numpy as np

from experiments.estimators.summary import reaches, share
from experiments.estimators.value import Fit


@dataclass(frozen=True)
class Pair:
    """Scores of both scales for the same clients (arrays, nan = missing), with cut-offs and reliable changes.

    Each tuple is (depression, anxiety); on both scales higher is worse.
    """

    before: tuple
    after: tuple
    cutoffs: tuple
    reliable_changes: tuple

    @property
    def known(self):
        """Mark the clients with both scales before and after."""
        return ~np.isnan(np.sum([*self.before, *self.after], axis=0))

    def _count(self, scores, limits, compare):
        return np.sum([compare(score, limit) for score, limit in zip(scores, limits, strict=True)], axis=0)

    @property
    def case_before(self):
        """Mark caseness at the start: at or above the cut-off on at least one scale."""
        return self._count(self.before, self.cutoffs, np.greater_equal) >= 1

    @property
    def case_after(self):
        """Mark caseness at the end."""
        return self._count(self.after, self.cutoffs, np.greater_equal) >= 1

    @property
    def fell(self):
        """Count the scales that fell by at least their reliable change."""
        return self._count(self._falls(), self.reliable_changes, reaches)

    @property
    def rose(self):
        """Count the scales that rose by at least their reliable change."""
        return self._count([-fall for fall in self._falls()], self.reliable_changes, reaches)

    def _falls(self):
        return [before - after for before, after in zip(self.before, self.after, strict=True)]


def two_scale_rates(pair, *, what="courses with both scales before and after"):
    """Return the rates of the NHS rule as a `Fit`; `n` of each is how many it is a share of.

    Of all: `improved` (a reliable fall on one scale and no reliable rise on the other), `deteriorated` (the reverse),
    `no_change` (neither). Of those at caseness at the start: `recovered` (below both cut-offs at the end),
    `reliably_recovered` (and improved), `improved_cases`. Source: nhs_tt_2023; Gyani et al. 2013.
    """
    known, case = pair.known, pair.known & pair.case_before
    improved, deteriorated = (pair.fell >= 1) & (pair.rose == 0), (pair.rose >= 1) & (pair.fell == 0)
    well = ~pair.case_after
    cases = f"{what}, at or above a cut-off at the start"
    parts = {
        "recovered": share(well[case], what=cases),
        "reliably_recovered": share((well & improved)[case], what=cases),
        "improved_cases": share(improved[case], what=cases),
        "improved": share(improved[known], what=what),
        "deteriorated": share(deteriorated[known], what=what),
        "no_change": share(~(improved | deteriorated)[known], what=what),
    }
    return Fit(parts, int(known.sum()))
