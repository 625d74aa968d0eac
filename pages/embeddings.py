"""Embeddings: does protection mix people up?"""

import numpy as np
import streamlit as st

from app.cache import loaders, photographs
from app.embedding import chart as embedding_chart
from app.embedding import maps as embeddings
from app.leakage import groups
from app.page import clicks, pictures, show, states, thumbnails, unexplained, wording
from app.settings import looking, pickers
from core.errors import PenumbraError

FACE = 84  # pixels of a face below the maps
SHOWN = 24  # faces at a time
CHARTS = ("map_before", "map_here")
HELD = "map_selection"  # session: {"data": data set, "positions": selected photographs}
MEANING = (
    "Each point is one photograph; points near each other were released alike. The maps flatten "
    "releases with many numbers, each in its way:  \n"
    "**t-SNE** keeps who is near whom and gives up the rest; distances between far groups, and sizes "
    "of groups, mean nothing.  \n"
    "**UMAP** does the same by another rule and keeps somewhat more of the large shape; distances "
    "between far groups mean nothing here, either.  \n"
    "**PCA** is a straight projection onto the two directions in which releases differ most; "
    "distances mean what they say, but most of what differs is not seen.  \n"
    "**Nearest agrees**: the share of photographs whose most similar release, by straight distance, is "
    "of the same person; for an attribute, whose most similar release *of another person* has the same "
    "answer, both answers counting the same.  \n"
    "**Silhouette**: how much nearer a photograph is to its own group than to the next one; 1 are tight "
    "groups far apart, 0 groups that lie in each other.  \n"
    "**LDA score**: variance between people over variance within a person; measured on all test "
    "photographs.  \n"
    "Numbers are computed from the releases, not from the maps. That a map looks mixed proves "
    "nothing: attackers see more than two dimensions; the Trade-off page says what they find."
)

here = looking.look("Does protection mix people up?", protocol="strict")
view = here.view


def load(row: dict) -> tuple[embeddings.Maps | None, str | None]:
    """(the maps of a setting, why they cannot be shown)."""
    value = photographs.setting(row).value
    try:
        found = loaders.explanation(view.dataset, row["run_id"], "embedding", value)
        return embeddings.maps(*found), None
    except PenumbraError as error:
        return None, str(error)


def lda(row: dict, bare: dict | None) -> dict | None:
    """The LDA score of a setting, with that of the setting before protection."""

    def score(setting: dict | None):
        if setting is None:
            return None
        value = photographs.setting(setting).value
        rows = here.findings
        mine = (rows["run_id"] == setting["run_id"]) & (rows["metric"] == "lda_ratio")
        at = rows["release_value"].isna() if value is None else rows["release_value"] == value
        found = rows[mine & at & (rows["protocol"] == "strict")]
        return None if found.empty else found.iloc[0].to_dict()

    found, other = score(row), score(bare)
    return None if found is None else found | {"before": None if other is None else other["value"]}


def remember(chart: str) -> None:
    """A lasso, or a tap, on one map selects the photographs on both."""
    hold(sorted({int(value) for value in clicks.selected(chart) if value is not None}))


def hold(positions: list[int]) -> None:
    """Make these photographs the selected ones."""
    st.session_state[HELD] = {"data": view.dataset, "positions": positions}
    st.session_state["map_shown"] = 1


def colour_people(people: list[int]) -> None:
    """Give these people a colour of their own."""
    st.session_state["people"] = [str(person) for person in people]


def selected(maps: embeddings.Maps) -> list[int]:
    """The selected photographs, as positions; those of another data set do not count."""
    held = st.session_state.get(HELD, {})
    if held.get("data") != view.dataset:
        return []
    return [position for position in held["positions"] if position in set(maps.positions.tolist())]


@st.fragment
def maps() -> None:
    """Verdict, knob and the two maps, and the faces that were selected."""
    head = st.container(gap="xsmall")
    left, right = st.columns(2, gap="large", vertical_alignment="bottom")
    with left:
        row = looking.setting(here)
    found, problem = load(row)
    if found is None:
        unexplained.missing(row, "embedding", "The maps", "a minute or two", problem)
        return
    bare_row = embeddings.before(here.rows, row, here.unprotected)
    bare, bare_problem = load(bare_row) if bare_row else (None, None)
    with right, st.container(horizontal=True, vertical_alignment="bottom"):
        by = colour(found)
        which = pickers.choose(
            "Map", list(embeddings.MAPS), "map", embeddings.MAPS.__getitem__, control="segmented"
        )
    with head:
        said = embeddings.sentence(row, found, bare, by, bare_row)
        show.verdict(said)
        st.caption(embeddings.detail(found, bare, by, lda(row, bare_row)))
    if bare_row and bare is None:
        st.caption(f":material/warning: The map before protection is missing: {bare_problem}")
    try:
        faces, order = photographs.order(view.dataset, row["run_id"])
        if int(max(found.positions.max(), 0 if bare is None else bare.positions.max())) >= len(
            order
        ):
            raise PenumbraError(
                "the data set holds other photographs now than when it was measured"
            )
        if by != embeddings.IDENTITY:
            faces.columns([by])  # the data set may have lost the attribute
    except PenumbraError as error:
        st.warning(
            f"The maps cannot be drawn: {error}. The figures above do not need them.",
            icon=":material/warning:",
        )
        return
    people = faces.identities[order]
    follow = followed(people[found.positions]) if by == embeddings.IDENTITY else []
    ringed = selected(found)
    places = [("map_here", row, embeddings.turned(found, bare), "At the chosen setting")]
    if bare is not None:
        places.insert(0, ("map_before", bare_row, bare, "Before protection"))
    for column, (key, setting, drawn, title) in zip(st.columns(2), places, strict=False):
        with column:
            st.markdown(f"**{title}**: {embeddings.title(setting)}")
            one_map(key, drawn, faces, order, by, which, follow, ringed, f"{title}. {said}")
    sheet, columns = photographs.sprite(faces, order[found.positions])
    thumbnails.follow(
        CHARTS, found.positions.tolist(), sheet, columns, (faces.height, faces.width)
    )  # fmt: skip
    below(found, faces, order, by, ringed, follow)
    with st.expander("How far groups stand apart, in numbers", key="map_numbers", on_change="rerun") as folder:  # fmt: skip
        if folder.open:
            numbers(found, bare)


def colour(found: embeddings.Maps) -> str:
    """By what points are coloured: the private target unless the reader chooses another."""
    names = [name for name in found.apart if name != embeddings.IDENTITY]
    offered = [embeddings.IDENTITY, *sorted(names, key=wording.attribute_label)]
    labels = wording.unique_labels(offered, lambda name: "Person" if name == embeddings.IDENTITY else wording.attribute_label(name))  # fmt: skip
    wanted = view.targets[0].partition(":")[2] or embeddings.IDENTITY
    return pickers.choose(
        "Colour by", offered, "colour", labels.__getitem__, default=wanted, width=170
    )


def followed(people: np.ndarray) -> list[int]:
    """The people with a colour of their own."""
    names = [str(person) for person in np.unique(people)]
    usual = [str(person) for person in embeddings.followed(people)]
    chosen = pickers.several(
        "People in colour", names, "people", lambda name: embedding_chart.person_label(int(name)), usual,
        help=f"Up to {embeddings.FOLLOWED}; everybody else is grey.",
    )  # fmt: skip
    return [int(name) for name in chosen[: embeddings.FOLLOWED]]


def one_map(key, drawn, faces, order, by, which, follow, ringed, alt) -> None:
    rows = order[drawn.positions]
    people = faces.identities[rows]
    labels = None
    if by != embeddings.IDENTITY:
        labels = faces.attributes[rows, faces.columns([by])[0]].astype(bool)
    texts = [embedding_chart.person_label(int(person)) for person in people]
    if labels is not None:
        texts = [f"{text} · {groups.name(by, bool(has))}" for text, has in zip(texts, labels, strict=True)]  # fmt: skip
    axes = ("", "")
    if which == "pca":
        shares = [wording.percent(share) for share in drawn.facts["variance"]]
        axes = (f"first axis: {shares[0]} of all differences", f"second: {shares[1]}")
    figure = embedding_chart.scatter(
        drawn.places[which], drawn.positions, people, by, labels, follow, ringed, texts, axes, states.dark(),
        lasso=not phone(),
    )  # fmt: skip
    show.chart(
        figure, f"map-{which}", lambda: embeddings.coordinates(drawn, people, labels), alt, key,
        config=CONFIG, on_select=lambda: remember(key), selection_mode=("points", "box", "lasso"),
    )  # fmt: skip


def phone() -> bool:
    """Whether dragging scrolls the page; a tap on a point selects it there, and only there, since a
    chart that draws lassos takes no clicks."""
    return "Mobi" in st.context.headers.get("User-Agent", "")


CONFIG = {
    "displayModeBar": True,
    "modeBarButtons": [["toImage", "lasso2d", "select2d"]],
    "displaylogo": False,
    "scrollZoom": False,
}


def below(found, faces, order, by, ringed, follow) -> None:
    """The faces that were selected, or how to select some."""
    people = faces.identities[order[found.positions]]
    if not ringed:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(
                "Tap a point to see its face; with the lasso over the map, draw around several."
                if phone()
                else "Draw around points to see their faces. Point at one to see whose it is."
            )
            if follow:
                mine = found.positions[np.isin(people, follow)]
                st.button(
                    "Show the people in colour",
                    type="tertiary",
                    on_click=hold,
                    args=(mine.tolist(),),
                )
        return
    places = np.flatnonzero(np.isin(found.positions, ringed))
    labels = None
    if by != embeddings.IDENTITY:
        column = faces.columns([by])[0]
        labels = faces.attributes[order[found.positions], column].astype(bool)
    st.markdown(f"**{embeddings.selection(places, people, labels, by)}**")
    starts = list(range(1, len(places) + 1, SHOWN))
    start = 1
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(starts) > 1:
            start = pickers.choose(
                "Shown", starts, "map_shown", lambda first: f"{first}–{min(len(places), first + SHOWN - 1)}", width=130
            )  # fmt: skip
        if by == embeddings.IDENTITY:
            st.button("Colour these people", type="tertiary", on_click=colour_people,
                      args=(embeddings.followed(people[places]),))  # fmt: skip
        st.button("Clear", type="tertiary", icon=":material/close:", on_click=hold, args=([],))
    with st.container(horizontal=True, gap="small"):
        for index in places[np.argsort(people[places], kind="stable")][start - 1 :][:SHOWN]:
            with st.container(width=FACE + 8, gap="xxsmall"):
                text = embedding_chart.person_label(int(people[index]))
                if labels is not None:
                    text += f"  \n{groups.name(by, bool(labels[index]))}"
                picture = pictures.enlarged(faces.images[order[found.positions[index]]], FACE)
                st.image(picture, width=FACE, output_format="PNG", alt=text.replace("  \n", ", "))
                st.caption(text)


def numbers(found, bare) -> None:
    table = embeddings.table(found, bare)
    if table.empty:
        st.write("No grouping could be measured on these photographs.")
        return
    number = st.column_config.NumberColumn
    shares = ("Nearest agrees, before", "Nearest agrees, here", "from", "to", "Guessing")
    show.table(
        table, "groups-apart", "How far people and attributes stand apart in the releases",
        column_config={name: number(f"{name} (%)", format="%.1f") for name in shares}
        | {name: number(format="%.2f") for name in ("Silhouette, before", "Silhouette, here")},
    )  # fmt: skip
    st.caption(
        f"From the releases themselves ({found.facts['numbers']:,} numbers each); “from … to” is the 95 % "
        "interval, people resampled. Where few people have an attribute it is wide or misleading."
    )


maps()
with st.expander("What the maps and numbers mean, and how they were made"):
    st.markdown(MEANING)
    st.caption(
        "The same photographs at every setting, about 560, whole people, drawn by the data set's "
        "fingerprint. One seed (0) for all; t-SNE with perplexity 30 and UMAP with 15 neighbours, from at "
        "most 50 principal axes; one thread, so that the same machine makes the same map again. The right "
        "map is turned and mirrored (PCA: mirrored) to lie as the left one does."
    )
looking.ended()
