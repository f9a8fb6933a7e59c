"""`python -m experiments` is the command `alliance`."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - the sentence for those who run it from a checkout
    sys.exit("alliance needs Python 3.11 or newer, and this is %d.%d: install a newer one." % sys.version_info[:2])  # noqa: UP031

from experiments.cli import main

if __name__ == "__main__":
    sys.exit(main())
