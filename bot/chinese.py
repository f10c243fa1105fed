"""Traditional Chinese in simplified characters: every word, and every place, is listed once."""

import re
from functools import cache

from opencc import OpenCC

CHINESE = re.compile(r"[\u3400-\u9fff]")


def simplified(text: str) -> str:
    """As many characters as before; whatever is not Chinese stays.

    >>> simplified("從危地馬拉 a Tapachula")
    '从危地马拉 a Tapachula'
    """
    return _characters().convert(text) if CHINESE.search(text) else text


@cache
def _characters() -> OpenCC:
    return OpenCC("t2s")
