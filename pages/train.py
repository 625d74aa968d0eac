"""Train: train and measure a new setting."""

import streamlit as st

from app import charts, loaders, pickers, plans, states, wording
from core import data, jobs
from core.device import CHOICES
from core.errors import PenumbraError
from core.methods import METHODS

DEVICES = {"auto": "Automatic", "cpu": "Processor", "cuda": "GPU"}
ACTIVE = ("queued", "running")
SHORT = 200  # characters of a message shown at once
STATES = {  # state -> (word, badge colour, icon)
    "queued": ("waiting", "gray", ":material/schedule:"),
    "running": ("running", "orange", ":material/play_arrow:"),
    "finished": ("finished", "green", ":material/check:"),
    "stopped": ("stopped", "gray", ":material/pause:"),
    "failed": ("failed", "red", ":material/error:"),
}


def choose_data() -> tuple[str, list[str]]:
    """The data set and its attributes, with what is known about it."""
    known = data.catalogue()
    dataset = pickers.choose("Data set", list(known), "train_data", help="`python -m core data add` registers your own photographs.")  # fmt: skip
    about = loaders.about(dataset)
    if about["problem"]:
        st.error(about["problem"], icon=":material/error:")
        return dataset, list(known[dataset].get("attributes") or [])
    st.caption(
        f"{about['images']:,} photographs of {about['identities']:,} people, "
        f"{len(about['attributes'])} attributes. No person is in more than one of the parts for defence, attack and test."
    )
    if len(about["preview"]):
        with st.container(horizontal=True, gap="xxsmall"):
            for number, face in enumerate(about["preview"]):
                st.image(face, width=60, output_format="PNG", alt=f"Example face {number + 1}")
    return dataset, list(about["attributes"])


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


def summary(plan: plans.Plan) -> None:
    """How much it will be, the button, and the command that does the same."""
    wanted = plans.runs(plan)
    missing = [run for run in wanted if jobs.state_of(run) != "finished"]
    trained = len(wanted) - len(missing)
    cost = jobs.estimate(missing)
    count = f"{len(wanted)} setting{'s' if len(wanted) != 1 else ''}"
    time = (
        "nothing to train"
        if not missing
        else f"about {wording.duration(cost['seconds'])} and {wording.size(cost['megabytes'])}"
        if wording.known(cost["seconds"])
        else "time not known yet, since nothing like it has been trained here"
    )
    st.markdown(f"### {count} of {METHODS[plan.method].title}: {time}.", anchors=False)
    if trained == len(wanted):
        st.caption("Trained already; what was not attacked yet will be attacked.")
    elif trained:
        st.caption(
            f"{trained} of them {'is' if trained == 1 else 'are'} trained already and will not be trained again."
        )
    if st.button("Start training and attacks", type="primary", icon=":material/play_arrow:"):
        jobs.start(wanted, plan.device, evaluate=True)
        st.toast("Started. It goes on when you close this page.", icon=":material/check:")
    st.caption("The same from a terminal:")
    st.code(plans.command(plan), language="bash", wrap_lines=True)


def act(action, job_id: str) -> None:
    """A button's work; what goes wrong is said, not thrown."""
    try:
        action(job_id)
    except PenumbraError as error:
        st.session_state["train_error"] = str(error)


def show_job(job: dict, newest: bool) -> None:
    word, colour, icon = STATES[job["state"]]
    share, text = plans.progress(job)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plans.job_title(job)}**", width="stretch")
            st.badge(word, color=colour, icon=icon)
        st.progress(share, text or word)
        if job["message"] and job["state"] != "finished":
            st.caption(job["message"][:SHORT] + ("…" if len(job["message"]) > SHORT else ""))
            if len(job["message"]) > SHORT:
                with st.expander("The whole message"):
                    st.text(job["message"])
        if job["losses"] and (newest or job["state"] in ACTIVE):
            st.plotly_chart(
                charts.losses(job["losses"], states.dark()), key=f"losses_{job['job_id']}",
                config={"displayModeBar": False}, alt="Losses of the training, step by step",
            )  # fmt: skip
        with st.container(horizontal=True):
            key = job["job_id"]
            if job["state"] in ACTIVE:
                st.button("Stop", key=f"stop_{key}", icon=":material/stop:", on_click=act, args=(jobs.stop, key),
                          help="Saves where it is; it can be resumed.")  # fmt: skip
            elif job["state"] != "finished":
                st.button("Resume", key=f"resume_{key}", icon=":material/play_arrow:", on_click=act, args=(jobs.resume, key))  # fmt: skip
            else:
                st.page_link(
                    "../pages/trade_off.py",
                    label="See it on the trade-off",
                    icon=":material/balance:",
                )
            if job["state"] not in ACTIVE:
                st.button("Remove from list", key=f"delete_{key}", type="tertiary", on_click=act, args=(jobs.delete, key),
                          help="Trained settings stay.")  # fmt: skip


def show_jobs(watched: bool) -> None:
    found = jobs.list_jobs()
    active = any(job["state"] in ACTIVE for job in found)
    if active != watched:
        st.rerun()  # start or end the watching
    if error := st.session_state.pop("train_error", None):
        st.error(error, icon=":material/error:")
    if not found:
        st.caption(
            "No training has been started here yet. What you start appears here and goes on by itself."
        )
    for position, job in enumerate(found):
        show_job(job, newest=position == 0)


st.title("Train and measure a new setting", anchor=False)
try:
    plan = choose_plan()
    with st.container(border=True):
        summary(plan)
except PenumbraError as error:
    st.error(str(error), icon=":material/error:")
st.subheader("Trainings", anchor=False)
watched = any(job["state"] in ACTIVE for job in jobs.list_jobs())
st.fragment(show_jobs, run_every=1.5 if watched else None)(watched)
broken = loaders.runs()
states.damaged([line for line in broken["problem"] if isinstance(line, str)])
