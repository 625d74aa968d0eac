"""On a CUDA device: the same weights from the same seed, and the numbers of a CPU."""

import pytest
import torch
from safetensors.torch import load_file

from core import data, train
from core.attacks import ATTACKS
from core.attacks.attributes import classifiers
from core.attacks.reconstruction import training
from core.evaluate import evaluate
from core.methods import METHODS
from core.metrics import of_pictures
from core.metrics.images import similarities
from core.results import findings
from core.run import Run
from core.run_validation import checked
from tests.listings import only
from tests.tiny_faces import tiny_faces

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]
TASKS = {"aia": ("verification",)}
ATTACKED_BY = ("logistic", "mlp", "cnn", "nearest_neighbour", "mirrored_decoder")


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))


def quick(method):
    """A short training on `tiny_faces`."""
    entries = METHODS[method].presets["compact"]["schedule"]
    schedule = {name: 3 for name in entries if name.endswith("iterations")}
    schedule |= {n: 1 for n in entries if n.endswith("epochs") and n != "renew_epochs"}
    schedule |= {"batch_size": 6} if "batch_size" in entries else {}
    run = Run(method, "tiny", tasks=TASKS.get(method, ("Smiling",)), schedule=schedule)
    return checked(run)


@pytest.mark.parametrize(
    "method", ["deep_obfuscator", "pric", "aia", "adversarial_reconstruction", "dpfe"]
)
def test_the_same_seed_gives_the_same_weights_twice(method, tmp_path, monkeypatch):
    found = []
    for place in ("first", "second"):
        monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / place))
        monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / place / "home"))
        folder = train.train(quick(method), tiny_faces(), device="cuda", progress=False)
        found.append(load_file(folder / "weights.safetensors"))
    first, second = found
    assert first.keys() == second.keys()
    different = [name for name in first if not torch.equal(first[name], second[name])]
    assert different == []


@pytest.mark.parametrize("method", METHODS)
def test_a_release_is_the_one_of_a_cpu(method):
    faces = tiny_faces()
    x = torch.from_numpy(faces.images[:8]).permute(0, 3, 1, 2) / 255
    knobs = [knob for knob in METHODS[method].knobs if knob.when == "release"]
    value = knobs[0].grid[-1] if knobs else None
    model = train.freeze(METHODS[method].model(quick(method), faces.attribute_names))
    with torch.no_grad():
        wanted = model.release(x, torch.Generator().manual_seed(0), value)
        for network in model.networks.values():
            network.to("cuda")
        # TF32 keeps three digits of what is multiplied; here it is the kernels that are compared.
        with torch.backends.cudnn.flags(allow_tf32=False, deterministic=True):
            got = model.release(x.cuda(), torch.Generator().manual_seed(0), value)
    assert got.is_cuda
    torch.testing.assert_close(got.cpu(), wanted, rtol=1e-3, atol=1e-3 * float(wanted.abs().max()))


@pytest.mark.parametrize("size", [(64, 64), (218, 178)])
def test_pictures_are_as_alike_as_on_a_cpu(size):
    generator = torch.Generator().manual_seed(0)
    truth = torch.randint(0, 256, (6, 3, *size), generator=generator, dtype=torch.uint8)
    smooth = torch.nn.functional.avg_pool2d(truth.float(), 5, 1, 2)
    noise = torch.rand(smooth.shape, generator=generator)
    redrawn = (0.8 * smooth + 50 * noise).to(torch.uint8)
    wanted = similarities(redrawn, truth, of_pictures())
    got = similarities(redrawn.cuda(), truth.cuda(), of_pictures())
    for metric in wanted:
        torch.testing.assert_close(got[metric].cpu(), wanted[metric], rtol=1e-4, atol=1e-4)


def test_from_training_to_findings(monkeypatch):
    faces = tiny_faces()
    monkeypatch.setattr(data, "load", lambda *arguments, **options: faces)
    monkeypatch.setattr(training, "MOST_EPOCHS", 2)
    monkeypatch.setattr(classifiers, "LEAST_STEPS", 30)
    only(monkeypatch, ATTACKS, ATTACKED_BY)
    run = quick("deep_obfuscator")
    folder = train.train(run, faces, device="cuda", progress=False)
    evaluate(folder, device="cuda", progress=False)
    table = findings(folder.parent.parent)
    strict = table[table.protocol == "strict"]
    assert {*ATTACKED_BY, "own_head"} <= set(strict.attacker)
    assert strict.value.notna().all()
    assert {"training_adversary", "training_reconstructor"} <= set(table.attacker)
