"""Answers by rule in any language that has a table: clock, timers, and what is seen, from recognised facts only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from dialogue.blocks import Fact
from dialogue.errors import BadInput
from dialogue.languages.language import Language
from dialogue.languages.questions import Asked, asked
from dialogue.languages.seen import counted, things
from dialogue.languages.spans import span
from dialogue.memory.scene_memory import SceneMemory
from dialogue.text.scene_phrases import MOST_QUOTED_WORDS, quoted
from dialogue.tools.toolbox import Reminders

# Where no spaces are written, a text counts as long from this many characters on.
MOST_QUOTED_CHARACTERS = 120


class ExactAnswers:
    """Those of one session, in one language. `reminders` None: there are no timers."""

    def __init__(
        self, lang: Language, memory: SceneMemory, clock: Callable[[], datetime], reminders: Reminders | None
    ) -> None:
        self._lang, self._memory, self._clock, self._reminders = lang, memory, clock, reminders

    def answer(self, text: str) -> str | None:
        """The answer to what the user said; None where a model should answer."""
        question = asked(text, self._lang)
        if question is None:
            return None
        match question.kind:
            case "time":
                return time_of(self._clock(), self._lang)
            case "date":
                return date_of(self._clock(), self._lang)
            case "who":
                return self._lang.say("who")
            case "stop":
                return self._lang.say("stopped")
            case "timer" | "left" | "cancel":
                return self._timer(question) if self._reminders is not None else None
        if not self._memory.scene.camera:
            return self._lang.say("camera_off")
        return self._seen(question)

    def _timer(self, question: Asked) -> str:
        book, lang = self._reminders, self._lang
        assert book is not None, "`answer` asks only where there are timers"
        if question.kind == "timer":
            length = span(question.seconds, lang)
            over = (
                lang.say("reminder_over", about=question.about)
                if question.about
                else lang.say("timer_over", span=length)
            )
            try:
                book.add(question.seconds, question.about or length, over)
            except BadInput:
                return lang.say("timer_refused")
            return lang.say("reminder_set" if question.about else "timer_set", span=length, about=question.about)
        pending = book.pending()
        if not pending:
            return lang.say("timer_none")
        if question.kind == "left":
            return lang.say("timer_left", span=lang.listed([span(each.due - book.now(), lang) for each in pending[:3]]))
        for each in pending:
            book.cancel(each.number)
        return lang.say("timer_cancelled")

    def _seen(self, question: Asked) -> str:
        facts = self._memory.present("object")
        of_it = [fact for fact in facts if fact.label == question.label]
        say = self._lang.say
        if question.other:
            return say("unknown", thing=question.other)
        names = self._names(question.label)
        match question.kind:
            case "camera":
                people = [fact for fact in facts if fact.label == "person"]
                if not people:
                    return say("camera_no")
                place = self._lang.table["placed"][people[0].place or "centre"]
                return say("camera_yes", things=counted(people[0].count, "person", self._lang), place=place)
            case "count":
                total = sum(fact.count for fact in of_it)
                return (
                    say("count", things=counted(total, question.label, self._lang))
                    if total
                    else say("count_none", **names)
                )
            case "exists":
                return say("exists_yes", things=things(of_it, self._lang)) if of_it else say("exists_no", **names)
            case "where":
                return say("where", things=things(of_it, self._lang)) if of_it else say("count_none", **names)
            case "colour":
                return self._colour(of_it, names)
            case "read":
                return self._read()
            case "holding":
                return self._describe([fact for fact in facts if fact.label != "person"])
            case _:
                placed = [fact for fact in facts if question.place in ("", fact.place)]
                return self._describe(placed, texts=not question.place)

    def _colour(self, of_it: Sequence[Fact], names: dict[str, str]) -> str:
        if not of_it:
            return self._lang.say("count_none", **names)
        colour = next((fact.colour for fact in of_it if fact.colour), "")
        shown = self._lang.table["colours"].get(colour)
        return self._lang.say("colour", colour=shown, **names) if shown else self._lang.say("colour_unknown", **names)

    def _read(self) -> str:
        texts = [fact.text for fact in self._memory.present("text")]
        if not texts:
            return self._lang.say("reading" if self._memory.scene.unread else "read_nothing")
        return self._lang.say("read", text=self._quotations(texts))

    def _describe(self, facts: Sequence[Fact], texts: bool = True) -> str:
        read = [fact.text for fact in self._memory.present("text")] if texts else []
        said = [self._lang.say("describe", things=things(facts, self._lang))] if facts else []
        said += [self._lang.say("describe_text", text=self._quotations(read[:1]))] if read else []
        return ("" if not self._lang.spaced else " ").join(said) or self._lang.say("describe_nothing")

    def _quotations(self, texts: Sequence[str]) -> str:
        """As many texts as are not too long to listen to; the end of a long first one is left out."""
        said: list[str] = []
        for whole in texts:
            text = " ".join(whole.split()[:MOST_QUOTED_WORDS])[: 4 * MOST_QUOTED_CHARACTERS]
            if said and sum(map(len, said)) + len(text) > MOST_QUOTED_CHARACTERS:
                break
            said.append(quoted(text))
        return self._lang.listed(said)

    def _names(self, label: str) -> dict[str, str]:
        """The thing without number, in the plural, and without its article."""
        noun = self._lang.nouns.get(label)
        if noun is None:
            return {"thing": label, "plural": label, "bare": label}
        bare = noun.one.split(" ", 1)[-1].split("'", 1)[-1]
        return {"thing": noun.many, "plural": noun.many, "bare": bare}


def time_of(now: datetime, lang: Language) -> str:
    """The time of the day, to the minute."""
    table = lang.table["clock"]
    hour = (now.hour % 12 or 12) if table["hours"] == 12 else now.hour
    minutes = table["minutes"].format(minute=f"{now.minute}") if now.minute else table["full"]
    period = next(words for start, words in reversed(table["periods"].items()) if now.hour >= int(start))
    pattern = table["one"] if hour == 1 and "one" in table else table["other"]
    return str(pattern.format(hour=hour, minutes=minutes, period=period))


def date_of(now: datetime, lang: Language) -> str:
    """The date with the day of the week."""
    table = lang.table["clock"]
    named = {"weekday": table["weekdays"][now.weekday()], "month": table["months"][now.month - 1]}
    return str(table["date"]).format(day=now.day, year=now.year, **named)
