"""Which questions are answered exactly, and which are left to the model."""

from __future__ import annotations

import pytest

from dialogue.languages.language import language
from dialogue.languages.questions import asked, asks_for_long_text

ASKED = """
zh | time | | 请问现在几点了？
zh | date | | 今天星期几
zh | who | | 你是谁
zh | camera | | 你看得见我吗
zh | count | person | 你看到几个人？
zh | count | bottle | 桌子上有多少个瓶子
zh | exists | cat | 这里有没有猫
zh | exists | cup | 你能看到一个杯子吗
zh | where | cell phone | 我的手机在哪里？
zh | colour | cup | 这个杯子是什么颜色的
zh | read | | 帮我看看这个 receipt
zh | read | | 牌子上写着什么
zh | read | | 请你告诉我，这块牌子上写着什么？
zh | describe | | 你看见什么了
zh | describe | | 左边有什么
zh | holding | | 我手里拿着什么
zh | timer | | 十分钟后提醒我关火
zh | left | | 计时器还剩多久
zh | cancel | | 把闹钟取消掉，取消闹钟
es | time | | ¿Me dices qué hora es?
es | date | | ¿Qué día es hoy?
es | count | chair | ¿Cuántas sillas hay?
es | exists | dog | ¿Ves un perro?
es | where | cell phone | ¿Dónde está mi móvil?
es | colour | car | ¿De qué color es el coche?
es | read | | ¿Qué pone ahí?
es | describe | | ¿Qué ves?
es | timer | | Avísame en diez minutos
es | cancel | | Cancela el temporizador
fr | time | | Il est quelle heure ?
fr | count | bottle | Combien de bouteilles y a-t-il ?
fr | exists | cat | Est-ce que tu vois un chat ?
fr | where | book | Où est le livre ?
fr | colour | cup | De quelle couleur est la tasse ?
fr | read | | Qu'est-ce qui est écrit ?
fr | describe | | Que vois-tu ?
fr | timer | | Réveille-moi dans vingt minutes
it | time | | Che ora è?
it | count | cup | Quante tazze vedi?
it | exists | person | C'è una persona?
it | where | book | Dov'è il libro?
it | read | | Cosa c'è scritto?
it | describe | | Che cosa vedi?
it | timer | | Imposta un timer di un quarto d'ora
pt | time | | Que horas são agora?
pt | count | person | Quantas pessoas você vê?
pt | exists | dog | Tem um cachorro?
pt | where | cup | Onde está a xícara?
pt | read | | O que está escrito ali?
pt | describe | | O que você vê?
pt | timer | | Coloque um alarme de 3 minutos
"""
LEFT_TO_THE_MODEL = """
zh | 世界上有多少只猫
zh | 中国有多少人
zh | 你有猫吗
zh | 猫喜欢吃什么
zh | 给我讲个关于狗的故事
zh | 我今天很累
es | ¿Cuántas personas viven en Madrid?
es | ¿Qué hay que hacer para dormir mejor?
es | Me gusta leer libros
es | Describe la revolución francesa
fr | Combien de personnes vivent à Paris ?
fr | J'aime lire le soir
it | Quante persone vivono a Roma?
it | Mi piace leggere
pt | Quantas pessoas vivem no mundo?
pt | Eu gosto de ler livros
"""


def rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


@pytest.mark.parametrize(("code", "kind", "label", "text"), rows(ASKED))
def test_is_recognised(code: str, kind: str, label: str, text: str) -> None:
    found = asked(text, language(code))
    assert found is not None
    assert (found.kind, found.label) == (kind, label)


@pytest.mark.parametrize(("code", "text"), rows(LEFT_TO_THE_MODEL))
def test_is_left_to_the_model(code: str, text: str) -> None:
    assert asked(text, language(code)) is None


def test_a_reminder_keeps_the_words() -> None:
    found = asked("十分钟后提醒我关火", language("zh"))
    assert found is not None
    assert found.about == "关火"
    found = asked("Recuérdame en 10 minutos que llame a María", language("es"))
    assert found is not None
    assert (found.seconds, found.about) == (600.0, "llame a María")


def test_places() -> None:
    found = asked("左边有什么", language("zh"))
    assert found is not None
    assert found.place == "left"
    found = asked("¿Qué hay a la derecha?", language("es"))
    assert found is not None
    assert found.place == "right"


def test_a_long_text_is_no_question() -> None:
    assert asked("今天" * 40 + "现在几点了", language("zh")) is None


@pytest.mark.parametrize(
    ("code", "text", "long"),
    [
        ("zh", "请给我讲一个关于猫的故事。", True),
        ("zh", "猫吃什么？", False),
        ("es", "Cuéntame un cuento.", True),
        ("fr", "Donne-moi une recette de crêpes.", True),
        ("it", "Raccontami una favola.", True),
        ("pt", "Conte uma história.", True),
        ("ja", "猫の物語を聞かせて。", True),
        ("hi", "मुझे एक कहानी सुनाओ।", True),
        ("en", "Tell me a story.", False),
    ],
)
def test_a_story_is_a_long_text(code: str, text: str, long: bool) -> None:
    assert asks_for_long_text(text, code) is long


def test_a_timer_without_its_name_is_set() -> None:
    """As heard where the last word was too soft."""
    found = asked("请设一个三秒钟", language("zh"))
    assert found is not None and (found.kind, found.seconds) == ("timer", 3.0)
