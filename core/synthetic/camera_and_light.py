"""What differs between two photographs of one person: pose, light, expression, clothes, background,
and, by the person's habits, glasses, make-up and beards."""

import numpy as np

from core.synthetic.appearance import colour
from core.synthetic.correlations import shares
from core.synthetic.fields import normalise, smoothstep
from core.synthetic.identity import chance, draw
from core.synthetic.mesh import interocular, joint

DISTANCE = 13.0  # from the camera to the head, decimetres
INTEROCULAR_SHARE = 0.25  # of the picture's width, for a frontal head
EYE_LEVEL = 0.47  # of the picture's height
NOT_SMILING = shares(
    "neutral 0.5, open_mouth 0.14, frown 0.11, surprise 0.1, press 0.09, pucker 0.06"
)
SMILING = {"smile": 0.55, "big_smile": 0.45}


def sample_photograph(random: np.random.Generator, person: dict, table: dict) -> dict:
    """Draw one photograph of a person: a dict of angles (radians), light, wear and colours."""
    smiling = chance(random, table["smiling"]["male" if person["male"] else "female"])
    makeup = chance(random, person["makeup_habit"])
    lipstick = makeup or chance(random, person["lipstick_habit"])
    bearded = chance(random, person["beard_habit"])
    grown_out = draw(random, {"none": 0.7, "stubble": 0.3})
    facial_hair = person["facial_hair"] if bearded or not person["male"] else grown_out
    if person["facial_hair"] == "none":
        facial_hair = "none"
    return {
        "expression": draw(random, SMILING if smiling else NOT_SMILING),
        "strength": random.uniform(0.85, 1),
        "yaw": float(np.clip(random.normal(0, 0.27), -0.65, 0.65)),
        "pitch": float(np.clip(random.normal(0, 0.1), -0.25, 0.25)),
        "roll": float(np.clip(random.normal(0, 0.06), -0.2, 0.2)),
        "light_azimuth": random.uniform(-1.1, 1.1),
        "light_elevation": random.uniform(0.1, 0.95),
        "key": random.uniform(0.8, 1.3),
        "ambient": random.uniform(0.45, 0.8),
        "warmth": float(np.clip(random.normal(0, 0.07), -0.2, 0.2)),
        "rim": random.uniform(0, 0.8) if chance(random, 0.4) else 0.0,
        "exposure": random.uniform(0.88, 1.14),
        "zoom": random.uniform(0.95, 1.06),
        "gaze": random.normal(0, 0.08, 2),
        "glasses": chance(random, person["glasses_habit"]),
        "makeup": makeup,
        "lipstick": lipstick,
        "lipstick_colour": colour.LIPSTICKS[int(random.integers(0, len(colour.LIPSTICKS)))],
        "shadow_colour": colour.EYE_SHADOWS[int(random.integers(0, len(colour.EYE_SHADOWS)))],
        "facial_hair": facial_hair,
        # muted: a common brightness with some colour
        "cloth": colour.to_linear(
            0.6 * random.uniform(0.05, 0.85, 3) + 0.4 * random.uniform(0.05, 0.9)
        ),
        "neckline": random.uniform(5.65, 6.1),
        "neck_depth": random.uniform(0.1, 0.55),
    }


def rotation(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Rotation matrix (3, 3) float32 turning a head by yaw, then pitch, then roll (radians)."""
    cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    cr, sr = np.cos(roll), np.sin(roll)
    turn = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    nod = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    tilt = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return (turn @ nod @ tilt).astype(np.float32)


class Pose:
    """The head turned on its neck: rotation fades out towards the shoulders."""

    def __init__(self, vertices: np.ndarray, photograph: dict) -> None:
        self.matrix = rotation(photograph["yaw"], photograph["pitch"], photograph["roll"])
        self.neck = joint(vertices, "neck").astype(np.float32)

    def _share(self, points: np.ndarray) -> np.ndarray:
        """How far the head's rotation reaches: 0 at the shoulders, 1 in the head; (n, 1)."""
        share = smoothstep(points[:, 1], self.neck[1] - 0.1, self.neck[1] + 0.55)
        return share[:, None].astype(np.float32)

    def points(self, points: np.ndarray) -> np.ndarray:
        """Turned points (n, 3)."""
        offset = points - self.neck
        share = self._share(points)
        return offset * (1 - share) + (offset @ self.matrix.T) * share + self.neck

    def directions(self, directions: np.ndarray, at: np.ndarray) -> np.ndarray:
        """Turned unit vectors (n, 3) that sit at the unturned points `at` (n, 3)."""
        share = self._share(at)
        return normalise(directions * (1 - share) + (directions @ self.matrix.T) * share)


class Camera:
    """Perspective camera in front of a posed head; the eyes lie at EYE_LEVEL of the picture."""

    def __init__(
        self, vertices: np.ndarray, posed: np.ndarray, photograph: dict, size: int
    ) -> None:
        eyes = (joint(posed, "l-eye") + joint(posed, "r-eye")) / 2
        apart = interocular(vertices)
        # Small heads stay a little smaller: normalising fully would hide the eyes' spacing.
        evened = 0.7 + 0.3 * apart / 0.58
        share = INTEROCULAR_SHARE * photograph["zoom"] * evened
        self.focal = np.float32(share * size / apart * (DISTANCE - 1.2))
        self.x = np.float32(eyes[0] * 0.65 + joint(posed, "head")[0] * 0.35)
        self.y = np.float32(eyes[1])
        self.size = size
        self.eyes = eyes.astype(np.float32)

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pixel columns, rows and depth (larger is nearer) of points (n, 3)."""
        scale = self.focal / (np.float32(DISTANCE) - points[:, 2])
        x = (points[:, 0] - self.x) * scale + np.float32(self.size * 0.5)
        y = (self.y - points[:, 1]) * scale + np.float32(self.size * EYE_LEVEL)
        return x, y, np.ascontiguousarray(points[:, 2])


def lights(photograph: dict) -> dict:
    """The lights of a photograph: a dict of directions (3,) and colours (3,), float32."""
    azimuth, elevation = photograph["light_azimuth"], photograph["light_elevation"]
    warmth = photograph["warmth"]
    across, forward = np.sin(azimuth) * np.cos(elevation), np.cos(azimuth) * np.cos(elevation)
    back = normalise(np.array([-np.sign(azimuth) * 0.9, 0.3, -0.45]))
    key_colour = np.array([1 + warmth, 1, 1 - warmth]) * photograph["key"]
    ambient = np.array([1 - warmth * 0.5, 1, 1 + warmth * 0.5]) * photograph["ambient"]
    key = np.array([across, np.sin(elevation), forward], np.float32)
    return {
        "key": key,
        "back": back.astype(np.float32),
        "half": normalise(key + np.array([0, 0, 1], np.float32)),
        "key_colour": key_colour.astype(np.float32),
        "ambient": ambient.astype(np.float32),
        "rim": np.float32(photograph["rim"]),
    }


def background(random: np.random.Generator, size: int) -> np.ndarray:
    """A muted, blurred background: a gradient with soft shapes, (size, size, 3) linear float32."""
    row, column = np.mgrid[0:size, 0:size].astype(np.float32) / size

    def muted() -> np.ndarray:
        level = random.uniform(0.08, 0.9) + random.normal(0, 0.09, 3)
        return colour.to_linear(np.clip(level, 0.02, 0.98))

    first, second, turn = muted(), muted(), random.uniform(0, 2 * np.pi)
    t = 0.5 + (column - 0.5) * np.float32(np.cos(turn)) + (row - 0.5) * np.float32(np.sin(turn))
    t = np.clip(t, 0, 1)[..., None]
    picture = first * (1 - t) + second * t
    kind = random.integers(0, 4)
    for _ in range(random.integers(3, 9) if kind else 0):
        paint = muted()
        x, y = random.uniform(0, 1, 2)
        radius, blur = random.uniform(0.04, 0.25), random.uniform(0.02, 0.1)
        if kind == 1:
            away = np.sqrt((column - x) ** 2 + (row - y) ** 2)
            cover = smoothstep(away, radius + blur, radius - blur)
        else:
            cover = smoothstep(np.abs(column - x), radius + blur, radius - blur)
            if kind == 3:
                cover = cover * smoothstep(
                    np.abs(row - y), 1.5 * radius + blur, 1.5 * radius - blur
                )
        cover = (cover * random.uniform(0.3, 0.8))[..., None].astype(np.float32)
        picture = picture * (1 - cover) + paint * cover
    return picture.astype(np.float32)
