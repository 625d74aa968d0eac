"""Adding a method is one file and one line: from there it is on the command line, in the findings,
on the trade-off and in the words."""

import pytest

import core.methods
from app.page.verdict import verdict
from app.settings import outcomes, points, unprotected
from app.settings.views import View
from app.trade_off import chart
from core import results, train
from core.__main__ import main
from core.attacks import ATTACKS
from core.evaluate import evaluate
from core.methods import FILES, METHODS, declared
from core.run import Run
from core.run_validation import checked
from tests.listings import only
from tests.tiny_faces import tiny_faces

FILE = '''"""Six numbers, made smaller."""

from core.methods.declare import Choice, Knob, Method, Model, Phase, Stage, columns


def build(run, settings, attributes):
    from torch import nn

    from core import losses
    from core.nets.vgg import seeded

    tasks = columns(attributes, run.tasks)
    encoder = seeded(
        run.seed, "squeezed", lambda: nn.Sequential(nn.AvgPool2d(16), nn.Flatten(), nn.Linear(48, 6))
    )
    head = seeded(run.seed, "squeezed head", lambda: nn.Linear(6, len(tasks)))

    def release(x, generator, value):
        return encoder(x) / run.knobs["squeeze"]

    def learn(batch):
        task = losses.cross_entropy(head(release(batch.x, None, None)), batch.attributes[:, tasks])
        return {"total": task, "task": task}

    phase = Phase("learn", ("encoder", "head"), learn)
    stage = Stage("learn", settings["schedule"]["epochs"], 8, 1e-2, (phase,))
    return Model({"encoder": encoder, "head": head}, (stage,), release, own_head=head)


METHODS = (
    Method(
        name="squeezed",
        title="Squeezed",
        summary="Six numbers, made smaller.",
        citation="nobody",
        knobs=(Knob("squeeze", "κ", 2.0, (1.0, 2.0), "How small they are made."),),
        presets={"compact": {"height": 64, "width": 64, "schedule": {"epochs": 4, "twist": 0}}},
        build=build,
        color="#884400",
        release_kind="code",
        choices=(Choice("twist", ("left", "right"), "twisted to side {:g}"),),
    ),
)
'''
VIEW = View("tiny", "compact", "Smiling", "attribute:Male", "strict")


@pytest.fixture
def added(tmp_path, monkeypatch):
    (tmp_path / "squeezed.py").write_text(FILE)
    monkeypatch.setattr(core.methods, "__path__", [*core.methods.__path__, str(tmp_path)])
    for name, method in declared((*FILES, "squeezed")).items():
        monkeypatch.setitem(METHODS, name, method)
    faces = tiny_faces(identities=32)
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("core.data.load", lambda *arguments, **options: faces)
    only(monkeypatch, ATTACKS, ["logistic"])  # controls are run for every attack there is
    return faces


def test_a_method_is_one_file_and_one_line(added, capsys):
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    said = capsys.readouterr().out
    assert "squeezed" in said
    assert "How small they are made." in said

    for squeeze, twist in ((1.0, 0), (2.0, 0), (2.0, 1)):
        run = checked(
            Run(
                "squeezed",
                "tiny",
                knobs={"squeeze": squeeze},
                schedule={"twist": twist} if twist else {},
            )
        )
        folder = train.train(run, added, device="cpu", progress=False)
        evaluate(folder, ["logistic"], device="cpu", progress=False)
    findings = results.findings()
    assert set(findings["method"]) == {"squeezed"}
    assert {"worst_case", "best_head", "own_head"} <= set(findings["attacker"])
    assert set(findings["knob:squeeze"]) == {1.0, 2.0}

    table = unprotected.compared(outcomes.settings(findings, VIEW), None)
    rows = points.records(table)
    lines = points.lines(rows)
    assert {line.variant for line in lines} == {"", "twisted to side 1"}
    figure = chart.trade_off(table, lines, None, VIEW)
    names = [trace.name for trace in figure.data]
    assert "Squeezed" in names
    assert "Squeezed (twisted to side 1)" in names
    drawn = {key for trace in figure.data for key in trace.customdata or ()}
    assert set(table["key"]) <= drawn
    assert any("Squeezed" in text for trace in figure.data for text in trace.text or ())
    sentences = [verdict(row | {"conclusive": True}, None, VIEW).sentence for row in rows]
    assert any(sentence.startswith("At κ = 2 the strongest attacker") for sentence in sentences)
