"""The command for a machine with a GPU, rehearsed without one."""

import json
import os
import subprocess
import sys
import time

import pytest

from bench import on_gpu
from bench.gpu import document
from bench.gpu.isolated import Worker, without_paths
from core.run import ROOT


def good(number):
    yield {"number": number}
    yield {"number": number, "square": number**2}


def bad():
    yield {"begun": True}
    raise ValueError("no such file: /somewhere/of/mine/faces.zip")


def dying():
    yield {"begun": True}
    os._exit(3)


def endless():
    yield {"begun": True}
    while True:
        time.sleep(60)


def test_a_part_that_raises_dies_or_hangs_is_recorded_and_the_next_one_runs(tmp_path, capsys):
    parts = [
        on_gpu.Part("first", good, {"number": 3}, 60),
        on_gpu.Part("bad", bad, {}, 60),
        on_gpu.Part("dying", dying, {}, 60),
        on_gpu.Part("endless", endless, {}, 1),
        on_gpu.Part("last", good, {"number": 4}, 60),
    ]
    before = dict(os.environ)
    figures = on_gpu.measure(parts, tmp_path, 600)
    assert os.environ == before
    assert figures == json.loads((tmp_path / "figures.json").read_text())
    found = figures["parts"]
    assert found["first"]["square"] == 9
    assert found["last"]["square"] == 16
    assert found["bad"]["begun"] is True
    assert found["bad"]["failure"] == {"type": "ValueError", "message": "no such file: faces.zip"}
    assert found["dying"]["failure"] == {"type": "ProcessDied", "message": "exit status 3"}
    assert found["endless"]["failure"]["type"] == "TimeoutError"
    assert "ValueError" in (tmp_path / "log.txt").read_text()
    assert figures["left_out"] == []
    assert "bad" in document.summary(figures)
    assert capsys.readouterr().out.count("FAILED") == 3


def test_what_there_is_no_time_for_is_named(tmp_path):
    parts = [on_gpu.Part("first", good, {"number": 3}, 60)]
    figures = on_gpu.measure(parts, tmp_path, on_gpu.RESERVE)
    assert figures["parts"] == {}
    assert figures["left_out"] == ["first"]
    assert "first: no time left" in document.summary(figures)


def test_a_package_that_a_machine_lacks_stops_no_more_than_the_parts_that_need_it():
    script = (
        "import sys; from bench import on_gpu; "
        "print(*{'torch', 'PIL', 'filelock', 'pandas', 'tqdm'} & set(sys.modules))"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert found.stdout.strip() == ""


def test_messages_keep_no_path():
    assert without_paths("[Errno 2]: '/a/b.c/d e' and 3/4, /x/y") == "[Errno 2]: 'd e' and 3/4, y"


class Here(Worker):
    """Does all work in the test's own process, which has imported torch already."""

    def run(self, work, arguments, limit):
        yield from work(**arguments)


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory):
    place = tmp_path_factory.mktemp("figures")
    only = "environment,tests,attack mlp,training d*r,training blur"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(on_gpu, "Worker", Here)
        on_gpu.main(["--out", str(place), "--device", "cpu", "--tiny", "--only", only])
    return json.loads((place / "figures.json").read_text())


def test_a_rehearsal_measures_every_kind_of_part(rehearsed):
    parts = rehearsed["parts"]
    names = ["environment", "tests", "training deep_obfuscator", "attack mlp", "training blur"]
    assert list(parts) == names
    assert [name for name, found in parts.items() if "failure" in found] == []
    assert rehearsed["left_out"] == []
    assert parts["environment"]["packages"]["torch"]
    assert parts["tests"]["failed"] == []
    assert parts["tests"]["passed"] + parts["tests"]["skipped"]
    stages = parts["training deep_obfuscator"]["modes"]["float32 eager"]["stages"]
    assert [stage["stage"] for stage in stages] == ["task", "adversaries", "adversarial"]
    assert all(0 < stage["images_per_second_low"] <= stage["images_per_second"] for stage in stages)
    assert set(stages[2]["milliseconds"]) == {
        "defend pictures",
        "defend attributes",
        "attack",
        "recover classifier",
    }
    assert parts["training blur"]["modes"]["float32 eager"]["stages"] == []
    assert parts["attack mlp"]["epochs"] >= 1
    assert parts["attack mlp"]["seconds_per_epoch"] > 0


def test_figures_name_no_machine_and_no_path(rehearsed):
    text = json.dumps(rehearsed)
    of_torch = {"torch", "cuda", "cudnn", "tf32_convolutions", "tf32_matrix_products"}
    of_machine = {"device", "deterministic", "cores", "python", "packages", "missing"}
    of_code = {"code"}
    told = set(rehearsed["parts"]["environment"])
    assert told == of_torch | of_machine | of_code | {"part_seconds"}
    assert '"/' not in text
    assert os.getcwd() not in text


def test_the_document_holds_the_figures(rehearsed):
    text = document.written(rehearsed)
    method = rehearsed["parts"]["training deep_obfuscator"]
    stage = method["modes"]["float32 eager"]["stages"][0]
    row = next(r for r in text.splitlines() if r.startswith("| `deep_obfuscator` |"))
    assert f"| {stage['stage']} | 4 | {stage['images_per_second']:,.0f} |" in row
    assert "Nothing is trained in `blur`." in text
    assert "| `mlp` |" in text
    assert "What could not be done" not in text
    tables = [r for r in text.splitlines() if r.startswith("|")]
    assert all(r.endswith("|") for r in tables)


def test_the_document_says_what_is_missing(rehearsed):
    failed = {"failure": {"type": "OutOfMemoryError", "message": "too large"}, "part_seconds": 1.0}
    figures = rehearsed | {
        "parts": rehearsed["parts"] | {"training pric": failed},
        "left_out": ["training original"],
    }
    text = document.written(figures)
    assert "- training pric: OutOfMemoryError: too large" in text
    assert "- training original: no time left" in text
    assert document.written({"parts": {}, "left_out": []}).startswith("# Penumbra on a GPU")


def test_every_method_and_nothing_twice():
    names = [part.name for part in on_gpu.all_parts("cuda", False)]
    assert len(names) == len(set(names))
    trained = [name for name in names if name.startswith("training ")]
    assert sorted(trained) == sorted(f"training {name}" for name in on_gpu.METHODS)
