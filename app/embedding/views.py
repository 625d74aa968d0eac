"""What the embeddings page shows: two maps, and the faces that were selected on them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from app.cache import loaders, photographs
from app.embedding import chart, projections
from app.embedding.projections import IDENTITY, Answers, Maps
from app.leakage import groups
from app.page import clicks, show, states, wording
from app.settings import pickers, points
from app.settings.looking import Looking
from core.data.faces import Faces
from core.errors import PenumbraError

FACE = 84  # pixels of a face below the maps
SHOWN = 24  # faces at a time
ALONE = "alone"  # in place of a second attribute
HELD = "map_selection"  # session: {"data": data set, "positions": selected photographs}
CONFIG = show.CONFIG | {
    "displayModeBar": True,
    "modeBarButtons": [["toImage", "lasso2d", "select2d"]],
}


class Shown(NamedTuple):
    """The photographs of a map: their data set, their rows in it, whom they show (n,), and the
    attributes that points are coloured by, with who has them; {} for identity."""

    dataset: str
    faces: Faces
    rows: NDArray[np.int64]
    people: NDArray[np.int64]
    answers: Answers

    def text(self, index: int, between: str) -> str:
        """Whose photograph it is, and its answers."""
        said = [groups.name(by, bool(labels[index])) for by, labels in self.answers.items()]
        return between.join([chart.person_label(int(self.people[index])), *said])


def load(row: points.Row) -> tuple[Maps | None, str]:
    """(the maps of a setting, why they cannot be shown)."""
    try:
        return projections.maps(*loaders.explanation(row, "embedding")), ""
    except PenumbraError as error:
        return None, str(error)


def lda(here: Looking, row: points.Row, bare: points.Row | None) -> dict[str, Any] | None:
    """The LDA score of a setting, with that of the setting before protection."""
    asked = {"metric": "lda_ratio", "protocol": "strict"}
    found = points.findings_of(here.findings, row, **asked)
    if found.empty:
        return None
    other = [] if bare is None else points.findings_of(here.findings, bare, **asked)["value"]
    return found.iloc[0].to_dict() | {"before": next(iter(other), None)}


def colour(found: Maps, target: str) -> str:
    """By what points are coloured: the private target unless the reader chooses another."""
    names = sorted((n for n in found.apart if n != IDENTITY), key=wording.attribute_label)
    labels = wording.unique_labels([IDENTITY, *names], projections.grouping)
    wanted = target.partition(":")[2] or IDENTITY
    return pickers.choose("Colour by", labels, "colour", default=wanted, width=170)


def second_colour(found: Maps, by: str) -> list[str]:
    """What points are coloured by: `by`, and another attribute where the reader asks for one."""
    names = sorted((n for n in found.apart if n not in (IDENTITY, by)), key=wording.attribute_label)
    if by == IDENTITY or not names:
        return [by]
    labels = {ALONE: "Nothing else"} | wording.unique_labels(names)
    help = (
        "Two attributes at once: four groups, warm and cold by the first, full and hollow by this."
    )
    second = pickers.choose("and by", labels, "colour_too", default=ALONE, help=help, width=170)
    return [by] if second == ALONE else [by, second]


def photographs_of(
    found: Maps, bare: Maps | None, row: points.Row, by: Sequence[str]
) -> tuple[str, Faces, NDArray[np.int64]]:
    """(data set, *`app.cache.photographs.order` of a run). Raises PenumbraError where the data set
    is not the one that the maps were made of any more."""
    faces, order = photographs.order(row["dataset"], row["run_id"])
    if max(int(each.positions.max()) for each in (found, bare) if each) >= len(order):
        raise PenumbraError("the data set holds other photographs now than when it was measured")
    faces.columns(_attributes(by))  # the data set may have lost one
    return row["dataset"], faces, order


def shown(
    found: Maps, dataset: str, faces: Faces, order: NDArray[np.int64], by: Sequence[str]
) -> Shown:
    """The photographs of `found`; the rest of `photographs_of`."""
    rows, names = order[found.positions], _attributes(by)
    had = faces.attributes[rows][:, faces.columns(names)].astype(bool)
    answers = dict(zip(names, had.T, strict=True))
    return Shown(dataset, faces, rows, faces.identities[rows], answers)


def _attributes(by: Sequence[str]) -> list[str]:
    return [name for name in by if name != IDENTITY]


def followed(people: NDArray[np.int64]) -> list[int]:
    names = {str(person): chart.person_label(person) for person in np.unique(people)}
    usual = [str(person) for person in projections.followed(people)]
    help = f"Up to {projections.FOLLOWED}; everybody else is grey."
    chosen = pickers.several("People in colour", names, "people", usual, help)
    return [int(name) for name in chosen[: projections.FOLLOWED]]


def one_map(
    key: str, found: Maps, seen: Shown, which: str, follow: list[int], ringed: list[int], alt: str
) -> None:
    axes = ("", "")
    if which == "pca":
        first, second = map(wording.percent, found.facts["variance"])
        axes = (f"first axis: {first} of all differences", f"second: {second}")
    figure = chart.scatter(
        found.places[which],
        found.positions,
        seen.people,
        seen.answers,
        follow,
        ringed,
        [seen.text(index, " · ") for index in range(len(seen.people))],
        axes,
        states.colours(),
        lasso=not phone(),
    )
    show.chart(
        figure,
        f"map-{which}",
        lambda: projections.coordinates(found, seen.people, seen.answers),
        alt,
        key,
        config=CONFIG,
        on_select=lambda: _remember(key, seen.dataset),
        selection_mode=("points", "box", "lasso"),
    )


def phone() -> bool:
    """Whether dragging scrolls the page: a chart that draws lassos takes no taps."""
    return "Mobi" in st.context.headers.get("User-Agent", "")


def _remember(key: str, dataset: str) -> None:
    """A callback: a lasso, or a tap, on one map selects the photographs on both."""
    hold(dataset, sorted({int(value) for value in clicks.selected(key) if value is not None}))


def hold(dataset: str, positions: list[int]) -> None:
    """A callback: make these photographs the selected ones."""
    st.session_state[HELD] = {"data": dataset, "positions": positions}
    st.session_state["map_shown"] = 1


def selected(dataset: str, found: Maps) -> list[int]:
    """The selected photographs, as positions; those of another data set do not count."""
    held = st.session_state.get(HELD, {})
    if held.get("data") != dataset:
        return []
    known = set(found.positions.tolist())
    return [position for position in held["positions"] if position in known]


def below(found: Maps, seen: Shown, ringed: list[int], follow: list[int]) -> None:
    dataset = seen.dataset
    if not ringed:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(
                "Tap a point to see its face; with the lasso over the map, draw around several."
                if phone()
                else "Draw around points to see their faces. Point at one to see whose it is."
            )
            if mine := found.positions[np.isin(seen.people, follow)].tolist():
                more = {"on_click": hold, "args": (dataset, mine)}
                st.button("Show the people in colour", type="tertiary", **more)
        return
    places = np.flatnonzero(np.isin(found.positions, ringed))
    st.markdown(f"**{projections.selection(places, seen.people, seen.answers)}**")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        start = pickers.shown(len(places), SHOWN, "map_shown", 130)
        if not seen.answers:
            most = projections.followed(seen.people[places])
            colour = {"on_click": _colour_people, "args": (most,)}
            st.button("Colour these people", type="tertiary", **colour)
        clear = {"on_click": hold, "args": (dataset, [])}
        st.button("Clear", type="tertiary", icon=":material/close:", **clear)
    ordered = places[np.argsort(seen.people[places], kind="stable")]
    with st.container(horizontal=True, gap="small"):
        for index in ordered[start:][:SHOWN]:
            picture = seen.faces.images[seen.rows[index]]
            text = seen.text(index, "  \n")
            show.picture(picture, FACE, text.replace("  \n", ", "), text, room=8)


def _colour_people(people: list[int]) -> None:
    st.session_state["people"] = [str(person) for person in people]


def numbers(found: Maps, bare: Maps | None) -> None:
    table = projections.table(found, bare)
    if table.empty:
        st.write("No grouping could be measured on these photographs.")
        return
    shares = ("Nearest agrees, before", "Nearest agrees, here", "from", "to", "Guessing")
    columns = show.columns("%.1f", *shares, title="{} (%)")
    columns |= show.columns("%.2f", "Silhouette, before", "Silhouette, here")
    alt = "How far people and attributes stand apart in the releases"
    show.table(table, "groups-apart", alt, column_config=columns)
    st.caption(
        f"From the releases themselves ({found.facts['numbers']:,} numbers each); “from … to” is the 95 % "
        "interval, people resampled. Where few people have an attribute it is wide or misleading."
    )
