"""`ditherlab palette list`: list the named palettes."""

import click

from ditherlab.cli.reporting import deliver_report, report_options
from ditherlab.cli.streams import check_standard_output, write_to_stdout
from ditherlab.palette import named_palettes, spell_colors


@click.command(name="list")
@report_options
def list_palettes(as_json: bool, report: str | None, overwrite: bool) -> None:
    """List the named palettes with their colors and sources.

    \b
    Example:
      ditherlab palette list
      ditherlab palette list --json
    """
    if as_json:
        check_standard_output()
    document = {
        name: {
            "colors": p.hex,
            **({} if p.shown is None else {"shown": spell_colors(p.shown)}),
            **({} if p.names is None else {"names": p.names}),
            **({} if p.codes is None else {"codes": p.codes}),
            "source": p.source,
        }
        for name, p in named_palettes().items()
    }
    deliver_report(document, as_json=as_json, report=report, overwrite=overwrite)
    if as_json:
        return
    for name, named in named_palettes().items():
        write_to_stdout(f"{name:<17} {len(named):>3} colors  {named.source}")
