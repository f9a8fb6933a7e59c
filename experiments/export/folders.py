"""A folder that is there whole or not at all, and never lands on somebody's work.

The files are written into a draft beside the target, which then takes its name. An earlier export may be replaced,
if asked; a folder in which anything else lies may not, whatever is asked.
"""

import json
import os
import shutil
import uuid
from contextlib import contextmanager
from pathlib import Path

from experiments.export.choice import ExportError

MARK = "export.json"
"""The file by which an export is known; it lists the others."""


@contextmanager
def whole(target, *, overwrite):
    """Yield an empty folder; once the block has ended well it stands at `target`.

    Raises ExportError if something is in the way there, or the disk does not let us.
    """
    target = Path(target).resolve()
    refuse(target, overwrite=overwrite)
    draft = target.with_name(f".{target.name}.{uuid.uuid4().hex}.tmp")
    try:
        draft.mkdir(parents=True)
        yield draft
        _put(draft, target)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise ExportError(f"Cannot write to {target}: {reason}; name another folder with --folder.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def refuse(target, *, overwrite):
    """Raise ExportError if `target` may not become an export."""
    if not target.exists():
        return
    if not target.is_dir():
        raise ExportError(f"{target} is a file; name a folder with --folder.")
    there = {path.name for path in target.iterdir()}
    if not there:
        return
    if strange := sorted(there - _listed(target)):
        raise ExportError(f"{target} holds {strange[0]}, which no export wrote; name another folder with --folder.")
    if not overwrite:
        raise ExportError(f"{target} holds an earlier export; add --overwrite to replace it, or name another folder.")


def _listed(folder):
    """Return the names of all files that an earlier export wrote in a folder; none if none did."""
    try:
        mark = json.loads((folder / MARK).read_text(encoding="utf-8"))
        return {MARK, *mark["files"]}
    except (OSError, ValueError, TypeError, KeyError):
        return set()


def _put(draft, target):
    """Give the draft the target's name; an earlier export steps aside and goes when the new one stands."""
    if not target.exists():
        draft.rename(target)
        return
    old = target.with_name(f".{target.name}.{uuid.uuid4().hex}.tmp")
    target.rename(old)
    try:
        draft.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
