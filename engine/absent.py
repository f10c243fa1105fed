"""Rasa without what nothing here uses of it: TensorFlow, other messengers, other databases, plots.

Rasa's modules import all of these as they are read: it was half of the start's time and of the memory. In their place
stand names without anything behind them, enough for class statements and annotations.
"""

from __future__ import annotations

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Optional, Sequence, Text

ABSENT = (
    "tensorflow", "tensorflow_addons", "tensorflow_hub", "tensorflow_text", "keras", "matplotlib", "questionary",
    "prompt_toolkit", "boto3", "botocore", "pymongo", "aiogram", "fbmessenger", "mattermostwrapper", "rocketchat_API",
    "slack_sdk", "socketio", "twilio", "webexteamssdk",
)  # fmt: skip


class _Name(type):
    """A class to inherit from or to name; its attributes are such classes again."""

    def __getattr__(cls, name: Text) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Name(name, (), {})

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """As a decorator it leaves a function as it is."""
        if len(args) == 1 and callable(args[0]) and not kwargs:
            return args[0]
        return super().__call__()


class _Module(ModuleType):
    __path__: Sequence[Text] = []

    def __getattr__(self, name: Text) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Name(name, (), {})


class _Absent(MetaPathFinder, Loader):
    def find_spec(self, name: Text, path: Any, target: Any = None) -> Optional[ModuleSpec]:
        return ModuleSpec(name, self, is_package=True) if name.split(".")[0] in ABSENT else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


def install() -> None:
    """To be called before anything of Rasa is imported."""
    sys.meta_path.insert(0, _Absent())
