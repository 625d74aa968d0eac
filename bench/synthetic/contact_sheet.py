"""One picture of a built set of synthetic faces: a row per identity, a column per photograph.

python -m bench.synthetic.contact_sheet sheet.png [--folder core/synthetic/faces] [--first 0] [--rows 8]
"""

import argparse
import io
from pathlib import Path

from PIL import Image

from bench.synthetic import FOLDER, listed
from core.data.packing.decode import read


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("picture", type=Path, help="file to write, .png or .webp")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--first", type=int, default=0, help="first identity")
    parser.add_argument("--rows", type=int, default=8, help="identities to show")
    parser.add_argument("--columns", type=int, default=8, help="photographs of each")
    options = parser.parse_args()
    found = listed(options.folder)
    sheet = None
    for row in range(options.rows):
        theirs = [i for i, name in enumerate(found.identities) if int(name) == options.first + row]
        for column, number in enumerate(theirs[: options.columns]):
            face = Image.open(io.BytesIO(read(found.photographs[number]))).convert("RGB")
            if sheet is None:
                size = (face.width * options.columns, face.height * options.rows)
                sheet = Image.new("RGB", size)
            sheet.paste(face, (column * face.width, row * face.height))
    if sheet is None:
        parser.error(f"{options.folder} has no identity from {options.first} on")
    sheet.save(options.picture)


if __name__ == "__main__":
    main()
