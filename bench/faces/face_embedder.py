"""How well a face-verification network tells the test people of a data set apart, and how fast.

    python -m bench.faces.face_embedder --dataset NAME [--network dlib | own | MODEL.onnx] [--size 64]
        [--mean 127.5] [--scale 127.5] [--channels rgb]

Pairs of photographs of test people (`core.metrics.linking.gallery_pairs`): area under the ROC curve
and true acceptance rate at a false acceptance rate of 1e-2, with 95 % intervals over people; mean
cosine of pairs of one person and of two; seconds per photograph, by the clock and of the
processor. `own` is Penumbra's network, which is trained where the data set has none at this size
yet. Nothing is kept of what was seen.
"""

import argparse
import time

import torch

from core import data, embedders
from core.attacks.identity import face_network
from core.data import on_device
from core.metrics import linking


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--network", default="dlib")
    parser.add_argument("--size", type=int, default=64, help="pixels on a side")
    parser.add_argument("--mean", type=float, default=127.5)
    parser.add_argument("--scale", type=float, default=127.5)
    parser.add_argument("--channels", choices=("rgb", "bgr"), default="rgb")
    options = parser.parse_args()

    faces = data.load(options.dataset, options.size, options.size)
    rows = faces.indices("test")
    pictures = on_device.read(faces, rows)
    if options.network == "own":
        network = face_network.face_network(faces, torch.device("cpu"), progress=True)
        name = "Penumbra's own network"
    else:
        preparation = embedders.Preparation(options.mean, options.scale, options.channels)
        embedder = embedders.opened(faces, options.network, preparation, progress=True)
        network, name = (lambda x: embedders.faces_in(embedder, x)), embedder.name
    began, worked = time.perf_counter(), time.process_time()
    with torch.no_grad():
        found = torch.cat([network(part.float() / 255) for part in pictures.split(256)]).numpy()
    seconds, worked = time.perf_counter() - began, time.process_time() - worked

    score = face_network.scored(found, faces, rows)
    if score is None:
        raise SystemExit(f"{options.dataset} has no two test people with two photographs")
    pairs = linking.gallery_pairs(faces.identities[rows], faces.images[rows])
    cosines = (found[pairs.first] * found[pairs.second]).sum(1)
    print(f"{name} on {options.dataset}, {options.size} x {options.size} pixels:")
    print(f"{len(rows)} test photographs of {score['people']} people, {score['pairs']} pairs")
    for metric in ("verification_auc", "tar_at_far_1e-2"):
        low, high = score[f"{metric}_interval"]
        print(f"{metric} {score[metric]:.4f} ({low:.4f} to {high:.4f})")
    same = pairs.same
    print(
        f"mean cosine {cosines[same].mean():.3f} of one person, {cosines[~same].mean():.3f} of two"
    )
    print(
        f"{1e3 * seconds / len(rows):.1f} ms per photograph by the clock, "
        f"{1e3 * worked / len(rows):.1f} ms of the processor, {torch.get_num_threads()} thread(s)"
    )


if __name__ == "__main__":
    main()
