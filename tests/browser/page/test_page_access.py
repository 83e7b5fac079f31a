"""The page works by keyboard, by touch, with a screen reader, on a phone, and in dark and light colours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.browser.page_fixtures import UI, Open, Visit

PHONES = [(320, 568), (390, 844), (568, 320), (844, 390)]
LEAST_TARGET = 44  # CSS pixels
AA = 4.5


def push_to_talk(visited: Visit) -> None:
    visited.page.click("#hands-free")
    visited.page.wait_for_selector("#talk:visible")


def pressed(visited: Visit, button: str) -> str | None:
    return visited.attribute(button, "aria-pressed")


def test_a_call_works_by_keyboard_alone(visit: Open) -> None:
    visited = visit()
    keys = visited.page.keyboard
    for _ in range(20):
        keys.press("Tab")
        if visited.page.evaluate("document.activeElement.id") == "start":
            break
    keys.press("Enter")
    visited.wait_for("listening")
    keys.press("m")
    assert pressed(visited, "#mute") == "true"
    keys.press("M")
    assert pressed(visited, "#mute") == "false"
    keys.press("c")
    visited.page.wait_for_selector("#stage[data-view=orb]")
    visited.page.click("#details-toggle")
    visited.say("state", state="speaking")
    keys.press("Escape")
    assert visited.sent("interrupt") == [{}]
    visited.say("state", state="listening")
    keys.press("Escape")
    assert visited.page.is_hidden("#details")
    keys.press("?")
    assert visited.page.is_visible("#help")
    keys.press("Escape")
    assert visited.page.is_hidden("#help")
    assert visited.sent("interrupt") == [{}]
    keys.press("Shift+Tab")
    keys.press("Tab")
    keys.press("Space")  # presses the focused button
    assert pressed(visited, "#details-toggle") is None and visited.page.is_visible("#details")


def test_holding_space_talks_when_hands_free_is_off(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.page.keyboard.press("Space")  # and does not press Start again, which was clicked last
    assert visited.sent("talk") == []
    assert "just speak" in visited.text(".notice")
    push_to_talk(visited)
    assert visited.sent("switch")[-1]["hands_free"] is False
    visited.page.wait_for_function("() => !farEnd.now.transceivers[0].sender.track.enabled")
    visited.page.keyboard.down("Space")
    visited.page.keyboard.down("Space")  # keys repeat while they are held
    assert visited.page.evaluate("farEnd.now.transceivers[0].sender.track.enabled") is True
    assert pressed(visited, "#talk") == "true"
    visited.page.keyboard.up("Space")
    assert visited.sent("talk") == [{"down": True}, {"down": False}]
    assert visited.attribute("#state", "data-state") == "listening"
    visited.page.wait_for_function("() => !farEnd.now.transceivers[0].sender.track.enabled")


def test_the_talk_button_works_by_mouse_touch_key_and_plain_click(visit: Open) -> None:
    visited = visit(has_touch=True, permissions=["camera", "microphone"])
    visited.start()
    push_to_talk(visited)
    visited.page.hover("#talk")
    visited.page.mouse.down()
    visited.page.mouse.move(5, 5)  # the button stays held when the pointer moves away
    assert visited.sent("talk") == [{"down": True}]
    visited.page.mouse.up()
    visited.page.tap("#talk")
    visited.page.focus("#talk")
    visited.page.keyboard.press("Enter")
    assert visited.sent("talk") == [{"down": True}, {"down": False}] * 3
    visited.page.wait_for_timeout(600)  # a click long after any press comes from a screen reader and toggles
    visited.page.evaluate("document.querySelector('#talk').click()")
    assert pressed(visited, "#talk") == "true"
    visited.page.evaluate("document.querySelector('#talk').click()")
    assert visited.sent("talk") == [{"down": True}, {"down": False}] * 4


def test_shortcuts_stay_out_of_the_message_box_and_can_be_turned_off(visit: Open) -> None:
    visited = visit()
    visited.start()
    visited.page.focus("#say-text")
    visited.page.keyboard.type("camera m ?")
    assert visited.page.input_value("#say-text") == "camera m ?"
    assert pressed(visited, "#mute") == "false"
    visited.page.click("#settings-open")
    visited.page.uncheck("#set-shortcuts")
    visited.page.keyboard.press("Escape")
    visited.page.keyboard.press("m")
    assert pressed(visited, "#mute") == "false"


def test_every_control_has_a_name(visit: Open) -> None:
    visited = visit()
    visited.start()
    push_to_talk(visited)
    visited.say("state", state="speaking")
    visited.say("notice", level="error", code="x", text="Something happened.")
    visited.page.click("#details-toggle")
    for dialog in ("help", "settings"):
        visited.page.evaluate(f"document.querySelector('#{dialog}').show()")
    devtools = visited.page.context.new_cdp_session(visited.page)
    nodes = devtools.send("Accessibility.getFullAXTree")["nodes"]
    roles = {"button", "textbox", "combobox", "checkbox", "link", "meter", "dialog", "region", "image", "list"}
    found: dict[str, list[str]] = {}
    for node in nodes:
        role = node.get("role", {}).get("value")
        if role in roles and not node.get("ignored"):
            found.setdefault(role, []).append(node.get("name", {}).get("value", ""))
    assert len(found["button"]) >= 15 and len(found["combobox"]) >= 3 and len(found["checkbox"]) >= 3
    unnamed = [role for role in roles - {"list"} for name in found.get(role, []) if not name.strip()]
    assert unnamed == []


def test_only_final_captions_are_announced(visit: Open) -> None:
    visited = visit()
    visited.start()
    assert visited.attribute("#announce", "aria-live") == "polite"
    assert visited.page.locator("#captions [aria-live], #conversation [role=log]").count() == 0
    visited.say("user_caption", turn=1, text="What is", final=False, typed=False)
    visited.say("reply_text", turn=1, text="A cup.")
    assert "What is" not in visited.text("#announce") and "A cup" not in visited.text("#announce")
    visited.say("user_caption", turn=1, text="What is this?", final=True, typed=False)
    visited.say("reply_ended", turn=1, said="A cup.", heard="A", cut=True)
    lines = visited.page.locator("#announce p").all_text_contents()
    assert lines == ["Connecting.", "Connected. Listening.", "You: What is this?", "Assistant: A (interrupted)"]


@pytest.mark.parametrize("size", PHONES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_phone_shows_all_controls_without_scrolling(visit: Open, size: tuple[int, int]) -> None:
    visited = visit(size=size)
    fits(visited, size)
    visited.start()
    push_to_talk(visited)
    visited.say("user_caption", turn=1, text="Donaudampfschifffahrt" * 8, final=True, typed=False)
    visited.say("reply_text", turn=1, text="A rather long answer. " * 20)
    visited.say("state", state="speaking")
    visited.say("notice", level="warning", code="x", text="Something that needs a few words to be told. " * 2)
    fits(visited, size)
    visited.page.click("#details-toggle")
    fits(visited, size)


def fits(visited: Visit, size: tuple[int, int]) -> None:
    width, height = size
    assert visited.page.evaluate("[document.documentElement.scrollWidth, document.body.scrollHeight]") == [
        width,
        height,
    ]
    buttons = "button:visible, input[type=text]:visible"
    for box in visited.page.locator(buttons).evaluate_all(
        "all => all.map(e => ({ id: e.id || e.className, ...e.getBoundingClientRect().toJSON() }))"
    ):
        assert box["width"] >= LEAST_TARGET and box["height"] >= LEAST_TARGET, box
        assert box["left"] >= 0 and box["right"] <= width, box
        assert box["top"] >= 0 and box["bottom"] <= height, box


def test_dark_and_light_follow_the_system_until_one_is_chosen(visit: Open) -> None:
    visited = visit()
    ground = "getComputedStyle(document.body).backgroundColor"

    def ground_in(theme: str) -> str:
        visited.page.wait_for_selector(f"html[data-theme={theme}]")
        return str(visited.page.evaluate(ground))

    visited.page.emulate_media(color_scheme="light")
    light = ground_in("light")
    visited.page.emulate_media(color_scheme="dark")
    dark = ground_in("dark")
    assert light != dark
    visited.page.click("#theme")
    assert ground_in("light") == light
    visited.page.reload()
    assert ground_in("light") == light
    visited.page.click("#theme")
    assert ground_in("dark") == dark


def test_the_orb_is_still_with_reduced_motion(visit: Open) -> None:
    visited = visit()
    changed = """async () => {
        const orb = document.querySelector("#orb");
        const before = orb.toDataURL();
        await new Promise((resolve) => setTimeout(resolve, 600));
        return before !== orb.toDataURL();
    }"""
    assert visited.page.evaluate(changed) is True
    visited.page.emulate_media(reduced_motion="reduce")
    visited.page.wait_for_timeout(300)
    assert visited.page.evaluate(changed) is False


TEXT_ON_GROUND = [
    *[(ink, ground) for ink in ("ink", "soft") for ground in ("ground", "sheet", "sunken")],
    *[("ink", ground) for ground in ("warn-ground", "bad-ground")],
    *[("bad", ground) for ground in ("ground", "sheet", "bad-ground")],
    *[("soft", ground) for ground in ("warn-ground", "bad-ground")],
    ("on-go", "go"),
    ("on-end", "end"),
]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_has_enough_contrast(theme: str) -> None:
    colours = palette(UI / "page" / "styles" / "style.css", theme)
    poor = {f"{ink} on {ground}": round(contrast(colours[ink], colours[ground]), 2) for ink, ground in TEXT_ON_GROUND}
    assert {pair: ratio for pair, ratio in poor.items() if ratio < AA} == {}


def palette(style: Path, theme: str) -> dict[str, str]:
    blocks = re.findall(r"^:root(\[data-theme=\"dark\"\])? \{(.*?)^\}", style.read_text(), re.M | re.S)
    wanted = next(body for selector, body in blocks if bool(selector) == (theme == "dark"))
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", wanted))


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, "contrast ratio"."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)
