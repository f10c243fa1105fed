"""`faro content ...`: what staff do with the campaign's files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from bot.content import desks, progress, where
from bot.content.model import COUNTRIES, LANGUAGES, MENUS, SOURCE, Content, ContentError, text_path
from bot.content.reading import Reader
from bot.staff import new_topic, signing

language_option = click.option("--lang", "language", type=click.Choice(LANGUAGES), required=True)
CHANNELS = ("sms", "whatsapp", "telegram", "web")

country_option = click.option(
    "--country", type=click.Choice(COUNTRIES), help="Two letters; without it, the general text."
)


@click.group()
def content() -> None:
    """The campaign's files."""


def opened(given: Path | None = None) -> tuple[Reader, Content]:
    """The files, if nothing is wrong with them."""
    reader = Reader(given or where.folder())
    try:
        return reader, reader.read()
    except ContentError as error:
        raise click.ClickException(f"first mend what is wrong (`faro content check`)\n{error}") from None


def known_topic(found: Content, topic: str) -> str:
    if topic not in found.topics:
        raise click.ClickException(f"no topic {topic}; there are {', '.join(found.topics)}")
    return topic


@content.command()
@click.argument("folder", type=click.Path(exists=True, path_type=Path), required=False)
@click.option("--strict", is_flag=True, help="Also what is still to do makes the exit status 1.")
def check(folder: Path | None, strict: bool) -> None:
    """Say what is wrong in content/ and what is still to do, file by file.

    Exit status 1 if anything is wrong: then nothing of it is taken over.
    """
    reader = Reader(folder or where.folder())
    today = datetime.now(UTC).date()
    try:
        found = reader.read()
    except ContentError as error:
        click.echo(error)
        many = len(error.problems)
        raise click.ClickException(
            f"{many} mistake{'s' if many > 1 else ''}; until mended, the last good texts stay in use"
        ) from None
    to_do = progress.to_do(found, reader.raw, today) + progress.directory_gaps(found)
    if (partners := where.partners()) is not None:
        to_do += desks.unknown_partners(found.routing, reader.raw("routing.yml"), partners)
    click.echo("\n".join(map(str, to_do)) + "\n" if to_do else "", nl=False)
    click.echo(progress.tables(found, today))
    click.echo(
        f"{len(found.hotlines)} contacts, {len(found.routing.cases)} routing cases: none wrong, {len(to_do)} to do"
    )
    if strict and to_do:
        raise SystemExit(1)


@content.command()
@click.argument("topic")
@language_option
@country_option
@click.option("--channel", type=click.Choice(CHANNELS), default="sms", show_default=True)
def show(topic: str, language: str, country: str | None, channel: str) -> None:
    """Print exactly what a phone would get who asks for TOPIC, and what each message costs."""
    from bot.staff import showing  # reads the names of countries, which the other commands do not wait for

    _, found = opened()
    parts = showing.shown(found, known_topic(found, topic), language, country, channel, datetime.now(UTC))
    click.echo("\n".join(showing.on_paper(parts)))


@content.command()
@click.argument("topic")
@language_option
@country_option
@click.option("--by", "reviewer", required=True, help="The name of who has read it.")
def sign(topic: str, language: str, country: str | None, reviewer: str) -> None:
    """Say that REVIEWER has read a text and that it is right; of a translation: right beside today's Spanish text.

    Changed later, it counts as unsigned again.
    """
    reader, found = opened()
    text = found.topics[known_topic(found, topic)].texts.get((country or "", language))
    path = text_path(topic, country or "", language)
    if text is None:
        raise click.ClickException(f"there is no {path}")
    source = found.topics[topic].texts[(country or "", SOURCE)]
    signing.sign(reader.folder / path, text, source.version, reviewer, datetime.now(UTC).date())
    click.echo(f"{path}: signed by {reviewer}")


@content.command("new-topic")
@click.argument("topic")
@click.option("--title", prompt="Title in the menu, in Spanish (at most 24 letters)")
@click.option("--menu", type=click.Choice(MENUS), prompt="Menu it stands in")
@click.option("--contacts", prompt="Purposes of the contacts below the text (like legal_aid, shelter)")
@click.option("--sms", prompt="Short form in Spanish, for a text message (two segments)")
@click.option("--full", prompt="Full form in Spanish")
@click.option("--basis", prompt="What it rests on (a law and its article, a treaty, a guideline)")
@click.option("--source", prompt="Where you read that")
@click.option("--source-date", prompt="Date of that source, like 2026-01-15")
@click.option("--confidence", type=click.Choice(["high", "medium"]), prompt="How sure is it", default="medium")
@click.option("--example", "examples", multiple=True, help="How somebody would ask, in Spanish; at least five times.")
def new_topic_command(topic: str, examples: tuple[str, ...], **said: str) -> None:
    """Make TOPIC: its text, its row in the menu, and the examples and rules by which it is understood.

    Asks for whatever is not given. Names what is still to write.
    """
    while len(examples) < new_topic.EXAMPLES:
        left = new_topic.EXAMPLES - len(examples)
        examples += (click.prompt(f"How would somebody ask for it, in their own words? ({left} more)"),)
    source = {name: said[name] for name in ("basis", "source", "source_date", "confidence")}
    purposes = tuple(word.strip() for word in said["contacts"].split(",") if word.strip())
    wanted = new_topic.NewTopic(
        topic, said["title"], said["menu"], purposes, said["sms"], said["full"], source, examples
    )  # fmt: skip
    reader, found = opened()
    try:
        made = new_topic.make(where.ROOT, reader.folder, found, wanted, datetime.now(UTC).date())
    except new_topic.CannotMake as error:
        raise click.ClickException(str(error)) from None
    click.echo("\n".join(["Written:", *(f"  {path}" for path in made)]))
    click.echo("\n".join(["Still to write:", *(f"  {line}" for line in new_topic.still_to_write(wanted))]))


@content.command("export")
@click.option("--lang", "language", type=click.Choice([name for name in LANGUAGES if name != SOURCE]), required=True)
@click.option("--format", "kind", type=click.Choice(("xliff", "po")), default="xliff", show_default=True)
@click.option("--topic", help="Only the texts of this topic.")
@click.option("--all", "whole", is_flag=True, help="Also what is translated and up to date.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Without it, to standard output.")
def export_command(language: str, kind: str, topic: str | None, whole: bool, out: Path | None) -> None:
    """A file for translators: what is missing or outdated in a language, beside the Spanish.

    XLIFF 1.2 (save it as .xlf) or gettext's PO; any translator's program opens one of them.
    """
    from bot.staff import exchange, exchange_files  # reads XLIFF's toolkit, which the other commands do not wait for

    try:
        parcel = exchange.to_translate(where.folder(), language, topic, whole)
    except (ContentError, exchange.ExchangeError) as error:
        raise click.ClickException(f"nothing was exported\n{error}") from None
    if not parcel.units:
        click.echo(f"nothing is missing or outdated in {language}; --all exports all of it", err=True)
        return
    raw = exchange_files.written(parcel, kind)
    try:
        with click.open_file(str(out or "-"), "wb") as stream:
            stream.write(raw)
    except OSError as error:
        raise click.ClickException(f"{out}: {error.strerror}") from None
    click.echo(f"{len(parcel.sent)} texts and phrases, {len(parcel.units)} units to translate from Spanish", err=True)


@content.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--by", "reviewer", help="Sign what the translator's program marks as final, in this name.")
def import_command(file: Path, reviewer: str | None) -> None:
    """Take back a FILE of `faro content export`: all of it, or nothing if a text in it is wrong.

    Exit status 1 if anything is wrong; each mistake is named by its unit. "Final" is in XLIFF the state or
    approved="yes", in a PO the flag "reviewed".
    """
    from bot.staff import exchange, exchange_files, exchange_telling  # as above

    try:
        parcel = exchange_files.opened(file.name, file.read_bytes())
        outcome = exchange.take_back(where.folder(), parcel, reviewer, datetime.now(UTC).date())
    except (ContentError, exchange.ExchangeError, exchange_files.Unreadable, OSError) as error:
        raise click.ClickException(f"nothing was written\n{error}") from None
    click.echo("\n".join(exchange_telling.told(outcome, reviewer)))


@content.command("leaflet")
@language_option
@click.option("--country", type=click.Choice(COUNTRIES), required=True)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Without it, faro-<country>-<lang>.pdf here."
)
def leaflet_command(language: str, country: str, out: Path | None) -> None:
    """Make an A5 leaflet (PDF) for a shelter without signal, with a QR code to each channel of campaign.yml."""
    from bot.staff import leaflet  # as above
    from bot.staff.paper import CannotPrint

    _, found = opened()
    out = out or Path(f"faro-{country}-{language}.pdf")
    try:
        out.write_bytes(leaflet.leaflet(found, language, country, datetime.now(UTC)))
    except (CannotPrint, OSError) as error:
        raise click.ClickException(str(error)) from None
    if not leaflet.squares(found):
        click.echo("no QR code: campaign.yml says under reach: no number or name by which people reach Faro", err=True)
    click.echo(f"{out}: four A5 pages at most; print two on one A4 sheet")
