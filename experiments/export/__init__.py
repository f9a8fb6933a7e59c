"""Results for other programs: R, SPSS, Stata, Excel, Mplus.

A researcher types `alliance export first_look --to spss` and finds a folder with one file a table, labels on every
variable, a codebook, a script that opens it all in R, and a README that says where the numbers come from.
"""

from experiments.export.arguments import add_arguments, run

__all__ = ["add_arguments", "export", "run"]


def __getattr__(name):
    """Return `export` when first asked for: it loads pandas and Arrow, for which `alliance --help` need not wait."""
    if name == "export":
        from experiments.export.exporting import export

        return export
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
