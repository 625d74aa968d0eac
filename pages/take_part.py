"""What participants of a study see: its consent, its questions and their thanks, and nothing else
of the app. How far they are stands in the database; their browser keeps one random number."""

import time

import streamlit as st

from app.page import wording
from app.study import participant, question
from core.errors import PenumbraError
from core.study.participation import taking
from core.study.storage.database import DatabaseError

KEY = "part"  # of the component
SESSION = "taking_part"  # how this browser session goes on
# A lost connection is told where the answer was given. Streamlit's own words about it are for those
# who started the app, and there is no option to leave them out.
QUIET = "<style>[data-testid=stDialog], [data-testid=stStatusWidget] { display: none; }</style>"
ENDED = "This study has ended and takes no new participants. Thank you for your interest."
NOT_OPEN = "This study is not open yet. Ask whoever sent you this link when it begins."
SHOWN = {"code": "withdraw", "declined": "declined", "withdrawn": "withdrawn"}  # view -> section


def main() -> None:
    session = begun(st.query_params.get("study", "")[: participant.LONGEST_ADDRESS])
    st.html(QUIET)
    above, here, below = st.container(), st.container(), st.container()
    try:
        study = taking.arrive(session["study"])
        st.set_page_config(page_title=study["title"])
        found = stage(study, session)
    except DatabaseError:
        study, found = {}, {"stage": "waiting", "wait": True, "note": participant.AWAY}
    except PenumbraError as problem:
        with above:
            st.title("There is no study here", anchor=False)
            words(participant.sentence(problem))
        return
    with above:
        introduced(found, study)
    with here:
        told = {name: session[name] for name in ("heard", "note", "forget", "wait")}
        said = question.mount({"study": session["study"]} | told | found, KEY, follow)
    with below:
        if study.get("contact") and found["stage"] in ("consent", "finished", "closed", "withdraw"):
            st.caption("Questions about the study")
            words(study["contact"])
    # A session that this server did not see begin (it was restarted) is heard only now.
    if follow(said.message):
        st.rerun()


def begun(study_id: str) -> dict:
    """How this session goes on with a study: at first it has heard nothing."""
    session = st.session_state.get(SESSION)
    if session is None or session["study"] != study_id:
        session = participant.STAYS | {"study": study_id, "heard": 0, "token": "", "buckets": {}}
        st.session_state[SESSION] = session
    return session


def follow(said: object = None) -> bool:
    """Does what the browser's newest message asks for, once. Whether it was new."""
    session = st.session_state[SESSION]
    if said is None:
        said = (st.session_state.get(KEY) or {}).get("message")
    message = participant.message(said)
    if message is None or message["serial"] <= session["heard"]:
        return False
    panel = participant.panel_id(st.query_params)
    session |= participant.follow(
        session["study"], message, panel, session["buckets"], time.monotonic()
    )
    return True


def stage(study: dict, session: dict) -> dict:
    """What the browser is to show, in the component's terms."""
    current, session["current"] = session["current"], None
    if not session["heard"]:
        return {"stage": "hello"}
    if session["wait"]:
        return {"stage": "waiting"}
    if session["view"]:
        return {"stage": SHOWN[session["view"]]}
    if session["token"]:
        current = current or taking.current(session["study"], session["token"])
        if current["stage"] == "question":
            return question.drawn(current, study["confidence"])
        if current["stage"] == "finished":
            return dict(current)
    if "withdraw" in st.query_params:
        return {"stage": "withdraw"}
    return {"stage": "consent" if study["state"] == "open" else "closed"}


def introduced(found: dict, study: dict) -> None:
    """What stands above the component: texts of the officer's, and what frames them."""
    completion = found.pop("completion", "")
    if found["stage"] == "consent":
        title(study)
        limit = f" You have {study['time_limit']} seconds for each." if study["time_limit"] else ""
        st.caption(
            f"{study['total']} questions, each with one face and {study['options']} photographs.{limit}"
        )
        words(study["consent"])
    elif found["stage"] == "closed":
        title(study)
        words(ENDED if study["state"] == "closed" else NOT_OPEN)
    elif found["stage"] == "finished":
        st.title("Thank you", anchor=False)
        words(
            "Your answers are stored. They are counted together with those of everybody else who "
            "takes part. There is nothing more to do; you can close this page."
        )
        if completion:
            with st.container(border=True):
                words(completion)


def title(study: dict) -> None:
    st.title(wording.without_pictures(study["title"]), anchor=False)


def words(text: str) -> None:
    st.markdown(wording.without_pictures(text))


main()
