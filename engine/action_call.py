"""The call from the engine to the action server, and the one way a turn is given up."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import List

import aiohttp
from rasa.core.actions import action
from rasa.core.channels.channel import OutputChannel
from rasa.core.nlg.generator import NaturalLanguageGenerator
from rasa.core.policies.rule_policy import RulePolicy
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.exceptions import RasaException


class TurnFailed(BaseException):
    """This turn cannot be finished now; nothing of it may be kept.

    Not an ``Exception`` on purpose: Rasa swallows every ``Exception`` of an action or of the tracker store, logs
    it and goes on ("the bot will continue"), which leaves the person in silence and the report unfiled. This one
    passes through `MessageProcessor.handle_message` before the tracker is saved, so the same message can be asked
    again.
    """


class CarefulRemoteAction(action.RemoteAction):
    """A custom action whose failure fails the turn."""

    async def run(
        self,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        tracker: DialogueStateTracker,
        domain: Domain,
    ) -> List[Event]:
        try:
            return await super().run(output_channel, nlg, tracker, domain)
        except action.ActionExecutionRejection:
            raise
        except (RasaException, aiohttp.ClientError, OSError) as error:
            raise TurnFailed(f"action server: {type(error).__name__}") from None


def install() -> None:
    """Make Rasa use `CarefulRemoteAction`, and decode each rule once; Rasa offers no setting for either."""
    action.RemoteAction = CarefulRemoteAction  # type: ignore[misc]
    # A rule is its own JSON text, decoded anew for each state of each prediction: a tenth of a turn. Nobody changes it.
    RulePolicy._rule_key_to_state = staticmethod(lru_cache(maxsize=None)(json.loads))  # type: ignore[method-assign]
