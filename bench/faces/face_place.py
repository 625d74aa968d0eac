"""How often a face in an upload is found, and how far off the cut lands: synthetic faces pasted into
scenes at known places. `python bench/faces/face_place.py [--faces 150]`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from PIL import Image

from core import data
from core.own_photograph import face_place

Scene = Callable[[int, int, np.random.Generator], np.ndarray]
NEAR = 0.25  # of the pasted picture's side: farther off, it is not the face


def calm(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """A wall and a piece of furniture."""
    down, across = np.mgrid[0:height, 0:width]
    shades = [
        rng.uniform(60, 180) + 60 * across / width * rng.uniform(-1, 1) + 60 * down / height
        for _ in range(3)
    ]
    canvas = np.stack(shades, axis=2).clip(0, 255).astype(np.uint8)
    canvas[int(height * 0.7) :, : int(width * 0.4)] = rng.integers(20, 120, 3)
    return canvas


def crowded(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Boxes, books and boards of all sizes."""
    canvas = calm(height, width, rng)
    for _ in range(60):
        top, left = rng.integers(0, height - 20), rng.integers(0, width - 20)
        tall, wide = rng.integers(10, height // 3), rng.integers(10, width // 3)
        canvas[top : top + tall, left : left + wide] = rng.integers(0, 255, 3)
    return canvas


def blotched(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Soft coloured spots, in which a finder sees faces everywhere: worse than any photograph."""
    spots = rng.integers(30, 220, (height // 40 + 1, width // 40 + 1, 3)).astype(np.uint8)
    return np.asarray(Image.fromarray(spots).resize((width, height), Image.Resampling.BICUBIC))


SCENES: dict[str, Scene] = {"calm": calm, "crowded": crowded, "blotched": blotched}


def measure(
    pictures: np.ndarray, usual: face_place.Usual, scene: Scene, rng: np.random.Generator
) -> dict[str, float]:
    """Shares of faces found and found where they are; how far off the cuts of the latter are, in
    shares of the side; milliseconds."""
    found = right = several = 0
    off, scale, taken = [], [], []
    for picture in pictures:
        height, width = rng.integers(360, 1000, 2)
        side = int(rng.uniform(0.3, 0.9) * min(height, width))
        top, left = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
        canvas = scene(int(height), int(width), rng).copy()
        large = Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC)
        canvas[top : top + side, left : left + side] = np.asarray(large)
        began = time.perf_counter()
        faces = face_place.find_faces(canvas)
        taken.append(time.perf_counter() - began)
        if not faces:
            continue
        found += 1
        several += len(faces) > 1
        cut = face_place.window(faces[0], usual, canvas.shape[:2])
        away = np.hypot(cut[0] + cut[2] / 2 - left - side / 2, cut[1] + cut[3] / 2 - top - side / 2)
        if away / side < NEAR:
            right += 1
            off.append(away / side)
            scale.append(abs(np.log2(cut[2] / side)))
    count = len(pictures)
    return {
        "found": found / count,
        "right": right / count,
        "several": several / count,
        "off_median": float(np.median(off)),
        "off_90": float(np.quantile(off, 0.9)),
        "scale_median": float(2 ** np.median(scale) - 1),
        "scale_90": float(2 ** np.quantile(scale, 0.9) - 1),
        "milliseconds": 1000 * float(np.median(taken)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="synthetic")
    parser.add_argument("--faces", type=int, default=150)
    options = parser.parse_args()
    pictures = data.preview(options.dataset, face_place.EXAMPLES + options.faces, 96)
    examples = pictures[:: len(pictures) // face_place.EXAMPLES][: face_place.EXAMPLES]
    usual = face_place.usual_box(examples)
    print(f"{options.dataset}: {usual}")
    for name, scene in SCENES.items():
        rng = np.random.default_rng(0)
        result = measure(rng.permutation(pictures)[: options.faces], usual, scene, rng)
        print(
            f"{name:9} found {result['found']:.1%}, the right one {result['right']:.1%}, several "
            f"{result['several']:.1%}; off by {result['off_median']:.1%} of its side (90 %: "
            f"{result['off_90']:.1%}), too large or small by {result['scale_median']:.1%} (90 %: "
            f"{result['scale_90']:.1%}); {result['milliseconds']:.0f} ms"
        )


if __name__ == "__main__":
    main()
