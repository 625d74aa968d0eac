"""Where hair may grow: the hairline and the beard's regions, on the base mesh."""

import numpy as np

from core.synthetic.fields import bump, smoothstep

# Height of the hairline (decimetres) by the angle around the head from the face (radians).
ANGLES = np.array([0, 0.35, 0.6, 0.85, 1.1, 1.3, 1.45, 1.6, 1.9, 2.1, 2.4, 3.2])
HEIGHTS = np.array([8.04, 8.02, 7.92, 7.66, 7.38, 7.2, 7.2, 7.44, 7.4, 7.05, 6.8, 6.65])


def above_hairline(points: np.ndarray, recession: float) -> tuple[np.ndarray, np.ndarray]:
    """Signed height above the hairline, its front lifted by `recession` (decimetres), and angle
    around the head, both (n,) float32, of base coordinates (n, 3)."""
    angle = np.arctan2(np.abs(points[:, 0]), points[:, 2] - 0.2)
    line = np.interp(angle, ANGLES, HEIGHTS) + recession * smoothstep(angle, 1.3, 0.2)
    return (points[:, 1] - line).astype(np.float32), angle.astype(np.float32)


def scalp_weight(points: np.ndarray, style: str, recession: float) -> np.ndarray:
    """Density of scalp hair at base points (n, 3): 0 or 1, 0 on the ears."""
    height, angle = above_hairline(points, recession)
    x, y, z = np.abs(points[:, 0]), points[:, 1], points[:, 2]
    ears = (x > 0.71) & (y < 7.45) & (z > -0.1) & (z < 0.5)
    grows = (height > 0) & (y > 6.5) & ~ears
    if style == "receding":
        grows &= (angle > 1.15) & (y < 7.95)
    return grows.astype(np.float32)


def beard_weight(points: np.ndarray, kind: str) -> np.ndarray:
    """Density of facial hair at base points (n, 3), in 0..1; `kind` is one of those drawn."""
    x, y, z = np.abs(points[:, 0]), points[:, 1], points[:, 2]
    front = z > 0.9
    moustache = bump(y, 6.76, 0.055) * smoothstep(x, 0.33, 0.25) * front
    edge = np.interp(x, [0, 0.2, 0.4, 0.55, 0.7, 0.8], [6.5, 6.52, 6.62, 6.72, 7.05, 7.25])
    below = np.clip((edge - y) * 10, 0, 1)
    jaw = below * below * (3 - 2 * below) * smoothstep(y, 6.0, 6.14) * smoothstep(z, 0.28, 0.45)
    jaw = jaw * (1 - np.exp(-((x / 0.2) ** 4 + ((y - 6.6) / 0.09) ** 4)))
    corners = bump(x, 0.3, 0.07) * smoothstep(y, 6.8, 6.72) * smoothstep(y, 6.2, 6.4) * front
    if kind == "moustache":
        return moustache
    if kind == "goatee":
        chin = np.exp(-((x / 0.27) ** 4)) * jaw
        return np.maximum(np.maximum(moustache, chin), corners)
    full = np.maximum(np.maximum(moustache, jaw), corners)
    return {"full": full, "stubble": 0.75 * full, "none": 0 * full}[kind]
