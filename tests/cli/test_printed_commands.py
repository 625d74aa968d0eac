"""Every `python -m core` command that a document prints is one that Penumbra understands.

Commands run as printed and in that order. Only what takes minutes is replaced by a stand-in, which
still has to be called as the real function may be.
"""

import inspect
import re
import shlex
import shutil
from importlib import import_module

import pytest

from core.__main__ import main
from core.run import ROOT
from tests.data.making import celeba
from tests.tiny_folder import register_tiny_folder

DOCUMENTS = ("README.md", *sorted(str(p.relative_to(ROOT)) for p in (ROOT / "docs").glob("*.md")))
LONG = {  # what takes minutes -> what its stand-in returns
    "core.sweep.sweep": [],
    "core.sweep.side_by_side": 0,
    "core.evaluate.evaluate": None,
    "core.explain.explain": None,
    "core.analysis.device_cost.measure": {"releases": []},
    "core.synthetic.build.build": None,
    "core.embedders.choose": "dlib",
    "core.shipping.shipped.build": 0,
    "core.shipping.shipped.finish": 0,
    "core.shipping.real_faces.build": 0,
    "core.shipping.real_faces.finish": 0,
    "core.study.analysis.simulate.rehearsal": "0" * 12,
    "core.study.analysis.simulate.simulate": {"participants": 1, "answers": 1, "finished": 1},
    "core.study.analysis.results.answers": None,
    "core.study.analysis.export.export": [],
}


def printed(document):
    """The commands in a document's shell blocks, without comments and redirections."""
    text = (ROOT / document).read_text(encoding="utf-8")
    for block in re.findall(r"```bash\n(.*?)```", text, re.DOTALL):
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            if words[:3] == ["python", "-m", "core"]:
                yield words[3 : words.index(">") if ">" in words else None]


@pytest.fixture
def machine(tmp_path, monkeypatch, share_packs):
    """A machine with a shipped run, photographs in ~/photos and no time for long work."""
    run = next(ROOT.glob("checkpoints/synthetic/deep_obfuscator-*"))
    shutil.copytree(run, tmp_path / "checkpoints" / run.parent.name / run.name)
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))
    share_packs(tmp_path / "home")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    register_tiny_folder(tmp_path / "photos", "photographs")
    celeba(tmp_path / "FOLDER")
    monkeypatch.setattr("getpass.getpass", lambda prompt: "a long password")
    for name, answer in LONG.items():
        module, _, function = name.rpartition(".")
        signature = inspect.signature(getattr(import_module(module), function))

        def stand_in(*arguments, _signature=signature, _answer=answer, **options):
            _signature.bind(*arguments, **options)
            return _answer

        monkeypatch.setattr(name, stand_in)
    monkeypatch.setattr("core.study.analysis.results.summary", lambda answers: ())
    return run.name


@pytest.mark.parametrize("document", [d for d in DOCUMENTS if any(printed(d))])
def test_every_printed_command_runs(document, machine, capsys):
    for words in printed(document):
        given = [{"RUN": machine, "STUDY": "0" * 12}.get(word, word) for word in words]
        try:
            status = main(given)
        except SystemExit as left:  # --help ends the program
            status = left.code
        assert status == 0, f"{document}: {words}: {capsys.readouterr().err}"
