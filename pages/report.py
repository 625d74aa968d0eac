"""Report: what do I hand in?"""

import datetime

import pandas as pd
import streamlit as st

from app.cache import loaders
from app.evidence import report
from app.evidence.report import Evidence, Words
from app.noise import repeated_releases
from app.page import show, tables, verdict, wording
from app.reconstructions import attackers
from app.settings import looking as looking_at
from app.settings import pickers, points, views
from app.trade_off import chart, goal
from app.trade_off.goal import Limits
from core.errors import PenumbraError
from core.metrics import METRICS, deciding

FACES = 6
LONGEST = 5000  # characters of the officer's own texts
SYNTHETIC = "synthetic"  # the one data set that shows nobody

looking = looking_at.look("What do I hand in?", protocol="strict")
view, findings, unprotected = looking.view, looking.findings, looking.unprotected


def limits() -> Limits:
    """The limits that were set on the trade-off page."""
    attack, loss = (
        pickers.kept_number(key, 100.0) for key in (
            "likeness_limit" if view.target == "image" else "attack_limit", "cost_limit")
    )  # fmt: skip
    return Limits(
        None if attack is None else attack / view.scale, None if loss is None else loss / 100,
        pickers.kept_flag("confident", True),
    )  # fmt: skip


def evidence(row: dict) -> list[Evidence]:
    """The service, then every private target that was attacked at this setting."""
    bare = unprotected or {}
    found = [
        Evidence(
            f"{wording.service(view.task).capitalize()} ({METRICS[view.service].title})",
            row["utility"], row["utility_low"], row["utility_high"], row["utility_chance"],
            bare.get("utility"), wording.in_percent(view.service),
        )
    ]  # fmt: skip
    for target in loaders.offered("targets", view.dataset, view.preset, view.task):
        asked = view._replace(target=target)
        settings = loaders.settings(asked)
        reference = points.reference(loaders.references(asked), row["method"]) or {}
        for other in points.records(settings[settings["key"] == row["key"]]):
            label = f"{wording.target_label(target)} ({METRICS[asked.measure].title})"
            weak = "" if other["conclusive"] else ": attack too weak to conclude"
            found.append(
                Evidence(label + weak, other["value"], other["low"], other["high"], other["chance"],
                         reference.get("value"), wording.in_percent(asked.measure))
            )  # fmt: skip
    return found


def leaks(row: dict) -> pd.DataFrame:
    """Attributes that nobody mentioned, told by their strongest attacker; best told first."""
    at = findings["release_value"]
    same = at.isna() if pd.isna(row["release_value"]) else at == row["release_value"]
    rows = findings[
        (findings["run_id"] == row["run_id"]) & same & (findings["role"] == "unlisted")
        & (findings["attacker"] == views.STRONGEST) & (findings["protocol"] == "strict")
        & (findings["metric"] == deciding()["attribute"])
    ]  # fmt: skip
    rows = rows.sort_values("value", ascending=False)
    return rows.assign(label=rows["target"].map(wording.target_label))


def faces(row: dict, allowed: bool) -> tuple[list, str]:
    """(original, redrawn, likeness) of a few faces, or why there are none."""
    if not allowed:
        return [], "The photographs show real people and were left out of this report."
    value = row["release_value"] if wording.known(row["release_value"]) else None
    try:
        asked = (loaders.stamp(), view.dataset, row["run_id"])
        who = loaders.strongest_redrawer(*asked, value) or attackers.FIRST
        drawn = loaders.redrawn(*asked, who, value)
    except PenumbraError as error:
        return [], f"No pictures were redrawn at this setting: {error}."
    return [
        (drawn["originals"][i], drawn["reconstructions"][i], float(drawn["ms_ssim"][i]))
        for i in range(min(FACES, len(drawn["originals"])))
    ], ""


def known_limits(row: dict) -> list[str]:
    """What a reader must not take from this report."""
    seeds = int(row["seeds"])
    found = [
        f"The numbers hold for the data set “{view.dataset}”: other cameras, other people and other "
        "services need their own measurement.",
        "They hold against the attackers that were tried. A stronger one may exist; that none was "
        "found is no proof.",
        f"{'One training' if seeds == 1 else f'{seeds} trainings'} of this setting "
        f"{'was' if seeds == 1 else 'were'} measured; the intervals tell what the choice of test "
        "people leaves open, not what another training would give.",
    ]
    if view.dataset == SYNTHETIC:
        found.append("The faces are computed, of nobody: before it is used on people, measure it on photographs of people.")  # fmt: skip
    if not row["conclusive"]:
        found.append("The attack failed where it must succeed: nothing can be concluded from it.")
    return found


def write(
    row: dict, said: verdict.Verdict, kept: tuple[bool, str] | None, asked: Limits, words: Words, shown: list, why: str
) -> bytes:  # fmt: skip
    """The report as a file. Raises PenumbraError where the setting's folder is damaged."""
    record, commands = loaders.provenance(view.dataset, row)
    findings_here = loaders.of_run(row["run_id"])
    again = repeated_releases.again(findings_here, row, view._replace(target=row["target"]))
    figure = chart.trade_off(
        looking.table, points.lines(points.records(looking.table), looking_at.values(row), row["method"]),
        row["key"], view, asked.attack, asked.loss,
    )  # fmt: skip
    today = datetime.date.today()
    return report.report(
        words, f"{goal.name(row)}; data set “{view.dataset}”, {view.preset} networks", said.sentence,
        said.detail, kept, evidence(row), leaks(row), again.sentence if again and again.worse else "",
        figure, shown, why, known_limits(row), record, commands,
        tables.of_setting(findings_here, row["run_id"], row["release_value"]), f"{today.day} {today:%B %Y}",
    ).encode()  # fmt: skip


@st.fragment
def compose() -> None:
    head = st.container(gap="xsmall")
    row = looking_at.setting(looking)
    said = verdict.verdict(row, unprotected, view)
    asked = limits()
    set_any = asked.attack is not None or asked.loss is not None
    kept = goal.verdict(row, asked, view) if set_any else None
    with head:
        show.verdict(said.sentence)
        st.markdown(verdict.mark(said.exposure))
        if kept is None:
            st.caption("You set no limits on the Trade-off page; the report then only states what was measured.")  # fmt: skip
        else:
            st.markdown(f":{'green' if kept[0] else 'red'}[{kept[1]}]")
    allowed = view.dataset == SYNTHETIC
    with st.form("report", border=False):
        left, right = st.columns(2, gap="large")
        with left:
            title = st.text_input("Title", key="report_title", max_chars=200,
                                  placeholder="Privacy assessment of a face representation")  # fmt: skip
            author = st.text_input("Written by", key="report_author", max_chars=200)
        with right:
            purpose = st.text_area(
                "Purpose of the service", key="report_purpose", max_chars=LONGEST, height=90
            )
            decision = st.text_area(
                "Decision and reasons", key="report_decision", max_chars=LONGEST, height=90
            )
        if not allowed:
            allowed = st.checkbox("Show photographs of real people in the report", key="report_faces",
                                  help="Only with their consent: the file can be passed on.")  # fmt: skip
        wanted = st.form_submit_button("Write the report", type="primary", icon=":material/description:")  # fmt: skip
    shown, why = faces(row, allowed)
    if wanted:
        try:
            st.session_state["report_file"] = (
                row["key"], write(row, said, kept, asked, Words(title, author, purpose, decision), shown, why)
            )  # fmt: skip
        except PenumbraError as error:
            st.error(f"No report can be made of this setting: {error}", icon=":material/error:")
    key, written = st.session_state.get("report_file", ("", b""))
    if key == row["key"]:
        st.download_button(
            f"Download the report ({wording.size(len(written) / 1e6)})", written,
            f"penumbra-report-{key.replace('@', '-')}.html", "text/html", icon=":material/download:",
            on_click="ignore",
        )  # fmt: skip
    st.caption(
        "One HTML file that needs no network: decision, evidence, pictures, protocol, limits, and the "
        "hashes of data, code, weights and findings. For a PDF, open it and print it to a file. What you "
        "write here stays in this browser session and in the file."
    )
    with st.expander("What is in it", key="report_contents", on_change="rerun") as folder:
        if folder.open:
            st.markdown("\n".join(f"- {line.label}" for line in evidence(row)))
            st.markdown(f"- {len(leaks(row))} attributes that nobody mentioned")
            st.markdown(f"- {len(shown)} faces, original and redrawn" if shown else f"- {why}")
            st.markdown("\n".join(f"- {text}" for text in known_limits(row)))


compose()
looking_at.ended()
