"""Every kind of bad input is one line that names the file, the row and the mend."""

import os
import re
import struct
import zipfile
import zlib

import numpy as np
import pytest

from core import data
from core.data import labels, splits
from core.data.listing import Photograph
from core.data.packing import decode
from core.errors import PenumbraError
from tests.data import making


@pytest.fixture
def mine(tmp_path):
    return making.folder(tmp_path / "mine", split=True)


def add_and_load(source, path, options):
    data.add("mine", source, path, options)
    return data.load("mine", 16, 16, progress=False)


def refused(source, path, *patterns, **options):
    """Adding and loading the set fails with one line that matches every pattern."""
    with pytest.raises(PenumbraError) as caught:
        add_and_load(source, path, options)
    message = str(caught.value)
    assert "\n" not in message
    for pattern in patterns:
        assert re.search(pattern, message), (pattern, message)


def test_missing_photograph(mine):
    (mine / "p1" / "2.png").unlink()
    refused(
        "folder", mine, r"labels\.csv, row 7", r"p1/2\.png", "add the photograph or delete the row"
    )


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "C:/x.png", "p0/../../a.png"])
def test_path_leaving_the_folder(mine, name):
    making.edit(mine / "labels.csv", 2, "p0/0.png", name)
    refused("folder", mine, r"labels\.csv, row 2", "leaves mine", "relative to that folder")


def test_link_leaving_the_folder(mine, tmp_path):
    (tmp_path / "outside.png").write_bytes(making.picture(9))
    (mine / "p0" / "0.png").unlink()
    (mine / "p0" / "0.png").symlink_to(tmp_path / "outside.png")
    refused("folder", mine, r"labels\.csv, row 2", "link that leaves mine")


def test_linked_folder_leaving_the_folder(mine, tmp_path):
    (mine / "p0").rename(tmp_path / "outside")
    (mine / "p0").symlink_to(tmp_path / "outside")
    refused("folder", mine, r"labels\.csv, row 2", "link that leaves mine")


@pytest.mark.parametrize(
    ("old", "new"), [(",1,", ",2,"), (",1,", ",yes,"), (",1,", ",,"), (",1,", ",nan,")]
)
def test_label_that_is_no_label(mine, old, new):
    making.edit(mine / "labels.csv", 3, old, new)
    refused("folder", mine, r"labels\.csv, row 3", "Smiling is", "0 or 1")


def test_label_mixing_conventions(mine):
    making.edit(mine / "labels.csv", 5, ",1,attacker", ",0,attacker")
    refused("folder", mine, r"labels\.csv, row 5", "Blond_Hair is 0", "-1 and 1, throughout")


def test_duplicate_row(mine):
    making.edit(mine / "labels.csv", 4, "p0/2.png", "p0/1.png")
    refused("folder", mine, r"labels\.csv, row 4", "already in row 3", "delete one")


def test_identity_in_two_splits(mine):
    making.edit(mine / "labels.csv", 4, "defender", "test")
    refused(
        "folder",
        mine,
        r"labels\.csv, row 4",
        "split test here and in defender in row 2",
        "same split",
    )


def test_unknown_split(mine):
    making.edit(mine / "labels.csv", 4, "defender", "train")
    refused("folder", mine, r"labels\.csv, row 4", "unknown split 'train'", "write one of defender")


def test_empty_split(mine):
    text = (mine / "labels.csv").read_text().replace("validation", "test")
    (mine / "labels.csv").write_text(text)
    refused("folder", mine, r"labels\.csv", "split validation is empty")


def test_too_few_people(mine):
    rows = (mine / "labels.csv").read_text().split("\n")
    (mine / "labels.csv").write_text("\n".join(row.rsplit(",", 1)[0] for row in rows[:10]))
    refused("folder", mine, "3 people cannot fill 4 splits", "more people")


def test_csv_not_utf8(mine):
    text = (mine / "labels.csv").read_bytes()
    (mine / "labels.csv").write_bytes(text.replace(b"p0/1.png,p0", b"p0/1.png,\xff\xfe"))
    refused("folder", mine, r"labels\.csv, row 3", "not UTF-8")


def test_csv_with_nul(mine):
    text = (mine / "labels.csv").read_bytes()
    (mine / "labels.csv").write_bytes(text.replace(b"p0/1.png,p0", b"p0/1.png,\0"))
    refused("folder", mine, r"labels\.csv, row 3", "NUL")


def test_csv_too_large(mine, monkeypatch):
    monkeypatch.setattr(labels, "MAX_LABEL_BYTES", 100)
    refused("folder", mine, r"labels\.csv", "too large", "split the data set")


def test_csv_ragged_row(mine):
    making.edit(mine / "labels.csv", 6, ",p1,", ",p1,extra,")
    refused("folder", mine, r"labels\.csv, row 6", "6 cells where the header has 5")


def test_csv_with_open_quote(mine):
    making.edit(mine / "labels.csv", 6, "p1/1.png", '"p1/1.png')
    refused("folder", mine, r"labels\.csv, row", "quotes")


@pytest.mark.parametrize(
    ("old", "new", "pattern"),
    [
        ("Smiling", "", "no name"),
        ("Smiling", "split", "'split' occurs twice"),
        ("Smiling", "blond_hair", "Blond_Hair occurs twice"),
        ("Smiling", "<b>", "no attribute name"),
        ("image,identity", "file,person", "no column 'image'"),
    ],
)
def test_csv_header(mine, old, new, pattern):
    making.edit(mine / "labels.csv", 1, old, new)
    refused("folder", mine, r"labels\.csv, row 1", pattern)


def test_csv_without_rows_or_absent(mine):
    (mine / "labels.csv").write_text("image,Smiling\n")
    refused("folder", mine, r"labels\.csv: no rows")
    (mine / "labels.csv").write_text("")
    refused("folder", mine, r"labels\.csv, row 1")
    (mine / "labels.csv").unlink()
    refused("folder", mine, "0 CSV files", "labels.csv")


def test_blank_identity(mine):
    making.edit(mine / "labels.csv", 6, ",p1,", ", ,")
    refused("folder", mine, r"labels\.csv, row 6", "identity is blank")


def test_person_without_a_folder(mine):
    (mine / "labels.csv").write_text("identity,Male\np0,1\np77,0\n")
    refused("folder", mine, r"labels\.csv, row 3", "no folder 'p77'")


@pytest.mark.parametrize(
    ("source", "file"),
    [
        ("celeba", "list_attr_celeba.txt"),
        ("celeba", "identity_CelebA.txt"),
        ("celeba", "list_eval_partition.txt"),
        ("celeba", "img_align_celeba.zip"),
        ("synthetic", "images.zip"),
        ("synthetic", "labels.csv"),
        ("lfw", "lfw_attributes.txt"),
    ],
)
def test_missing_file_of_a_source(tmp_path, source, file):
    if source == "celeba":
        path = making.celeba(tmp_path / "set", zipfile.ZIP_STORED)
    else:
        path = getattr(making, source)(tmp_path / "set")
    (path / file).unlink()
    refused(source, path, re.escape(file), "put")


@pytest.mark.parametrize(
    ("file", "row", "old", "new", "pattern"),
    [
        ("list_attr_celeba.txt", 1, "36", "37", "announces 37 images and 36 follow"),
        ("list_attr_celeba.txt", 1, "36", "x", "row 1: no image count"),
        ("list_attr_celeba.txt", 4, " 1", " 7", "row 4: Smiling is '7'"),
        ("list_attr_celeba.txt", 4, "-1", "", "row 4: 2 cells"),
        ("list_attr_celeba.txt", 4, "000002", "000001", "row 4.*already in row 3"),
        ("identity_CelebA.txt", 2, "000002.jpg 1", "000002.jpg", "row 2.*file name and a number"),
        ("identity_CelebA.txt", 2, "000002", "000001", "row 2.*twice"),
        ("list_eval_partition.txt", 2, " 0", " 5", "000002.jpg has partition '5'"),
    ],
)
def test_damaged_celeba_files(tmp_path, file, row, old, new, pattern):
    path = making.celeba(tmp_path / "set")
    making.edit(path / file, row, old, new)
    refused("celeba", path, re.escape(file), pattern)


@pytest.mark.parametrize(
    ("old", "new", "pattern"),
    [
        ("2.0", "high", "row 3: Young is 'high'|row 3: Youth is 'high'"),
        ("2.0", "inf", "row 3: Youth is 'inf'"),
        ("\t2.0", "", "row 3: 5 cells"),
        ("\t1\t", "\tone\t", "row 3: image number"),
    ],
)
def test_damaged_lfw_scores(tmp_path, old, new, pattern):
    path = making.lfw(tmp_path / "set")
    making.edit(path / "lfw_attributes.txt", 3, old, new)
    refused("lfw", path, "lfw_attributes.txt", pattern)


def test_zip_that_is_no_zip_or_encrypted(tmp_path):
    path = making.synthetic(tmp_path / "set")
    whole = (path / "images.zip").read_bytes()
    (path / "images.zip").write_bytes(b"not a zip")
    refused("synthetic", path, r"images\.zip: not a readable zip")
    central = whole.index(b"PK\1\2")  # flag bit 0 of the first member: encrypted
    (path / "images.zip").write_bytes(whole[: central + 8] + b"\1" + whole[central + 9 :])
    refused("synthetic", path, r"images\.zip: 0000_0\.webp is encrypted")


def test_unknown_attribute_asked(mine):
    data.add("mine", "folder", mine)
    faces = data.load("mine", 16, 16, progress=False)
    assert faces.columns(["Blond_Hair", "Smiling"]) == [1, 0]
    with pytest.raises(
        PenumbraError, match=r"mine has no attribute 'Smilling'; did you mean Smiling\?"
    ):
        faces.columns(["Smilling"])
    with pytest.raises(PenumbraError, match="unknown split 'train'"):
        faces.indices("train")


# --- photographs ---------------------------------------------------------------------------------


def png_bomb(width, height):
    """A few hundred bytes that promise width x height pixels."""

    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no JPEG"),
        (b"just text, no photograph", "no JPEG"),
        (making.picture(50, (300, 300), "JPEG")[:-400], "cannot be decoded"),
        (making.picture(50, (300, 300), "WEBP")[:60], "cannot be decoded|no JPEG"),
        (making.picture(50, (40, 40), "PNG")[:50], "cannot be decoded"),
        (making.picture(50, (40, 40), "GIF"), "no JPEG"),
        (png_bomb(30_000, 30_000), "limit 50 million"),
        (png_bomb(8_000, 8_000), "8000 x 8000 pixels .limit 50 million"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no JPEG"),
    ],
)
def test_one_broken_photograph_is_reported_and_skipped(mine, content, reason):
    (mine / "p3" / "1.png").write_bytes(content)
    with pytest.raises(PenumbraError, match=reason):
        decode.decode(content, 16, 16)
    data.add("mine", "folder", mine)
    faces = data.load("mine", 16, 16, progress=False)
    assert len(faces) == 35
    assert "p3/1.png" not in faces.names
    assert len(faces.skipped) == 1
    assert re.match(r"p3/1\.png: .*" + f"({reason})", faces.skipped[0])
    values = [
        making.value_of(int(n[1 : n.index("/")]), int(n[n.index("/") + 1])) for n in faces.names
    ]
    assert np.allclose(making.grey(faces.images), values, atol=1)
    assert data.describe("mine")["skipped"] == list(faces.skipped)


def test_sixteen_bit_photograph_is_refused_not_clipped():
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.full((20, 20), 30000, dtype=np.uint16)).save(buffer, "PNG")
    with pytest.raises(PenumbraError, match="8 bits per channel"):
        decode.decode(buffer.getvalue(), 8, 8)


def test_many_broken_photographs_are_an_error(tmp_path):
    path = making.celeba(tmp_path / "set")
    images = sorted((path / "img_align_celeba").iterdir())
    images.sort(key=lambda image: int(image.stem) % 3)  # nobody loses all three photographs
    for image in images[:20]:
        image.write_bytes(b"broken")
    data.add("mine", "celeba", path)
    assert len(data.load("mine", 16, 16, progress=False)) == 16
    images[20].write_bytes(b"broken")
    with pytest.raises(
        PenumbraError, match=r"21 of 36 photographs cannot be read, the first: 0000"
    ):
        data.load("mine", 16, 16, progress=False)


def test_zip_bomb_member_is_skipped_before_it_is_unpacked(tmp_path, monkeypatch):
    path = making.synthetic(tmp_path / "set")
    kept = zipfile.ZipFile(path / "images.zip")
    with zipfile.ZipFile(tmp_path / "new.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in kept.namelist():
            archive.writestr(name, bytes(3 * 2**20) if name == "0001_1.webp" else kept.read(name))
    os.replace(tmp_path / "new.zip", path / "images.zip")
    monkeypatch.setattr(decode, "MAX_BYTES", 2**20)
    data.add("mine", "synthetic", path)
    faces = data.load("mine", 16, 16, progress=False)
    assert faces.skipped == ("0001_1.webp: unpacks to 3 MB (limit 1 MB)",)


def test_zip_member_larger_than_it_promises_is_cut_off(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(2**20))
    member = zipfile.ZipFile(tmp_path / "a.zip").getinfo("a.png")
    lying = Photograph(
        str(tmp_path / "a.zip"), member.header_offset, member.compress_size, 1000, 8, member.CRC
    )
    with pytest.raises(PenumbraError, match="checksum"):
        decode.read(lying)


def test_damaged_zip_member_is_skipped(tmp_path):
    path = making.synthetic(tmp_path / "set")
    raw = bytearray((path / "images.zip").read_bytes())
    first = zipfile.ZipFile(path / "images.zip").getinfo("0000_0.webp")
    raw[first.header_offset + 30 + len("0000_0.webp") + 15] ^= 0xFF
    (path / "images.zip").write_bytes(raw)
    data.add("mine", "synthetic", path)
    faces = data.load("mine", 16, 16, progress=False)
    assert faces.skipped == ("0000_0.webp: is damaged in its zip (checksum)",)


def test_photograph_swapped_for_a_link_after_listing(tmp_path):
    (tmp_path / "secret.png").write_bytes(making.picture(9))
    (tmp_path / "a.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(PenumbraError, match="cannot be opened"):
        decode.read(Photograph(str(tmp_path / "a.png")))


def test_oversized_file_is_not_read(tmp_path, monkeypatch):
    (tmp_path / "a.png").write_bytes(bytes(3 * 2**20))
    monkeypatch.setattr(decode, "MAX_BYTES", 2**20)
    with pytest.raises(PenumbraError, match="has 3 MB"):
        decode.read(Photograph(str(tmp_path / "a.png")))


def test_split_left_empty_by_broken_photographs(mine):
    for person in (3, 7, 11):
        for shot in range(3):
            (mine / f"p{person}" / f"{shot}.png").write_bytes(b"broken")
    refused(
        "folder",
        mine,
        r"mine without 9 unreadable photographs \(p3/0\.png: .*\): split test is empty",
    )


def test_shared_person_is_caught_whatever_made_the_split():
    with pytest.raises(PenumbraError, match="a person is in two splits"):
        splits.checked(np.array([0, 1, 2, 3, 0]), np.array([0, 1, 2, 3, 3]), "x")
