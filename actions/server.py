"""The action server, on the loopback address."""

from __future__ import annotations

from rasa_sdk.endpoint import create_app
from rasa_sdk.executor import ActionExecutor

from actions.handoff import AskPerson
from actions.report import ChangeAnswer, FileReport, ForgetReport, ReportStatus
from bot.runtime import Runtime

ACTIONS = (FileReport, ChangeAnswer, ForgetReport, ReportStatus, AskPerson)


def serve(runtime: Runtime) -> None:
    """Serve until told to stop. One process: rasa_sdk's own `run` starts three."""
    executor = ActionExecutor()
    for action in ACTIONS:
        executor.register_action(action(runtime))
    app = create_app(executor)
    app.run(
        host="127.0.0.1",
        port=runtime.settings.actions_port,
        single_process=True,
        access_log=False,
        motd=False,
    )
