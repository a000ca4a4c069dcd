"""A group of commands that imports each command only when it is called, so that help is fast."""

import math
from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click

from ditherlab.cli.progress import SecondInterrupt
from ditherlab.specs import LARGEST_NUMBER


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
        for parameter in command.params:
            if isinstance(parameter.type, click.types.IntParamType | click.types.FloatParamType):
                parameter.callback = _check_size
        return command


def _check_size(
    context: click.Context, parameter: click.Parameter, value: float | None
) -> float | None:
    """Refuse numbers that would not fit into 32-bit floats or 64-bit integers."""
    # Every command has its own rule for infinity.
    if value is not None and LARGEST_NUMBER <= abs(value) < math.inf:
        raise click.BadParameter("It must have at most 19 digits.", context, parameter)
    return value


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

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command.

        Raises:
            SecondInterrupt: In place of `KeyboardInterrupt`, for which click prints an empty line.
        """
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise SecondInterrupt from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.homes[name].help) for name in self.list_commands(ctx)])
