"""A group of commands of which each is loaded when it is called, so that help comes at once."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click


class CommandHome(NamedTuple):
    """Where a command is, and what it does.

    Attributes:
        place: The module in `ditherlab.cli` and the name in it, as `module:name`.
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
    """A group that lists its commands without loading them.

    Args:
        homes: Where each command is, by its name.
        **settings: As `click.Group` takes them.
    """

    def __init__(self, *, homes: Mapping[str, CommandHome], **settings: Any) -> None:
        # click reads the names from here, also for `Did you mean`.
        stubs = {name: click.Command(name, help=home.help) for name, home in homes.items()}
        super().__init__(commands=stubs, **settings)
        self.homes = homes

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command; None if there is none of that name."""
        return self.homes[cmd_name].load() if cmd_name in self.homes else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.homes[name].help) for name in self.list_commands(ctx)])
