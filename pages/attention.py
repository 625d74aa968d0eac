"""Attention: where does the attacker look?"""

import streamlit as st

from app.attention import saliency, views
from app.page import show, states
from app.settings import looking, pickers
from core.errors import PenumbraError
from core.methods import METHODS

MEANING = (
    "**Grad-CAM** asks a network which places of a picture its answer hangs on: it follows the answer "
    "back and adds up what each place contributed.  \n"
    "**On the photograph**: a network that was trained on the attacker's photographs and sees "
    "photographs.  \n"
    "**Through the release**: a network that was trained on what this setting releases, followed back "
    "through the release into the photograph.  \n"
    "**On the redrawing**: the first network, shown what the attacker redrew.  \n"
    "**Difference**: through the release against on the photograph. Teal places lose, amber places gain. "
    "Two different networks read them, so some difference is there without any protection, too.  \n"
    "**Shares on the same places**: of two maps, each adding up to 100 %, the part that falls on the "
    "same places. 100 % is the same map."
)
LIMITS = (
    "What such maps cannot show: they say where one network looked, not everything that could be "
    "found; another attacker may look elsewhere. They are coarse: a map has {cells} cells, drawn "
    "smoothly here, and each cell has seen its neighbours. A map of a network that guesses means "
    "nothing, and an even or empty map is no proof of protection: the Trade-off page says what "
    "attackers find. Averages are taken over 300 test photographs of people nobody trained on."
)

here = looking.look("Where does the attacker look?", protocol="strict")

if METHODS[here.method].finite:
    states.an_answer(here.method, "map of places")
    looking.ended()
    st.stop()


@st.fragment
def maps() -> None:
    head, left, right = show.opening(5, 4)
    with left:
        row = looking.setting(here)
    try:
        offered = views.sides(row)
        with right, st.container(horizontal=True, vertical_alignment="bottom"):
            help = "The attacker reads what should stay private; the service does its task."
            side = pickers.segmented("Who looks", offered, "who", help)
            found = views.read(row, side)
            face = pickers.face(len(found.originals), 120)
    except PenumbraError as error:
        states.unexplained(row, "attention", "The maps", "about a minute", str(error))
        return
    bare, name = views.weakest(here, row, side)
    asked = side == "attacker" and here.view.target == f"attribute:{found.target}"
    best = row["value"] if asked and row["conclusive"] else None
    with head:
        sentence = saliency.sentence(row, found, side, bare, name)
        show.verdict(sentence, saliency.detail(found, side, bare, name, best))
    views.one_face(row, found, face)
    views.averages(found)
    views.film(here, row, side, face)
    title = "All settings of this method, in numbers"
    show.folded(title, "attention_numbers", views.numbers, here)
    with st.expander("What the maps mean, and what they cannot show"):
        st.markdown(MEANING)
        cells = "coarse" if found.through is None else " × ".join(map(str, found.through.shape[1:]))
        st.markdown(LIMITS.format(cells=cells))


maps()
looking.ended()
