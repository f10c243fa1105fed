"""Words and phrases of six languages and what they are in English: one YAML file a language, ``word: "english"``.

Written by hand from the languages and from the words of our own examples (data/nlu), not from any message of the
tests but for some of arabizi.yml; no native reader has checked them. Nobody is ever shown them.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Dict, Text

import yaml

FOLDER = Path(__file__).parent


@lru_cache(maxsize=None)
def entries(language: Text) -> Dict[Text, Text]:
    """As they stand in the file; those in Latin letters small and without accents, words parted by one space."""
    written = yaml.load((FOLDER / f"{language}.yml").read_text("utf-8"), yaml.CSafeLoader)
    return {str(word): str(english) for word, english in written.items()}
