"""The language of the page and of the call, and the voice: the browser's, and the user's choice in the settings."""

from __future__ import annotations

from tests.browser.page_fixtures import Open


def test_the_page_changes_its_language_in_a_call(visit: Open) -> None:
    visited = visit()
    assert visited.attribute("html", "lang") == "en"
    visited.start()
    visited.say("user_caption", turn=1, text="你好，看得见我吗？", final=True)
    visited.say("latency", turn=1, marks={"first_sound_heard": 1640}, budget={"first_sound_heard": 900}, over=[])
    visited.page.click("#details-toggle")
    visited.page.click("#settings-open")
    visited.page.select_option("#pick-page-language", "zh")
    assert visited.attribute("html", "lang") == "zh-CN"
    assert visited.text("#start") == "结束"
    assert visited.text("#state") == "在听"
    assert visited.text("#latency-summary") == "听到声音：1,640 毫秒，目标 900 毫秒"
    assert visited.attribute("#mute", "aria-label") == "静音"
    assert visited.text("#captions .sr") == "您："
    assert visited.attribute("#captions .caption", "lang") == "zh-CN"
    english = visited.page.evaluate(
        "[...document.body.querySelectorAll('*:not(option, #unsupported, noscript)')]"
        ".flatMap(n => [...n.childNodes]).filter(n => n.nodeType === 3)"
        ".map(n => n.textContent.trim()).filter(t => /[a-z]{3} [a-z]{2}/i.test(t))"
    )
    assert english == []

    visited.page.reload()
    assert visited.attribute("html", "lang") == "zh-CN"
    assert visited.text("#start") == "开始"


LANGUAGES = [
    {"code": "en", "name": "English", "voices": ["hibari", "af_heart"]},
    {"code": "zh", "name": "中文", "voices": ["zf_xiaoxiao", "zm_yunxi"]},
]


def test_language_and_voice_are_chosen_in_the_settings_and_kept(visit: Open) -> None:
    visited = visit()
    visited.desk.voices = LANGUAGES
    visited.page.click("#settings-open")
    visited.page.wait_for_selector("#pick-voice option", state="attached")
    assert visited.text("#pick-voice") == "hibari, the fastestHeart, a woman's voice"
    visited.page.select_option("#pick-language", "zh")
    assert visited.text("#pick-voice") == "Xiaoxiao, a woman's voiceYunxi, a man's voice"
    visited.page.select_option("#pick-voice", "zm_yunxi")
    visited.page.click("#hear-voice")
    visited.page.wait_for_selector("#voice-trouble:not([hidden])")  # no server plays it
    visited.page.keyboard.press("Escape")
    visited.start()
    assert visited.sent("language") == [{"language": "zh"}]
    assert visited.sent("voice") == [{"voice": "zm_yunxi"}]

    visited.page.click("#settings-open")
    visited.page.select_option("#pick-language", "auto")
    assert visited.sent("language")[-1] == {"language": "auto"}
    visited.say("language", language="zh", fixed=False)
    assert "中文" in visited.text("#pick-language option[value=auto]")
    assert visited.page.input_value("#pick-voice") == "zm_yunxi"


def test_one_language_with_one_voice_is_no_choice(visit: Open) -> None:
    visited = visit()
    visited.desk.voices = LANGUAGES[:1]
    with visited.page.expect_response("**/voices"):
        visited.page.click("#settings-open")
    assert not visited.page.is_visible("#speech")
