"""Exact answers in other languages, from facts of the scene, a clock and a book of timers. Also tests `seen.py`."""

from __future__ import annotations

from datetime import datetime

import pytest

from dialogue.blocks import Fact, SceneBlock
from dialogue.languages.answers import ExactAnswers
from dialogue.languages.language import language
from dialogue.memory.scene_memory import SceneMemory
from dialogue.tools.toolbox import Reminder

AFTERNOON = datetime(2025, 11, 30, 15, 5)
FACTS = (
    Fact("object", "person", 1, "centre", at=1.0),
    Fact("object", "cup", 1, "left", colour="blue", at=1.0),
    Fact("object", "bottle", 2, "right", colour="green", at=1.0),
    Fact("text", "", text="EXIT 42", at=1.0),
)


class TimersAtTen:
    """Timers of a session, on a clock that stands."""

    def __init__(self) -> None:
        self.reminders: list[Reminder] = []

    def now(self) -> float:
        return 10.0

    def add(self, after_s: float, about: str, text: str) -> Reminder:
        reminder = Reminder(len(self.reminders) + 1, 10.0 + after_s, about, text)
        self.reminders.append(reminder)
        return reminder

    def cancel(self, number: int) -> Reminder | None:
        found = next((each for each in self.reminders if each.number == number), None)
        self.reminders = [each for each in self.reminders if each is not found]
        return found

    def pending(self) -> tuple[Reminder, ...]:
        return tuple(self.reminders)


def answers(code: str, book: TimersAtTen | None = None, *, camera: bool = True) -> ExactAnswers:
    memory = SceneMemory()
    memory.see(SceneBlock(FACTS if camera else (), "", 1.0, camera=camera))
    return ExactAnswers(language(code), memory, lambda: AFTERNOON, book)


@pytest.mark.parametrize(
    ("code", "asked", "said"),
    [
        ("zh", "现在几点了", "现在是下午3点5分。"),
        ("zh", "今天几号", "今天是2025年11月30日，星期日。"),
        ("zh", "有几个瓶子", "我看到两个瓶子。"),
        ("zh", "你看到猫了吗", "没有，我没看到猫。"),
        ("zh", "杯子在哪里", "左边有一个蓝色的杯子。"),
        ("zh", "瓶子是什么颜色", "瓶子是绿色的。"),
        ("zh", "这上面写的是什么", "上面写着：“EXIT 42”。"),
        ("zh", "右边有什么", "我看到右边有两个绿色的瓶子。"),
        ("zh", "你能看到独角兽吗", "我认不出独角兽，所以不能确定。"),
        ("zh", "别说了。", "好的。"),
        ("es", "Para, por favor.", "De acuerdo."),
        ("es", "¿Qué hora es?", "Son las 3 y 5 de la tarde."),
        ("es", "¿Qué día es hoy?", "Hoy es domingo, 30 de noviembre de 2025."),
        ("es", "¿Cuántas botellas ves?", "Veo 2 botellas."),
        ("es", "¿Hay un perro?", "No, no veo perros."),
        ("es", "¿Dónde está la taza?", "Veo una taza de color azul a la izquierda."),
        ("ja", "今何時ですか？", "今は午後3時5分です。"),
        ("ja", "ボトルは何本ありますか？", "ボトル2本が見えます。"),
        ("ja", "猫は見えますか？", "いいえ、猫は見えません。"),
        ("ja", "カップはどこですか？", "左に青のカップ1個です。"),
        ("ja", "何て書いてありますか？", "こう書いてあります：“EXIT 42”。"),
        ("hi", "अभी क्या समय हुआ है?", "अभी दोपहर के 3 बजे और 5 मिनट हैं।"),
        ("hi", "कितनी बोतलें हैं?", "दिख रहा है: 2 बोतलें।"),
        ("hi", "क्या कोई बिल्ली है?", "नहीं, बिल्लियाँ नहीं दिखता।"),
        ("hi", "यहाँ क्या लिखा है?", "लिखा है: “EXIT 42”।"),
        ("hi", "कप कहाँ है?", "बाईं ओर नीला रंग का एक कप।"),
        ("fr", "Quelle heure est-il ?", "Il est 15 heures 5."),
        ("fr", "Combien de chats vois-tu ?", "Je ne vois pas de chat."),
        ("it", "Di che colore è la tazza?", "Sembra di colore blu."),
        ("it", "Che ore sono?", "Sono le 15 e 5."),
        ("pt", "O que diz a placa?", "Diz: “EXIT 42”."),
        ("pt", "Que horas são?", "São 15 horas e 5 minutos."),
    ],
)
def test_says_what_is_so(code: str, asked: str, said: str) -> None:
    assert answers(code).answer(asked) == said


@pytest.mark.parametrize(
    ("code", "asked", "key"),
    [("zh", "你看见什么了", "camera_off"), ("es", "¿Qué ves?", "camera_off"), ("fr", "Que vois-tu ?", "camera_off")],
)
def test_a_camera_that_is_off_is_said(code: str, asked: str, key: str) -> None:
    assert answers(code, camera=False).answer(asked) == language(code).say(key)


@pytest.mark.parametrize(
    ("code", "wanted", "left", "cancel"),
    [
        ("zh", "设一个五分钟的计时器", "还剩多少时间", "取消计时器"),
        ("es", "Pon un temporizador de cinco minutos", "¿Cuánto tiempo queda?", "Cancela el temporizador"),
        ("fr", "Mets un minuteur de cinq minutes", "Combien de temps reste-t-il ?", "Annule le minuteur"),
        ("it", "Imposta un timer di cinque minuti", "Quanto tempo manca?", "Annulla il timer"),
        ("pt", "Coloque um temporizador de cinco minutos", "Quanto tempo falta?", "Cancele o temporizador"),
    ],
)
def test_a_timer_from_its_beginning_to_its_end(code: str, wanted: str, left: str, cancel: str) -> None:
    book, lang = TimersAtTen(), language(code)
    rules = answers(code, book)
    five = "5" + lang.table["timer"]["spans"]["minute"][1].removeprefix("{n}")
    assert five in (rules.answer(wanted) or "")
    assert [each.due for each in book.pending()] == [310.0]
    assert five in book.pending()[0].text
    assert five in (rules.answer(left) or "")
    assert rules.answer(cancel) == lang.say("timer_cancelled")
    assert not book.pending()
    assert rules.answer(left) == lang.say("timer_none")


def test_without_a_book_of_timers_the_model_answers() -> None:
    assert answers("zh").answer("设一个五分钟的计时器") is None
