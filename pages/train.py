"""Train and sweep: how well would a new setting protect?"""

import streamlit as st

from app.cache import loaders
from app.page import show, states, wording
from app.settings import pickers
from app.training import own_folder, plans, training_queue
from core import data, jobs
from core.analysis import training_time
from core.device import CHOICES
from core.errors import PenumbraError
from core.methods import METHODS
from core.storage import run_folder

DEVICES = {"auto": "Automatic", "cpu": "Processor", "cuda": "GPU"}


def choose_data() -> tuple[str, list[str]]:
    """The data set and its attributes, with what is known about it."""
    known = data.catalogue()
    dataset = pickers.choose("Data set", list(known), "train_data", help="Your own photographs can be registered below.")  # fmt: skip
    about = loaders.about(dataset)
    if about["problem"]:
        st.error(about["problem"], icon=":material/error:")
        return dataset, list(known[dataset].get("attributes") or [])
    st.caption(
        f"{about['images']:,} photographs of {about['identities']:,} people, "
        f"{len(about['attributes'])} attributes. No person is in more than one of the parts for defence, attack and test."
    )
    if st.session_state.pop(own_folder.REGISTERED, None) == dataset:
        st.success(f"“{dataset}” is registered. Its photographs are decoded when it is first trained on.", icon=":material/check:")  # fmt: skip
    if len(about["preview"]):
        with st.container(horizontal=True, gap="xxsmall"):
            for number, face in enumerate(about["preview"]):
                st.image(face, width=60, output_format="PNG", alt=f"Example face {number + 1}")
    with st.expander("How many have each attribute", key="counts", on_change="rerun") as fold:
        if fold.open:
            own_folder.label_counts(counts(about), f"{dataset}-labels")
    return dataset, list(about["attributes"])


def counts(about: dict) -> dict[str, tuple[int, int]]:
    """Attribute -> (photographs with it, photographs without)."""
    whole = about["images"]
    return {
        name: (round(share * whole), whole - round(share * whole))
        for name, share in about["attributes"].items()
    }


def choose_plan() -> plans.Plan:
    left, right = st.columns(2, gap="large")
    with right:  # first, since it says what can be served and hidden
        method = pickers.choose(
            "Method", list(METHODS), "train_method", lambda name: METHODS[name].title
        )
        st.caption(METHODS[method].summary)
    with left:
        dataset, attributes = choose_data()
        tasks, private = choose_sets(method, attributes)
    with right:
        preset = pickers.choose(
            "Size of the networks", sorted(METHODS[method].presets), "train_preset", str.capitalize,
            "Compact networks train on a laptop; paper has the published widths and wants a GPU.",
            "segmented", "compact",
        )  # fmt: skip
        knobs = choose_knobs(method)
        with st.container(horizontal=True):
            device = pickers.choose(
                "Runs on", list(CHOICES), "train_device", DEVICES.get, None, "segmented"
            )
            seed = pickers.whole("Seed", "train_seed", 2**31 - 1,
                                 "The same seed gives the same training; another shows how much is luck.")  # fmt: skip
    return plans.Plan(
        dataset, method, preset, tuple(tasks), tuple(private), knobs, int(seed), device
    )


def choose_sets(method: str, attributes: list[str]) -> tuple[list[str], list[str]]:
    """What the service needs and what is hidden: the same start for every method, and the paper's
    own combinations at hand."""
    served, hidden = plans.offered(method, attributes)
    label = wording.unique_labels(
        list(dict.fromkeys(served + hidden)), wording.choice_label
    ).__getitem__
    tasks = pickers.several("The service needs", served, "train_tasks", label, ["Smiling"],
                            "What the service has to find out about a face.")  # fmt: skip
    private = pickers.several("To be hidden", [name for name in hidden if name not in tasks], "train_private",
                              label, ["Male"], "What an attacker must not find out.")  # fmt: skip
    if sets := plans.paper_sets(method, attributes):
        st.selectbox(
            "As in the paper", list(sets), None, key="train_paper_set", on_change=take, args=(sets,),
            placeholder="Choose the paper's own combination",
            help="Sets both fields as the method's paper does. Every method starts with the same two, so that methods compare.",
        )  # fmt: skip
    return tasks, private


def take(sets: dict[str, plans.Sets]) -> None:
    """Fill both fields with the chosen combination."""
    chosen = st.session_state["train_paper_set"]
    if chosen in sets:
        st.session_state["train_tasks"], st.session_state["train_private"] = map(list, sets[chosen])
    st.session_state["train_paper_set"] = None


def choose_knobs(method: str) -> dict[str, tuple[float, ...]]:
    """Values of each training-time knob; release-time knobs need no training."""
    usual, chosen = plans.usual(method), {}
    for knob in METHODS[method].knobs:
        if knob.when == "release":
            values = ", ".join(wording.number(value) for value in knob.grid)
            st.caption(f"{knob.symbol} moves after training; it is measured at {values}.")
            continue
        texts = pickers.several(
            f"Values of {knob.symbol}", [wording.number(value) for value in knob.grid],
            f"train_{method}_{knob.name}", str, [wording.number(value) for value in usual[knob.name]],
            f"{knob.help} Type a number to add a value of your own.", own=True,
        )  # fmt: skip
        chosen[knob.name] = plans.numbers(texts, knob.symbol)
    return chosen


def summary(plan: plans.Plan, head) -> None:
    """How much it will be and by what that is known (in `head`), the button, and the command that
    does the same."""
    wanted = plans.runs(plan)
    missing = [run for run in wanted if run_folder.state(run.folder) != "finished"]
    trained = len(wanted) - len(missing)
    cost = training_time.estimate(missing)
    count = f"{len(wanted)} setting{'s' if len(wanted) != 1 else ''}"
    time = (
        "nothing to train"
        if not missing
        else f"about {wording.duration(cost['seconds'])} and {wording.size(cost['megabytes'])}"
        if wording.known(cost["seconds"])
        else "time not known yet"
    )
    with head:
        show.verdict(f"{count} of {METHODS[plan.method].title}: {time}.")
        if trained == len(wanted):
            st.caption("Trained already; what was not attacked yet will be attacked.")
        else:
            already = f"{trained} of them {'is' if trained == 1 else 'are'} trained already and will not be trained again. "  # fmt: skip
            st.caption((already if trained else "") + plans.basis(cost))
    with st.container(border=True):
        if st.button("Start training and attacks", type="primary", icon=":material/play_arrow:"):
            jobs.start(wanted, plan.device, evaluate=True)
            st.toast("Started. It goes on when you close this page.", icon=":material/check:")
        st.caption("The same from a terminal:")
        st.code(plans.command(plan), language=None, wrap_lines=True)


st.title("How well would a new setting protect?", anchor=False)
head = st.container(gap="xsmall")
plan = None
try:
    plan = choose_plan()
except PenumbraError as error:
    st.error(str(error), icon=":material/error:")
with st.expander("Register your own photographs", key="register", on_change="rerun") as fold:
    if fold.open:
        own_folder.register()
if plan is not None:
    try:
        summary(plan, head)
    except PenumbraError as error:
        st.error(str(error), icon=":material/error:")
st.subheader("Trainings", anchor=False)
training_queue.queue()
with st.expander("All trained settings", key="trained", on_change="rerun") as fold:
    if fold.open:
        training_queue.trained()
broken = loaders.runs()
states.damaged([line for line in broken["problem"] if isinstance(line, str)])
