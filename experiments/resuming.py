"""Which folder a run belongs in, and what of it is done already.

`run` goes on with the newest folder that was left unfinished, if config, model and libraries are those it was
begun with; what is done is read from the parts themselves, not from a list that could be out of date.
"""

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet as pq

from experiments.identity import difference
from experiments.store import Refusal, StoreError, number_folders, part_names, read_manifest, read_part
from experiments.writing import make_folder, move, remove, remove_leftovers


@dataclass
class Found:
    """What a folder holds: run id -> status, and sentences about what was set right."""

    status: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)

    @property
    def failed(self):
        """How many runs failed."""
        return sum(status == "failed" for status in self.status.values())


def choose(home, identity, *, fresh):
    """Return (folder, its manifest or None if the folder is new) for the experiment that lives under `home`.

    Raises Refusal, naming what changed, if the newest folder is unfinished and was begun with something else.
    """
    folders = number_folders(home)
    if fresh or not folders:
        return next_folder(home), None
    newest = folders[-1]
    manifest = read_manifest(newest)
    changed = _difference(newest, manifest, identity)
    if changed is None:
        return newest, manifest
    if manifest["status"] == "done":
        return next_folder(home), None
    raise Refusal(
        f"{newest} is unfinished, and {changed} since it was begun; "
        f"undo that to go on, or use --fresh to begin {home / _next_number(home)}."
    )


def _difference(folder, manifest, identity):
    try:
        return difference(manifest, identity)
    except (KeyError, TypeError):
        raise StoreError(f"{folder}/manifest.json lacks what a resume needs; use --fresh to begin anew.") from None


def next_folder(home):
    """Make the next numbered folder under `home` and return it."""
    while True:
        folder = home / _next_number(home)
        try:
            make_folder(folder, exist_ok=False)
        except FileExistsError:
            continue  # another process was quicker
        return folder


def _next_number(home):
    numbers = [int(path.name) for path in home.glob("[0-9]*") if path.name.isdecimal()]
    return f"{max(numbers, default=0) + 1:03d}"


def make_tables(folder, tables):
    """Make the folders of the tables' parts."""
    for name in tables:
        make_folder(folder / "parts" / name)


def statuses(folder, tables):
    """Return run id -> status over all parts that are whole, without touching anything."""
    found = {}
    for part in part_names(folder):
        if _damage(folder, part, tables) is None:
            found |= _statuses(folder, part)
    return found


def recover(folder, tables):
    """Tidy a folder that was left in the middle of work and return what is `Found` in it.

    Damaged parts are moved to `parts/unreadable/`, so that their runs are done again; half-written files are
    removed; files of anybody else are left alone. Only the holder of the lock may do this.
    """
    found = Found()
    tidy(folder, tables)
    for part in part_names(folder):
        damage = _damage(folder, part, tables)
        if damage is None:
            found.status |= _statuses(folder, part)
        else:
            aside = _move_aside(folder, part)
            found.notes.append(f"{damage}; its part was moved to {aside} and its runs are done again.")
    return found


def tidy(folder, tables):
    """Remove half-written files, and files of parts whose sheet in `runs` was never written."""
    counted = set(part_names(folder))
    for name in tables:
        remove_leftovers(folder / "parts" / name)
        for part in set(part_names(folder, table=name)) - counted:
            remove(folder / "parts" / name / part)
    remove_leftovers(folder)


def _statuses(folder, part):
    table = read_part(folder / "parts" / "runs" / part, columns=["run_id", "status"])
    return dict(zip(table["run_id"].to_pylist(), table["status"].to_pylist(), strict=True))


def _damage(folder, part, tables):
    """Return what is wrong with a part as a clause, or None; it lacks tables only if all its runs failed."""
    try:
        path = folder / "parts" / "runs" / part
        any_done = "done" in _statuses(folder, part).values()
        for name in tables if any_done else ("timings",):
            path = folder / "parts" / name / part
            pq.read_metadata(path)
    except FileNotFoundError:
        return f"{path} is missing"
    except (OSError, pa.ArrowException, StoreError):
        return f"{path} is damaged"
    return None


def _move_aside(folder, part):
    """Move a part's files to `parts/unreadable/` and return that folder."""
    aside = folder / "parts" / "unreadable"
    make_folder(aside)
    for path in sorted((folder / "parts").glob(f"*/{part}")):
        move(path, aside / f"{path.parent.name}-{part}")
    return aside
