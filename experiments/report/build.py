"""Putting the report together: figures drawn, tables worked out, all laid into one page.

The page is a single file with the figures inside, so that it can be mailed, and opens in ten years without a network.
It needs the tables and the manifest, never the model.
"""

import base64
import struct
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from experiments import figures
from experiments.figures import wording
from experiments.report import facts, limits, rows, short
from experiments.store import ResultError
from experiments.writing import write_text


def write(result):
    """Draw the figures of a result, write report.html into its folder, and return the path."""
    path = Path(result.folder) / "report.html"
    write_text(path, page(result))
    return path


def page(result):
    """Return the report as HTML; the figures are drawn on the way."""
    manifest, runs = result.manifest, result.table("runs")
    return _template().render(
        title=wording.plain(manifest["name"]).capitalize(),
        question=manifest.get("question"),
        status=facts.status(manifest),
        where=wording.at_point(manifest, wording.chosen_point(manifest)),
        in_short=short.sentences(result, runs),
        figures=[picture(result, name) for name in manifest.get("figures", figures.NAMES)],
        facts=facts.run(manifest),
        arms=facts.arms(manifest),
        points=facts.points(manifest),
        changed=facts.changed(manifest),
        versions=facts.versions(manifest),
        estimates=rows.estimates(result, runs),
        differences=rows.differences(result, runs),
        lost=rows.lost(result, runs),
        failures=rows.failures(runs),
        common=manifest.get("config", {}).get("random_numbers", "common") == "common",
        references=rows.references(result, runs),
        error_from=rows.error_from(runs),
        arm_names=[wording.plain(arm) for arm in wording.arms(manifest)],
        sweeps=bool(wording.swept(manifest)),
        limits=limits.sentences(manifest, runs),
        licences=manifest.get("licences") or [],
    )


def picture(result, name):
    """Return what the page needs of one figure; where it cannot be drawn, the sentence that says why."""
    try:
        drawn = figures.draw(result, name)
    except (figures.FigureError, ResultError) as problem:
        return {"name": name, "problem": str(problem)}
    content = drawn.png.read_bytes()
    width, height = struct.unpack(">II", content[16:24])
    return {
        "name": name,
        "title": drawn.title,
        "caption": drawn.caption,
        "alt": drawn.alt,
        "width": width,
        "height": height,
        "source": "data:image/png;base64," + base64.b64encode(content).decode("ascii"),
    }


def _template():
    """Return the page's template. Everything that is put in is escaped; a name that is not there is an error."""
    loader = FileSystemLoader(Path(__file__).parent)
    there = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return there.get_template("report.html")
