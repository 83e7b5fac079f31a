"""BFCL (Berkeley Function-Calling Leaderboard): calls of functions, compared by their syntax trees.

The files are those of the leaderboard: `BFCL_*.json` with lines of questions and functions, and the accepted calls in
`possible_answer/` with the same name. The model is asked in its prompting mode: it writes `[f(a=1), g(b=2)]`.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dialogue.errors import BadInput
from dialogue.evaluation.benchmark import BenchmarkItem
from dialogue.evaluation.files import found, lines

_ASKED = (
    "Here are functions in JSON. Write the calls that answer the question, and nothing else, in the form "
    "[name(parameter=value, ...), ...]. If no function fits, write [].\n"
)


def call_items(data: Path) -> Iterator[BenchmarkItem]:
    path = found(data, "BFCL*.json")
    accepted_path = path.parent / "possible_answer" / path.name
    if not accepted_path.is_file():
        raise BadInput(f"{accepted_path} is missing: the accepted calls of {path.name}.")
    accepted = {line["id"]: line["ground_truth"] for line in lines(accepted_path)}
    for line in lines(path):
        said = "\n".join(turn["content"] for turn in line["question"][0])
        prompt = f"{_ASKED}{json.dumps(line['function'])}\n\nQuestion: {said}"
        required = {each["name"]: each["parameters"].get("required", []) for each in line["function"]}
        yield BenchmarkItem(line["id"], prompt, {"calls": accepted[line["id"]], "required": required})


def call_score(item: BenchmarkItem, answer: str) -> tuple[float, ...]:
    """Whether the calls are those that are accepted, in any order."""
    made, left = calls_in(answer), list(item.expected["calls"])
    if made is None or len(made) != len(left):
        return (0.0,)
    for name, arguments in made:
        fitting = [each for each in left if _fits(name, arguments, each, item.expected["required"].get(name, []))]
        if not fitting:
            return (0.0,)
        left.remove(fitting[0])
    return (1.0,)


def calls_in(answer: str) -> list[tuple[str, dict[str, Any]]] | None:
    """The calls that are written in an answer; None where it is no list of calls."""
    found_list = re.search(r"\[.*\]", answer, re.DOTALL)
    try:
        tree = ast.parse((found_list[0] if found_list else answer).strip().strip("`"), mode="eval").body
        made = []
        for node in tree.elts if isinstance(tree, ast.List) else [tree]:
            if not isinstance(node, ast.Call) or node.args:
                return None
            arguments = {each.arg: ast.literal_eval(each.value) for each in node.keywords if each.arg}
            made.append((ast.unparse(node.func), arguments))
        return made
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _fits(name: str, arguments: Mapping[str, Any], accepted: Mapping[str, Any], required: list[str]) -> bool:
    """An accepted value "" means that the parameter may be left out."""
    if name not in accepted or any(each not in arguments for each in required):
        return False
    values = accepted[name]
    if any(each not in values for each in arguments):
        return False
    return all(_is_among(arguments[key], each) if key in arguments else "" in each for key, each in values.items())


def _is_among(value: Any, accepted: list[Any]) -> bool:
    return any(_plain(value) == _plain(each) for each in accepted)


def _plain(value: Any) -> Any:
    """Texts are compared without case, spaces and punctuation; whole numbers equal their decimals."""
    match value:
        case str():
            return re.sub(r"[ ,./\-_*^]", "", value).lower().replace("'", '"')
        case list() | tuple():
            return [_plain(each) for each in value]
        case dict():
            return {key: _plain(each[0] if isinstance(each, list) else each) for key, each in value.items()}
    return value
