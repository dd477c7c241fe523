"""The command `dermatrust`. Each command lives in a file of its own and is imported only when it is called."""

import sys

import click

from dermatrust import __version__
from dermatrust.cli.groups import Called, LazyGroup
from dermatrust.errors import UserError

COMMANDS = {
    "demo": "The whole pipeline on the synthetic skin atlas, ending in report.html.",
    "atlas": "Draw the synthetic skin atlas as an ordinary dataset folder.",
    "data": "Import, check, describe, split and export datasets.",
    "bench": "Narrate, judge, tabulate and report: models x six dimensions.",
    "narrate": "Let a model write candidate narratives.",
    "build": "Build references and regular narratives from photographs, in two streams.",
    "judge": "Score recorded narratives against their references.",
    "rate": "Score narratives by the photographs alone, without a reference.",
    "clinic": "Differential diagnosis and triage, with and without clinical context.",
    "run": "Run a published benchmark on a model.",
    "replay": "Score recorded outputs of a published benchmark; asks no model.",
    "protocols": "List the published benchmarks: what they measure, their data, what was verified.",
    "psychometrics": "Ability of models and quality of items, from many runs of one benchmark.",
    "align": "Judges and evaluators against the people who rated the same narratives.",
    "audit": "Ask whether references, splits, judges and evaluators can be trusted.",
    "curate": "The workbench in which clinicians rate, revise and certify narratives.",
    "plan": "How many patients and raters an interval of a given width needs.",
    "train": "Train DermEval, both stages, by a recipe.",
    "serve": "The scoring API: a photograph and a narrative in, six scores out.",
    "report": "One HTML file from finished runs.",
    "explore": "Finished runs in a browser: leaderboard, models, raters, cases, data.",
    "store": "Look into and merge reply stores.",
}
"""Name to one line of help, so that `--help` imports none of them."""


@click.group(
    cls=LazyGroup, lines=COMMANDS, module="dermatrust.cli.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)  # fmt: skip
@click.version_option(__version__, prog_name="dermatrust")
def cli() -> None:
    """Measure whether a multimodal language model can be trusted with dermatology, and whether its judge can.

    stdout is data, stderr is talk. A failure you can mend exits with 2 and one line.
    """


def main() -> None:
    """Run the command line: user errors become one line and exit code 2, Ctrl-C exits with 130."""
    called = Called()
    try:
        code = cli.main(prog_name="dermatrust", standalone_mode=False, obj=called)
    except UserError as error:
        click.echo(f"error: {error}", err=True)
        code = 2
    except click.exceptions.NoArgsIsHelpError as error:  # a group without a command: its help is the answer
        error.show()
        code = 2
    except click.ClickException as error:
        click.echo(f"error: {_one_line(error)}", err=True)
        code = 2
    except (click.Abort, KeyboardInterrupt):
        click.echo(f"\nstopped. {stopped_text(called.command)}".rstrip(), err=True)
        code = 130
    except BrokenPipeError:
        # The reader of our output went away (e.g. `| head`): not a failure of ours.
        sys.stderr.close()
        code = 0
    sys.exit(code if isinstance(code, int) else 0)


def stopped_text(command: click.Command | None) -> str:
    """Return what Ctrl-C left of a command's work: those that ask models keep replies, and training has checkpoints."""
    if command is None:
        return ""
    if command.name == "train":
        return "The same command goes on from the last checkpoint."
    if command.name in ("curate", "start"):
        return "Everything saved is kept."
    if command.name == "demo" or any(parameter.name == "run_id" for parameter in command.params):
        return "Everything answered so far is kept; the same command goes on from there."
    return "The same command begins anew."


def _one_line(error: click.ClickException) -> str:
    """Return what click complains about as one line that ends in where to look."""
    text = " ".join(error.format_message().split())
    text = text if text.endswith((".", "?", "!", ")")) else f"{text}."
    context = getattr(error, "ctx", None)
    return text if context is None else f"{text} Try `{context.command_path} --help`."
