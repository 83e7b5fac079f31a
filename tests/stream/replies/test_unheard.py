"""What was not heard is said when the user asks for it, and only then."""

import pytest

from stream.replies.unheard import Unheard

SAID = "Water boils at a hundred degrees. On a mountain it boils earlier. Tea tastes weak there."
LATER = 12.0
CUT = Unheard(SAID, SAID.index("boils earlier"), complete=True, cut_at=10.0)


@pytest.mark.parametrize("question", ["Go on.", "Please continue.", "Okay, go on please.", "Could you carry on?"])
def test_go_on_continues_at_the_word(question: str) -> None:
    assert CUT.continuation(question, LATER) == "boils earlier. Tea tastes weak there."


@pytest.mark.parametrize("question", ["What did you say?", "Sorry, what did you just say?", "Can you repeat that?"])
def test_what_did_you_say_repeats_the_cut_sentence_and_the_rest(question: str) -> None:
    assert CUT.continuation(question, LATER) == "On a mountain it boils earlier. Tea tastes weak there."


@pytest.mark.parametrize(
    "question", ["What time is it?", "Go on a trip with me.", "What did you say about the moon?", "Continue the story."]
)
def test_other_questions_are_for_the_engine(question: str) -> None:
    assert CUT.continuation(question, LATER) is None


def test_a_sentence_whose_end_was_never_made_is_left_to_the_engine() -> None:
    half = Unheard("It boils at a hundred degrees. On a mountain it", 11, complete=False, cut_at=10.0)
    assert half.continuation("Go on.", LATER) == "a hundred degrees."
    assert Unheard("It boils at a", 3, complete=False, cut_at=10.0).continuation("Go on.", LATER) is None


def test_a_reply_that_was_heard_has_no_rest() -> None:
    assert Unheard(SAID, len(SAID), complete=True, cut_at=10.0).continuation("Go on.", LATER) is None


def test_a_backchannel_that_cut_the_reply_lets_it_go_on() -> None:
    assert CUT.continuation("Mm-hm, right.", 9.8) == "boils earlier. Tea tastes weak there."
    assert CUT.continuation("Okay.", LATER) is None, "said after the interrupt button, it is an answer"


def test_an_interruption_without_words_is_answered() -> None:
    """An engine that hears gets the sound; its interruption may have been anything."""
    cut = Unheard("One two three. Four five six.", 4, complete=True, cut_at=5.0)
    assert cut.continuation("", began_at=4.5) is None
    assert cut.continuation("Mm-hm.", began_at=4.5) is not None


def test_chinese_goes_on_and_is_said_again() -> None:
    said = "水在一百度沸腾。在山上沸腾得早一些。茶的味道淡。"
    cut = Unheard(said, said.index("早一些"), complete=True, cut_at=10.0)
    assert cut.continuation("请继续说。", LATER, "zh") == "早一些。茶的味道淡。"
    assert cut.continuation("你刚才说什么？", LATER, "zh") == "在山上沸腾得早一些。茶的味道淡。"
    assert cut.continuation("嗯嗯。", 9.0, "zh") == "早一些。茶的味道淡。"
    assert cut.continuation("停一下。", 9.0, "zh") is None
