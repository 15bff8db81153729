"""`bantin browse`: the archive in a browser."""

from pathlib import Path

import click

from bantin.commands.options import console, settings_of, with_archive


@click.command(short_help="Read the archive in a browser.")
@with_archive
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8000, show_default=True, help="Port; 0 is any free one."
)
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Readers must give the token in this file; it is made where there is none.",
)
@click.option("--identity-header", metavar="NAME", help="A reverse proxy names in it who has signed in.")
@click.option("--trusted-proxy", "trusted_proxies", metavar="IP", multiple=True, help="That proxy; may be repeated.")
@click.option("--allow-host", "hosts", metavar="NAME", multiple=True, help="A further name of this server.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes.")
@click.option(
    "--rate", type=click.FloatRange(0), default=20, show_default=True, help="Requests a second of a client; 0: any."
)
@click.option("--airflow", metavar="URL", help="Where Airflow's pages are, for links to its runs.")
def browse(
    archive: str | None,
    sources: Path | None,
    host: str,
    port: int,
    token_file: Path | None,
    identity_header: str | None,
    trusted_proxies: tuple[str, ...],
    hosts: tuple[str, ...],
    workers: int,
    rate: float,
    airflow: str | None,
) -> None:
    """Read, search, compare and export the archive in a browser, until Ctrl-C.

    It is for this machine alone, unless a token or the identity that a reverse proxy vouches for is required.
    """
    from bantin.browse import Serving, serve

    serving = Serving(
        host=host,
        port=port,
        token_file=token_file,
        identity_header=identity_header,
        trusted_proxies=trusted_proxies,
        hosts=hosts,
        workers=workers,
        requests_per_s=rate,
        airflow=airflow,
    )
    serve(settings_of(archive, sources), serving, console())
