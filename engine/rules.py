"""Rasa's RulePolicy without what it does anew for every prediction: a quarter of a turn. Nobody changes the rules."""

from __future__ import annotations

import json
from collections import defaultdict
from functools import lru_cache
from itertools import product
from typing import Any, Dict, List, Optional, Set, Text, Tuple
from weakref import WeakKeyDictionary

from rasa.core.policies.rule_policy import RulePolicy
from rasa.shared.core.constants import PREVIOUS_ACTION, USER
from rasa.shared.nlu.constants import ACTION_NAME, INTENT

Index = Dict[Tuple[Optional[Text], Optional[Text]], List[Text]]


def install() -> None:
    # A rule is its own JSON text, decoded anew for each state of each prediction.
    RulePolicy._rule_key_to_state = staticmethod(lru_cache(maxsize=None)(json.loads))  # type: ignore[method-assign]
    RulePolicy._get_possible_keys = _possible_keys  # type: ignore[method-assign]


_all_of_them = RulePolicy._get_possible_keys
_indexes: "WeakKeyDictionary[RulePolicy, Dict[int, Index]]" = WeakKeyDictionary()


def _possible_keys(policy: RulePolicy, lookup: Dict[Text, Text], states: List[Any]) -> Set[Text]:
    """Ask Rasa only of the rules whose last step has this intent and this action, or none: the others cannot fit."""
    if not states:
        return _all_of_them(policy, lookup, states)
    index = _index(policy, lookup)
    near = (key for mark in product(*({mark, None} for mark in _marks(states[-1]))) for key in index.get(mark, ()))
    return _all_of_them(policy, {key: lookup[key] for key in near}, states)


def _index(policy: RulePolicy, lookup: Dict[Text, Text]) -> Index:
    kept = _indexes.setdefault(policy, {})
    if id(lookup) not in kept:
        kept[id(lookup)] = made = defaultdict(list)
        for key in lookup:
            made[_marks(policy._rule_key_to_state(key)[-1])].append(key)
    return kept[id(lookup)]


def _marks(state: Any) -> Tuple[Optional[Text], Optional[Text]]:
    """Of a step: its intent, and the action before it."""
    return state.get(USER, {}).get(INTENT), state.get(PREVIOUS_ACTION, {}).get(ACTION_NAME)
