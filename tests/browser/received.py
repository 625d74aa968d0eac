"""Everything that a participant's browser receives of a study, and what could be learnt from it.

`recorded` notes it, `leaks` looks for the right answer in it: in names, keys, order, sizes and equal
pictures. It is told the truth, which the browser is not.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from playwright.sync_api import Page, Response, WebSocket
from scipy.stats import binomtest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

PREFIX = "data:image/png;base64,"
ALWAYS = {"study", "heard", "note", "forget", "wait", "stage"}
MAY_HOLD = {  # keys of what the component is given at a stage
    "question": ALWAYS | {"number", "total", "redrawn", "options", "limit", "confidence", "remark"},
    "finished": ALWAYS | {"code"},
}
NO_SURPRISE = 1e-5  # a way to guess that is right more often than this allows is a leak


class Received(NamedTuple):
    """What one browser received."""

    frames: list[bytes]  # of the websocket
    responses: list[tuple[str, str, bytes]]  # address, headers, body (not of Streamlit's own files)
    kept: list[str]  # what the browser then held: storage, cookies, the page itself


def as_bytes(frame: bytes | str) -> bytes:
    """What a websocket brought, text or not."""
    return frame if isinstance(frame, bytes) else frame.encode()


def recorded(page: Page, take_part: Callable[[], None]) -> Received:
    """What arrives at a page that has not been opened yet while somebody takes part."""
    frames: list[bytes] = []
    arrived: list[Response] = []

    def opened(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: frames.append(as_bytes(frame)))

    def answered(response: Response) -> None:
        arrived.append(response)

    listeners = {"websocket": opened, "response": answered}
    for event, listener in listeners.items():
        page.on(event, listener)
    take_part()
    kept = page.evaluate(
        """() => {
            const roots = [document, ...[...document.querySelectorAll('*')].map(one => one.shadowRoot)]
            const drawn = roots.filter(Boolean).map(root => (root.body || root).innerHTML)
            return JSON.stringify([drawn, {...localStorage}, {...sessionStorage}, document.cookie])
        }"""
    )
    for event, listener in listeners.items():  # the tab is other tests' as well
        page.remove_listener(event, listener)
    responses = [
        (one.url, json.dumps(one.headers), b"" if "/static/" in one.url else one.body())
        for one in arrived
        if one.url.startswith("http")
    ]
    return Received(frames, responses, [kept])


def _components(received: Received) -> list[ForwardMsg]:
    """The messages that draw the component, in the order in which they came."""
    messages = [ForwardMsg.FromString(frame) for frame in received.frames]
    return [
        one
        for one in messages
        if one.WhichOneof("type") == "delta"
        and one.delta.new_element.WhichOneof("type") == "bidi_component"
    ]


def given(received: Received) -> list[dict[str, Any]]:
    """What the component was given, in the order in which it came."""
    return [json.loads(one.delta.new_element.bidi_component.json) for one in _components(received)]


def _wrapping(received: Received) -> set[bytes]:
    """What is around the questions: the messages without what they give, and without their hash."""
    found = set()
    for message in _components(received):
        component = message.delta.new_element.bidi_component
        if json.loads(component.json)["stage"] == "question":
            component.json = ""
            message.hash = ""
            found.add(message.SerializeToString(deterministic=True))
    return found


def questions(received: Received) -> dict[int, dict[str, Any]]:
    """The questions that were shown, by number."""
    return {data["number"]: data for data in given(received) if data["stage"] == "question"}


def leaks(
    everybody: Sequence[tuple[Received, Sequence[Mapping[str, Any]]]], secrets: Sequence[str]
) -> list[str]:
    """What tells of the right answers, in words; empty where nothing does.

    everybody  for each participant what was received and the truth: for each question in order its
               role and `right`, the place of the right option
    secrets    texts that must be nowhere: names of runs, settings, roles, other pages
    """
    found = []
    for received, _ in everybody:
        for data in given(received):
            more = set(data) - MAY_HOLD.get(data["stage"], ALWAYS)
            if more:
                found.append(f"the component is given {sorted(more)} at {data['stage']}")
        if len(_wrapping(received)) > 1:
            found.append("what is around a question is not the same for all")
        everything = [*received.frames, *(text.encode() for text in received.kept)]
        for url, headers, _ in received.responses:
            everything += [url.encode(), headers.encode()]
        everything += [body for _, _, body in received.responses]
        found += [
            f"{secret!r} is in what the browser receives"
            for secret in secrets
            if any(secret.encode() in part for part in everything)
        ]
    asked = [
        (question, told)
        for received, truth in everybody
        for number, question in sorted(questions(received).items())
        for told in [truth[number - 1]]
    ]
    found += _unequal([question for question, _ in asked])
    found += _other_roles(asked)
    found += _same_pictures(everybody)
    found += _guesses([(one, told["right"]) for one, told in asked if told["role"] != "practice"])
    return sorted(set(found))


def _png(source: str) -> bytes:
    assert source.startswith(PREFIX)
    return base64.b64decode(source.removeprefix(PREFIX))


def _chunks(png: bytes) -> list[tuple[str, int]]:
    """Name and length of the parts of a PNG."""
    found, at = [], 8
    while at + 8 <= len(png):
        length, name = struct.unpack(">I4s", png[at : at + 8])
        found.append((name.decode("latin-1"), length))
        at += length + 12
    return found


def _unequal(asked: Sequence[Mapping[str, Any]]) -> list[str]:
    pictures = [_png(source) for one in asked for source in (one["redrawn"], *one["options"])]
    found = []
    if len({len(png) for png in pictures}) > 1:
        found.append("pictures differ in length")
    if len({tuple(name for name, _ in _chunks(png)) for png in pictures}) > 1:
        found.append("pictures are made of different parts")
    return found


def _other_roles(asked: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> list[str]:
    """What is the same in all questions of a kind and another in all the rest tells the kind."""
    found = []
    for role in {told["role"] for _, told in asked} - {"practice"}:
        for name in MAY_HOLD["question"] - {"redrawn", "options", "number", "heard"}:
            mine = {json.dumps(one.get(name)) for one, told in asked if told["role"] == role}
            others = {
                json.dumps(one.get(name))
                for one, told in asked
                if told["role"] not in (role, "practice")
            }
            if others and not mine & others:
                found.append(f"{name} tells questions of one kind from the others")
    return found


def _same_pictures(everybody: Sequence[tuple[Received, Any]]) -> list[str]:
    """A picture that comes back in another place: the one that two sets of options share."""
    found = []
    sets: set[frozenset[str]] = set()
    for received, _ in everybody:
        shown: Counter[str] = Counter()
        for question in questions(received).values():
            names = [hashlib.sha256(_png(source)).hexdigest() for source in question["options"]]
            shown.update([*names, hashlib.sha256(_png(question["redrawn"])).hexdigest()])
            sets.add(frozenset(names))
            if len(set(names)) < len(names):
                found.append("one picture stands twice among the options")
        if any(times > 1 for times in shown.values()):
            found.append("a participant sees one picture twice")
    several = Counter(name for names in sets for name in names)
    if any(times > 1 for times in several.values()):
        found.append("two sets of options share a picture")
    return found


def _guesses(counted: Sequence[tuple[Mapping[str, Any], int]]) -> list[str]:
    """Ways to guess the right option without looking at it, each with any rank among the options.
    What a picture itself has is counted once for each set of options: everybody is shown the same."""
    ways: dict[str, Callable[[str], Any]] = {
        "place": lambda source: 0,
        "hash": lambda source: hashlib.sha256(source.encode()).hexdigest(),
        "packed size": lambda source: sum(n for name, n in _chunks(_png(source)) if name == "IDAT"),
        "text": lambda source: source,
    }
    found = []
    for way, key in ways.items():
        ranks: dict[Any, int] = {}
        for at, (question, right) in enumerate(counted):
            options = question["options"]
            values = [key(option) for option in options]
            if way == "place":
                ranks[at] = right
            elif len(set(values)) > 1:  # what is the same for all tells nothing
                order = sorted(zip(values, options, strict=True))
                ranks[frozenset(options)] = order.index((values[right], options[right]))
        for times in Counter(ranks.values()).values():
            chance = 1 / len(counted[0][0]["options"])
            if binomtest(times, len(ranks), chance, "greater").pvalue < NO_SURPRISE:
                found.append(f"{way} guesses {times} of {len(ranks)}")
    return found
