"""One picture of a built set of synthetic faces: a row per identity, a column per photograph.

python -m bench.synthetic.contact_sheet sheet.png [--folder core/synthetic/faces] [--first 0] [--rows 8]
"""

import argparse
import csv
import io
import zipfile
from pathlib import Path

from PIL import Image


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).parents[2] / "core" / "synthetic" / "faces"
    parser.add_argument("picture", type=Path, help="file to write, .png or .webp")
    parser.add_argument("--folder", type=Path, default=default)
    parser.add_argument("--first", type=int, default=0, help="first identity")
    parser.add_argument("--rows", type=int, default=8, help="identities to show")
    parser.add_argument("--columns", type=int, default=8, help="photographs of each")
    arguments = parser.parse_args()
    with open(arguments.folder / "labels.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    wanted = range(arguments.first, arguments.first + arguments.rows)
    sheet = None
    with zipfile.ZipFile(arguments.folder / "images.zip") as archive:
        for line, identity in enumerate(wanted):
            names = [row["image"] for row in rows if int(row["identity"]) == identity]
            for column, name in enumerate(names[: arguments.columns]):
                face = Image.open(io.BytesIO(archive.read(name))).convert("RGB")
                if sheet is None:
                    size = (face.width * arguments.columns, face.height * arguments.rows)
                    sheet = Image.new("RGB", size)
                sheet.paste(face, (column * face.width, line * face.height))
    if sheet is None:
        parser.error(f"{arguments.folder} has no identity from {arguments.first} on")
    sheet.save(arguments.picture)


if __name__ == "__main__":
    main()
