"""WebP against AVIF on synthetic faces: bytes, error and decoding time per picture.

python -m bench.synthetic.format [--size 128] [--people 12]
"""

import argparse
import io
import time

import numpy as np
from PIL import Image

from core.synthetic import people
from core.synthetic.correlations import Correlations

FORMATS = [("WEBP", {"quality": q, "method": 6}) for q in (75, 80, 85, 90)]
FORMATS += [("AVIF", {"quality": q, "speed": 6}) for q in (60, 65, 70, 80)]
FORMATS += [("JPEG", {"quality": 88})]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--people", type=int, default=12)
    arguments = parser.parse_args()
    faces = [
        picture
        for number in range(arguments.people)
        for picture, _, _ in people.photographs(0, number, 3, arguments.size, Correlations())
    ]
    print("| format | bytes | PSNR (dB) | encode (ms) | decode (ms) |\n|---|---|---|---|---|")
    for name, options in FORMATS:
        start = time.process_time()
        files = []
        for face in faces:
            buffer = io.BytesIO()
            Image.fromarray(face).save(buffer, name, **options)
            files.append(buffer.getvalue())
        encoding = time.process_time() - start
        start = time.process_time()
        decoded = [np.asarray(Image.open(io.BytesIO(file)).convert("RGB")) for file in files]
        decoding = time.process_time() - start
        error = [((a.astype(float) - b) ** 2).mean() for a, b in zip(faces, decoded, strict=True)]
        psnr = np.mean(10 * np.log10(255**2 / np.array(error)))
        size = np.mean([len(file) for file in files])
        each = 1000 / len(faces)
        print(
            f"| {name} {options['quality']} | {size:.0f} | {psnr:.2f} "
            f"| {encoding * each:.1f} | {decoding * each:.2f} |"
        )


if __name__ == "__main__":
    main()
