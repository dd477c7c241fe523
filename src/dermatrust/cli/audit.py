"""`dermatrust audit`: whether references, splits, judges and evaluators can be trusted."""

import click

from dermatrust.cli.groups import LazyGroup

COMMANDS = {
    "references": "Find references that are refusals, contradict their label, or are faulty in form.",
    "leakage": "Find what two datasets, or the splits of one, share.",
    "judge": "Make known errors in references, and see which of them judges see.",
    "image": "Rate with blank, swapped and spoilt photographs: who looks must lower its scores.",
    "injection": "Put requests to the grader into narratives and photographs, and see what they do.",
}
"""Name to one line of help, so that `--help` imports none of them."""


@click.group(cls=LazyGroup, lines=COMMANDS, module="dermatrust.cli.audit_")
def audit() -> None:
    """Ask whether what the numbers rest on can be trusted: references, splits, judges and evaluators."""
