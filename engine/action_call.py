"""The call from the engine to the action server, and the one way a turn is given up."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any, AsyncIterator, Dict, List, Optional, Text

import aiohttp
from jsonschema.exceptions import best_match
from jsonschema.validators import validator_for
from rasa.core.actions import action
from rasa.core.channels.channel import OutputChannel
from rasa.core.nlg.generator import NaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.exceptions import RasaException
from rasa.utils.endpoints import EndpointConfig


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

    def _validate_action_result(self, result: Dict[Text, Any]) -> bool:
        """Rasa checks its own schema again at each call, which took 29 ms of 34."""
        if (error := best_match(_answer_schema().iter_errors(result))) is not None:
            raise error
        return True


@lru_cache(maxsize=None)
def _answer_schema() -> Any:
    schema = action.RemoteAction.action_response_format_spec()
    return validator_for(schema)(schema)


@asynccontextmanager
async def _kept_open(endpoint: EndpointConfig) -> AsyncIterator[aiohttp.ClientSession]:
    """In place of `EndpointConfig.session`, which opens a connection for each call."""
    kept: Optional[aiohttp.ClientSession] = vars(endpoint).get("_kept_open")
    if kept is None or kept.closed:
        kept = vars(endpoint)["_kept_open"] = _session(endpoint)
    yield kept


async def _asked_again(endpoint: EndpointConfig, *call: Any, **kwargs: Any) -> Any:
    """The action server may close the kept connection as we write; an action can be asked twice (bot/reports.py)."""
    try:
        return await _request(endpoint, *call, **kwargs)
    except aiohttp.ServerDisconnectedError:
        return await _request(endpoint, *call, **kwargs)


_session, _request = EndpointConfig.session, EndpointConfig.request


def install() -> None:
    """Make Rasa use `CarefulRemoteAction` and keep connections; it has no settings for these."""
    action.RemoteAction = CarefulRemoteAction  # type: ignore[misc]
    EndpointConfig.session = _kept_open  # type: ignore[method-assign]
    EndpointConfig.request = _asked_again  # type: ignore[method-assign]
