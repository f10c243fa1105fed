"""`faro audit ...`: prove that the log of the desk is whole."""

from __future__ import annotations

import re

import click


@click.group()
def audit() -> None:
    """Who did what at the desk."""


@audit.command()
@click.option("--at-least", type=click.IntRange(min=1), help="A row that was the newest once, as written down then.")
@click.option("--digest", help="Its digest, as written down then.")
def verify(at_least: int | None, digest: str | None) -> None:
    """Walk the log from its first row; print how many rows are whole, the newest number and its digest.

    Write those two down somewhere else, and give them the next time: only so are rows missed that were cut off at the
    end. Exit status 1, with the first row that is changed, missing or out of order, if the log is not whole.
    """
    noted = _noted(at_least, digest)

    from bot import audit as log
    from bot import settings
    from bot.store.session import sessions

    try:
        with sessions(settings.load().database)() as session:
            newest = log.verify(session, log.Link(*noted) if noted else None)
    except log.Broken as broken:
        raise click.ClickException(str(broken)) from None
    click.echo(f"{newest.number} rows are whole; the newest: --at-least {newest.number} --digest {newest.digest}")


def _noted(number: int | None, digest: str | None) -> tuple[int, str] | None:
    if number is None and digest is None:
        return None
    if number is None or digest is None or not re.fullmatch("[0-9a-f]{64}", digest.lower()):
        raise click.UsageError("--at-least and --digest (64 digits, 0 to f) belong together")
    return number, digest.lower()
