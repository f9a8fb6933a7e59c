"""The floors of the house: imports run down, never up and never in a circle, and rules keep to plain arithmetic."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = [
    {"maths", "state", "quantile", "columns"},
    {"draws", "parameters", "tables", "instruments"},
    {"population", "rules", "measures", "derived", "felt"},
    {"forms", "caseload", "answers"},
    {"week"},
    {"agents"},
    {"output"},
    {"service"},
]
"""From the ground up. `rules` are all files of the rule book, `session.py` on top of them."""
MAY_IMPORT_RULES = {"sim.rules.session", "sim.week"}
DRAWN_FROM_RESULTS = ("estimators", "figures", "report", "store", "story", "cluster")
"""What works on results alone and so must not know the model."""
OUTSIDE_MAY_USE = {
    "sim",
    "sim.caseload",
    "sim.draws",
    "sim.instruments",
    "sim.measures",
    "sim.output",
    "sim.parameters",
    "sim.service",
    "sim.tables",
}
"""`experiments` asks the model for names and numbers and lets it run; it never touches a client's sheet."""


def modules(package):
    """Return the modules of a package: dotted name -> syntax tree."""
    found = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


SIM, EXPERIMENTS = modules("sim"), modules("experiments")


def imports(name, tree):
    """Return the modules that a module imports, each as far as it is a module of ours."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = name.split(".")[: -node.level] if node.level else []
            base = ".".join([*package, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                found.add(inner if inner in SIM or inner in EXPERIMENTS else base)
    return found


def ours(name, tree, package):
    """Return those imports of a module that lie in a package of ours."""
    return {other for other in imports(name, tree) if other.split(".")[0] == package}


def floor(name):
    """Return the number of the floor of a module of `sim`."""
    theme = name.split(".")[1]
    return next(number for number, names in enumerate(FLOORS) if theme in names)


def test_every_module_of_sim_has_a_floor():
    themes = {name.split(".")[1] for name in SIM if name != "sim"}
    assert themes == set.union(*FLOORS)


def test_imports_of_sim_only_go_down():
    for name, tree in SIM.items():
        for other in ours(name, tree, "sim") if name != "sim" else ():
            same_book = name == "sim.rules.session" and other.startswith("sim.rules.")
            same_floor_below = (name, other) == ("sim.draws", "sim.quantile")
            assert floor(other) < floor(name) or same_book or same_floor_below, f"{name} imports {other}"


@pytest.mark.parametrize("package", [SIM, EXPERIMENTS], ids=["sim", "experiments"])
def test_no_imports_run_in_a_circle(package):
    graph = {name: ours(name, tree, name.split(".")[0]) & set(package) - {name} for name, tree in package.items()}
    while graph:
        free = [name for name, needs in graph.items() if not needs & set(graph)]
        assert free, f"a circle among {sorted(graph)}"
        for name in free:
            del graph[name]


def test_a_rule_file_is_imported_only_by_session_and_week():
    for name, tree in (SIM | EXPERIMENTS).items():
        if any(other.startswith("sim.rules") for other in imports(name, tree)):
            assert name in MAY_IMPORT_RULES, f"{name} imports rules"


def test_a_rule_file_knows_only_the_maths():
    for name, tree in SIM.items():
        if name.startswith("sim.rules.") and name != "sim.rules.session":
            assert imports(name, tree) <= {"math", "sim.maths"}, name


def test_sim_knows_nothing_of_experiments():
    for name, tree in SIM.items():
        assert not ours(name, tree, "experiments"), name


def test_sim_draws_luck_from_its_own_decks_alone():
    for name, tree in SIM.items():
        assert not imports(name, tree) & {"random", "secrets", "numpy.random", "time", "datetime"}, name
        assert "np.random" not in ast.unparse(tree), name


def test_what_is_drawn_from_results_does_not_know_the_model():
    for name, tree in EXPERIMENTS.items():
        if name.split(".")[1:2] and name.split(".")[1] in DRAWN_FROM_RESULTS:
            assert not ours(name, tree, "sim"), name


def test_experiments_never_touch_a_clients_sheet():
    for name, tree in EXPERIMENTS.items():
        assert ours(name, tree, "sim") <= OUTSIDE_MAY_USE, name


# --- the same bits in Python and compiled ---------------------------------------------------------------

BIT_SAFE = {name: tree for name, tree in SIM.items() if name.startswith("sim.rules.") or name == "sim.maths"}
by_file = pytest.mark.parametrize("name", BIT_SAFE)


@by_file
def test_rules_and_maths_take_no_sums_of_a_list(name):
    """`sum` compensates from Python 3.12 on and so gives other bits than a compiled loop."""
    called = {ast.unparse(node.func) for node in ast.walk(BIT_SAFE[name]) if isinstance(node, ast.Call)}
    assert not called & {"sum", "math.fsum", "math.hypot", "math.lgamma", "math.pow", "pow", "round"}


@by_file
def test_rules_and_maths_square_by_multiplying(name):
    """`x**2` and `u**0.5` give other bits compiled; `u**y` with a variable does not."""
    for node in ast.walk(BIT_SAFE[name]):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            fixed = [part for part in ast.walk(node.right) if isinstance(part, ast.Constant)]
            assert not fixed, ast.unparse(node)


@by_file
def test_rules_and_maths_use_no_numpy(name):
    names = {node.id for node in ast.walk(BIT_SAFE[name]) if isinstance(node, ast.Name)}
    assert not names & {"np", "numpy"}
    assert not any(other.startswith("numpy") for other in imports(name, BIT_SAFE[name]))


@by_file
def test_rules_have_no_memory(name):
    """No state between calls: a rule file holds functions, imports and constants."""
    for node in BIT_SAFE[name].body:
        constant = isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        assert isinstance(node, ast.FunctionDef | ast.Import | ast.ImportFrom) or constant or docstring
    assert not any(isinstance(node, ast.Global | ast.Nonlocal) for node in ast.walk(BIT_SAFE[name]))


@by_file
def test_rules_take_plain_arguments(name):
    """numba cannot compile a bare `*` in a signature, and defaults would hide a number from the parameters."""
    for node in ast.walk(BIT_SAFE[name]):
        if isinstance(node, ast.FunctionDef):
            plain = node.args
            assert not (plain.vararg or plain.kwarg or plain.kwonlyargs or plain.defaults or plain.kw_defaults)
            assert ast.get_docstring(node), node.name
