"""One short text for all rows of a result: equal rows, equal digest.

Each run's rows are sorted by the table's key and hashed; the hashes, sorted by run, are hashed again. So
neither the number of workers, nor the parts, nor the order in which they came can matter; `timings` is left
out.
"""

import hashlib
import json
from itertools import accumulate

import pyarrow as pa
import pyarrow.compute as pc

from experiments.store import Result, plain

LEFT_OUT = ("timings",)


def digest(result):
    """Return the digest of a `Result` (or of the folder of one): 64 hexadecimal digits."""
    text = json.dumps(by_table(result), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def by_table(result):
    """Return the digest of each table, to see in which of them two results differ."""
    result = result if isinstance(result, Result) else Result(result)
    return {name: _of_table(result, name) for name in result.tables if name not in LEFT_OUT}


def _of_table(result, name):
    hashes = {}
    for _, piece in result.pieces(name):
        hashes.update(_of_runs(plain(piece), order=("run_id", *result.key(name))))
    whole = hashlib.sha256()
    for run_id in sorted(hashes):
        whole.update(f"{run_id} {hashes[run_id]}\n".encode())
    return whole.hexdigest()


def _of_runs(table, order):
    """Return the hash of each run's rows in one part."""
    rest = [name for name in table.column_names if name not in order]
    table = table.sort_by([(name, "ascending") for name in (*order, *rest)]).combine_chunks()
    starts, sizes = _blocks(table["run_id"])
    columns = [(f"{field.name} {field.type}", table[field.name]) for field in table.schema]
    return {
        table["run_id"][start].as_py(): _of_rows([(head, column.slice(start, size)) for head, column in columns])
        for start, size in zip(starts, sizes, strict=True)
    }


def _blocks(ids):
    """Return where each run's rows start and how many there are, in a sorted column of run ids."""
    counts = pc.value_counts(ids)
    sizes = counts.field("counts").to_pylist()
    return [0, *accumulate(sizes[:-1])], sizes


def _of_rows(columns):
    content = hashlib.sha256()
    for head, column in columns:
        content.update(f"{head} {len(column)}\n".encode())
        for block in _bytes(column):
            content.update(block)
    return content.hexdigest()


def _bytes(column):
    """Yield the bytes of a column: which are null, then the values with 0 for null."""
    yield pc.is_null(column).to_numpy().tobytes()
    if pa.types.is_string(column.type):
        yield json.dumps(column.to_pylist()).encode()
        return
    filled = pc.fill_null(column, pa.scalar(0).cast(column.type))
    values = filled.cast(pa.uint8()) if pa.types.is_boolean(column.type) else filled
    numbers = values.to_numpy()
    yield numbers.astype(numbers.dtype.newbyteorder("<")).tobytes()
