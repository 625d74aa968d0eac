"""Pictures for people: enlarged pixel by pixel, side by side, never stretched. No Streamlit."""

import base64
import io
import math

import numpy as np
from PIL import Image, ImageDraw

GAP = 6  # pixels between two pictures of a pair


def enlarged(picture: np.ndarray, width: int) -> np.ndarray:
    """uint8 (H, W, 3) -> the smallest whole multiple of it that is at least `width` wide: every
    pixel stays a square, no detail is made up, and shown at `width` nothing is blown up."""
    times = max(1, math.ceil(width / picture.shape[1]))
    size = (picture.shape[1] * times, picture.shape[0] * times)
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.NEAREST))


def png(picture: np.ndarray, width: int) -> bytes:
    """A picture uint8 (H, W, 3 or 4) as a PNG that is at most `width` wide. Streamlit would pack
    an array twice and slowly, and a moved slider waits for twenty of them."""
    image = Image.fromarray(picture)
    if image.width > width:
        height = round(image.height * width / image.width)
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    return packed(image, "PNG", compress_level=1)


def packed(image: Image.Image, kind: str, **how: int) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def data_url(picture: np.ndarray | bytes, kind: str = "png") -> str:
    """A picture uint8 (H, W, 3), every pixel as it is, or an encoded one in a data URL."""
    if isinstance(picture, np.ndarray):
        picture = packed(Image.fromarray(picture), "PNG")
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"


def row(pictures: list[np.ndarray], width: int) -> np.ndarray:
    """Pictures of one size beside each other, each `enlarged` to `width`, with transparent gaps:
    uint8 (H, n W + (n - 1) gap, 4), the gap GAP pixels wide where each is shown at `width`."""
    large = [enlarged(picture, width) for picture in pictures]
    height, wide = large[0].shape[:2]
    gap = round(GAP * wide / width)
    canvas = np.zeros((height, len(large) * (wide + gap) - gap, 4), np.uint8)
    for place, picture in enumerate(large):
        left = place * (wide + gap)
        canvas[:, left : left + wide, :3], canvas[:, left : left + wide, 3] = picture, 255
    return canvas


def order(likeness: np.ndarray, how: str) -> list[int]:
    """Positions of pictures: "mixed" as measured, "most" or "least" recovered first."""
    positions = np.arange(len(likeness))
    if how == "mixed":
        return positions.tolist()
    ranked = np.argsort(likeness, kind="stable")
    return (ranked[::-1] if how == "most" else ranked).tolist()


def outlined(
    picture: np.ndarray, part: tuple[float, float, float, float], longest: int
) -> np.ndarray:
    """A photograph uint8 (H, W, 3) with its longer side shrunk to `longest`, its `part` (left, top,
    width, height in its pixels) outlined; of a part that reaches beyond it, what is inside."""
    scale = longest / max(picture.shape[:2])
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    small = Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS)
    draw = ImageDraw.Draw(small)
    left, top = max(1.0, part[0] * scale), max(1.0, part[1] * scale)
    right = min(size[0] - 2.0, (part[0] + part[2]) * scale)
    bottom = min(size[1] - 2.0, (part[1] + part[3]) * scale)
    if right > left and bottom > top:
        draw.rectangle((left - 1, top - 1, right + 1, bottom + 1), outline="#1F2430", width=4)
        draw.rectangle((left, top, right, bottom), outline="#F0B35B", width=2)
    return np.asarray(small)


def sprite(photographs: np.ndarray, tile: int) -> tuple[bytes, int]:
    """All of uint8 (n, H, W, 3) in one WebP picture, row by row, each at most `tile` pixels wide; and
    how many stand in a row."""
    count = len(photographs)
    columns = math.ceil(math.sqrt(count))
    width = min(tile, photographs.shape[2])
    height = round(width * photographs.shape[1] / photographs.shape[2])
    sheet = Image.new("RGB", (columns * width, math.ceil(count / columns) * height))
    for number, photograph in enumerate(photographs):
        small = Image.fromarray(photograph).resize((width, height), Image.Resampling.BOX)
        sheet.paste(small, (number % columns * width, number // columns * height))
    return packed(sheet, "WEBP", quality=60), columns
