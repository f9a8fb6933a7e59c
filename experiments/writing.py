"""Files that are there whole or not at all.

Like a letter that is written at the desk and only then laid in the tray: each file is made under a temporary
name in its own folder, forced to the disk, and renamed. A power cut, a full disk or Ctrl-C leaves the old
file or the new one.
"""

import csv
import hashlib
import io
import json
import os
import re
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path

import pyarrow.parquet as pq

from experiments.store import StoreError

LEFTOVER = re.compile(r"\.[0-9A-Za-z_.-]+\.[0-9a-f]{32}\.tmp")


@contextmanager
def whole(path):
    """Yield a temporary path in the folder of `path`; it takes that name once the block has ended well.

    Raises StoreError, in one sentence that names the folder, if the disk does not let us.
    """
    path = Path(path)
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        yield draft
        _to_disk(draft)
        os.replace(draft, path)
        _to_disk(path.parent)
    except OSError as error:
        raise cannot_write(path.parent, error) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _to_disk(path):
    """Force a file or a folder to the disk."""
    if os.name == "nt" and path.is_dir():
        return  # Windows opens no folders
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def cannot_write(folder, error):
    """Return the StoreError for a folder that cannot be written, given the system's error."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    return StoreError(f"Cannot write to {folder}: {reason}; put that right, or choose another folder with --out.")


def make_folder(path, *, exist_ok=True):
    """Make a folder and those above it, or raise StoreError; FileExistsError if it may not exist and does."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(exist_ok=exist_ok)
    except FileExistsError:
        if not exist_ok and path.is_dir():
            raise
        raise StoreError(f"Cannot make the folder {path}: a file of that name is in the way.") from None
    except OSError as error:
        raise cannot_write(path.parent, error) from error


def write_text(path, text):
    """Write a text file, whole or not at all."""
    with whole(path) as draft:
        draft.write_bytes(text.encode("utf-8"))


def write_json(path, data):
    """Write a JSON file, whole or not at all."""
    write_text(path, json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def write_csv(path, header, rows):
    """Write a small CSV file, whole or not at all."""
    page = io.StringIO()
    csv.writer(page, lineterminator="\n").writerows([header, *rows])
    write_text(path, page.getvalue())


def write_part(folder, tables, *, run_ids):
    """Write one part, a file for each table, and return its name, which is made from the ids of its runs.

    `runs` comes last: without it the other files do not count.
    """
    part = part_name(run_ids)
    for name in sorted(tables, key=lambda name: name == "runs"):
        with whole(Path(folder) / "parts" / name / part) as draft:
            pq.write_table(tables[name], draft, compression="zstd")
    return part


def part_name(run_ids):
    """Return the file name of the part with these runs, whatever their order."""
    return hashlib.sha256(" ".join(sorted(run_ids)).encode()).hexdigest()[:16] + ".parquet"


def move(path, target):
    """Give a file another name on the same disk."""
    try:
        os.replace(path, target)
    except OSError as error:
        raise cannot_write(target.parent, error) from error


def remove(path):
    """Remove a file."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path.parent, error) from error


def remove_leftovers(place):
    """Remove temporary files that a killed process left in a folder."""
    for path in place.glob(".*.tmp"):
        if LEFTOVER.fullmatch(path.name):
            remove(path)
