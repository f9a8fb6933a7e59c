"""A file of the model in words: what it is about, and each of its functions with equation, units, source and code."""

import ast
import inspect
import re
from importlib import import_module

from sim import parameters


def functions(module_name):
    """Return the functions of a module: arguments, docstring and parameters of each, then all of them as code."""
    module = import_module(module_name)
    own = [one for _, one in _members(module) if one.__doc__]
    described = "\n\n".join(_described(one) for one in own)
    code = "\n\n\n".join(_without_docstring(one) for one in own)
    about = inspect.getdoc(module)
    fold = f"<details><summary>the same as code</summary>\n\n```python\n{code}\n```\n\n</details>"
    return f"{about}\n\n{described}\n\n{fold}"


def _members(module):
    found = inspect.getmembers(module, lambda one: inspect.isfunction(one) and one.__module__ == module.__name__)
    return sorted(found, key=lambda pair: pair[1].__code__.co_firstlineno)


def _described(function):
    sentence, _, more = inspect.getdoc(function).partition("\n")
    arguments = [name for name in inspect.signature(function).parameters if name != "p"]
    given = f" (from {', '.join(f'`{name}`' for name in arguments)})" if arguments else ""
    parts = [f"**`{function.__name__}`**{given}. {sentence}"]
    if more.strip():
        parts.append(f"```text\n{more.strip(chr(10))}\n```")
    if read := _parameters(function):
        parts.append(f"Reads {', '.join(f'`{name}`' for name in read)}.")
    return "\n\n".join(parts)


def _parameters(function):
    """Return the dotted names of the parameters that a function reads, in order."""
    names = {one.field: one.name for one in parameters.catalogue().values()}
    fields = re.findall(r"\bp\.(\w+)", inspect.getsource(function))
    return [names[field] for field in dict.fromkeys(fields) if field in names]


def _without_docstring(function):
    lines = inspect.getsource(function).rstrip().split("\n")
    words = ast.parse("\n".join(lines)).body[0].body[0]
    return "\n".join(lines[: words.lineno - 1] + lines[words.end_lineno :])
