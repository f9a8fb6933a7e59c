"""The command `alliance`: what it can be asked, and which words and exit code it answers with.

Exit codes: 0 done, 1 some runs failed, 2 the user's mistake, 130 interrupted. A mistake is one sentence, never a trace.
"""

import argparse
import json
import os
import platform
import sys
from pathlib import Path

from experiments.exit_codes import DONE, INTERRUPTED, MISTAKE
from sim import __version__


class Mistake(Exception):
    """Something the user can mend; its text is one sentence (or one a line)."""


def main(arguments=None):
    """Run the command line and return its exit code."""
    options = parser().parse_args(arguments)
    try:
        return options.command(options)
    except Mistake as mistake:
        print(mistake, file=sys.stderr)
        return MISTAKE
    except KeyboardInterrupt:
        print("Interrupted; nothing was lost: give the same command to go on.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


def parser():
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog="alliance",
        description="Simulate psychotherapy services: clients, therapists and the alliance between them.",
        epilog="A model, not clinical advice.",
    )
    version = f"alliance {__version__}, Python {platform.python_version()}"
    top.add_argument("--version", action="version", version=version, help="print the versions and stop")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    _add_run(commands)
    _add_result_commands(commands)
    _add_others(commands)
    return top


def _add_run(commands):
    run = commands.add_parser("run", help="run the experiment that a config describes (goes on where it stopped)")
    run.add_argument("config", nargs="+", help="a config file (TOML)")
    run.add_argument("--workers", type=_whole, metavar="N", help="worker processes (default: all cores)")
    run.add_argument("--out", type=Path, default=Path("results"), metavar="DIR", help="where results go")
    run.add_argument("--fresh", action="store_true", help="begin a new numbered folder")
    run.add_argument("--engine", choices=["mesa"], default="mesa", help="who loops over the people")
    run.set_defaults(command=_run)
    check = commands.add_parser(
        "check", help="say what a config would run and what it would cost; runs one small probe"
    )
    check.add_argument("config", nargs="+", help="a config file (TOML)")
    check.add_argument("--workers", type=_whole, metavar="N", help="worker processes (default: all cores)")
    check.add_argument("--json", action="store_true", help="print JSON")
    check.set_defaults(command=_check)


def _add_result_commands(commands):
    show = _on_result(commands, "show", "print the table of estimates of a result", _show)
    show.add_argument("--json", action="store_true", help="print JSON")
    estimate = _on_result(commands, "estimate", "work out one estimate from the tables of a result", _estimate)
    estimate.add_argument("name", help="its name; `alliance explain` lists them")
    estimate.add_argument("--arm", help="only this arm")
    estimate.add_argument("--point", type=_count, metavar="N", help="only this design point, from 0")
    estimate.add_argument("--json", action="store_true", help="print JSON")
    from experiments.export import add_arguments

    export = _on_result(commands, "export", "write the tables for R, SPSS, Stata, Excel, lavaan or Mplus", _export)
    add_arguments(export)
    story = _on_result(commands, "story", "tell one client's therapy session by session", _story)
    story.add_argument("--client", type=_count, required=True, metavar="N", help="the client's number, from 0")
    story.add_argument("--arm", help="the arm (default: the first)")
    story.add_argument("--point", type=_count, default=0, metavar="N", help="the design point (default 0)")
    story.add_argument("--replication", type=_count, default=0, metavar="N", help="the replication (default 0)")
    _on_result(commands, "digest", "print a hash of all rows; equal results have equal digests", _digest)
    _on_result(commands, "report", "draw the figures and write the report again", _report)


def _on_result(commands, name, text, command):
    sub = commands.add_parser(name, help=text)
    sub.add_argument("result", help="a result folder, or an experiment's name (its newest result)")
    sub.add_argument("--out", type=Path, default=Path("results"), metavar="DIR", help="where results lie")
    sub.set_defaults(command=command)
    return sub


def _add_others(commands):
    explain = commands.add_parser("explain", help="say what a parameter, switch, column, estimate or source is")
    explain.add_argument("name", nargs="?", help="its name, as in a config; without one, list what there is")
    explain.add_argument("--json", action="store_true", help="print JSON")
    explain.set_defaults(command=_explain)
    init = commands.add_parser("init", help="copy the shipped configs into a folder")
    init.add_argument("folder", type=Path, help="a folder that does not exist yet, or is empty")
    init.set_defaults(command=_init)


def _run(options):
    from experiments import runner, showing

    worst = DONE
    for experiment in _load(options.config):
        outcome = _on_disk(
            runner.run,
            experiment,
            out=options.out,
            workers=options.workers,
            fresh=options.fresh,
            engine=options.engine,
        )
        worst = max(worst, showing.finish(outcome, experiment))
        if worst == INTERRUPTED:
            break
    return worst


def _check(options):
    from experiments import checking

    costs = [checking.cost(experiment, workers=options.workers) for experiment in _load(options.config)]
    print(json.dumps(costs, indent=1) if options.json else "\n\n".join(checking.in_words(cost) for cost in costs))
    return DONE


def _show(options):
    from experiments import show

    result = _result(options)
    print(json.dumps(show.as_objects(result), indent=1) if options.json else show.as_text(result))
    return DONE


def _estimate(options):
    from experiments import estimating

    result = _result(options)
    try:
        parts = _on_disk(estimating.estimate, result, options.name, arm=options.arm, design_point=options.point)
    except ValueError as problem:
        raise Mistake(problem) from None
    as_json = json.dumps(estimating.as_objects(result, options.name, parts), indent=1) if options.json else None
    print(as_json or estimating.as_text(result, options.name, parts))
    return DONE


def _export(options):
    from experiments.export import run

    print(_on_disk(run, _result(options), options))
    return DONE


def _story(options):
    from experiments import story

    result = _result(options)
    try:
        text = story.tell(
            result,
            client=options.client,
            arm=options.arm,
            design_point=options.point,
            replication=options.replication,
        )
    except ValueError as problem:
        raise Mistake(problem) from None
    print(text)
    return DONE


def _digest(options):
    from experiments import digest

    print(digest.digest(_result(options)))
    return DONE


def _report(options):
    from experiments import showing

    print(showing.draw_and_report(_result(options)))
    return DONE


def _explain(options):
    from experiments import explain

    try:
        found = explain.find(options.name) if options.name else explain.contents()
    except ValueError as problem:
        raise Mistake(problem) from None
    print(json.dumps(found, indent=1) if options.json else explain.as_text(found))
    return DONE


def _init(options):
    from experiments import shipped

    try:
        copied = shipped.copy_to(options.folder)
    except OSError as problem:
        raise Mistake(problem) from None
    print(f"Copied {copied} files to {options.folder}; give a config a name of its own, and run it with alliance run.")
    return DONE


def _load(paths):
    """Return the experiments of some configs; all problems of all files at once."""
    from experiments import config

    experiments, problems = [], []
    for path in paths:
        try:
            experiments.append(config.load(path))
        except config.ConfigError as error:
            problems += error.problems
    if problems:
        raise Mistake("\n".join(problems))
    return experiments


def _result(options):
    from experiments import store

    return store.Result(_on_disk(store.find, options.result, out=options.out))


def _on_disk(act, *arguments, **named):
    """Do something with a result folder; turn what the disk or a changed config refuses into a sentence."""
    from experiments import store

    try:
        return act(*arguments, **named)
    except (store.StoreError, store.Refusal) as problem:
        raise Mistake(problem) from None


def _whole(text):
    number = _count(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} must be a whole number of at least 1")
    return number


def _count(text):
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} must be a whole number of at least 0")
    return int(text)
