"""The prose of the repository is plain: a list of turns that are not used in docstrings, comments, messages and docs.

To add a turn, add a line to TURNS (or to NAMES, for identifiers), with the words to use instead. A sentence that must
keep a turn is quoted in EXCEPTIONS, with the reason.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.test_shape import repository_files

ROOT = Path(__file__).parent.parent

TURNS = {  # a regular expression, in any case unless it starts with (?-i:, and what to write instead
    r"(?:^|[.!?:;] )(?-i:Of) (?!course\b)": "start with the subject",
    r"\bso many\b": "n, or the number",
    r"\b(?:told|tells)\b": "reported, returned, shown, says",
    r"\bwho(?:so)?ever\b": "the part that, the person who",
    r"\bwhosever\b": "whose",
    r"\b(?:will|would) not do\b": "is refused, is not enough",
    r"\b(?:ears?|mouths?)\b": "ASR, decoder, encoder, TTS, heard",
    r"\beyes?(?! contact)\b": "vision, detector, captioner",
    r"\bminds?\b": "LLM, model, engine",
    r"\bhanded\b": "passed, given",
    r"\bof (?:ours|theirs|his|hers|somebody's)\b": "our, their",
    r"\bat hand\b": "available",
    r"\b(?:lent|lends?)\b": "given, passed, shared",
    r"\bvouch\w*\b": "guarantee, check",
    r"\bnobody waits\b": "nothing is waiting",
    r"\bthe (?:house|crew|scribe|diary)\b": "the project, dependencies, transcriber, log",
    r"\bwish(?:es)?\b": "request options",
    r"\bcorrespondence\b|\bin letters\b": "chat requests",
    r"\ba trifle\b": "a little",
    r"\bas (?:it|they) likes?\b": "freely",
    r"\banew\b": "again",
    r"\bthinks? aloud\b|\bthinking aloud\b": "writes its reasoning",
    r"\bthe pace of life\b": "real time",
    r"\bturn about\b": "in turn",
    r"\bat leisure\b": "in the background, later",
    r"\band their kin\b": "and similar models",
    r"\bare kept from\b|\bis kept from\b": "do not, cannot",
    r"\bhush\w*\b": "interrupt",
    r"\bin want of\b|\bis wanting\b": "missing",
    r"\b(?:naught|hither|thither|whence|thence|hence)\b": "nothing, here, there, from which",
    r"\bin vain\b": "without success",
    r"\bsees to (?:it|that)\b": "makes sure",
}
NAMES = {  # the same for identifiers, as words between underscores and capitals
    "mind": "llm, engine",
    "minds": "engines",
    "ear": "decoder, resampler",
    "ears": "asr",
    "mouth": "encoder",
    "eyes": "vision",
    "told": "reported, message",
    "lent": "given",
    "hush": "interrupt",
    "crew": "dependencies",
    "scribe": "transcriber",
    "diary": "log",
    "wishes": "request_options",
    "letters": "chat",
    "gapless": "jitter_buffer",
}
EXCEPTIONS = {  # a sentence, and why it keeps its turn
    "What the user told you earlier:": "part of a prompt, whose words change what a model writes",
    "|visible|available|told|written|": "part of a pattern for what models write",
    "Never mind.": "what a user says, in a benchmark",
    "Open a door of the house.": "what a user's function says to a model, in a test",
}
# Words that a user says or reads as an answer, and prompts, whose words change what a model writes.
SPOKEN = (
    "dialogue/rules/",
    "dialogue/requests/",
    "dialogue/prompts/",
    "dialogue/text/",
    "dialogue/tools/",
    "dialogue/engines/",
    "dialogue/languages/",
    "dialogue/watching/",
)
MESSAGE_CALLS = {"Notice", "print", "warning", "error", "info", "debug", "exception", "ArgumentTypeError"}
MESSAGE_KEYWORDS = {"help", "description", "epilog", "about", "examples", "title"}


class Prose(NamedTuple):
    """A passage with the line on which it starts."""

    line: int
    text: str


def of_python(source: str, spoken: bool, is_test: bool) -> Iterator[Prose]:
    """Docstrings, comments and messages; names of tests read as sentences."""
    tree = ast.parse(source)
    yield from comments(source)
    for node in ast.walk(tree):
        match node:
            case ast.Module() | ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                if docstring := ast.get_docstring(node):
                    yield Prose(getattr(node, "lineno", 1), docstring)
                if is_test and isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                    yield Prose(node.lineno, node.name.replace("_", " "))
            case ast.Raise(exc=ast.Call(args=arguments)):
                yield from literals(arguments)
            case ast.Assert(msg=ast.expr() as message):
                yield from literals([message])
            case ast.Call() if not is_test:
                if ast.unparse(node.func).split(".")[-1] in MESSAGE_CALLS:
                    yield from literals(node.args)
                yield from literals([each.value for each in node.keywords if each.arg in MESSAGE_KEYWORDS])
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name.isupper() and not (spoken or is_test):
                yield from literals([value])


def comments(source: str) -> Iterator[Prose]:
    """Each block of comments on lines of their own, and each one behind code."""
    block: list[str] = []
    start = last = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        text, line = token.string.lstrip("# "), token.start[0]
        if block and (line != last + 1 or token.line.strip() != token.string.strip()):
            yield Prose(start, " ".join(block))
            block = []
        start = start if block else line
        block.append(text)
        last = line
    if block:
        yield Prose(start, " ".join(block))


def literals(expressions: list[ast.expr]) -> Iterator[Prose]:
    """The text of every string in the expressions, with ... for what is filled in."""
    for node in expressions:
        if isinstance(node, ast.JoinedStr):
            parts = [str(part.value) if isinstance(part, ast.Constant) else "..." for part in node.values]
            yield Prose(node.lineno, "".join(parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip():
            yield Prose(node.lineno, node.value)
        else:
            yield from literals([child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)])


def of_text(source: str) -> Iterator[Prose]:
    """The paragraphs of a document, without its blocks of code."""
    text = re.sub(r"^```.*?^```", lambda found: "\n" * found[0].count("\n"), source, flags=re.MULTILINE | re.DOTALL)
    line = 1
    for paragraph in re.split(r"(\n\s*\n|\n(?=[-|#*] |\d+\. ))", text):
        if paragraph.strip() and not paragraph.startswith("    "):
            yield Prose(line, paragraph)
        line += paragraph.count("\n")


def of_page(source: str) -> Iterator[Prose]:
    """Lines of another source file: comments and texts, between code that uses none of the turns."""
    for line, text in enumerate(source.splitlines(), 1):
        yield Prose(line, re.sub(r"^\W+", "", text))


def identifiers(source: str) -> Iterator[Prose]:
    """Names that a file binds: functions, classes, parameters, variables and attributes."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.FunctionDef(name=name) if name.startswith("test_"):
                continue  # read as a sentence
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield Prose(node.lineno, name)
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield Prose(node.lineno, name)


def readers() -> dict[str, Callable[[str], Iterator[Prose]]]:
    page = (".js", ".css", ".html", ".yml", ".sh", ".cpp", ".h")
    return {".md": of_text, **dict.fromkeys(page, of_page)}


def plain(text: str) -> str:
    """One line without exceptions and quotations: code, and words that a user, a page or a model says."""
    for sentence in EXCEPTIONS:
        text = text.replace(sentence, "...")
    unquoted = re.sub(r"`[^`]*`|\"[^\"\n]*\"|“[^”]*”|<[^<>]*>|https?://\S+", "...", text)
    return " ".join(unquoted.split())


def faults(path: Path) -> Iterator[str]:
    """A line for each turn in the file that is not used here."""
    name = path.relative_to(ROOT).as_posix()
    source = path.read_text()
    if path.suffix == ".py":
        passages = list(of_python(source, name.startswith(SPOKEN), name.startswith("tests/")))
        for line, identifier in identifiers(source):
            words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", identifier)
            yield from (
                f"{name}:{line}: the name {identifier}: {NAMES[w.lower()]}" for w in words if w.lower() in NAMES
            )
    else:
        passages = list(readers()[path.suffix](source))
    for line, text in passages:
        for turn, instead in TURNS.items():
            if found := re.search(turn, plain(text), re.IGNORECASE):
                yield f'{name}:{line}: "{found[0].strip()}": {instead}'


def prose_files() -> list[Path]:
    suffixes = {".py", *readers()}
    own = {Path(__file__), ROOT / "CODE_OF_CONDUCT.md"}
    return sorted(path for path in repository_files() if path.suffix in suffixes and path not in own)


def test_the_prose_is_plain() -> None:
    files = prose_files()
    assert len(files) > 10
    assert [fault for path in files for fault in faults(path)] == []


@pytest.mark.parametrize("sentence", EXCEPTIONS)
def test_an_exception_has_a_turn_and_is_in_use(sentence: str) -> None:
    assert any(re.search(turn, sentence, re.IGNORECASE) for turn in TURNS)
    assert any(sentence in path.read_text() for path in prose_files())


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('"""Of the worst second."""', "Of"),
        ('"""One. Of two, the first."""', "Of"),
        ("x = 1  # the user is told so", "told"),
        ("# a long comment goes on\n# for so many lines\n", "so many"),
        ('raise ValueError(f"{x} will not do")', "will not do"),
        ('log.warning("the mind is gone")', "mind"),
        ('def f(told): "Returns one."', "told"),
        ('class OpusEar: "Decodes."', "Ear"),
        ('def test_the_user_is_told() -> None: "Once."', "told"),
    ],
)
def test_a_banned_turn_is_found(source: str, found: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tests.test_prose.ROOT", tmp_path)
    file = tmp_path / "tests" / "x.py" if "test_" in source else tmp_path / "x.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text(source)
    [fault] = faults(file)
    assert found in fault


@pytest.mark.parametrize(
    "source",
    ['"""Of course."""', '"""`told` is a name, and "Of what?" a question."""', "x = 'Tell me so many things'", "y = 1"],
)
def test_plain_prose_and_quoted_words_pass(source: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tests.test_prose.ROOT", tmp_path)
    (tmp_path / "x.py").write_text(source)
    assert list(faults(tmp_path / "x.py")) == []
