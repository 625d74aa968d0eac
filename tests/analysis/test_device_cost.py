"""What a run costs the device, against counts by hand."""

import dataclasses
import json
import statistics
import subprocess
import sys
import time

import pytest
import torch
from torch import nn
from torch.nn import functional

from core import train
from core.__main__ import main
from core.analysis import device_cost
from core.errors import PenumbraError
from core.methods import METHODS, Model
from core.run import ROOT, VERSION, Run
from core.run_validation import checked
from core.storage import cost_file, files
from core.training import run_record
from tests.tiny_faces import ATTRIBUTES
from tests.tiny_folder import register_tiny_folder

# DeepObfuscator compact, Table 1 with widths 16 and 32 at 64x64: no biases, batch norm's two each.
CONVOLUTIONS = (3 * 16 * 9, 16 * 16 * 9, 16 * 32 * 9, 32 * 32 * 9)
ENCODER_PARAMETERS = sum(CONVOLUTIONS) + 2 * (16 + 16 + 32 + 32)
ENCODER_MULTIPLY_ADDS = sum(CONVOLUTIONS[:2]) * 64 * 64 + sum(CONVOLUTIONS[2:]) * 32 * 32
# Its classifier: three times three convolutions (32, 48, 48) at 16, 8 and 4 pixels, then 64, 64, 1.
SERVICE = (3 * 32 * 32 * 9, (32 + 48 + 48) * 48 * 9, 3 * 48 * 48 * 9)
FULLY_CONNECTED = 48 * 2 * 2 * 64 + 64 * 64 + 64
SERVICE_PARAMETERS = sum(SERVICE) + 2 * 3 * (32 + 48 + 48) + FULLY_CONNECTED + 64 + 64 + 1
SERVICE_MULTIPLY_ADDS = (
    SERVICE[0] * 16 * 16 + SERVICE[1] * 8 * 8 + SERVICE[2] * 4 * 4 + FULLY_CONNECTED
)


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))


def finished(method="deep_obfuscator", dataset="tiny", **more):
    """The folder of a run whose networks are as they were initialised."""
    run = checked(Run(method, dataset, **more))
    model = METHODS[method].model(run, ATTRIBUTES)
    record = {"version": VERSION, "run": json.loads(run.canonical()), "attributes": ATTRIBUTES}
    run_record.finish(run.folder, model, record)
    return run.folder


def measured(**more):
    return device_cost.measure(finished(**more), repeats=4)["releases"]


def test_deep_obfuscator_costs_its_encoder_and_nothing_else():
    (release,) = measured()
    assert release["parameters"] == ENCODER_PARAMETERS == 16_752
    assert release["multiply_adds"] == ENCODER_MULTIPLY_ADDS == 25_362_432
    statistics_of_batch_norm = 2 * (16 + 16 + 32 + 32)
    assert release["weights_bytes"] == 4 * (ENCODER_PARAMETERS + statistics_of_batch_norm)
    assert release["released_numbers"] == 32 * 16 * 16
    assert release["released_bytes"] == 32_768
    assert release["released_bytes_float16"] == 16_384
    assert release["share_of_parameters"] == pytest.approx(
        ENCODER_PARAMETERS / (ENCODER_PARAMETERS + SERVICE_PARAMETERS)
    )
    assert release["share_of_multiply_adds"] == pytest.approx(
        ENCODER_MULTIPLY_ADDS / (ENCODER_MULTIPLY_ADDS + SERVICE_MULTIPLY_ADDS)
    )


def test_answering_on_the_device_costs_the_whole_network():
    (release,) = measured(method="answer_only")
    assert release["parameters"] == ENCODER_PARAMETERS + SERVICE_PARAMETERS
    assert release["multiply_adds"] == ENCODER_MULTIPLY_ADDS + SERVICE_MULTIPLY_ADDS
    assert release["released_bytes"] == 4
    assert release["share_of_parameters"] == release["share_of_multiply_adds"] == 1


def test_memory_holds_the_two_largest_feature_maps():
    """conv1-2's input and output, 16 x 64 x 64 float32 each, beside the weights and the photograph;
    scratch space on top is some convolution's columns, at most 9 * 16 * 64 * 64 numbers."""
    (release,) = measured()
    least = release["weights_bytes"] + 4 * 3 * 64 * 64 + 2 * 4 * 16 * 64 * 64
    assert least <= release["peak_memory_bytes"] <= least + 4 * 9 * 16 * 64 * 64


def test_allocations_are_counted_to_the_byte():
    def two_of_three_at_a_time():
        first = torch.zeros(1000)
        second = first.neg()
        del first
        return second.neg()

    assert device_cost.allocated(two_of_three_at_a_time) == 8000
    kept = torch.zeros(1000)
    assert device_cost.allocated(lambda: kept.neg_()) == 0
    assert device_cost.allocated(lambda: torch.zeros(500_000)) == 2_000_000


def test_what_takes_part_is_traced_and_not_looked_up():
    class Loose(nn.Module):
        def __init__(self):
            super().__init__()
            self.matrix = nn.Parameter(torch.ones(7, 5))
            self.register_buffer("offset", torch.ones(7))
            self.unused = nn.Parameter(torch.ones(1000))

    loose, layers = Loose(), nn.Sequential(nn.Linear(5, 5, bias=False), nn.Linear(5, 100))
    x = torch.ones(1, 5)

    def release(x, generator, value):  # no module's forward but the first layer's
        return functional.linear(layers[0](x), loose.matrix) + loose.offset

    model = Model(networks={"loose": loose, "layers": layers}, stages=(), release=release)
    with torch.no_grad():
        z, found = device_cost.traced(lambda: release(x, None, None), model)
    assert z.shape == (1, 7)
    assert found == {
        "parameters": 25 + 35,
        "weights_bytes": 4 * (25 + 35 + 7),
        "multiply_adds": 25 + 35,
    }


def test_a_filter_has_one_row_per_value_of_its_knob_and_no_weights():
    rows = measured(method="blur")
    assert [row["release_value"] for row in rows] == list(METHODS["blur"].knobs[0].grid)
    assert [row["parameters"] for row in rows] == [0, 0, 0]
    assert rows[0]["multiply_adds"] < rows[1]["multiply_adds"] < rows[2]["multiply_adds"]
    assert all(row["released_numbers"] == 3 * 64 * 64 for row in rows)
    assert all(row["share_of_multiply_adds"] is None for row in rows)


@pytest.mark.parametrize("name", [name for name in METHODS if not METHODS[name].hardens])
def test_every_method_has_a_cost(name, monkeypatch):
    method = METHODS[name]
    knobs = [dataclasses.replace(knob, grid=knob.grid[::6]) for knob in method.knobs]
    monkeypatch.setitem(METHODS, name, dataclasses.replace(method, knobs=tuple(knobs)))
    folder = finished(name, tasks=method.tasks, private=method.private)
    device_cost.measure(folder, repeats=4)
    record = cost_file.read(folder)
    _, _, model = train.load(folder)
    numbers = sum(p.numel() for n in model.networks.values() for p in n.parameters())
    for row in cost_file.rows(folder):
        with torch.no_grad():
            z = model.release(torch.rand(1, 3, 64, 64), torch.Generator(), row["release_value"])
        assert row["released_numbers"] == (1 if method.finite else z.numel())
        if method.finite:  # the number of the answer: every one of them has room, none to spare
            assert 256 ** (row["released_bytes"] - 1) < z.numel() <= 256 ** row["released_bytes"]
        assert (row["parameters"] > 0) == (row["weights_bytes"] > 0) == bool(model.networks)
        assert row["parameters"] <= numbers
        assert row["peak_memory_bytes"] > row["weights_bytes"]
        assert 0 < row["milliseconds_low"] <= row["milliseconds"] <= row["milliseconds_high"]
        for share in ("share_of_parameters", "share_of_multiply_adds"):
            assert row[share] is None or 0 < row[share] <= 1
    assert (record["threads"], record["repeats"], record["pixel_bytes"]) == (1, 4, 3 * 64 * 64)


def test_a_photograph_is_its_stored_file_where_there_is_one(tmp_path):
    record = device_cost.measure(finished(), repeats=4)
    assert record["photograph_bytes"] == record["pixel_bytes"] == 3 * 64 * 64
    assert record["photograph"].startswith("8-bit pixels")
    register_tiny_folder(tmp_path / "photographs")
    record = device_cost.measure(finished(), repeats=4)
    sizes = [path.stat().st_size for path in (tmp_path / "photographs").glob("*.png")]
    assert record["photograph_bytes"] == round(statistics.median(sizes))
    assert record["photograph"] == f"median of {len(sizes)} stored files"


def test_the_shipped_photographs_are_sized_without_unpacking_them():
    record = device_cost.measure(finished(method="original", dataset="synthetic"), repeats=4)
    assert record["photograph"].endswith("stored files")
    assert 500 < record["photograph_bytes"] < record["pixel_bytes"]


def test_time_is_per_call_and_waiting_is_told_apart_from_work():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        asleep = device_cost.timed(lambda: time.sleep(0.02), repeats=8)
    finally:
        torch.set_num_threads(before)
    assert 20 <= asleep["milliseconds_low"] <= asleep["milliseconds"] <= asleep["milliseconds_high"]
    assert asleep["share_waited"] > 0.8


def test_measuring_leaves_the_threads_as_they_were():
    before = torch.get_num_threads()
    device_cost.measure(finished(method="pixelate"), threads=before + 1, repeats=4)
    assert torch.get_num_threads() == before


def test_it_is_read_back_as_written_without_torch():
    folder = finished(method="pixelate")
    assert cost_file.read(folder) is None
    assert cost_file.rows(folder) == []
    written = device_cost.measure(folder, repeats=4)
    assert cost_file.read(folder) == written
    script = (
        "import sys\nfrom core.storage import cost_file\n"
        f"assert len(cost_file.rows({str(folder)!r})) == 3\n"
        "assert not {'torch', 'pandas', 'sklearn'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)


def spoil(record, path, value):
    for key in path[:-1]:
        record = record[key]
    record[path[-1]] = value


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["version"], 99, "another version"),
        (["run_id"], "original-0123456789", "another run"),
        (["releases"], [], "no releases"),
        (["releases"], {"a": 1}, "no releases"),
        (["releases", 0], "x", "damaged"),
        (["releases", 0, "parameters"], -1, "parameters is damaged"),
        (["releases", 0, "milliseconds"], None, "milliseconds is damaged"),
        (["releases", 0, "milliseconds"], float("1e300"), "milliseconds is damaged"),
        (["releases", 0, "parameters"], 10**400, "parameters is damaged"),
        (["releases", 0, "multiply_adds"], 1.5, "multiply_adds is damaged"),
        (["releases", 0, "released_bytes"], True, "released_bytes is damaged"),
        (["machine"], 7, "machine is damaged"),
        (["photograph"], "x" * 201, "photograph is damaged"),
    ],
)
def test_a_damaged_record_is_refused(path, value, message):
    folder = finished(method="pixelate")
    record = device_cost.measure(folder, repeats=4)
    spoil(record, path, value)
    files.write_json(folder / cost_file.NAME, record)
    with pytest.raises(PenumbraError, match=message) as raised:
        cost_file.read(folder)
    assert f"core cost {folder.name}" in str(raised.value)


def test_what_may_be_unknown_may_be_missing():
    folder = finished(method="pixelate")
    record = device_cost.measure(folder, repeats=4)
    del record["releases"][0]["share_waited"]
    files.write_json(folder / cost_file.NAME, record)
    assert cost_file.rows(folder)[0]["share_waited"] is None
    assert not device_cost.slowed(cost_file.read(folder) | {"releases": record["releases"][:1]})


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"version": 1}'])
def test_a_foreign_file_is_refused(content):
    folder = finished(method="pixelate")
    (folder / cost_file.NAME).write_bytes(content)
    with pytest.raises(PenumbraError, match="measure again"):
        cost_file.read(folder)


def unfinished(folder):
    (folder / "done").unlink()


def without_weights(folder):
    (folder / "weights.safetensors").unlink()


def with_half_the_weights(folder):
    path = folder / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:1000])


def without_a_record(folder):
    (folder / "run.json").unlink()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (unfinished, "not finished"),
        (without_weights, "weights.safetensors"),
        (with_half_the_weights, "weights.safetensors"),
        (without_a_record, "run.json"),
    ],
)
def test_bad_folders_give_one_clear_line(damage, message, capsys):
    folder = finished()
    damage(folder)
    assert main(["cost", str(folder)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert message in said
    assert said.count("\n") == 1
    assert not (folder / cost_file.NAME).exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["cost", "deep_obfuscator-0000000000"], "there is no run"),
        (["cost", "--threads", "0"], "at least 1 thread"),
        (["cost", "--repeats", "3"], "4 repeats"),
    ],
)
def test_bad_arguments_give_one_clear_line(arguments, message, capsys):
    finished()
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


def test_the_command_measures_every_finished_run_and_prints_it(capsys):
    first, second = finished(), finished(method="original")
    unfinished(finished(seed=3))
    assert main(["cost", "--repeats", "4", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["run_id"] for row in rows} == {first.name, second.name}
    assert rows == [*cost_file.rows(first), *cost_file.rows(second)]
    assert main(["cost", first.name, "--repeats", "4"]) == 0
    shown = capsys.readouterr().out
    assert "16752" in shown
    assert "25362432" in shown
    assert second.name not in shown


def test_with_nothing_finished_the_command_says_so(capsys):
    unfinished(finished())
    assert main(["cost"]) == 0
    assert "no finished run" in capsys.readouterr().out


def test_a_slowed_measurement_replaces_no_quiet_one(monkeypatch):
    folder = finished(method="pixelate")
    quiet = device_cost.measure(folder, repeats=4)
    for release in quiet["releases"]:
        release["share_waited"] = 0.0
    cost_file.write(folder, quiet)
    monkeypatch.setattr(device_cost, "timed", waited(0.5))
    slowed = device_cost.measure(folder, repeats=5)
    assert (slowed["repeats"], slowed["releases"][0]["share_waited"]) == (5, 0.5)
    assert cost_file.read(folder) == quiet
    monkeypatch.setattr(device_cost, "timed", waited(0.0))
    device_cost.measure(folder, repeats=6)
    assert cost_file.read(folder)["repeats"] == 6


@pytest.mark.parametrize("before", ["slowed", "damaged", None])
def test_a_slowed_measurement_is_better_than_none(before, monkeypatch):
    folder = finished(method="pixelate")
    monkeypatch.setattr(device_cost, "timed", waited(0.5))
    if before == "slowed":
        device_cost.measure(folder, repeats=4)
    elif before == "damaged":
        (folder / cost_file.NAME).write_text("{")
    device_cost.measure(folder, repeats=5)
    assert cost_file.read(folder)["repeats"] == 5


def waited(share):
    times = dict.fromkeys(("milliseconds", "milliseconds_low", "milliseconds_high"), 1.0)
    return lambda compute, repeats: times | {"share_waited": share}
