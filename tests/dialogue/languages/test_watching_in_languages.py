"""Watch rules and descriptions in Spanish, French, Italian and Portuguese."""

from __future__ import annotations

import pytest

from dialogue.languages.language import language
from dialogue.languages.watching import came_true_in, news_in, watching_answer
from dialogue.watching.condition import Condition, WatchRule
from dialogue.watching.narration import GONE, THINGS, News
from dialogue.watching.watcher import CameTrue
from tests.dialogue.languages.test_watching import SCENE, RuleBook

CODES = ("es", "fr", "it", "pt")
RULES = """
es | Avísame cuando llegue alguien. | appears person
es | Cuando veas un gato, avísame. | appears cat
es | Avísame cuando veas una taza roja. | appears cup red
es | Avísame cuando haya tres personas. | count person 3
es | Avísame cuando se vaya el perro. | leaves dog
es | Avísame cuando el gato pase a la izquierda. | place cat left
es | Avísame cuando el texto cambie. | text changes
es | Avísame cuando aparezca “SALIDA 4”. | text SALIDA 4
es | Dime cuando algo cambie. | anything
es | Avísame cuando oscurezca. | dark
es | Cada vez que entre un perro, avísame. | every appears dog
fr | Préviens-moi quand quelqu'un arrive. | appears person
fr | Préviens-moi quand tu vois un chat. | appears cat
fr | Quand il y a trois personnes, préviens-moi. | count person 3
fr | Préviens-moi quand le chien s'en va. | leaves dog
fr | Préviens-moi quand le texte change. | text changes
fr | Préviens-moi quand tu vois “SORTIE”. | text SORTIE
fr | Préviens-moi si quelque chose change. | anything
fr | Préviens-moi quand il fait noir. | dark
it | Avvisami quando arriva qualcuno. | appears person
it | Avvisami quando vedi un gatto. | appears cat
it | Avvisami quando ci sono tre persone. | count person 3
it | Avvisami quando il cane se ne va. | leaves dog
it | Avvisami quando il testo cambia. | text changes
it | Dimmi quando qualcosa cambia. | anything
it | Avvisami quando diventa buio. | dark
pt | Avise-me quando alguém chegar. | appears person
pt | Me avise quando vir um gato. | appears cat
pt | Avise-me quando houver três pessoas. | count person 3
pt | Avise-me quando o cachorro sair. | leaves dog
pt | Avise-me quando o texto mudar. | text changes
pt | Avise-me quando algo mudar. | anything
pt | Avise-me quando escurecer. | dark
"""
OTHERS = """
es | ¿Qué hora es?
es | Avísame en cinco minutos.
es | ¿Ves un gato?
fr | Quelle heure est-il ?
fr | Préviens-moi dans cinq minutes.
fr | Est-ce que tu vois un chat ?
it | Avvisami tra cinque minuti.
it | Vedi un gatto?
pt | Avise-me em cinco minutos.
pt | Você vê um gato?
"""
TALK = {
    "es": ("Describe lo que pasa.", "Deja de describir.", "Deja de vigilar."),
    "fr": ("Décris ce qui se passe.", "Arrête de décrire.", "Arrête de surveiller."),
    "it": ("Descrivi quello che succede.", "Smetti di descrivere.", "Smetti di controllare."),
    "pt": ("Descreva o que acontece.", "Pare de descrever.", "Pare de vigiar."),
}


def rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


def short(rule: WatchRule) -> str:
    """ "every appears cup red", as in RULES."""
    condition = rule.condition
    number = str(condition.number) if condition.number > 1 else ""
    words = ("every" if rule.every_time else "", condition.kind, *condition.labels, number)
    return " ".join(filter(None, (*words, condition.colour, condition.place, condition.text)))


@pytest.mark.parametrize(("code", "text", "wanted"), rows(RULES))
def test_a_rule_is_kept(code: str, text: str, wanted: str) -> None:
    book = RuleBook()
    assert watching_answer(text, code, book, SCENE) == language(code).table["watch"]["say"]["promise"]
    assert [short(rule) for rule in book.rules] == [wanted]


@pytest.mark.parametrize(("code", "text"), rows(OTHERS))
def test_other_words_are_no_rule(code: str, text: str) -> None:
    assert watching_answer(text, code, RuleBook(), SCENE) is None


@pytest.mark.parametrize("code", CODES)
def test_descriptions_begin_and_end(code: str) -> None:
    book, (begin, end, forget) = RuleBook(), TALK[code]
    assert watching_answer(begin, code, book, SCENE) is not None and book.narrating
    assert watching_answer(end, code, book, SCENE) is not None and not book.narrating
    book.add(Condition("dark"), every_time=False)
    assert watching_answer(forget, code, book, SCENE) is not None and not book.rules


@pytest.mark.parametrize("code", CODES)
def test_every_table_says_the_same_things(code: str) -> None:
    ours, chinese = language(code).table["watch"], language("zh").table["watch"]
    assert ours.keys() == chinese.keys()
    assert ours["say"].keys() == chinese["say"].keys() and ours["when"].keys() == chinese["when"].keys()


@pytest.mark.parametrize(
    ("condition", "text", "words"),
    [
        (Condition("appears", ("cat",), "cat"), "", "Ahora hay un gato a la izquierda."),
        (Condition("text changes"), "", "El texto ha cambiado."),
        (Condition("text"), "SALIDA", "Leo: “SALIDA”."),
        (Condition("leaves", ("cup",), "cup"), "", "Ya no veo tazas."),
    ],
)
def test_what_came_true_is_said(condition: Condition, text: str, words: str) -> None:
    assert came_true_in(CameTrue(WatchRule(1, condition), 1.0, "left", text), language("es")) == words


def test_changes_are_described() -> None:
    news = (
        News(("thing", "cat"), 2, THINGS, 1.0, "two cats"),
        News(("thing", "cup"), 0, GONE, 1.0, "the cup is gone"),
    )
    assert news_in(news, language("es"), SCENE) == "Ahora hay 2 gatos, ya no veo tazas."
