"""The order of a week and of a session, read from the code: who calls whom, and what each says of itself.

Nothing here knows the model; it follows the calls in the text of a function from top to bottom. So if two phases change
places in the code, they change places in the page.
"""

import ast
import inspect
import re
import textwrap

from model_tables import markdown

from sim import agents, service
from sim import week as phases

PHASES = ("sim.service", "sim.agents", "sim.week", "sim.caseload", "sim.forms", "sim.rules.session")
PEOPLE = (service.Service, agents.Client, agents.Therapist)
EVERYBODY_STEPS = re.compile(r"self\.people\((\w+)\)\.do")


def week():
    """Return the phases of a week; the appointment itself is left to `session`."""
    return _table(service.Service.step, apart=(phases.attend,))


def session():
    """Return the phases of one booked appointment."""
    return _table(phases.attend)


def _table(function, apart=()):
    rows = [
        [number, f"`{_name(phase)}`", _sentence(phase), ", ".join(f"`{_name(rule)}`" for rule in _rules(phase))]
        for number, phase in _phases(function, apart)
    ]
    return markdown(["no.", "phase", "what happens", "rules asked, in order"], rows)


def _phases(function, apart, above=""):
    """Yield (number, phase) for the phases that a function runs through, each followed by its own."""
    inner = [called for called in calls(function) if called.__module__ in PHASES]
    for place, phase in enumerate(dict.fromkeys(inner), start=1):
        yield f"{above}{place}", phase
        if phase not in apart:
            yield from _phases(phase, apart, above=f"{above}{place}.")


def _rules(phase):
    return dict.fromkeys(called for called in calls(phase) if called.__module__ not in PHASES)


def calls(function):
    """Return the phases and rules that a function calls, in the order in which they are done."""
    text = textwrap.dedent(inspect.getsource(function))
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    nodes.sort(key=lambda node: (node.end_lineno, node.end_col_offset))
    found = [_called(ast.unparse(node.func), function) for node in nodes]
    return [one for one in found if inspect.isfunction(one) and _is_told(one)]


def _is_told(function):
    ours = function.__module__ in PHASES or function.__module__.startswith("sim.rules.")
    return ours and function.__doc__


def _called(text, function):
    """Return what a call such as `week.live` or `self.meet` stands for, None if it is none of ours."""
    steps = EVERYBODY_STEPS.fullmatch(text)
    if steps:
        return function.__globals__[steps[1]].step
    first, *_, last = text.split(".") if "." in text else (text, text)
    if first == "self" and text.count(".") > 1 or text == "self.people":
        return None
    if first == "self" or "[" in text:
        return next((vars(kind)[last] for kind in PEOPLE if last in vars(kind)), None)
    found = function.__globals__.get(first)
    return getattr(found, last, None) if "." in text else found


def _name(function):
    if "." in function.__qualname__:
        return function.__qualname__
    return f"{function.__module__.rpartition('.')[2]}.{function.__name__}"


def _sentence(function):
    return inspect.getdoc(function).partition("\n")[0]
