"""Groups of commands: one suggests the nearest name, one imports a command only when it is called."""

import difflib
import importlib
from dataclasses import dataclass
from typing import Any

import click


@dataclass
class Called:
    """What was called, as far as it is known; as the object of a context it outlives what is raised there."""

    command: click.Command | None = None


class SuggestingGroup(click.Group):
    """A group of commands; a slip in a command's name is answered with the name that was meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the first argument names, or fail with the nearest one."""
        name = args[0]
        if not name.startswith("-") and not ctx.resilient_parsing and self.get_command(ctx, name) is None:
            near = difflib.get_close_matches(name.lower(), self.list_commands(ctx), n=1, cutoff=0.5)
            ctx.fail(f"No such command {name!r}." + (f" Did you mean {near[0]}?" if near else ""))
        found = super().resolve_command(ctx, args)
        if isinstance(ctx.obj, Called):
            ctx.obj.command = found[1]
        return found


class LazyGroup(SuggestingGroup):
    """A group that knows its commands by name and imports one only to run it or to show its own help.

    Args:
        lines: Name of each command, in the order of the work, to one line of help.
        module: Beginning of the modules' names: the command `x` is `x` of the module of this name with `x` behind it.
        rest: As of any group.
    """

    def __init__(self, *rest: Any, lines: dict[str, str], module: str, **named: Any) -> None:
        super().__init__(*rest, **named)
        self._lines = lines
        self._module = module

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the command names in the order of the work."""
        return list(self._lines)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name not in self._lines:
            return None
        name = cmd_name.replace("-", "_")
        command = getattr(importlib.import_module(f"{self._module}{name}"), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._lines.items()))


class OpeningGroup(LazyGroup):
    """A group that is a command too: what is not the name of one of its commands is meant for the first of them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the first command's name before arguments that name none."""
        names = self.list_commands(ctx)
        if args and args[0] not in (*names, *self.get_help_option_names(ctx)):
            args = [names[0], *args]
        return super().parse_args(ctx, args)
