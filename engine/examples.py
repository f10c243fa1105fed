"""The examples as `rasa train` reads them: as Rasa does, without its check of each file against a schema.

The check takes seven eighths of the reading, and a training reads thrice; tests/test_project.py makes it instead.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Optional, Text, Tuple

from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLReader
from rasa.shared.nlu.training_data.training_data import TrainingData


class Reader(RasaYAMLReader):
    """Rasa's own, taking each file as it is."""

    def validate(self, string: Text) -> None:
        """Nothing is checked here."""


class Examples(RasaFileImporter):
    """Rasa's own; named in config.yml."""

    def get_nlu_data(self, language: Optional[Text] = "en") -> TrainingData:
        return _read(tuple(self._nlu_files))


@lru_cache(maxsize=1)
def _read(files: Tuple[Text, ...]) -> TrainingData:
    """Once: each part of a training asks anew, and merges copies of what it gets."""
    return TrainingData([message for file in files for message in Reader().read(file).training_examples])
