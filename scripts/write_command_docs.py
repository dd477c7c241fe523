"""Writes docs/commands.md from the commands' own help, so that the page cannot fall behind them.

python scripts/write_command_docs.py            write the page
python scripts/write_command_docs.py --check    exit with 1 if the page is not what would be written
"""

from collections.abc import Iterator
from pathlib import Path

import click

from dermatrust.cli.main import cli

PAGE = Path(__file__).parents[1] / "docs" / "commands.md"
WIDTH = 100
INTRODUCTION = """\
# Commands

Written by `scripts/write_command_docs.py` from each command's own help (`dermatrust COMMAND --help`). stdout is data,
stderr is talk. Exit codes: 0 done, 1 done but something is missing or wrong, 2 stopped by something you can mend, 130
stopped by Ctrl-C.
"""


def command_page() -> str:
    """Return the page: one section per command, in the order of the work."""
    sections = (f"## `{path}`\n\n```text\n{text}\n```\n" for path, text in command_helps(cli, "dermatrust"))
    return "\n".join((INTRODUCTION, *sections))


def command_helps(command: click.Command, path: str, parent: click.Context | None = None) -> Iterator[tuple[str, str]]:
    """Yield (what to type, its help) for a command and everything below it."""
    context = click.Context(
        command, info_name=path.split()[-1], parent=parent, terminal_width=WIDTH, max_content_width=WIDTH,
        help_option_names=["-h", "--help"],
    )  # fmt: skip
    yield path, command.get_help(context).rstrip()
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None:
                yield from command_helps(found, f"{path} {name}", context)


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if the page is out of date.")
@click.option("--page", type=click.Path(path_type=Path), default=PAGE, help="The page.")
@click.pass_context
def write_command_docs(context: click.Context, page: Path, *, check: bool) -> None:
    """Write the page of commands, or check it."""
    text = command_page()
    if not check:
        page.write_text(text, encoding="utf-8")
    elif not page.is_file() or page.read_text(encoding="utf-8") != text:
        click.echo(f"{page} is out of date. Run: python scripts/write_command_docs.py", err=True)
        context.exit(1)


if __name__ == "__main__":
    write_command_docs()
