"""Embeddings: does protection mix people up?"""

import streamlit as st

from app.cache import photographs
from app.embedding import projections, views
from app.page import components, show, states
from app.settings import looking, pickers, points
from core.errors import PenumbraError
from core.methods import METHODS

BEFORE, HERE = "map_before", "map_here"  # keys of the charts
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
MADE = (
    "The same photographs at every setting, about 560, whole people, drawn by the data set's "
    "fingerprint. One seed (0) for all; t-SNE with perplexity 30 and UMAP with 15 neighbours, from at "
    "most 50 principal axes; one thread, so that the same machine makes the same map again. The right "
    "map is turned and mirrored (PCA: mirrored) to lie as the left one does."
)

here = looking.look("Does protection mix people up?", protocol="strict")
view = here.view

if METHODS[here.method].finite:
    states.an_answer(here.method, "neighbours")
    looking.ended()
    st.stop()


@st.fragment
def maps() -> None:
    head, left, right = show.opening(1, 1)
    with left:
        row = looking.setting(here)
    found, problem = views.load(row)
    if found is None:
        states.unexplained(row, "embedding", "The maps", "a minute or two", problem)
        return
    bare_row = projections.before(here.rows, row, here.unprotected)
    bare, bare_problem = views.load(bare_row) if bare_row else (None, "")
    with right, st.container(horizontal=True, vertical_alignment="bottom"):
        by = views.colour(found, view.targets[0])
        coloured = views.second_colour(found, by)
        which = pickers.segmented("Map", projections.MAPS, "map")
    with head:
        sentence = projections.sentence(row, found, bare, by, bare_row)
        lda = views.lda(here, row, bare_row)
        show.verdict(sentence, projections.detail(found, bare, by, lda))
    if bare_row and bare is None:
        st.caption(f":material/warning: The map before protection is missing: {bare_problem}")
    try:
        of = views.photographs_of(found, bare, row, coloured)
    except PenumbraError as error:
        text = f"The maps cannot be drawn: {error}. The figures above do not need them."
        st.warning(text, icon=":material/warning:")
        return
    seen = views.shown(found, *of, coloured)
    follow = views.followed(seen.people) if by == projections.IDENTITY else []
    ringed = views.selected(view.dataset, found)
    places = [(HERE, row, projections.turned(found, bare), "At the chosen setting")]
    if bare is not None:
        places.insert(0, (BEFORE, bare_row, bare, "Before protection"))
    for column, (key, setting, drawn, title) in zip(st.columns(2), places, strict=False):
        with column:
            st.markdown(f"**{title}**: {points.name(setting)}")
            there = views.shown(drawn, *of, coloured)
            views.one_map(key, drawn, there, which, follow, ringed, f"{title}. {sentence}")
    sheet = photographs.sprite(seen.faces, seen.rows)
    shape = seen.faces.height, seen.faces.width
    components.thumbnails((BEFORE, HERE), found.positions.tolist(), *sheet, shape)
    views.below(found, seen, ringed, follow)
    title = "How far groups stand apart, in numbers"
    show.folded(title, "map_numbers", views.numbers, found, bare)


maps()
with st.expander("What the maps and numbers mean, and how they were made"):
    st.markdown(MEANING)
    st.caption(MADE)
looking.ended()
