"""The command `faro`."""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot import backup_commands
from bot.desk.log_commands import audit
from bot.staff.commands import content

if TYPE_CHECKING:
    from bot.desk_keys import Held
    from bot.runtime import Runtime
    from bot.settings import Settings


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Faro tells migrants their rights and risks, and brings reports of crimes to the right desk."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # Their messages carry the arguments of jobs and the requests' lines: nothing we want in a log.
    for name in ("httpx", "httpcore", "telegram", "twilio", "urllib3", "waitress.queue", "procrastinate"):
        logging.getLogger(name).setLevel(logging.ERROR)


# Each command imports what it needs itself: together it is seconds.
def _settings() -> Settings:
    from bot import settings

    return settings.load()


@main.command()
@click.option("--demo", is_flag=True, help="Made-up providers: /try shows an SMS, a WhatsApp and a Telegram phone.")
def up(demo: bool) -> None:
    """Start everything and show where it is; Ctrl-C stops it."""
    from bot import up as runner
    from bot.settings import demonstration

    settings = _settings()
    sys.exit(runner.up(demonstration(settings) if demo else settings))


@main.command()
def postgres() -> None:
    """Run Faro's own PostgreSQL (part of `up`)."""
    from bot import postgres as own

    sys.exit(own.serve(_settings()))


@main.command()
def migrate() -> None:
    """Bring the database to the present schema."""
    from bot.store import migrate as migration

    migration.upgrade(_settings().database)


@main.command()
def train() -> None:
    """Train the model if its examples or rules have changed."""
    from bot import training

    try:
        click.echo(training.ensure_model(_settings(), click.echo))
    except training.TrainingFailed as error:
        raise click.ClickException(str(error)) from None


@main.command()
def gateway() -> None:
    """Serve /try, the desk and the webhooks (part of `up`)."""
    from bot import gateway as web
    from bot.runtime import start

    settings = _settings()
    _await_database(settings)
    web.serve(start(settings))


@main.command()
def worker() -> None:
    """Answer people and deliver replies (part of `up`)."""
    import asyncio

    from bot import jobs
    from bot.runtime import start

    settings = _settings()
    _await_database(settings)
    asyncio.run(jobs.work(start(settings)))


@main.command()
def actions() -> None:
    """Serve the engine's actions (part of `up`)."""
    from actions import server
    from bot.runtime import start

    settings = _settings()
    _await_database(settings)
    server.serve(start(settings))


@main.group()
def keys() -> None:
    """The keys that words, addresses and files are sealed with (FARO_KEYS)."""


@keys.command("new")
def new_key() -> None:
    """Print a new key. Put it before the others in FARO_KEYS, start Faro again, then `faro keys rotate`."""
    from cryptography.fernet import Fernet

    click.echo(Fernet.generate_key().decode())


@keys.command("rotate")
def rotate_keys() -> None:
    """Seal everything anew with the newest key; then the older ones can go. Faro may run meanwhile."""
    from bot import rotating
    from bot.store.session import sessions

    settings = _settings()
    lost = 0
    for done in rotating.rotate(sessions(settings.database), settings.keys):
        click.echo(f"{done.column}: {done.values} values, {done.sealed_anew} sealed anew")
        lost += done.lost
    if lost:
        raise click.ClickException(
            f"{lost} values are opened by no key in FARO_KEYS: keep the older keys, one is missing"
        )
    click.echo("Everything is under the newest key: the others can be removed from FARO_KEYS.")


@main.group()
def telegram() -> None:
    """The campaign's bot on Telegram."""


@telegram.command()
def poll() -> None:
    """Ask Telegram for messages: for a campaign without a public address (part of `up` then)."""
    import asyncio

    from bot import polling

    runtime = _with_telegram()
    _await_schema(runtime.settings)
    try:
        asyncio.run(polling.poll(runtime))
    except polling.CannotPoll as problem:
        raise click.ClickException(str(problem)) from None


@telegram.command("set-webhook")
@click.option("--remove", is_flag=True, help="End it, to use `poll` instead.")
def set_webhook(remove: bool) -> None:
    """Tell Telegram to call FARO_PUBLIC_URL, with a secret that proves it is Telegram."""
    import asyncio

    from telegram.error import TelegramError

    from bot import polling

    runtime = _with_telegram()
    if not (remove or runtime.settings.address.startswith("https://")):
        raise click.ClickException("set FARO_PUBLIC_URL to the https:// address by which the world reaches the gateway")
    try:
        done = asyncio.run(polling.remove_webhook(runtime) if remove else polling.set_webhook(runtime))
    except TelegramError as error:
        raise click.ClickException(f"Telegram says: {error.message}") from None
    click.echo(f"Telegram calls {done}" if done else "Telegram calls nobody; `faro telegram poll` asks it for messages")


def _with_telegram() -> Runtime:
    from bot.runtime import start

    settings = _settings()
    if not settings.telegram_token:
        raise click.ClickException("set FARO_TELEGRAM_TOKEN to the token that @BotFather gave")
    return start(settings)


@main.group()
def desk() -> None:
    """Who works at the desks."""


@desk.command()
@click.argument("email")
@click.option("--desk", "desks", multiple=True, help="A desk of content/routing.yml; may be given again.")
@click.option("--administrator", is_flag=True, help="May do everything, at every desk.")
@click.option("--supervisor", is_flag=True, help="Works reports, and invites operators of their own desks.")
@click.option("--staff", is_flag=True, help="Sees how the texts stand, and no report.")
@click.option("--auditor", is_flag=True, help="Reads who did what, and no report.")
@click.option("--recovery", is_flag=True, help="Ask for the recovery key, which opens their desks for them.")
def invite(email: str, desks: tuple[str, ...], recovery: bool, **kind: bool) -> None:
    """Print a one-time sign-in link for EMAIL, who is made if new.

    Without --recovery they read no report until an administrator gives them the keys, on the page /desk/people.
    """
    from bot.boxes import WrongKey
    from bot.desk import people
    from bot.desk_keys import NotHeld
    from bot.runtime import start

    runtime = start(_settings())
    known = sorted(runtime.shelf.content().routing.desks)
    if unknown := set(desks) - set(known):
        raise click.ClickException(f"no desk {sorted(unknown)[0]}; there are {', '.join(known)}")
    role = _role(kind)
    if desks and role in ("auditor", "staff"):
        raise click.ClickException(f"{role} and a desk do not go together")
    if not desks and role in ("operator", "supervisor"):
        raise click.ClickException(f"say which --desk: {', '.join(known)}")
    key = _recovery_key() if recovery else None
    try:
        with runtime.sessions.begin() as session:
            path = people.link(session, email, role, known if role == "administrator" else list(desks), by=key)
    except (NotHeld, WrongKey):
        raise click.ClickException("that recovery key does not open these desks: there is a newer one") from None
    click.echo(runtime.settings.address + path)


def _role(kind: dict[str, bool]) -> str:
    """The one that was asked for; else operator."""
    asked = [name for name, wanted in kind.items() if wanted]
    if len(asked) > 1:
        raise click.ClickException(f"somebody is one of these: {', '.join(asked)}")
    return asked[0] if asked else "operator"


def _recovery_key() -> Held:
    from bot.desk import recovery
    from bot.desk_keys import Held

    try:
        return Held(None, recovery.read(click.prompt("The recovery key", hide_input=True)))
    except ValueError as error:
        raise click.ClickException(str(error)) from None


main.add_command(content)
main.add_command(audit)
main.add_command(backup_commands.backup)
main.add_command(backup_commands.restore)
keys.add_command(backup_commands.new_key)


@main.command()
@click.option(
    "--report",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Lines that also carry the right answers: print how many were understood.",
)
@click.option("--picture", type=click.Path(dir_okay=False, path_type=Path), help="With --report: a heat map (PNG).")
def understand(report: Path | None, picture: Path | None) -> None:
    """Read messages from standard input, one a line; write what is understood of each, one JSON object a line.

    A line is plain text, or a JSON object with `text` and what is known of the person: `lang`, `country`.
    """
    from bot import understanding

    try:
        if report:
            _measure(report, picture)
            return
        for found in understanding.understand(_settings(), sys.stdin.buffer):
            click.echo(understanding.as_line(found))
    except understanding.NotUnderstanding as error:
        raise click.ClickException(str(error)) from None


def _measure(file: Path, picture: Path | None) -> None:
    from bot import measuring, understanding

    try:
        rows = measuring.labelled(file.read_text("utf-8").splitlines())
    except ValueError as error:
        raise click.ClickException(f"{file}: {error}") from None
    lines = (row["text"].replace("\n", " ").encode() for row in rows)
    pairs = [measuring.Pair(*pair) for pair in zip(understanding.understand(_settings(), lines), rows, strict=True)]
    click.echo(measuring.report(pairs))
    if picture:
        measuring.draw(pairs, picture)


def _await_database(settings: Settings) -> None:
    """Its tables, and somebody who can open what is filed."""
    from bot.desk import people

    _await_schema(settings)
    people.first(settings)


def _await_schema(settings: Settings, seconds: float = 120) -> None:
    """Wait until the database answers and has our tables: the processes start side by side."""
    from sqlalchemy.exc import OperationalError

    from bot.store.migrate import is_current

    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if is_current(settings.database):
                return
        except OperationalError:
            pass
        time.sleep(0.3)
    raise click.ClickException("the database does not answer, or its schema is not this version's")


if __name__ == "__main__":
    main()
