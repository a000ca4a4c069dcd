"""A group of commands that imports each command only when it is called, so that help is fast."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click


class CommandHome(NamedTuple):
    """The import path and the help text of a command.

    Attributes:
        place: The module in `ditherlab.cli` and the name in that module, as `module:name`.
        help: The first sentence of its help.
    """

    place: str
    help: str

    def load(self) -> click.Command:
        """Import the command."""
        module, _, name = self.place.partition(":")
        command: click.Command = getattr(import_module(f"ditherlab.cli.{module}"), name)
        return command


class LazyGroup(click.Group):
    """A group that lists its commands without importing them.

    Args:
        homes: The import path and help text of each command, by its name.
        **settings: Keyword arguments of `click.Group`.
    """

    def __init__(self, *, homes: Mapping[str, CommandHome], **settings: Any) -> None:
        # click takes the names for `Did you mean` from here too.
        stubs = {name: click.Command(name, help=home.help) for name, home in homes.items()}
        super().__init__(commands=stubs, **settings)
        self.homes = homes

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command; None if no command has that name."""
        return self.homes[cmd_name].load() if cmd_name in self.homes else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.homes[name].help) for name in self.list_commands(ctx)])
