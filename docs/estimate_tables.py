"""The table of all registered estimates, from their declarations."""

from experiments.estimators import REGISTRY
from experiments.estimators.references import references


def estimates():
    """Return a table of every estimate: name, what it is, formula, source, and what it needs."""
    lines = ["| name | what it is | unit | formula | source | needs |", "|---|---|---|---|---|---|"]
    return "\n".join([*lines, *(_row(each) for each in REGISTRY.values())])


def estimate_references():
    """Return the list of the references behind the estimates and their methods."""
    return "\n".join(
        f"- **[{key}]** {entry['text']} *For:* {entry['for']}. *{entry['status']}*"
        for key, entry in references().items()
    )


def _row(each):
    name = f"`{each.name}`" + (f" ({each.headline})" if each.headline else "") + (" •" if each.routine else "")
    words = f"{each.sentence} *{each.caveat}*" if each.caveat else each.sentence
    known = " ".join(f"[{key}]" for key in each.source.split())
    needs = f"{each.keep}; {', '.join(f'`{column}`' for column in each.columns)}"
    cells = [name, words, each.unit, f"`{each.formula}`", known or "–", needs]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
