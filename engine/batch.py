"""Many texts at once: ``python -m engine.batch``, one JSON line in, one out, through the very pipeline of a message.

In: ``{"text", "metadata"}``. Out: ``{"intent", "confidence", "crime_type", "urgent",
"by_letters"}`` (that the letters were enough); where the pipeline would ask
back, the likeliest intent with its low confidence. For `faro understand`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any, Dict, Text, TextIO

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.core.processor import MessageProcessor

from engine.context import CRIME_SURE, TELLING


def main() -> None:
    """Serve lines until there are no more."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what Rasa prints is no answer
    agent = Agent.load(os.environ["FARO_MODEL"])
    processor = agent.processor
    assert processor is not None
    print("{}", file=answers, flush=True)  # loaded
    asyncio.run(_serve(processor, answers))


async def _serve(processor: MessageProcessor, answers: TextIO) -> None:
    for line in sys.stdin:
        print(json.dumps(await _read(processor, json.loads(line))), file=answers, flush=True)


async def _read(processor: MessageProcessor, asked: Dict[Text, Any]) -> Dict[Text, Any]:
    message = UserMessage(asked["text"], metadata=asked["metadata"])
    data = await processor.parse_message(message, only_output_properties=False)
    ranking = [row for row in data["intent_ranking"] if row["name"] != "nlu_fallback"]
    meant = data["intent"] if data["intent"]["name"] != "nlu_fallback" else ranking[0]
    crime = data.get("crime_type") or {"name": "none", "confidence": 0.0}
    told = meant["name"] in TELLING and crime["name"] != "none" and crime["confidence"] >= CRIME_SURE
    return {
        "intent": meant["name"],
        "confidence": round(float(meant["confidence"]) * meant.get("apart", 1), 3),
        "crime_type": crime["name"] if told else None,
        "urgent": meant["name"] in TELLING and bool(data.get("urgent")),
        "by_letters": bool(data.get("by_letters")),
    }


if __name__ == "__main__":
    main()
