"""Pickers that keep their value from page to page and stand in the page's address."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import streamlit as st

from app.cache import loaders
from app.page import wording
from app.settings import address, mixtures, only_numbers, points, variants, views
from app.settings.views import View
from core.methods import METHODS, Knob
from core.metrics import METRICS

SEVERAL = "several"  # what the picker of the private target calls a set of attributes
LONGEST = 60  # characters of a stranger's text that a note repeats
FLAGS = {str(value): value for value in (True, False)}


def choose(
    label: str,
    options: Iterable[Any] | Mapping[Any, str],
    key: str,
    show: Callable[[Any], str] = str,
    help: str | None = None,
    control: str = "selectbox",
    default: Any = None,
    notes: list[str] | None = None,
    width: int | str = "stretch",
    follows: bool = False,
) -> Any:
    """One of `options` (the first, or `default`, where nobody chose); of a mapping its keys, shown as
    its values.

    A value that a link or another page asked for and that is not among the options falls back, and
    a note says so: at once, or in `notes` for the page to show. Options that `follows` another
    picker on the page change with it: there only what a link asked for is worth a note.
    """
    if isinstance(options, Mapping):
        show = options.__getitem__
    options = list(options)
    default = default if default in options else options[0]
    silent = follows and address.seen(key)
    refused = address.restore(key, {address.token(value): value for value in options}, default)
    _refuse(label, None if silent else refused, f"“{show(default)}”", notes)
    shared: dict[str, Any] = {"key": key, "format_func": show, "help": help}
    if control == "segmented":
        chosen = st.segmented_control(label, options, required=True, **shared)
    elif control == "slider":
        chosen = st.select_slider(label, options, **shared)
    else:
        chosen = st.selectbox(label, options, width=width, **shared)
    return address.publish(key, chosen, default)


def segmented(label: str, options: Mapping[Any, str], key: str, help: str | None = None) -> Any:
    """The same as buttons beside each other."""
    return choose(label, options, key, help=help, control="segmented")


def face(count: int, width: int) -> int:
    """The number of a face, from 0, of so many; pages share it."""
    return choose("Face", range(1, count + 1), "face", lambda n: f"Face {n}", width=width) - 1


def shown(count: int, at_a_time: int, key: str, width: int) -> int:
    """The first of those shown, from 0, where not all `count` are shown at once."""
    starts = range(1, count + 1, at_a_time)
    if len(starts) < 2:
        return 0

    def label(first: int) -> str:
        return f"{first}–{min(count, first + at_a_time - 1)}"

    return choose("Shown", starts, key, label, width=width) - 1


def several(
    label: str,
    options: Mapping[str, str],
    key: str,
    default: Sequence[str],
    help: str | None = None,
    own: bool = False,
) -> list[str]:
    """Some of `options` (value -> label), kept likewise; with `own` also values typed in."""
    usual = [value for value in default if value in options]
    unknown = address.restore_several(key, None if own else options, usual)
    _refuse(label, ", ".join(unknown) or None, "the rest")
    more = {"format_func": lambda value: options.get(value, value), "accept_new_options": own}
    chosen = st.multiselect(label, list(options), key=key, help=help, **more)
    return address.publish(key, chosen, usual)


def limit(label: str, key: str, high: float, step: float, help: str) -> float | None:
    """A limit from 0 to `high`, or None."""
    _refuse(label, address.restore_number(key, 0.0, high), "no limit")
    shown = {"format": "%g", "placeholder": "no limit", "help": help}
    value = st.number_input(label, 0.0, high, None, step, key=key, **shown)
    return address.publish(key, value, None)


def kept_number(key: str, high: float) -> float | None:
    """The limit that another page's `limit` was given, or that the address asks for."""
    address.restore_number(key, 0.0, high)
    return address.publish(key, st.session_state[key], None)


def kept_flag(key: str, default: bool) -> bool:
    """The same for another page's `toggle`."""
    address.restore(key, FLAGS, default)
    return address.publish(key, st.session_state[key], default)


def toggle(label: str, key: str, default: bool, help: str) -> bool:
    _refuse(label, address.restore(key, FLAGS, default), str(default))
    return address.publish(key, st.toggle(label, key=key, help=help), default)


def whole(label: str, key: str, high: int, help: str) -> int:
    """A whole number from 0 to `high`; 0 where nobody chose."""
    _refuse(label, address.restore_number(key, 0, high), "0")
    st.session_state[key] = int(st.session_state[key] or 0)
    value = st.number_input(label, 0, high, key=key, help=help, width=140)
    return int(address.publish(key, value, 0))


def _refuse(label: str, refused: str | None, shown: str, notes: list[str] | None = None) -> None:
    """Say, here or in `notes`, that what was asked for is not there."""
    if refused is None:
        return
    text = f"{label}: “{refused[:LONGEST]}” is not available here; showing {shown}."
    if notes is None:
        st.info(text, icon=":material/info:")
    else:
        notes.append(text)


@contextmanager
def _aside() -> Iterator[list[str]]:
    """The sidebar; the notes about what is drawn there stand on the page."""
    notes: list[str] = []
    with st.sidebar:
        yield notes
    for text in notes:
        st.info(text, icon=":material/info:")


def dataset(notes: list[str] | None = None) -> tuple[str, str]:
    """(data set, size of the networks): the part of what is being looked at that every page has."""
    names = only_numbers.titles(loaders.datasets())
    help = "Whose photographs the figures were measured on."
    if made_of := [said.made_of for said in loaders.only_numbers().values() if said.made_of]:
        help += f" Of real people numbers alone come with Penumbra. {' '.join(made_of)}"
    name = choose("Data set", names, "data", help=help, notes=notes)
    sizes = {size: size.capitalize() for size in loaders.offered("presets", name)}
    if len(sizes) < 2:
        return name, next(iter(sizes))
    help = "Compact networks train on a laptop; paper has the published widths."
    preset = choose("Size of the networks", sizes, "preset", str, help, "segmented", notes=notes)
    return name, preset


def sidebar() -> View:
    with _aside() as notes:
        dataset_name, preset = dataset(notes)
        tasks = wording.unique_labels(loaders.offered("tasks", dataset_name, preset))
        help = "What the service has to find out about a face: the higher, the more useful."
        task = choose("The service needs", tasks, "task", help=help, notes=notes)
        target = _target(dataset_name, preset, task, notes)
        return _measured(View(dataset_name, preset, task, target, "strict"), notes)


def _target(dataset: str, preset: str, task: str, notes: list[str]) -> str:
    """One target, or several attributes of which the attacker takes the one that leaks most."""
    found = loaders.offered("targets", dataset, preset, task)
    attributes = loaders.offered("attributes", dataset, preset, task)
    if len(attributes) > 1:
        # after the attributes; where none is hidden nobody asks for several first
        declared = sum(target.startswith("attribute:") for target in found)
        found.insert(declared or len(found), SEVERAL)
    named = wording.unique_labels(found, wording.target_label)
    if SEVERAL in named:
        named[SEVERAL] = "Several attributes"
    help = "What should stay private and an attacker tries to learn all the same."
    target = choose("The attacker wants", named, "private", help=help, notes=notes)
    if target != SEVERAL:
        return target
    declared = [name.partition(":")[2] for name in found if name.startswith("attribute:")]
    usual = declared or attributes[:1]
    help = (
        "The attacker is content with whichever of them leaks most. Also attributes that no method "
        "was told to hide."
    )
    labels = wording.unique_labels(attributes)
    chosen = several("Any of these", labels, "private_set", usual, help)
    return f"attribute:{','.join(chosen or usual)}"


def _measured(view: View, notes: list[str]) -> View:
    """Protocol, attacker, measure of the service; folded while all are fit for a decision."""
    usual = {"protocol": "strict", "attacker": views.STRONGEST, "by": views.SERVICE}
    changed = any(address.held(key) not in (None, value) for key, value in usual.items())
    with st.expander("How it is measured", expanded=changed):
        more: dict[str, Any] = {"notes": notes, "control": "segmented"}
        help = wording.PROTOCOL_HELP
        protocol = choose("Protocol", wording.PROTOCOLS, "protocol", help=help, **more)
        view = view._replace(protocol=protocol)
        if protocol == "strict":
            offered = loaders.offered("attackers", view)
            names = {name: wording.capital(wording.attacker(name)) for name in offered}
            help = "The strongest one decides; others show what a weaker one would reach."
            attacker = choose("Attacker", names, "attacker", help=help, notes=notes)
            view = view._replace(attacker=attacker)
        offered = loaders.offered("services", view.dataset, view.preset, view.task)
        names = {name: METRICS[name].title.capitalize() for name in offered}
        help = " ".join(METRICS[name].says for name in offered)
        service = choose("The service is measured by", names, "by", help=help, notes=notes)
    return view._replace(service=service)


def titles(names: Iterable[str]) -> dict[str, str]:
    """Method -> its title, as options."""
    return {name: METHODS[name].title for name in names}


def method(measured: Collection[str]) -> str:
    names = titles(name for name in METHODS if name in measured)
    help = "Whose knob the slider moves. Every method stays on the chart."
    with _aside() as notes:
        return choose("Method", names, "method", help=help, notes=notes)


def variant(rows: points.Rows, name: str) -> list[dict[str, Any]]:
    """Which variant the sliders move, asked where there are several; rows without the others."""
    among = variants.keys(rows, name)
    if len(among) < 2:
        return list(rows)
    labels = {key: variants.label(name, key, among) or "As declared" for key in among}
    help = "Trained with another schedule, cut or choice of attributes. All stay on the chart."
    with _aside() as notes:
        chosen = choose("Variant", labels, variant_key(name), help=help, notes=notes)
    return variants.only(rows, name, chosen)


def variant_key(method: str) -> str:
    return f"{method}.variant"


def knobs(rows: points.Rows, name: str) -> dict[str, float]:
    """A slider for each knob measured at several values, which it snaps to unless the knob is `mixed`.
    Every knob's value."""
    base = points.defaults(rows, name)
    held = {k: address.held_number(slider_key(name, k), value) for k, value in base.items()}
    row = points.nearest(rows, name, held)
    chosen = {knob: row[f"knob:{knob}"] for knob in base}
    mine = points.of_method(rows, name)
    moving = [k for k in METHODS[name].knobs if len({row[f"knob:{k.name}"] for row in mine}) > 1]
    places = st.columns(len(moving), gap="medium", vertical_alignment="bottom") if moving else []
    for knob, place in zip(moving, places, strict=True):
        others = {k: v for k, v in chosen.items() if k != knob.name}
        values = points.values(rows, name, knob, others)
        if len(values) > 1:
            if knob.mixed:
                like = points.of_method(rows, name, others)
                values = mixtures.stops(like, knob, values, held[knob.name])
            with place:
                key = slider_key(name, knob.name)
                chosen[knob.name] = slider(knob, values, key, base[knob.name])
            continue
        rest = [k for k in moving if k.name != knob.name]
        there = " and ".join(f"{k.symbol} = {chosen[k.name]:g}" for k in rest)
        place.caption(
            f"{knob.symbol} = {chosen[knob.name]:g}, the only value measured with {there}. "
            f"Move {' or '.join(k.symbol for k in rest)} for others."
        )
    return chosen


def slider(knob: Knob, values: Sequence[float], key: str, default: float) -> float:
    label = f"{knob.symbol} · weak to strong protection"
    return choose(label, values, key, wording.number, knob.help, "slider", default)


def slider_key(method: str, knob: str) -> str:
    return f"{method}.{knob}"


def select(row: Any) -> None:
    """Make a setting the chosen one (before widgets are drawn, as in a callback)."""
    st.session_state["method"] = row["method"]
    st.session_state[variant_key(row["method"])] = variants.key(row)
    for knob, value in points.knob_values(row).items():
        st.session_state[slider_key(row["method"], knob)] = float(value)
