"""What a person sees when an experiment is over: figures, report, where it lies, and what went wrong."""

from experiments import store
from experiments.exit_codes import DONE, INTERRUPTED, SOME_FAILED


def finish(outcome, experiment):
    """Draw, report and say what became of an experiment; return the exit code."""
    done, failed = outcome.done, outcome.failed
    if outcome.interrupted:
        print(
            f"Interrupted after {done + failed} of {experiment.run_count} runs; nothing was lost: give the same "
            f"command to go on ({outcome.folder})."
        )
        return INTERRUPTED
    if outcome.skipped == done + failed:
        print(f"All {done + failed} runs were done before; add --fresh to run them again.")
    result = store.Result(outcome.folder)
    if done:
        print(draw_and_report(result))
    if failed:
        print(first_failure(result, failed))
    return SOME_FAILED if failed else DONE


def draw_and_report(result):
    """Draw the figures and write the report of a result; return the sentence that says where they lie."""
    from experiments import report

    return f"Tables, figures and the report: {report.write(result)}"


def first_failure(result, failed):
    """Return what is known of the first run that failed, in a sentence."""
    runs = result.table("runs")
    first = runs[runs["status"] == "failed"].iloc[0]
    return (
        f"{failed} runs failed; the first, {first['run_id']} (arm {first['arm']}, design point "
        f"{first['design_point']}, replication {first['replication']}), in {first['stage']}: "
        f"{first['error_type']}: {first['message']} "
        "The others are in the result; the table `runs` has a row for each failure."
    )
