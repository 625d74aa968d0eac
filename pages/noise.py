"""Noise: how much noise is enough?"""

import pandas as pd
import streamlit as st

from app.cache import loaders
from app.noise import amounts, charts, drawn_releases, repeated_releases
from app.page import pictures, show, states, verdict, wording
from app.reconstructions import attackers
from app.settings import address, pickers, points
from app.settings import looking as looking_at
from app.trade_off import chart as trade_off_chart
from core.errors import PenumbraError
from core.methods import METHODS
from core.metrics import METRICS

FACE = 106  # pixels
DRAWN = "noise.draws"  # session key: how often "Draw again" was pressed

looking = looking_at.look("How much noise is enough?")
view = looking.view
noisy = amounts.methods(looking.table)
if not noisy:
    states.nothing_measured(
        "No method that adds noise when it releases was measured for this choice. Choose another task "
        "or target in the sidebar, or train and measure one, such as DPFE."
    )
    looking_at.ended()
    st.stop()


def method_and_rows() -> tuple[str, list[dict]]:
    """The sidebar's method where it adds noise; else one that does, chosen on this page."""
    if looking.method in noisy:
        return looking.method, looking.rows
    st.caption(
        f"{METHODS[looking.method].title} has nothing that can be moved when it releases. These have:"
    )
    method = pickers.choose(
        "Noise of", noisy, "noise_of", lambda name: METHODS[name].title, width=340
    )
    return method, pickers.variant(points.records(looking.table), method)


def amount_and_row(method: str, rows: list[dict]) -> tuple[float, dict]:
    """(the amount on the slider, the row of the setting measured nearest to it).

    The slider also stops where nothing was measured, so it has a key of its own; the other pages'
    slider follows it to the nearest measured amount, and is followed when it was moved since.
    """
    knob = amounts.knob_of(method)
    key, name, own = pickers.slider_key(method, knob.name), f"knob:{knob.name}", f"drawn.{method}"
    usual = points.nearest(rows, method, {})[name]
    followed = f"{own}.measured"
    held = address.held_number(key, usual)
    known = followed in st.session_state or own in st.query_params
    if not known or st.session_state.get(followed, held) != held:
        st.session_state[own] = held
    amount = pickers.choose(
        f"{knob.symbol} · weak to strong protection", amounts.amounts(rows, method), own, wording.number,
        knob.help, "slider", usual,
    )  # fmt: skip
    near = amounts.nearest(rows, method, amount)
    if len(points.knobs_of(method)) > 1:
        alike = [row | {name: amount} for row in near]  # only the other knobs are left to move
        chosen = pickers.knobs(alike, method)
        wanted = points.nearest(alike, method, chosen)["key"]
        near = [row for row in near if row["key"] == wanted]
    row = near[0]
    address.publish(key, row[name], usual)
    st.session_state[followed] = row[name]
    return amount, row


def redrawn(row: dict) -> tuple[dict | None, str, str]:
    """(pictures of one setting, "", who drew them) or (None, why there are none, "")."""
    asked = (loaders.stamp(), view.dataset, row["run_id"])
    try:
        who = loaders.strongest_redrawer(*asked, row["release_value"]) or attackers.FIRST
        return loaders.redrawn(*asked, who, row["release_value"]), "", who
    except PenumbraError as error:
        return None, str(error), ""


def released(method: str, row: dict, amount: float, most: float, face: int) -> None:
    """What leaves the device, drawn for the amount on the slider."""
    knob = amounts.knob_of(method)
    seed = seed_of(face)
    st.markdown(f"**What leaves the device at {knob.symbol} = {amount:g}**")
    try:
        arrays, facts = loaders.explanation(view.dataset, row["run_id"], "noise", None)
        kept = drawn_releases.checked(arrays, facts)
    except PenumbraError as error:
        st.caption(f"What this setting releases cannot be drawn. {error}")
        return
    if kept.kind == "code":
        before = kept.releases[min(face, len(kept.releases) - 1)]
        after = drawn_releases.code_with_noise(before, kept.noise_root, amount, seed)
        show.chart(
            drawn_releases.bars(before, after, kept.mean, kept.spread, most, states.dark()), "noise-code",
            drawn_releases.code_frame(before, after, kept.mean, kept.spread),
            f"The numbers of face {face + 1}, without noise and as released at {knob.symbol} = {amount:g}",
            key="noise_code",
        )  # fmt: skip
        return
    whole = kept.releases[min(face, len(kept.releases) - 1)]
    with st.container(horizontal=True, gap="small"):
        for values, words in (
            (whole, "without noise"),
            (drawn_releases.map_with_replacements(whole, amount, seed), "as it is sent"),
        ):
            alt = f"One channel of face {face + 1}, {words}"
            picture_of(drawn_releases.grey(values), alt, words)
    st.caption(f"One of the {kept.channels} maps that are sent: the one that differs most.")


def picture_of(picture, alt: str, words: str, more: str | None = None) -> None:
    with st.container(width=FACE, gap="xxsmall"):
        st.image(pictures.enlarged(picture, FACE), width=FACE, output_format="PNG", alt=alt)
        st.caption(words, help=more)


def three_pictures(method: str, row: dict, amount: float, face: int, found: dict, who: str) -> None:
    """The photograph, what is sent where that is a picture, and what an attacker makes of it."""
    knob = amounts.knob_of(method)
    measured = row[f"knob:{knob.name}"]
    original, likeness = found["originals"][face], float(found["ms_ssim"][face])
    with st.container(horizontal=True, gap="small"):
        picture_of(original, f"Face {face + 1}, original", "original")
        if preview := METHODS[method].preview:
            sent = drawn_releases.filtered(preview, original, amount, seed_of(face))
            words = f"what leaves the device at {knob.symbol} = {amount:g}"
            picture_of(sent, f"Face {face + 1}, {words}", words)
        picture_of(
            found["reconstructions"][face],
            f"Face {face + 1} as an attacker recovers it at {knob.symbol} = {measured:g}",
            f"recovered at {knob.symbol} = {measured:g}: {wording.likeness(likeness)} · {likeness:.2f}",
            attackers.sentence(who, f"{METHODS[method].title} releases", True),
        )


def seed_of(face: int) -> int:
    """Of the noise: the same while the slider moves, another after "Draw again"."""
    return 1000 * st.session_state.get(DRAWN, 0) + face


@st.fragment
def live() -> None:
    """Verdict, slider, release and curve: redrawn alone when the slider moves."""
    head = st.container(gap="xsmall")
    method, rows = method_and_rows()
    knob = amounts.knob_of(method)
    left, right = st.columns([5, 3], gap="large", vertical_alignment="bottom")
    with left:
        amount, row = amount_and_row(method, rows)
    line = amounts.along(rows, row)
    runs = dict.fromkeys(entry["run_id"] for entry in line)
    measured_here = pd.concat([loaders.of_run(run_id) for run_id in runs])
    again = amounts.repeated(measured_here, line, view)
    found, problem, who = redrawn(row)
    with right, st.container(horizontal=True, vertical_alignment="bottom"):
        count = 1 if found is None else len(found["originals"])
        face = (
            pickers.choose("Face", range(1, count + 1), "face", lambda n: f"Face {n}", width=140)
            - 1
        )
        if METHODS[method].noisy:
            again_drawn = st.button("Draw again", icon=":material/casino:", key="draw_again",
                                    help="Noise is drawn anew for every release.")  # fmt: skip
            st.session_state[DRAWN] = st.session_state.get(DRAWN, 0) + int(again_drawn)
    with head:
        said = amounts.sentence(row, line[0], line[-1], again.get(row["key"]), view)
        show.verdict(said)
        if row["conclusive"]:
            st.markdown(verdict.mark(verdict.exposure(row)))
        measured = row[f"knob:{knob.name}"]
        text = (
            f"Measured at {knob.symbol} = {measured:g}, on {row['n']:,.0f} photographs of "
            f"{row['identities']:,.0f} people nobody trained on."
        )
        if amount != measured:
            text = (
                f":material/info: At {knob.symbol} = {amount:g} nothing was measured: the numbers are "
                f"of {knob.symbol} = {measured:g}, the nearest; what leaves the device is drawn for "
                f"{amount:g}. {text}"
            )
        st.caption(text)
    faces, chart = st.columns([5, 6], gap="large")
    with faces:
        if METHODS[method].release_kind != "picture":
            released(method, row, amount, amounts.amounts(rows, method)[-1], face)
        if found is None:
            st.caption(f"Nobody redrew pictures from this setting. {problem}")
        else:
            three_pictures(method, row, amount, face, found, who)
    with chart:
        st.markdown("**Attacker and service over the amount**")
        ranked = amounts.ranks(measured_here, line)
        show.chart(
            charts.curve(line, again, row["key"], amount, view, states.dark()), "noise",
            lambda: amounts.frame(line, again, ranked, view), f"Attacker and service over {knob.symbol}. {said}",
            key="noise_curve",
        )  # fmt: skip
        st.caption("Bars: 95 % intervals. Band: where the slider stands.")
    with st.expander("Where in the list of names does the right one stand?", key="ranks",
                     on_change="rerun") as folder:  # fmt: skip
        if folder.open:
            places(ranked, row)
    with st.expander("The trade-off along this curve", key="noise_trade_off", on_change="rerun") as folder:  # fmt: skip
        if folder.open:
            trade_off(line, row)
    with st.expander("All measured amounts", key="amounts", on_change="rerun") as folder:
        if folder.open:
            show.table(amounts.frame(line, again, ranked, view).round(2), "noise-amounts",
                       "Every measured amount of noise")  # fmt: skip
            st.caption(amounts.MEANING)
            if repeats := repeated_releases.again(loaders.of_run(row["run_id"]), row, view):
                st.caption(repeats.sentence)


def places(ranked, row: dict) -> None:
    text = amounts.rank_sentence(ranked, row["key"])
    if ranked.empty:
        st.write("Nobody ranked names by what these settings release.")
        return
    st.markdown(f"**{text or 'At this amount nobody ranked names.'}**")
    show.chart(
        charts.rank_chart(ranked, amounts.knob_of(row["method"]), row["key"], states.dark()),
        "noise-ranks", ranked.drop(columns="key"), f"Place of the right name over the amount of noise. {text}",
        key="noise_ranks", note="0 %: named first. Thick: 95 % interval of the mean; thin: one standard deviation.",
    )  # fmt: skip
    guarantee = METRICS["rank_guarantee_0.1"]
    st.caption(f"**{guarantee.title}**: {guarantee.says}")


def trade_off(line: list[dict], row: dict) -> None:
    table = looking.table[looking.table["key"].isin([entry["key"] for entry in line])]
    chosen = looking_at.values(row)
    show.chart(
        trade_off_chart.trade_off(table, points.lines(line, chosen, row["method"]), row["key"], view, dark=states.dark()),
        "noise-trade-off", table[["key", "value", "low", "high", "utility", "utility_low", "utility_high"]],
        "Utility against privacy along the amount of noise", key="noise_trade_off_chart",
    )  # fmt: skip


live()
looking_at.ended()
