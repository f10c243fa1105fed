"""Traditional Chinese in simplified characters, as bot/chinese.py does it in the other environment."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Text

from opencc import OpenCC

CHINESE = re.compile(r"[\u3400-\u9fff]")


def simplified(text: Text) -> Text:
    """As many characters as before; whatever is not Chinese stays.

    >>> simplified("救命啊 幫幫我, help")
    '救命啊 帮帮我, help'
    """
    return _characters().convert(text) if CHINESE.search(text) else text


@lru_cache(maxsize=None)
def _characters() -> OpenCC:
    return OpenCC("t2s")
