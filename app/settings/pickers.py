"""Pickers that keep their value from page to page and stand in the page's address."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import streamlit as st

from app.cache import loaders
from app.page import wording
from app.settings import address, points, variants, views
from app.settings.views import View
from core.methods import METHODS
from core.metrics import METRICS

SEVERAL = "several"  # what the picker of the private target calls a set of attributes


def choose(
    label: str,
    options: Iterable[Any],
    key: str,
    show: Callable[[Any], str] = str,
    help: str | None = None,
    control: str = "selectbox",
    default: Any = None,
    notes: list[str] | None = None,
    width: int | str = "stretch",
) -> Any:
    """One of `options` (the first, or `default`, where nobody chose).

    A value that a link or another page asked for and that is not among the options falls back, and
    a note says so: at once, or in `notes` for the page to show.
    """
    options = list(options)
    default = default if default in options else options[0]
    refused = address.restore(key, {address.token(value): value for value in options}, default)
    if refused is not None:
        _say(address.refusal(label, refused, f"“{show(default)}”"), notes)
    shared: dict[str, Any] = {
        "key": key,
        "format_func": show,
        "help": help,
    }
    if control == "segmented":
        chosen = st.segmented_control(label, options, required=True, **shared)
    elif control == "slider":
        chosen = st.select_slider(label, options, **shared)
    else:
        chosen = st.selectbox(label, options, width=width, **shared)
    address.publish(key, chosen, default)
    return chosen


def several(
    label: str,
    options: Sequence[str],
    key: str,
    show: Callable[[str], str],
    default: Sequence[str],
    help: str | None = None,
    own: bool = False,
) -> list[str]:
    """Some of `options`, kept like the value of `choose`; with `own` also values typed in."""
    usual = [value for value in default if value in options]
    unknown = address.restore_several(key, None if own else options, usual)
    if unknown:
        _say(address.refusal(label, ", ".join(unknown), "the rest"))
    chosen = st.multiselect(
        label, list(options), key=key, format_func=show, help=help, accept_new_options=own
    )  # fmt: skip
    address.publish(key, chosen, usual)
    return chosen


def limit(label: str, key: str, high: float, step: float, help: str) -> float | None:
    """A limit from 0 to `high`, or None."""
    refused = address.restore_number(key, 0.0, high)
    if refused is not None:
        _say(address.refusal(label, refused, "no limit"))
    value = st.number_input(
        label, 0.0, high, None, step, key=key, format="%g", placeholder="no limit", help=help
    )  # fmt: skip
    address.publish(key, value, None)
    return value


def kept_number(key: str, high: float) -> float | None:
    """The limit that another page's `limit` was given, or that the address asks for."""
    address.restore_number(key, 0.0, high)
    value = st.session_state[key]
    address.publish(key, value, None)
    return value


def kept_flag(key: str, default: bool) -> bool:
    """The same for another page's `toggle`."""
    address.restore(key, {str(value): value for value in (True, False)}, default)
    value = bool(st.session_state[key])
    address.publish(key, value, default)
    return value


def toggle(label: str, key: str, default: bool, help: str) -> bool:
    """Yes or no."""
    refused = address.restore(key, {str(value): value for value in (True, False)}, default)
    if refused is not None:
        _say(address.refusal(label, refused, str(default)))
    chosen = st.toggle(label, key=key, help=help)
    address.publish(key, chosen, default)
    return chosen


def whole(label: str, key: str, high: int, help: str) -> int:
    """A whole number from 0 to `high`; 0 where nobody chose."""
    refused = address.restore_number(key, 0, high)
    if refused is not None:
        _say(address.refusal(label, refused, "0"))
    st.session_state[key] = int(st.session_state[key] or 0)
    value = st.number_input(
        label, 0, high, key=key, help=help, width=140
    )  # fmt: skip
    address.publish(key, value, 0)
    return int(value)


def _say(text: str, notes: list[str] | None = None) -> None:
    if notes is None:
        st.info(text, icon=":material/info:")
    else:
        notes.append(text)


def dataset(notes: list[str] | None = None) -> tuple[str, str]:
    """(data set, size of the networks): the part of what is being looked at that every page has."""
    names = loaders.offered("datasets")
    name = choose(
        "Data set", names, "data", notes=notes, help="Whose photographs the figures were measured on."
    )  # fmt: skip
    found = loaders.offered("presets", name)
    if len(found) < 2:
        return name, found[0]
    preset = choose(
        "Size of the networks", found, "preset", str.capitalize, control="segmented", notes=notes,
        help="Compact networks train on a laptop; paper has the published widths.",
    )  # fmt: skip
    return name, preset


def sidebar() -> View:
    """What is being looked at: data set, task, private target, protocol."""
    notes: list[str] = []
    with st.sidebar:
        dataset_name, preset = dataset(notes)
        tasks = loaders.offered("tasks", dataset_name, preset)
        task = choose(
            "The service needs", tasks, "task", wording.unique_labels(tasks).__getitem__, notes=notes,
            help="What the service has to find out about a face: the higher, the more useful.",
        )  # fmt: skip
        target = _target(dataset_name, preset, task, notes)
        view = View(dataset_name, preset, task, target, "strict")
        view = _measured(view, notes)
    for text in notes:
        st.info(text, icon=":material/info:")
    return view


def _target(dataset: str, preset: str, task: str, notes: list[str]) -> str:
    """What the attacker wants: one target, or several attributes of which he takes the one that
    leaks most."""
    found = loaders.offered("targets", dataset, preset, task)
    attributes = loaders.offered("attributes", dataset, preset, task)
    if len(attributes) > 1:
        found.insert(sum(target.startswith("attribute:") for target in found), SEVERAL)
    named = wording.unique_labels(found, wording.target_label)
    named[SEVERAL] = "Several attributes"
    target = choose(
        "The attacker wants", found, "private", named.__getitem__, notes=notes,
        help="What should stay private and an attacker tries to learn all the same.",
    )  # fmt: skip
    if target != SEVERAL:
        return target
    declared = [name.partition(":")[2] for name in found if name.startswith("attribute:")]
    label = wording.unique_labels(attributes, wording.attribute_label).__getitem__
    chosen = several(
        "Any of these", attributes, "private_set", label, declared or attributes[:1],
        "The attacker is content with whichever of them leaks most. Also attributes that no method "
        "was told to hide.",
    )  # fmt: skip
    return f"attribute:{','.join(chosen or declared or attributes[:1])}"


def _measured(view: View, notes: list[str]) -> View:
    """How it is measured: protocol, attacker, the measure of the service. Folded while all are as
    they should be for a decision."""
    usual = all(
        address.held(key) in (None, value)
        for key, value in (("protocol", "strict"), ("attacker", views.STRONGEST), ("by", views.SERVICE))
    )  # fmt: skip
    with st.expander("How it is measured", expanded=not usual):
        protocol = choose(
            "Protocol", list(wording.PROTOCOLS), "protocol", wording.PROTOCOLS.__getitem__, notes=notes,
            control="segmented", help=wording.PROTOCOL_HELP,
        )  # fmt: skip
        view = view._replace(protocol=protocol)
        if protocol == "strict":
            attacker = choose(
                "Attacker", loaders.offered("attackers", view), "attacker", wording.sentence_case_attacker,
                notes=notes, help="The strongest one decides; others show what a weaker one would reach.",
            )  # fmt: skip
            view = view._replace(attacker=attacker)
        offered = loaders.offered("services", view.dataset, view.preset, view.task)
        service = choose(
            "The service is measured by", offered, "by", lambda name: METRICS[name].title.capitalize(),
            notes=notes, help=" ".join(METRICS[name].says for name in offered),
        )  # fmt: skip
    return view._replace(service=service)


def method(measured: Collection[str]) -> str:
    """The method whose knob is moved: one of those `measured`."""
    names = [name for name in METHODS if name in measured]
    notes: list[str] = []
    with st.sidebar:
        chosen = choose(
            "Method", names, "method", lambda name: METHODS[name].title, notes=notes,
            help="Whose knob the slider moves. Every method stays on the chart.",
        )  # fmt: skip
    for text in notes:
        st.info(text, icon=":material/info:")
    return chosen


def variant(rows: points.Rows, name: str) -> list[dict[str, Any]]:
    """Which variant of the method the sliders move, asked where there are several. Returns the rows
    without its others."""
    among = variants.keys(rows, name)
    if len(among) < 2:
        return list(rows)
    notes: list[str] = []
    with st.sidebar:
        chosen = choose(
            "Variant", among, variant_key(name), lambda v: variants.label(name, v, among) or "As declared",
            notes=notes,
            help="Trained with another schedule, cut or choice of attributes. All stay on the chart.",
        )  # fmt: skip
    for text in notes:
        st.info(text, icon=":material/info:")
    return variants.only(rows, name, chosen)


def variant_key(method: str) -> str:
    """Key in the session and in the URL of a method's variant."""
    return f"{method}.variant"


def knobs(rows: points.Rows, name: str) -> dict[str, float]:
    """One slider for each knob of the method that was measured at several values; each snaps to
    what was measured. Returns the chosen value of every knob."""
    base = points.defaults(rows, name)
    held = {
        knob: address.held_number(slider_key(name, knob), value) for knob, value in base.items()
    }
    row = points.nearest(rows, name, held)
    chosen = {knob: row[f"knob:{knob}"] for knob in base}
    mine = points.of_method(rows, name)
    moving = [k for k in points.knobs_of(name) if len({row[f"knob:{k.name}"] for row in mine}) > 1]
    places = st.columns(len(moving), gap="medium", vertical_alignment="bottom") if moving else []
    for knob, place in zip(moving, places, strict=True):
        others = {k: v for k, v in chosen.items() if k != knob.name}
        values = points.values(rows, name, knob, others)
        if len(values) > 1:
            with place:
                chosen[knob.name] = choose(
                    f"{knob.symbol} · weak to strong protection", values, slider_key(name, knob.name),
                    wording.number, knob.help, "slider", base[knob.name],
                )  # fmt: skip
        else:
            rest = [k for k in moving if k.name != knob.name]
            there = " and ".join(f"{k.symbol} = {chosen[k.name]:g}" for k in rest)
            move = " or ".join(k.symbol for k in rest)
            place.caption(
                f"{knob.symbol} = {chosen[knob.name]:g}, the only value measured with {there}. "
                f"Move {move} for others."
            )
    return chosen


def slider_key(method: str, knob: str) -> str:
    """Key in the session and in the URL of a method's knob."""
    return f"{method}.{knob}"


def select(row: Any) -> None:
    """Make a setting the chosen one (before widgets are drawn, as in a callback)."""
    st.session_state["method"] = row["method"]
    st.session_state[variant_key(row["method"])] = variants.key(row)
    for knob in points.knobs_of(row["method"]):
        value = row[f"knob:{knob.name}"]
        if wording.known(value):
            st.session_state[slider_key(row["method"], knob.name)] = float(value)
