"""The form in which an officer says what a study asks. What was typed stays while the session lasts."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app.cache import loaders
from app.page import wording
from app.reconstructions import attackers
from app.settings import pickers, points
from app.settings.views import View
from app.study import words
from core.errors import PenumbraError
from core.own_photograph import redraw
from core.study import design as asked

FIRST = redraw.ATTACKER  # its network is kept: it can redraw any number of faces
USUAL_SETTINGS = 3
MATCHED = ("Male", "Young")  # gender and age: what sets people apart at first sight
KEPT: dict[str, Any] = {"persist_state": "session"}
TEMPLATE = "study_template"  # session key: a design whose values the form takes over
NO_PHOTOGRAPHS = "synthetic"  # nobody's photographs
DISTRACTORS = {"random": "Anybody", "matched": "People who look alike"}
PHOTOGRAPHS = {"other": "Another of the person", "same": "The redrawn one itself"}


def form() -> dict[str, Any] | None:
    """The design as the widgets have it, unchecked; None where there is nothing to choose from."""
    _take_template()
    with st.sidebar:
        dataset, preset = pickers.dataset()
    rows = _rows(dataset, preset)
    if not rows:
        st.info(
            "No setting of this data set has redrawn pictures to ask about. Train one and attack it, "
            "or choose another data set.",
            icon=":material/info:",
        )
        return None
    _as_published(rows)
    left, right = st.columns(2, gap="large")
    with left:
        found = _shown(dataset, preset, rows)
        found |= _enough()
    with right:
        found |= _asked(loaders.about(dataset)["attributes"], found["people"])
        found |= _texts()
    return found


def _rows(dataset: str, preset: str) -> list[dict[str, Any]]:
    """Every setting of the data set whose pictures were redrawn strictly."""
    found: dict[str, dict[str, Any]] = {}
    for task in loaders.offered("tasks", dataset, preset):
        view = View(dataset, preset, task, "image", "strict")
        for row in points.records(loaders.settings(view)):
            found.setdefault(row["key"], row)
    return list(found.values())


def _as_published(rows: Sequence[dict[str, Any]]) -> None:
    """A button that asks as DeepObfuscator's own study did, about the decoder that it was about."""
    setting = words.published_setting(rows, loaders.own_decoder_drew)
    if setting is None:
        return
    help = (
        "Ten questions, four photographs, forty participants, nobody practises: the study in which 28 % "
        "were right. The faces are those of the decoder inside the training, as the paper showed them."
    )
    take = {"on_click": use_as_template, "args": (asked.PUBLISHED | {"settings": [setting]},)}
    st.button(
        "As DeepObfuscator asked it", type="tertiary", icon=":material/history:", help=help, **take
    )


def _shown(dataset: str, preset: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    title = _text("Title", "title", "Participants see it.", value="Who is this?")
    by_key, labels = {row["key"]: row for row in rows}, words.labels(rows)
    key = f"study_settings_{dataset}_{preset}"
    st.session_state.setdefault(key, words.usual(rows, USUAL_SETTINGS))
    help = (
        "Every participant sees faces of all of them, equally often. Fewer settings give more "
        "answers for each."
    )
    label = "Settings whose redrawn faces are shown"
    chosen = _several(label, key, labels, help, max_selections=asked.MOST_SETTINGS)
    places = [points.where(by_key[key])._asdict() for key in chosen]
    by, counts = _attackers(places)
    people = min((counts[name] for name in by), default=asked.COUNTS["people"][1])
    if dataset != NO_PHOTOGRAPHS:
        st.warning(
            f"“{dataset}” shows real people. Everybody who has the link will see their photographs: "
            "make sure that they agreed to that, and write to whom participants can turn.",
            icon=":material/groups:",
        )
    settings = [place | {"attacker": name} for place in places for name in by]
    fewest, most = asked.COUNTS["people"]
    most = max(fewest, min(people, most))
    help = (
        "Each is asked about at every setting, never twice of one participant. More people make "
        f"the result hold for more faces. At most {most} here."
    )
    number = _count("People asked about", "people", help, most, "stretch")
    return {"title": title, "settings": settings, "people": number}


def _attackers(places: Sequence[Mapping[str, Any]]) -> tuple[list[str], dict[str, int]]:
    """Who redrew, and how many faces each can be asked about at all chosen settings."""
    counts: dict[str, int] = {}
    for number, place in enumerate(places):
        try:
            here = loaders.study_pictures(place)["attackers"]
        except PenumbraError as error:
            st.warning(str(error), icon=":material/warning:")
            continue
        so_far = counts if number else here
        counts = {name: min(so_far[name], here[name]) for name in so_far if name in here}
    if not counts:
        return [], {}
    names = sorted(counts, key=lambda name: (name != FIRST, name))
    held = [name for name in st.session_state.get("study_attackers", []) if name in counts]
    st.session_state["study_attackers"] = held or names[:1]
    labels = {name: f"{attackers.label(name)} ({counts[name]} faces)" for name in names}
    help = (
        "An attacker whose network is kept can redraw every test face; of others the pictures "
        "are there that were kept with the findings."
    )
    return _several("Redrawn by", "study_attackers", labels, help), counts


def _asked(attributes: Mapping[str, Any], people: int) -> dict[str, Any]:
    """What one participant is asked, nobody twice about one of the `people`, and how hard it is."""
    with st.container(horizontal=True):
        help = (
            "For each participant, besides practice and attention checks. Nobody is asked about one "
            "person twice."
        )
        found: dict[str, Any] = {"questions": _count("Questions", "questions", help, people)}
        help = "Guessing is right in one of so many."
        found["options"] = _count("Photographs to choose from", "options", help)
    help = (
        "Among people who share gender and age nobody is found by those alone: harder, and closer to "
        "what a real attacker does."
    )
    found["distractors"] = _one_of("The other photographs show", "distractors", DISTRACTORS, help)
    found["matched_on"] = []
    if found["distractors"] == "matched":
        labels = wording.unique_labels(list(attributes))
        usual = [name for name in MATCHED if name in attributes]
        st.session_state.setdefault("study_matched_on", usual)
        more = {"max_selections": asked.MOST_MATCHED}
        found["matched_on"] = _several("They share", "study_matched_on", labels, None, **more)
    help = (
        "An attacker who looks for a person has other photographs of them. With the very one, light and "
        "pose give it away as well."
    )
    found["photograph"] = _one_of("The right photograph is", "photograph", PHOTOGRAPHS, help)
    with st.container(horizontal=True):
        help = "An unprotected face first; afterwards it is said who it was."
        practice = st.toggle("Practice question", True, key="study_practice", help=help, **KEPT)
        confidence = st.toggle("Ask how sure they are", False, key="study_confidence", **KEPT)
        found |= {"practice": practice, "confidence": confidence}
    with st.container(horizontal=True):
        help = "Questions with an unprotected face, which everybody should get."
        found["attention"] = _count("Attention checks", "attention", help)
        bounds = (*asked.TIME_LIMIT, None)
        limit = _number("Seconds for a question", "time_limit", bounds, "no limit", 190)
    return found | {"time_limit": None if limit is None else int(limit)}


def _texts() -> dict[str, Any]:
    help, example = "Stands under the consent text.", "A name and an address"
    contact = _text("Whom participants can turn to", "contact", help, placeholder=example)
    with st.expander("What participants consent to"):
        help = (
            "Markdown. The text that stands here says what Penumbra keeps; add who you are and the "
            "legal basis."
        )
        more = {"value": asked.CONSENT, "height": 340}
        consent = _text("Consent text", "consent", help, st.text_area, **more)
        example = "For example the code that a panel asks for"
        completion = _text("Last words", "completion", None, placeholder=example)
    return {"contact": contact, "consent": consent, "completion": completion}


def _enough() -> dict[str, Any]:
    with st.container(horizontal=True):
        st.session_state.setdefault("study_target", asked.DEFAULTS["target"])  # may be emptied
        more = {"help": "The study closes itself then."}
        bounds = (*asked.TARGET, None)
        target = _number("Enough participants", "target", bounds, "no number", 170, **more)
        help = (
            "Sequential stopping: the study closes itself when every setting's 95 % interval is "
            "narrower than so many percentage points. How narrow it is does not depend on whether the "
            "result pleases, so that stopping then does not favour one."
        )
        narrow, wide = (100 * share for share in asked.STOP_WIDTH)
        bounds, more = (narrow, wide, None, 1.0), {"help": help, "format": "%g"}
        width = _number("or interval (points)", "stop_width", bounds, "not used", 170, **more)
    return {
        "target": None if target is None else int(target),
        "stop_width": None if width is None else width / 100,
    }


def _text(label: str, name: str, help: str | None, widget: Any = st.text_input, **more: Any) -> str:
    more |= {"max_chars": asked.LENGTHS[name], "help": help}
    return widget(label, key=f"study_{name}", **more, **KEPT)


def _several(
    label: str, key: str, labels: Mapping[str, str], help: str | None, **more: Any
) -> list[str]:
    """Some of `labels`; what is there no more is not chosen any more, either."""
    st.session_state[key] = [value for value in st.session_state[key] if value in labels]
    more |= {"format_func": labels.__getitem__, "help": help}
    return st.multiselect(label, list(labels), key=key, **more, **KEPT)


def _number(
    label: str, name: str, bounds: tuple[Any, ...], nothing: str, width: int, **more: Any
) -> Any:
    """A number that may be missing; `bounds`: lowest, highest, first value, step."""
    more |= {"placeholder": nothing, "width": width}
    return st.number_input(label, *bounds, key=f"study_{name}", **more, **KEPT)


def _count(
    label: str, name: str, help: str, most: int | None = None, width: int | str = 190
) -> int:
    low, high = asked.COUNTS[name]
    high = high if most is None else min(most, high)
    key, usual = f"study_{name}", asked.DEFAULTS[name]
    held = st.session_state.get(key, usual)
    before = st.session_state.get(f"{key}_most")
    if held == before:  # it was as small as it had to be: it grows again
        held = max(held, usual)
    st.session_state[key], st.session_state[f"{key}_most"] = min(held, high), high
    return int(st.number_input(label, low, high, key=key, help=help, width=width, **KEPT))


def _one_of(label: str, name: str, options: Mapping[str, str], help: str) -> str:
    shown = {"format_func": options.__getitem__, "required": True, "help": help}
    key = f"study_{name}"
    st.session_state.setdefault(key, asked.DEFAULTS[name])  # a template may have set it
    return st.segmented_control(label, list(options), key=key, **shown, **KEPT)


def use_as_template(design: Mapping[str, Any]) -> None:
    """A callback: the form takes over a design's values at its next run."""
    st.session_state[TEMPLATE] = dict(design)


def _take_template() -> None:
    design = st.session_state.pop(TEMPLATE, None)
    if design is None:
        return
    settings, dataset = design["settings"], design["settings"][0]["dataset"]
    st.session_state["data"] = dataset
    for name, value in design.items():
        if name == "stop_width" and value is not None:
            value = 100 * value
        if name != "settings":
            st.session_state[f"study_{name}"] = value
    by = dict.fromkeys(setting["attacker"] for setting in settings)
    st.session_state["study_attackers"] = list(by)
    keys = list(dict.fromkeys(map(asked.setting_key, settings)))
    for preset in loaders.offered("presets", dataset):
        st.session_state[f"study_settings_{dataset}_{preset}"] = keys
