"""`alliance export`: what it can be asked, and what it prints."""

import argparse
import re
from pathlib import Path

PROGRAMS = {"csv": "csv", "spss": "sav", "stata": "dta", "parquet": "parquet", "sav": "sav", "dta": "dta"}
"""What `--to` may say, and the form of file it stands for."""
MOST_SESSIONS = 1000


def add_arguments(parser):
    """Give a parser the options of `alliance export` (all but the result itself)."""
    parser.add_argument("--to", choices=list(PROGRAMS), default="csv", help="csv (the default), spss, stata or parquet")
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="where the files go (default: export/<form> in the result)"
    )
    parser.add_argument(
        "--tables", type=_names, metavar="A,B", help="only these tables (default: all that are kept but timings)"
    )
    parser.add_argument(
        "--wide", type=_names, metavar="A,B", help="also one row a client, with these columns at each session"
    )
    parser.add_argument("--sessions", type=sessions, metavar="1-8", help="the sessions of the wide form (default: all)")
    parser.add_argument("--arm", metavar="NAME", help="only this arm")
    parser.add_argument("--point", type=_number, metavar="N", help="only this design point, from 0")
    parser.add_argument("--replication", type=_number, metavar="N", help="only this replication, from 0")
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier export in that folder")


def run(result, options):
    """Export an open `Result` as the options say; return the sentence that tells where it lies."""
    from experiments.export.exporting import export

    form = PROGRAMS[options.to]
    folder = options.folder or result.folder / "export" / form
    paths = export(
        result,
        folder,
        form=form,
        tables=options.tables,
        wide=options.wide,
        sessions=options.sessions,
        arm=options.arm,
        design_point=options.point,
        replication=options.replication,
        overwrite=options.overwrite,
    )
    return f"Wrote {len(paths)} files to {folder}; README.txt says what they are."


def sessions(text):
    """Return the sessions that a text like "1-4,8" names, as a tuple in order."""
    found = []
    for piece in text.split(","):
        match = re.fullmatch(r"\s*([0-9]{1,6})(?:\s*-\s*([0-9]{1,6}))?\s*", piece)
        if not match:
            raise argparse.ArgumentTypeError(f"{text} must name sessions like 1-8 or 1,3,5")
        first, last = int(match[1]), int(match[2] or match[1])
        if not 1 <= first <= last <= MOST_SESSIONS:
            raise argparse.ArgumentTypeError(f"{piece.strip()} must go upwards from 1, to {MOST_SESSIONS} at most")
        found += range(first, last + 1)
    return tuple(sorted(set(found)))


def _names(text):
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise argparse.ArgumentTypeError("must be names with commas between them")
    return names


def _number(text):
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text} must be a whole number of at least 0")
    return int(text)
