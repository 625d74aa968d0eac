"""One more attack is one file and one line: everything else follows from its declaration."""

import dataclasses
import importlib.util

import pytest

from app.page import wording
from app.settings import views
from core import results, train
from core.__main__ import main
from core.attacks import ATTACKS, FILES, Result
from core.evaluate import evaluate
from core.run import Run
from core.run_validation import checked
from tests.pages.conftest import clean, headline, open_page, whole
from tests.tiny_faces import tiny_faces

FILE = '''
"""Attributes by templates: whoever is more like the mean of one side is taken for one of it."""

from core.attacks.declare import attack
from core.attacks.interface import attribute_result


@attack(title="template matcher", target="attribute")
def templates(view, generator):
    z = {split: release.flatten(1).double().numpy() for split, release in view.z.items()}
    scores = {}
    for column, name in enumerate(view.attribute_names):
        labels = view.attributes["attacker"][:, column]
        means = [z["attacker"][labels == side].mean(0) for side in (0, 1)]
        apart = means[1] - means[0]
        scores[name] = {split: z[split] @ apart for split in ("validation", "test")}
    return attribute_result(
        "templates", scores, view.truth, view.identities["test"], view.role
    )

'''
FACES = tiny_faces(identities=32, images=3)
_ = clean  # a fixture of the pages' tests, for this file as well


@pytest.fixture
def templates(tmp_path, monkeypatch):
    """The attack, loaded from a file of its own and listed; the others find nothing, at once."""
    for name, attack in ATTACKS.items():
        nothing = dataclasses.replace(attack, run=lambda view, generator: Result())
        monkeypatch.setitem(ATTACKS, name, nothing)
    (tmp_path / "templates.py").write_text(FILE)
    spec = importlib.util.spec_from_file_location("templates", tmp_path / "templates.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(ATTACKS, module.templates.name, module.templates)
    monkeypatch.setattr("core.data.load", lambda *arguments, **options: FACES)
    return module.templates


def test_attacks_come_in_the_order_of_their_files_whatever_a_file_imports():
    files = [attack.run.__module__.removeprefix("core.attacks.") for attack in ATTACKS.values()]
    assert list(dict.fromkeys(files)) == list(FILES)
    assert files == sorted(files, key=FILES.index)


def test_the_command_line_offers_it(templates, capsys):
    with pytest.raises(SystemExit):
        main(["evaluate", "--help"])
    line = next(x for x in capsys.readouterr().out.splitlines() if x.startswith("  templates "))
    assert line.endswith("template matcher")


def test_it_is_controlled_measured_and_can_be_chosen_on_the_trade_off(templates):
    folder = train.train(checked(Run("image_noise", "tiny")), FACES, device="cpu", progress=False)
    evaluate(folder, ["templates"], [0.2, 0.8], device="cpu", progress=False)
    controls = (folder.parent / "_controls").glob("*/attacks/strict/templates@*/done")
    assert {path.parent.name for path in controls} == {"templates@identity", "templates@constant"}
    found = results.findings(folder.parents[1])
    mine = found[(found.attacker == "templates") & (found.metric == "balanced_accuracy")]
    reached = mine[mine.release_value == 0.2].set_index("target")
    assert reached.value["attribute:Male"] > 0.9
    assert reached.conclusive["attribute:Male"]
    assert not reached.conclusive["attribute:Young"], "which shows nowhere"
    assert results.strongest(folder, 0.8).get("attribute:Male") == "templates"

    view = views.View("tiny", "compact", "Smiling", "attribute:Male", "strict")
    assert "templates" in views.attackers(found, view)
    assert wording.attacker("templates") == "template matcher"
    app = whole(open_page(attacker="templates", method="image_noise"))
    assert "Template matcher" in app.selectbox(key="attacker").options
    assert "one attacker (template matcher) tells the gender in" in headline(app)
