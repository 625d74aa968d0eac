"""The Train page's widgets: data set, method, attributes, knobs; and what the plan comes to."""

from typing import Any

import streamlit as st

from app.cache import loaders
from app.evidence import departures
from app.page import show, wording
from app.settings import pickers
from app.training import own_folder, plans
from core import data, jobs
from core.analysis import training_time
from core.device import CHOICES
from core.methods import METHODS
from core.storage import run_folder

DEVICES = {"auto": "Automatic", "cpu": "Processor", "cuda": "GPU"}
PAPER_SET = "train_paper_set"  # session key


def choose_plan() -> plans.Plan:
    """What to train, as the widgets have it. Raises PenumbraError saying what is wrong with it."""
    left, right = st.columns(2, gap="large")
    with right:  # first, since it says what can be served and hidden
        method = pickers.choose("Method", pickers.titles(METHODS), "train_method")
        st.caption(METHODS[method].summary)
        departures.folded(method)
    with left:
        dataset, attributes = _choose_data()
        tasks, private = _choose_sets(method, attributes)
    with right:
        sizes = {name: name.capitalize() for name in sorted(METHODS[method].presets)}
        help = "Compact networks train on a laptop; paper has the published widths and wants a GPU."
        shown = {"control": "segmented", "default": "compact", "help": help}
        preset = pickers.choose("Size of the networks", sizes, "train_preset", **shown)
        knobs = _choose_knobs(method)
        schedule = _choose_entries(method, preset)
        with st.container(horizontal=True):
            devices = {name: DEVICES[name] for name in CHOICES}
            device = pickers.segmented("Runs on", devices, "train_device")
            help = "The same seed gives the same training; another shows how much is luck."
            seed = pickers.whole("Seed", "train_seed", 2**31 - 1, help)
    asked = tuple(tasks), tuple(private), knobs
    return plans.Plan(dataset, method, preset, *asked, seed, device, schedule)


def _choose_data() -> tuple[str, list[str]]:
    known = data.catalogue()
    help = "Your own photographs can be registered below."
    dataset = pickers.choose("Data set", list(known), "train_data", help=help)
    about = loaders.about(dataset)
    if about["problem"]:
        st.error(about["problem"], icon=":material/error:")
        return dataset, list(known[dataset].get("attributes") or [])
    st.caption(
        f"{about['images']:,} photographs of {about['identities']:,} people, "
        f"{len(about['attributes'])} attributes. No person is in more than one of the parts for "
        "defence, attack and test."
    )
    if st.session_state.pop(own_folder.REGISTERED, None) == dataset:
        text = (
            f"“{dataset}” is registered. Its photographs are decoded when it is first trained on."
        )
        st.success(text, icon=":material/check:")
    if len(about["preview"]):
        show.examples(about["preview"], 60, "Example face {}")
    whole = about["images"]
    having = {name: round(share * whole) for name, share in about["attributes"].items()}
    counts = {name: (count, whole - count) for name, count in having.items()}
    part = own_folder.label_counts, counts, f"{dataset}-labels"
    show.folded("How many have each attribute", "counts", *part)
    return dataset, list(having)


def _choose_sets(method: str, attributes: list[str]) -> tuple[list[str], list[str]]:
    """Service and what is hidden: the same start for every method, the paper's own sets at hand."""
    served, hidden = plans.offered(method, attributes)
    labels = wording.unique_labels(list(dict.fromkeys(served + hidden)), wording.choice_label)
    help = "What the service has to find out about a face."
    offered = {name: labels[name] for name in served}
    tasks = pickers.several("The service needs", offered, "train_tasks", ["Smiling"], help)
    help = "What an attacker must not find out."
    offered = {name: labels[name] for name in hidden if name not in tasks}
    private = pickers.several("To be hidden", offered, "train_private", ["Male"], help)
    if sets := plans.paper_sets(method, attributes):
        help = (
            "Sets both fields as the method's paper does. Every method starts with the same two, so "
            "that methods compare."
        )
        more = {"placeholder": "Choose the paper's own combination", "help": help}
        take = {"key": PAPER_SET, "on_change": _take, "args": (sets,)}
        st.selectbox("As in the paper", list(sets), None, **take, **more)
    return tasks, private


def _take(sets: dict[str, plans.Sets]) -> None:
    """A callback: fill both fields with the chosen combination."""
    chosen = st.session_state[PAPER_SET]
    if chosen in sets:
        st.session_state["train_tasks"], st.session_state["train_private"] = map(list, sets[chosen])
    st.session_state[PAPER_SET] = None


def _choose_knobs(method: str) -> dict[str, tuple[float, ...]]:
    """Values of each training-time knob; release-time knobs need no training."""
    usual, chosen = plans.usual(method), {}
    for knob in METHODS[method].knobs:
        grid = [wording.number(value) for value in knob.grid]
        if knob.when == "release":
            st.caption(f"{knob.symbol} moves after training; it is measured at {', '.join(grid)}.")
            continue
        label, key = f"Values of {knob.symbol}", f"train_{method}_{knob.name}"
        first = [wording.number(value) for value in usual[knob.name]]
        help = f"{knob.help} Type a number to add a value of your own."
        options = {value: value for value in grid}
        texts = pickers.several(label, options, key, first, help, own=True)
        chosen[knob.name] = plans.numbers(texts, knob.symbol)
    return chosen


def _choose_entries(method: str, preset: str) -> dict[str, tuple[float, ...]]:
    """Entries of the schedule with several values, or with another than the preset's."""
    kinds, numbers = plans.entries(method, preset)
    usual = METHODS[method].presets[preset]["schedule"]
    chosen: dict[str, tuple[float, ...]] = {}
    named = [name.replace("_", " ") for name in kinds]
    title = ": ".join(filter(None, ("More to vary", ", ".join(named[:3]))))
    with st.expander(title):
        for name, options in kinds.items():
            label, key = wording.capital(name.replace("_", " ")), f"train_{method}_{preset}_{name}"
            first = [f"{usual[name]:g}"]
            help = "Each is another setting; all of them are combined with the knobs' values."
            values = pickers.several(label, options, key, first, help)
            chosen[name] = plans.numbers(values, label)
        labels = {name: name.replace("_", " ") for name in numbers}
        help = "Numbers of the method's schedule: lengths, rates, widths and weights."
        more = pickers.several("Also vary", labels, f"train_{method}_entries", [], help)
        for name in more:
            label, key = f"Values of {labels[name]}", f"train_{method}_{preset}_{name}"
            first = [wording.number(numbers[name])]
            help = f"{first[0]} in this preset. Type a number to add a value of your own."
            values = pickers.several(label, {first[0]: first[0]}, key, first, help, own=True)
            chosen[name] = plans.numbers(values, labels[name])
    return {name: values for name, values in chosen.items() if values != (float(usual[name]),)}


def summary(plan: plans.Plan, head: Any) -> None:
    """What a plan comes to, its button and command. Raises PenumbraError where it is wrong."""
    wanted = plans.runs(plan)
    missing = [run for run in wanted if run_folder.state(run.folder) != "finished"]
    with head:
        show.verdict(
            *plans.promise(plan, len(wanted), len(missing), training_time.estimate(missing))
        )
    with st.container(border=True):
        if st.button("Start training and attacks", type="primary", icon=":material/play_arrow:"):
            jobs.start(wanted, plan.device, evaluate=True)
            st.toast("Started. It goes on when you close this page.", icon=":material/check:")
        st.caption("The same from a terminal:")
        st.code(plans.command(plan), language=None, wrap_lines=True)
