"""Report: what do I hand in?"""

import streamlit as st

from app.evidence import report
from app.page import show, verdict, wording
from app.settings import looking, only_numbers, points
from app.trade_off import goal, limits
from core.errors import PenumbraError

LONGEST = 5000  # characters of the officer's own texts
FILE = "report_file"  # session key: key of the setting, the file

here = looking.look("What do I hand in?", protocol="strict")
view = here.view


def form() -> tuple[report.Words, bool, bool]:
    """(what the officer writes, whether photographs may be shown, whether the report is wanted)."""
    allowed = view.dataset == report.SYNTHETIC
    with st.form("report", border=False):
        left, right = st.columns(2, gap="large")
        with left:
            example = "Privacy assessment of a face representation"
            more = {"max_chars": 200, "placeholder": example}
            title = st.text_input("Title", key="report_title", **more)
            author = st.text_input("Written by", key="report_author", max_chars=200)
        with right:
            more = {"max_chars": LONGEST, "height": 90}
            purpose = st.text_area("Purpose of the service", key="report_purpose", **more)
            decision = st.text_area("Decision and reasons", key="report_decision", **more)
        if not allowed and not only_numbers.of(view.dataset):
            label = "Show photographs of real people in the report"
            help = "Only with their consent: the file can be passed on."
            allowed = st.checkbox(label, key="report_faces", help=help)
        icon = ":material/description:"
        wanted = st.form_submit_button("Write the report", type="primary", icon=icon)
    return report.Words(title, author, purpose, decision), allowed, wanted


def contents(row: points.Row, shown: tuple[report.Faces, str]) -> None:
    found = report.leaks(here.findings, row)
    faces, why = shown
    st.markdown("\n".join(f"- {label}" for label, _ in report.evidence(here, row)))
    proven = report.proven(row)["said"]
    st.markdown(
        f"- {len(proven)} statements that are proven, with their assumptions"
        if proven
        else "- Nothing is proven of this setting"
    )
    st.markdown(f"- {len(found)} attributes that nobody mentioned")
    st.markdown(f"- {len(faces)} faces, original and redrawn" if faces else f"- {why}")
    st.markdown("\n".join(f"- {text}" for text in report.known_limits(row)))


@st.fragment
def compose() -> None:
    head = st.container(gap="xsmall")
    row = looking.setting(here)
    outcome = verdict.verdict(row, here.unprotected, view)
    allowed = limits.kept(view)
    set_any = allowed.attack is not None or allowed.loss is not None
    kept = goal.verdict(row, allowed, view) if set_any else None
    with head:
        show.verdict(outcome.sentence, mark=outcome.mark)
        if kept is None:
            st.caption(
                "You set no limits on the Trade-off page; the report then only states what was measured and proven."
            )
        else:
            st.markdown(f":{'green' if kept[0] else 'red'}[{kept[1]}]")
    words, may_show, wanted = form()
    shown = report.faces(row, may_show)
    if wanted:
        try:
            file = report.written(here, row, outcome, kept, allowed, words, shown)
            st.session_state[FILE] = row["key"], file
        except PenumbraError as error:
            st.error(f"No report can be made of this setting: {error}", icon=":material/error:")
    key, file = st.session_state.get(FILE, ("", b""))
    if key == row["key"]:
        label = f"Download the report ({wording.size(len(file) / 1e6)})"
        show.download(label, file, f"report-{key.replace('@', '-')}.html", "text/html")
    st.caption(
        "One HTML file that needs no network: decision, evidence, pictures, protocol, limits, and the "
        "hashes of data, code, weights and findings. For a PDF, open it and print it to a file. What you "
        "write here stays in this browser session and in the file."
    )
    show.folded("What is in it", "report_contents", contents, row, shown)


compose()
looking.ended()
