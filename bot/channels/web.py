"""The phone on the page /try: it fetches its messages itself, so to send is only to let it see them."""

from __future__ import annotations

from bot.messages import Letter, NotSent, Then


class Web:
    def sender(self, letter: Letter) -> str:
        return "web"

    def send(self, letter: Letter) -> str:
        """Nothing to carry: the page asks the gateway each second and sees what is marked as sent."""
        return f"web {letter.outbound}"

    def fetch(self, ref: str, limit: int) -> bytes | None:
        raise NotSent(Then.GIVE_UP, "web has no files")
