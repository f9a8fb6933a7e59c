"""Make the tables in these pages from the code, so that a page cannot say what the model does not do.

A page holds `<!-- generated: NAME -->`, then what is generated, then `<!-- end generated -->`; NAME is one of
`BLOCKS`, where needed with the module it is about (`functions sim.rules.trust`). All else is written by hand.

    python docs/make_tables.py            rewrites all blocks
    python docs/make_tables.py --check    changes nothing, names each stale block, and exits with 1 if there is one
"""

import argparse
import re
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent))  # so that the command also works in a checkout that is not installed

import answers  # noqa: E402
import estimate_tables  # noqa: E402
import model_tables  # noqa: E402
import schedule  # noqa: E402
import submodels  # noqa: E402

BLOCKS = {
    "parameters": model_tables.parameters_in_short,
    "meanings": model_tables.parameters_in_full,
    "switches": model_tables.switches,
    "states": model_tables.states,
    "instruments": model_tables.instruments,
    "maps": model_tables.maps,
    "latents": model_tables.what_forms_read,
    "norms": model_tables.norms_and_achieved,
    "tables": model_tables.tables_in_short,
    "columns": model_tables.columns,
    "sources": model_tables.sources,
    "week": schedule.week,
    "session": schedule.session,
    "functions": submodels.functions,
    "answers": answers.answers,
    "estimates": estimate_tables.estimates,
    "estimate_references": estimate_tables.estimate_references,
}
"""What can be generated: name of the block -> function that returns its Markdown."""

BLOCK = re.compile(r"<!-- generated: (?P<name>[^>]+?) -->\n.*?<!-- end generated -->", re.DOTALL)


def fresh(name):
    """Return a block with its markers as the code has it now. Raises ValueError for a name that does not exist."""
    kind, *about = name.split()
    if kind not in BLOCKS:
        raise ValueError(f"{name} is not a known block; there are {', '.join(BLOCKS)}.")
    return f"<!-- generated: {name} -->\n\n{BLOCKS[kind](*about).strip()}\n\n<!-- end generated -->"


def renew(text):
    """Return a page with all blocks made anew, and the names of those that were stale."""
    stale = []

    def block(match):
        new = fresh(match["name"])
        if new != match[0]:
            stale.append(match["name"])
        return new

    return BLOCK.sub(block, text), stale


def pages():
    """Return the pages that have generated blocks."""
    return [path for path in sorted(DOCS.glob("*.md")) if BLOCK.search(path.read_text(encoding="utf-8"))]


def main(arguments=None):
    """Rewrite the pages, or check them; return the exit code."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--check", action="store_true", help="change nothing; exit with 1 if a block is stale")
    check = options.parse_args(arguments).check
    found = 0
    for path in pages():
        text, stale = renew(path.read_text(encoding="utf-8"))
        for name in stale:
            print(f"{path.name}: the block “{name}” {'is stale' if check else 'was made anew'}.")
        if stale and not check:
            path.write_text(text, encoding="utf-8")
        found += len(stale)
    if check and found:
        print("Run `python docs/make_tables.py` and commit what it changes.")
    return 1 if check and found else 0


if __name__ == "__main__":
    sys.exit(main())
