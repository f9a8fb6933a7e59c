"""Results on disk, for reading: the tables and the manifest of one run of an experiment.

Picture a drawer (`results/first_look/001/`) with a label (`manifest.json`) and, for each table, a stack of
sheets (`parts/clients/*.parquet`). A part is one file in each stack, all of the same name, which is made from
the runs inside; its sheet in `runs` is written last, so a part counts only once that sheet is there. A run
that stands in two parts, because it was done twice, is read once. Nothing here knows the model.
"""

import json
import re
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

RUN_COLUMNS = ("run_id", "arm", "design_point", "replication")
"""The columns in front of every table: which run a row belongs to."""
PART = re.compile(r"[0-9a-f]{16}\.parquet")
NUMBER = re.compile(r"[0-9]{3,9}")
_TYPES = {"int": pa.int32(), "number": pa.float64(), "bool": pa.bool_(), "text": pa.string()}


class ResultError(Exception):
    """Something about results that a person can put right; its text is one sentence."""


class StoreError(ResultError):
    """A folder of results cannot be read or written."""


class Refusal(ResultError):
    """A folder of results may not be gone on with."""


def number_folders(home):
    """Return the numbered folders of an experiment that have a manifest, oldest first."""
    if not home.is_dir():
        return []
    found = [path for path in home.iterdir() if NUMBER.fullmatch(path.name) and (path / "manifest.json").is_file()]
    return sorted(found, key=lambda path: int(path.name))


def find(result, *, out=Path("results")):
    """Return the folder of a result, given a path to it or an experiment's name (its newest).

    Raises StoreError, with the nearest known names, if there is none.
    """
    for place in (Path(result), Path(out) / result):
        if (place / "manifest.json").is_file():
            return place
        if folders := number_folders(place):
            return folders[-1]
    raise StoreError(f"No result is found under {str(result)!r}, nor in {Path(out) / result}; {_known(result, out)}")


def _known(result, out):
    names = sorted(path.name for path in Path(out).glob("*") if number_folders(path))
    near = get_close_matches(str(result), names, n=3, cutoff=0.6)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"{out} holds {', '.join(names)}." if names else f"{out} holds no results yet."


def read_manifest(folder):
    """Return a folder's manifest as a dict, or raise StoreError."""
    path = Path(folder) / "manifest.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StoreError(f"{folder} is not a folder of results: it has no manifest.json.") from None
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} cannot be read ({error}); begin again with --fresh.") from None


def part_names(folder, table="runs"):
    """Return the file names of a table's parts, sorted; whatever else lies there is not ours."""
    place = Path(folder) / "parts" / table
    return sorted(path.name for path in place.glob("*.parquet") if PART.fullmatch(path.name))


def read_part(path, columns=None):
    """Return one part's file as an Arrow table, or raise StoreError if it is damaged."""
    try:
        return pq.read_table(path, columns=columns, partitioning=None)
    except (OSError, pa.ArrowException) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise StoreError(f"{path} cannot be read ({reason}); run the same config again to mend it.") from None


def plain(table):
    """Return an Arrow table with text spelled out instead of numbered."""
    fields = [
        pa.field(field.name, field.type.value_type) if pa.types.is_dictionary(field.type) else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))


def frame(table):
    """Return an Arrow table as a DataFrame, the same way for one run in a worker and for a whole result.

    Whole numbers become floats with NaN where some are missing; true and false become pandas' `boolean`, with
    NA.
    """
    return plain(table).to_pandas(types_mapper={pa.bool_(): pd.BooleanDtype()}.get)


class Result:
    """One folder of results."""

    def __init__(self, path):
        """Open the folder at `path`; raises StoreError if it has no readable manifest."""
        self.folder = Path(path)
        self.manifest = read_manifest(self.folder)

    @property
    def name(self):
        """The experiment's name."""
        return self.manifest["name"]

    @property
    def tables(self):
        """The names of the tables that were kept."""
        return tuple(self.manifest["tables"])

    @property
    def estimates(self):
        """What was estimated in each run: a dict from name to its sentence, unit, formula and needs."""
        return self.manifest["estimates"]

    def table(self, name, columns=None):
        """Return a table over all parts as a DataFrame, in an order that does not depend on the parts."""
        return frame(self.arrow(name, columns=columns))

    def arrow(self, name, columns=None):
        """Return a table over all parts as Arrow: by replication, then by arm, then by design point."""
        order = ["replication", "arm", "design_point", *self.key(name)]
        needed = None if columns is None else list(dict.fromkeys([*columns, *order]))
        pieces = [plain(piece) for _, piece in self.pieces(name, columns=needed)]
        whole = pa.concat_tables(pieces, promote_options="default") if pieces else self._empty(name)
        whole = self._sorted(whole, order)
        return whole if columns is None else whole.select(list(columns))

    def pieces(self, name, columns=None):
        """Yield (part name, Arrow table) for each part, without the runs that an earlier part already has."""
        if name not in self.manifest["tables"]:
            raise StoreError(f"{self.folder} has no table {name!r}; it keeps {', '.join(self.tables)}.")
        for part in part_names(self.folder):
            path = self.folder / "parts" / name / part
            if path.exists():  # a part in which every run failed has only `runs` and `timings`
                yield part, self._piece(path, columns=columns, doubles=self._doubles[part])

    def key(self, name):
        """Return the names of the columns that tell a table's rows apart within a run."""
        return tuple(column for column in self.manifest["keys"][name] if column not in RUN_COLUMNS)

    def _piece(self, path, *, columns, doubles):
        wanted = columns if columns is None else list(dict.fromkeys([*columns, "run_id"]))
        table = read_part(path, columns=wanted)
        if doubles:
            table = table.filter(pc.invert(pc.is_in(table["run_id"].cast(pa.string()), pa.array(sorted(doubles)))))
        return table if columns is None else table.select(columns)

    def _sorted(self, table, order):
        """Sort by `order`, with the arms in the order of the config."""
        place = pc.index_in(table["arm"], pa.array(self.manifest["arms"], pa.string()))
        keys = [(column, "ascending") for column in order]
        return table.take(pc.sort_indices(table.set_column(table.schema.names.index("arm"), "arm", place), keys))

    @cached_property
    def _doubles(self):
        """For each part, the runs that stand in an earlier part too."""
        seen, doubles = set(), {}
        for part in part_names(self.folder):
            here = read_part(self.folder / "parts" / "runs" / part, columns=["run_id"])
            ids = set(here["run_id"].to_pylist())
            doubles[part] = ids & seen
            seen |= ids
        return doubles

    def _empty(self, name):
        columns = self.manifest["tables"][name]
        return pa.schema([(column, _TYPES[entry["type"]]) for column, entry in columns.items()]).empty_table()
