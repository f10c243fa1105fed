"""`faro backup`, `faro restore` and `faro keys backup`: the whole database, for the holder of one key alone."""

from __future__ import annotations

import sys
from pathlib import Path

import click

PUBLIC = "public-"  # so that nobody puts the other half into .env


@click.command("backup")
def new_key() -> None:
    """Print a key pair for backups: the public half for FARO_BACKUP_KEY, the private half to be kept elsewhere."""
    from bot import boxes
    from bot.desk import recovery

    made = boxes.pair()
    click.echo(f"Into .env, where the backups are made:\n\n    FARO_BACKUP_KEY={PUBLIC}{recovery.shown(made.public)}\n")
    click.echo("On paper, locked away, not on this machine; whoever restores is asked for it, and it is shown once:\n")
    click.echo(f"    {recovery.shown(made.private)}")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Copy the whole database into FILE, sealed to FARO_BACKUP_KEY. Faro may run meanwhile."""
    from bot import backups, settings
    from bot.postgres import CannotStart, running

    loaded = settings.load()
    try:
        with running(loaded):
            size = backups.backup(loaded, _public(loaded.backup_key), file)
    except (backups.Refused, CannotStart) as problem:
        raise click.ClickException(str(problem)) from None
    click.echo(f"{file}: {size:,} bytes")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Put FILE into an empty database, all or nothing. Asks for the private key. Faro must not run."""
    from bot import backups, settings
    from bot.postgres import CannotStart, running

    loaded, private = settings.load(), _private()
    try:
        with running(loaded):
            done = backups.restore(loaded, private, file)
    except (backups.Refused, CannotStart) as problem:
        raise click.ClickException(str(problem)) from None
    click.echo(f"Restored as of {done.made_at}: {done.people} people, {done.reports} reports.")
    click.echo("What came after is not in it, neither STOP nor a wish to be erased: docs/backup.md says what to do.")
    if not done.keys_fit:
        raise click.ClickException("FARO_KEYS or FARO_HASH_KEY are not those of then: put the .env of then back")


def _public(key: str | None) -> bytes:
    from bot.desk import recovery

    if not key:
        raise click.ClickException("set FARO_BACKUP_KEY; `faro keys backup` makes one")
    try:
        return recovery.read(key.strip().removeprefix(PUBLIC) if key.strip().startswith(PUBLIC) else "")
    except ValueError:
        raise click.ClickException(f"FARO_BACKUP_KEY is not what `faro keys backup` printed: {PUBLIC}...") from None


def _private() -> bytes:
    from bot.desk import recovery

    asks = "The private key of the backups"
    said = click.prompt(asks, hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    try:
        return recovery.read(said)
    except ValueError:
        raise click.ClickException("that is no private key of `faro keys backup`: look for a slip") from None
