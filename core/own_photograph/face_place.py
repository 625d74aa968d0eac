"""Where a face is in a photograph, and the cut that puts it where the data set has its faces.

The finder is scikit-image's cascade of local binary patterns for frontal faces (Liao et al., ICB
2007; Viola and Jones, IJCV 2004), which comes with the package. A cascade's box is rough, so what is
compared is box with box: `usual_box` runs the same finder over the data set's own photographs.
"""

import functools
import threading
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SEARCHED = 480  # pixels of the longer side in which faces are looked for
LEAST_FACE = 1 / 10  # of the shorter side
CLOSE = 128  # pixels on a side of what is looked at closely
MARGIN = 1.5  # sides of the first box that are looked at closely
LOOKED_AT = 5  # candidates that are looked at closely
LEAST_HITS = 2  # of a candidate
SURE = 4  # hits in the closer look
CERTAIN = 30  # hits from which on a face counts beside a surer one
NEARLY_AS_SURE = 0.4  # of the surest face: the share of its hits that another face has
STEPS = (1.1, 1.04)  # from one size of face to the next; the finer where the first finds none
EXAMPLES = 40  # photographs of a data set that say where its faces are
LEAST_EXAMPLES = 8  # faces found among them to believe it
FULL = 0.7  # share of a picture that a face fills where the data set does not say
_one_at_a_time = threading.Lock()  # a cascade keeps its working arrays in itself


class Box(NamedTuple):
    """A square: left, top and side, in pixels; across and down from the upper left corner."""

    left: float
    top: float
    side: float

    @property
    def middle(self) -> tuple[float, float]:
        return self.left + self.side / 2, self.top + self.side / 2

    def away(self, other: "Box") -> float:
        """Pixels between the two middles, across or down, whichever is more."""
        return max(abs(a - b) for a, b in zip(self.middle, other.middle, strict=True))


class Usual(NamedTuple):
    """Where a data set has its faces: the middle of the box and its side, as shares of the
    picture's width (across, side) and height (down); of how many photographs that is known."""

    across: float
    down: float
    side: float
    found: int


UNKNOWN = Usual(0.5, 0.5, FULL, 0)


@functools.cache
def _cascade() -> object:
    from skimage.data import lbp_frontal_face_cascade_filename
    from skimage.feature import Cascade

    return Cascade(lbp_frontal_face_cascade_filename())


def _detect(picture: NDArray[np.uint8], least: float, most: float, step: float) -> list[Box]:
    """Every window that the cascade takes for a face; true faces are hit many times."""
    with _one_at_a_time:
        found = _cascade().detect_multi_scale(  # type: ignore[attr-defined]
            img=picture,
            scale_factor=step,
            step_ratio=1,
            min_size=(int(least), int(least)),
            max_size=(int(most), int(most)),
            min_neighbor_number=1,
            intersection_score_threshold=1.1,  # never reached: nothing is merged
        )
    return [Box(float(b["c"]), float(b["r"]), float(b["width"])) for b in found]


def find_faces(picture: NDArray[np.uint8]) -> list[Box]:
    """Frontal faces in a photograph uint8 (H, W, 3), the largest first; none where none is found."""
    height, width = picture.shape[:2]
    scale = min(1.0, SEARCHED / max(height, width))
    small = _resized(picture, round(width * scale), round(height * scale))
    # A face that fills the picture is found only with something around it
    border = min(small.shape[:2]) // 5
    small = np.pad(small, ((border, border), (border, border), (0, 0)), mode="edge")
    shorter = min(height, width) * scale
    for step in STEPS:
        hits = _detect(small, max(24, LEAST_FACE * shorter), 1.1 * shorter, step)
        rough = [
            Box((left - border) / scale, (top - border) / scale, side / scale)
            for left, top, side in _candidates(hits)
        ]
        if faces := _sure(picture, rough):
            return faces
    return []


def _candidates(hits: list[Box]) -> list[tuple[float, float, float]]:
    """Medians of the largest groups of hits."""
    groups = sorted(_grouped(hits), key=len, reverse=True)[:LOOKED_AT]
    return [tuple(np.median(group, axis=0)) for group in groups if len(group) >= LEAST_HITS]


def _sure(picture: NDArray[np.uint8], rough: list[Box]) -> list[Box]:
    """Those that stand a closer look, the largest first."""
    seen = [found for box in rough if (found := _closer(picture, box))[1] >= SURE]
    seen.sort(key=lambda one: -one[1])
    kept: list[Box] = []
    for box, hits in seen:
        # two boxes hold one face where the middle of one lies in the other
        known = any(box.away(other) < max(box.side, other.side) / 2 for other in kept)
        if hits >= min(NEARLY_AS_SURE * seen[0][1], CERTAIN) and not known:
            kept.append(box)
    return sorted(kept, key=lambda box: -box.side)


def _grouped(hits: list[Box]) -> list[list[Box]]:
    """Hits of about the same place and size together."""
    groups: list[list[Box]] = []
    for hit in hits:
        for group in groups:
            first = group[0]
            if hit.away(first) < 0.35 * first.side and 0.6 < hit.side / first.side < 1.6:
                group.append(hit)
                break
        else:
            groups.append([hit])
    return groups


def _closer(picture: NDArray[np.uint8], box: Box) -> tuple[Box, int]:
    """(the same face measured again in a closer look and in its mirror image: less rough; how often
    it was hit there)."""
    side = MARGIN * box.side
    across, down = box.middle
    view = cut(picture, (across - side / 2, down - side / 2, side, side), CLOSE, CLOSE)
    scale = side / CLOSE
    hits = []
    for mirrored in (False, True):
        shown = np.ascontiguousarray(view[:, ::-1]) if mirrored else view
        for seen in _detect(shown, 0.45 * CLOSE, CLOSE, 1.05):
            x, y = seen.middle
            x = CLOSE - x if mirrored else x
            if max(abs(x - CLOSE / 2), abs(y - CLOSE / 2)) < CLOSE / 4:
                hits.append((x, y, seen.side))
    if not hits:
        return box, 0
    x, y, length = np.median(hits, axis=0) * scale
    left, top = across - side / 2 + x, down - side / 2 + y
    return Box(float(left - length / 2), float(top - length / 2), float(length)), len(hits)


def usual_box(pictures: NDArray[np.uint8] | Sequence[NDArray[np.uint8]]) -> Usual:
    """Where a data set has its faces: medians over its photographs uint8 (n, H, W, 3); the middle
    with `found` 0 where the finder knows too few of them for a face."""
    seen = []
    for picture in pictures:
        height, width = picture.shape[:2]
        faces = find_faces(_resized(picture, 2 * width, 2 * height))
        if faces:
            (across, down), side = faces[0].middle, faces[0].side
            seen.append((across / (2 * width), down / (2 * height), side / (2 * width)))
    if len(seen) < LEAST_EXAMPLES:
        return UNKNOWN
    across, down, side = np.median(seen, axis=0)
    return Usual(float(across), float(down), float(side), len(seen))


def window(
    face: Box | None,
    usual: Usual,
    picture: tuple[int, int],
    aspect: float = 1.0,
    zoom: float = 1.0,
    across: float = 0.0,
    down: float = 0.0,
) -> tuple[float, float, float, float]:
    """(left, top, width, height) in pixels of the part of a photograph that is to be cut out.

    face     where it was found; None: the middle of the photograph
    picture  height and width of the photograph in pixels
    aspect   width of the wanted picture over its height
    zoom     above 1 makes the face larger
    across, down   move the part, in shares of its own width and height
    """
    height, width = picture
    if face is None:
        breadth, middle, place = min(width, height * aspect), (width / 2, height / 2), (0.5, 0.5)
    else:
        breadth, middle = face.side / usual.side, face.middle
        place = (usual.across, usual.down)
    breadth /= zoom
    tall = breadth / aspect
    # The zoom is around the face, so that it stays where it belongs
    left = middle[0] - place[0] * breadth + across * breadth
    top = middle[1] - place[1] * tall + down * tall
    return left, top, breadth, tall


def cut(
    picture: NDArray[np.uint8], part: tuple[float, float, float, float], height: int, width: int
) -> NDArray[np.uint8]:
    """The part (of `window`) of a photograph as uint8 (height, width, 3); what lies outside the
    photograph repeats its edge."""
    left, top, across, down = part
    if max(-left, -top, left + across - picture.shape[1], top + down - picture.shape[0]) > 0:
        # Only what is needed of the photograph, so that a far-off part costs no more than a near one
        rows = np.clip(np.arange(int(top) - 1, int(top + down) + 2), 0, picture.shape[0] - 1)
        columns = np.clip(np.arange(int(left) - 1, int(left + across) + 2), 0, picture.shape[1] - 1)
        if max(len(rows), len(columns)) > 4 * max(picture.shape[:2]) + 8:
            raise ValueError("a part many times as large as the photograph")
        picture = picture[np.ix_(rows, columns)]
        left, top = left - (int(left) - 1), top - (int(top) - 1)
    right, bottom = min(left + across, picture.shape[1]), min(top + down, picture.shape[0])
    box = (max(left, 0.0), max(top, 0.0), right, bottom)
    found = Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS, box)
    return np.asarray(found)


def _resized(picture: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    if picture.shape[:2] == (height, width):
        return picture
    size = (max(1, width), max(1, height))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))
