"""Masks the tokens that a grammar does not allow next, by llguidance.

A grammar works on bytes, so any division of a text into tokens is accepted, and a constraint can begin in the middle of
a text that the model has already written.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

import llguidance
import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from dialogue.errors import BadInput

Schema = Mapping[str, Any]
# As models are trained to write JSON, and short: no white space is left to chance.
_LAYOUT: dict[str, Any] = {"item_separator": ", ", "key_separator": ": ", "whitespace_flexible": False}
_OPTIONS: Any = _LAYOUT
_GRAMMARS_KEPT = 32


class GrammarVocabulary:
    """A model's tokens as the library needs them, shared by all sessions; thread-safe.

    Made at the first use, which takes about a second for 150,000 tokens. `stop_ids` end a text.
    """

    def __init__(self, tokenizer: Tokenizer, stop_ids: Collection[int]) -> None:
        self._tokenizer, self._stop_ids = tokenizer, sorted(stop_ids)
        self._lock = threading.Lock()
        self._made: Any = None
        self._start = lru_cache(_GRAMMARS_KEPT)(self._compiled)

    def ready(self) -> Any:
        """The library's tokenizer. Blocks while it is made."""
        with self._lock:
            if self._made is None:
                stop = self._stop_ids[0] if self._stop_ids else None
                self._made = llguidance.LLTokenizer(self._tokenizer.to_str(), eos_token=stop)
            return self._made

    def constraint(self, grammar: str, written: str = "") -> Constraint:
        """A constraint that continues after the text `written`. Raises BadInput for a grammar that cannot be used."""
        return Constraint(self._start(grammar).deep_copy(), self.ready(), written)

    def _compiled(self, grammar: str) -> Any:
        matcher = llguidance.LLMatcher(self.ready(), grammar, log_level=0)
        if matcher.is_error():
            raise BadInput(f"The grammar cannot be used: {first_line(matcher.get_error())}")
        return matcher


class Constraint:
    """One text. Call it with logits (V,) for the logits of the allowed tokens; others become -inf."""

    def __init__(self, matcher: Any, tokens: Any, written: str) -> None:
        self._matcher = matcher
        if written:
            matcher.consume_tokens(tokens.tokenize_str(written))
        self.broken = bool(matcher.is_error())  # it allows everything from now on

    def __call__(self, logits: Tensor) -> Tensor:
        """Runs on the model's thread."""
        if self.broken:
            return logits
        bits = np.frombuffer(self._matcher.compute_bitmask(), np.uint8)
        if self._matcher.is_error():
            self.broken = True
            return logits
        allowed = torch.from_numpy(np.unpackbits(bits, bitorder="little")).bool()
        allowed = torch.nn.functional.pad(allowed, (0, max(0, len(logits) - len(allowed))))[: len(logits)]
        return logits.masked_fill(~allowed.to(logits.device), float("-inf"))

    def accept(self, token: int) -> None:
        """The model wrote this token."""
        if not self.broken and not self._matcher.consume_token(token):
            self.broken = True

    @property
    def complete(self) -> bool:
        """Whether the text is whole, so that nothing can follow."""
        return not self.broken and bool(self._matcher.is_stopped())


def json_grammar(schema: Schema) -> str:
    """The grammar of JSON that is valid against `schema`. Raises BadInput for a schema that the library refuses."""
    try:
        grammar: str = llguidance.LLMatcher.grammar_from_json_schema(dict(schema), overrides=_OPTIONS)
    except (ValueError, TypeError, RecursionError) as error:
        raise BadInput(f"The schema cannot be used: {first_line(str(error))}") from error
    if problem := llguidance.LLMatcher.validate_grammar(grammar):
        raise BadInput(f"The schema cannot be used: {first_line(problem)}")
    return grammar


def laid_out(schema: Schema) -> dict[str, Any]:
    """The schema with the layout of its JSON, for a place in a larger grammar."""
    return {**schema, "x-guidance": _LAYOUT}


def first_line(text: str) -> str:
    return text.strip().partition("\n")[0][:300]
