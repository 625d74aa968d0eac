"""What the noise page shows: its slider, what leaves the device, and what attackers make of it."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app.cache import loaders
from app.noise import amounts, charts, drawn_releases
from app.page import show, states, wording
from app.reconstructions import attackers
from app.reconstructions.face_views import Found
from app.settings import address, pickers, points
from app.settings.looking import Looking
from app.settings.views import View
from app.trade_off.chart import trade_off
from core.errors import PenumbraError
from core.methods import METHODS
from core.metrics import METRICS

FACE = 106  # pixels
DRAWN = "noise.draws"  # session key: how often "Draw again" was pressed


def method_and_rows(here: Looking, noisy: list[str]) -> tuple[str, list[dict[str, Any]]]:
    """The sidebar's method where it adds noise; else one that does, chosen on this page."""
    if here.method in noisy:
        return here.method, here.rows
    title = METHODS[here.method].title
    why = (
        "adds no noise: it sends one of a few answers, as the page Proof shows. These add some"
        if METHODS[here.method].finite
        else "has nothing that can be moved when it releases. These have"
    )
    st.caption(f"{title} {why}:")
    method = pickers.choose("Noise of", pickers.titles(noisy), "noise_of", width=340)
    return method, pickers.variant(points.records(here.table), method)


def amount_and_row(method: str, rows: list[dict[str, Any]]) -> tuple[float, dict[str, Any]]:
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
    amount = pickers.slider(knob, amounts.amounts(rows, method), own, usual)
    near = amounts.nearest(rows, method, amount)
    if len(METHODS[method].knobs) > 1:
        alike = [row | {name: amount} for row in near]  # only the other knobs are left to move
        wanted = points.nearest(alike, method, pickers.knobs(alike, method))["key"]
        near = [row for row in near if row["key"] == wanted]
    row = near[0]
    address.publish(key, row[name], usual)
    st.session_state[followed] = row[name]
    return amount, row


def face_and_draw(method: str, found: Found | None) -> int:
    """The number of the face; and a button that draws the noise anew."""
    face = pickers.face(1 if found is None else len(found["originals"]), 140)
    if METHODS[method].noisy:
        help = "Noise is drawn anew for every release."
        more = {"icon": ":material/casino:", "key": "draw_again", "help": help}
        drawn_again = st.button("Draw again", **more)
        st.session_state[DRAWN] = st.session_state.get(DRAWN, 0) + int(drawn_again)
    return face


def _seed(face: int) -> int:
    """Of the noise: the same while the slider moves, another after "Draw again"."""
    return 1000 * st.session_state.get(DRAWN, 0) + face


def released(row: points.Row, amount: float, most: float, face: int) -> None:
    """What leaves the device, drawn for the amount on the slider."""
    at = f"{amounts.knob_of(row['method']).symbol} = {amount:g}"
    st.markdown(f"**What leaves the device at {at}**")
    try:
        found = loaders.explanation(points.where(row)._replace(release_value=None), "noise")
        kept = drawn_releases.checked(*found)
    except PenumbraError as error:
        st.caption(f"What this setting releases cannot be drawn. {error}")
        return
    whole = kept.releases[min(face, len(kept.releases) - 1)]
    if kept.kind == "code":
        after = drawn_releases.code_with_noise(whole, kept.noise_root, amount, _seed(face))
        code = whole, after, kept.mean, kept.spread
        figure = charts.bars(*code, most, states.colours())
        alt = f"The numbers of face {face + 1}, without noise and as released at {at}"
        names = ("without noise", "released", "mean of all faces", "spread of all faces")
        table = pd.DataFrame(dict(zip(names, code, strict=True)))
        table.insert(0, "number", range(1, len(table) + 1))
        show.chart(figure, "noise-code", table, alt, key="noise_code")
        return
    sent = drawn_releases.map_with_replacements(whole, amount, _seed(face))
    with st.container(horizontal=True, gap="small"):
        for values, words in ((whole, "without noise"), (sent, "as it is sent")):
            alt = f"One channel of face {face + 1}, {words}"
            show.picture(np.dstack([values] * 3), FACE, alt, words)
    st.caption(f"One of the {kept.channels} maps that are sent: the one that differs most.")


def three_pictures(row: points.Row, amount: float, face: int, found: Found, who: str) -> None:
    """The photograph, the changed one where there is one, and what an attacker makes of it."""
    method = row["method"]
    knob = amounts.knob_of(method)
    original = found["originals"][face]
    name = f"Face {face + 1}"
    with st.container(horizontal=True, gap="small"):
        show.picture(original, FACE, f"{name}, original", "original")
        if preview := METHODS[method].preview:
            changed = drawn_releases.filtered(preview, original, amount, _seed(face))
            sent = METHODS[method].release_kind == "picture"
            what = "what leaves the device" if sent else "what the device's network is given"
            words = f"{what} at {knob.symbol} = {amount:g}"
            show.picture(changed, FACE, f"{name}, {words}", words)
        at = f"{knob.symbol} = {row[f'knob:{knob.name}']:g}"
        show.picture(
            found["reconstructions"][face],
            FACE,
            f"{name} as an attacker recovers it at {at}",
            f"recovered at {at}: {wording.graded(float(found['ms_ssim'][face]))}",
            attackers.sentence(who, f"{METHODS[method].title} releases", True),
        )


def measured_at(row: points.Row, amount: float) -> str:
    """On what the numbers were measured, and that it was at another amount where it was."""
    knob = amounts.knob_of(row["method"])
    measured = row[f"knob:{knob.name}"]
    text = (
        f"Measured at {knob.symbol} = {measured:g}, on {row['n']:,.0f} photographs of "
        f"{row['identities']:,.0f} people nobody trained on."
    )
    if amount == measured:
        return text
    return (
        f":material/info: At {knob.symbol} = {amount:g} nothing was measured: the numbers are "
        f"of {knob.symbol} = {measured:g}, the nearest; what leaves the device is drawn for "
        f"{amount:g}. {text}"
    )


def places(ranked: pd.DataFrame, row: points.Row) -> None:
    if ranked.empty:
        st.write("Nobody ranked names by what these settings release.")
        return
    text = amounts.rank_sentence(ranked, row["key"])
    st.markdown(f"**{text or 'At this amount nobody ranked names.'}**")
    knob = amounts.knob_of(row["method"])
    show.chart(
        charts.rank_chart(ranked, knob, row["key"], states.colours()),
        "noise-ranks",
        ranked.drop(columns="key"),
        f"Place of the right name over the amount of noise. {text}",
        key="noise_ranks",
        note="0 %: named first. Thick: 95 % interval of the mean; thin: one standard deviation.",
    )
    guarantee = METRICS["rank_guarantee_0.1"]
    st.caption(f"**{guarantee.title}**: {guarantee.says}")


def trade_off_along(here: Looking, line: points.Rows, row: points.Row) -> None:
    table = here.table[here.table["key"].isin([entry["key"] for entry in line])]
    lines = points.lines(line, points.knob_values(row), row["method"])
    figure = trade_off(table, lines, row["key"], here.view, colour=states.colours())
    columns = ["key", "value", "low", "high", "utility", "utility_low", "utility_high"]
    alt = "Utility against privacy along the amount of noise"
    show.chart(figure, "noise-trade-off", table[columns], alt, key="noise_trade_off_chart")


def all_amounts(frame: pd.DataFrame, row: points.Row, view: View) -> None:
    show.table(frame.round(2), "noise-amounts", "Every measured amount of noise")
    st.caption(amounts.MEANING)
    if repeats := amounts.again(loaders.of_run(row["run_id"]), row, view):
        st.caption(repeats.sentence)
