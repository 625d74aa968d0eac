"""One photograph: pose, rasterise all surfaces, shade every pixel, develop.

`prepare` does what all photographs of a person share; `photograph` renders one.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

import numpy as np

from core.synthetic import camera_and_light as scene
from core.synthetic import mesh, shading, shape
from core.synthetic.appearance import colour, skin
from core.synthetic.appearance.glasses import make_glasses
from core.synthetic.appearance.hair import make_hair
from core.synthetic.appearance.strands import make_beard
from core.synthetic.fields import noise, normalise
from core.synthetic.rasterise import compare_depth, empty_buffers, interpolate, rasterise

SKIN_LAYER, HAIR_LAYER, BEARD_LAYER, FRAME_LAYER, LASH_LAYER = range(5)
SHADOW_SIZE = 192
MOUTH_SETBACK = np.float32(0.09)  # decimetres
SUPERSAMPLING = {True: 3, False: 2}  # by whether the picture is smaller than 100 pixels


class Seen(NamedTuple):
    """What every surface of one photograph is shaded by: whose it is, the draw of
    `sample_photograph`, the head's pose, the lights, and points (n, 3), bias -> lit (n,)."""

    person: dict
    photo: dict
    pose: scene.Pose
    light: dict
    shadow: Callable


def prepare(person: dict, vertices: np.ndarray, random: np.random.Generator) -> dict:
    """Hair and spectacles of a person on the neutral head `vertices` (V, 3)."""
    return {
        "vertices": vertices,
        "hair": make_hair(person, vertices, random),
        "glasses": make_glasses(person["frame"], vertices),
        "cavity": shape.cavity(vertices, mesh.vertex_normals(vertices)),
    }


def photograph(
    person: dict, prepared: dict, photo: dict, size: int, random: np.random.Generator
) -> np.ndarray:
    """One photograph, uint8 (size, size, 3), of a draw `photo` of `sample_photograph`."""
    factor = SUPERSAMPLING[size < 100]
    vertices = shape.with_expression(
        prepared["vertices"], photo["expression"], photo["strength"], random
    )
    pose = scene.Pose(vertices, photo)
    posed = pose.points(vertices)
    camera = scene.Camera(vertices, posed, photo, size * factor)
    light = scene.lights(photo)
    surfaces = _surfaces(person, prepared, photo, vertices, posed, pose, random)
    seen = Seen(person, photo, pose, light, _shadow(surfaces, camera.eyes, light["key"]))

    buffers = empty_buffers(size * factor, size * factor)
    for layer, surface in surfaces.items():
        rasterise(camera.project(surface["vertices"]), surface["triangles"], layer, buffers)
    _draw_lashes(photo, surfaces[SKIN_LAYER]["vertices"], camera, buffers)
    picture = scene.background(random, size * factor).reshape(-1, 3)
    drawn = [buffer.ravel() for buffer in buffers[1:]]
    for layer, surface in surfaces.items():
        pixels = np.nonzero(drawn[0] == layer)[0]
        if len(pixels):
            where = [buffer[pixels] for buffer in drawn[1:]]
            picture[pixels] = _SHADERS[layer](surface, where, seen)
    picture[drawn[0] == LASH_LAYER] = (0.01, 0.008, 0.007)
    if photo["glasses"]:
        _draw_lenses(picture, prepared["glasses"], camera, seen)
    return _develop(picture, size, factor, photo["exposure"], random)


def _surfaces(
    person: dict,
    prepared: dict,
    photo: dict,
    vertices: np.ndarray,
    posed: np.ndarray,
    pose: scene.Pose,
    random: np.random.Generator,
) -> dict:
    """Posed triangle surfaces by layer, with the per-vertex values that their shaders need."""
    base = mesh.head()
    normals = mesh.vertex_normals(posed)[base.corners]
    points = posed[base.corners]
    occlusion = base.occlusion[base.corners, None]
    cavity = prepared["cavity"][base.corners, None]
    at = base.vertices[base.corners]
    values = np.concatenate([at, base.corner_uv, normals, points, occlusion, cavity], 1)
    solid = base.parts != mesh.LASHES
    # Strong lip shapes would let the teeth through the skin: they stay a little behind.
    points = points.copy()
    points[_inside_corners()] -= MOUTH_SETBACK * pose.matrix[:, 2]
    surfaces = {
        SKIN_LAYER: {
            "vertices": points,
            "triangles": base.corner_triangles[solid],
            "parts": base.parts[solid],
            "values": values,
        }
    }
    beard = make_beard(photo["facial_hair"], vertices, random)
    for layer, strands in ((HAIR_LAYER, prepared["hair"]), (BEARD_LAYER, beard)):
        if strands is not None:
            surfaces[layer] = _posed_strands(strands, pose)
    if photo["glasses"]:
        glasses = prepared["glasses"]
        surfaces[FRAME_LAYER] = {
            "vertices": pose.points(glasses["vertices"]),
            "triangles": glasses["triangles"],
            "values": pose.directions(glasses["normals"], glasses["vertices"]),
        }
    return surfaces


@cache
def _inside_corners() -> np.ndarray:
    base = mesh.head()
    inside = np.isin(base.parts, (mesh.UPPER_TEETH, mesh.LOWER_TEETH, mesh.TONGUE))
    return np.unique(base.corner_triangles[inside])


def _posed_strands(strands: dict, pose: scene.Pose) -> dict:
    at = strands["vertices"]
    points = pose.points(at)
    directions = [pose.directions(strands[name], at) for name in ("tangents", "normals")]
    numbers = [strands[name][:, None] for name in ("across", "along", "tint")]
    values = np.concatenate([points, *directions, *numbers], 1)
    return {"vertices": points, "triangles": strands["triangles"], "values": values}


def _shadow(surfaces: dict, eyes: np.ndarray, key: np.ndarray) -> Callable:
    """A depth map seen from the key light: returns a function points (n, 3), bias -> lit (n,)."""
    right = normalise(np.cross(np.array([0, 1, 0.001], np.float32), key))
    up = np.cross(key, right)
    scale = SHADOW_SIZE / 4.4

    def project(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        offset = points - eyes
        x = (offset @ right) * np.float32(scale) + np.float32(SHADOW_SIZE / 2)
        y = np.float32(SHADOW_SIZE * 0.42) - (offset @ up) * np.float32(scale)
        return x.astype(np.float32), y.astype(np.float32), (points @ key).astype(np.float32)

    buffers = empty_buffers(SHADOW_SIZE, SHADOW_SIZE)
    for layer, surface in surfaces.items():
        if layer != BEARD_LAYER:
            rasterise(project(surface["vertices"]), surface["triangles"], layer, buffers)
    return lambda points, bias: compare_depth(*project(points), buffers[0], bias, 0.05)


def _shade_head(surface: dict, where: list, seen: Seen) -> np.ndarray:
    person, photo, light = seen.person, seen.photo, seen.light
    values = interpolate(surface["values"], surface["triangles"], where)
    part = surface["parts"][where[0]]
    at, uv, normals, points = np.split(values[:, :11], (3, 5, 8), axis=1)
    normals = normalise(normals)
    normals = np.where(normals[:, 2:3] < -0.2, -normals, normals)
    lit = seen.shadow(points, 0.05)
    albedo, lips, cloth, scalp = skin.paint(person, photo, at, uv)
    gloss = 1.7 if photo["lipstick"] else 0.6
    here = shading.Points(at, normals, lit, values[:, 11], values[:, 12] * (1 - scalp))
    out = shading.shade_skin(albedo, here, gloss, lips, light)
    m = (cloth > 0.5) | (scalp > 0.6)
    out[m] = shading.shade_cloth(albedo[m], here.where(m), light)
    turned = (seen.pose.matrix, photo["gaze"], light)
    for eye in (mesh.LEFT_EYE, mesh.RIGHT_EYE):
        m = part == eye
        out[m] = shading.shade_eye(eye, person["iris"], here.where(m), *turned)
    m = (part == mesh.UPPER_TEETH) | (part == mesh.LOWER_TEETH)
    out[m] = shading.shade_teeth(here.where(m), light)
    m = part == mesh.TONGUE
    out[m] = shading.shade_tongue(lit[m], light)
    return out


def _shade_strands(surface: dict, where: list, seen: Seen, scalp: bool) -> np.ndarray:
    values = interpolate(surface["values"], surface["triangles"], where)
    lit = seen.shadow(values[:, :3], 0.1)
    return shading.shade_hair(seen.person["hair"], values[:, 3:], lit, seen.light, scalp)


def _shade_frame(surface: dict, where: list, seen: Seen) -> np.ndarray:
    normals = normalise(interpolate(surface["values"], surface["triangles"], where))
    return shading.shade_frame(seen.person["frame"]["colour"], normals, seen.light)


_SHADERS: dict[int, Callable[[dict, list, Seen], np.ndarray]] = {
    SKIN_LAYER: _shade_head,
    HAIR_LAYER: partial(_shade_strands, scalp=True),
    BEARD_LAYER: partial(_shade_strands, scalp=False),
    FRAME_LAYER: _shade_frame,
}


def _draw_lashes(photo: dict, points: np.ndarray, camera: scene.Camera, buffers: tuple) -> None:
    """Eyelashes: the lash cards, kept where noise says there is a hair."""
    base = mesh.head()
    triangles = base.corner_triangles[base.parts == mesh.LASHES]
    size = buffers[0].shape[0]
    depth, layers, *drawn = own = empty_buffers(size, size)
    rasterise(camera.project(points), triangles, LASH_LAYER, own)
    rows, columns = np.nonzero((layers == LASH_LAYER) & (depth > buffers[0]))
    where = [buffer[rows, columns] for buffer in drawn]
    at = base.vertices[base.corners]
    values = interpolate(np.concatenate([base.corner_uv, at], 1), triangles, where)
    hair = noise(values[:, 0] * 9, values[:, 1], 80)
    upper = values[:, 3] > 7.28
    keep = (hair > (-0.1 if photo["makeup"] else 0.6)) & (upper | (hair > 0.9))
    buffers[1][rows[keep], columns[keep]] = LASH_LAYER


def _draw_lenses(picture: np.ndarray, glasses: dict, camera: scene.Camera, seen: Seen) -> None:
    """Tint the lenses' pixels and add their reflections."""
    size = camera.size
    for rim in glasses["rims"]:
        outline = seen.pose.points(np.concatenate([rim, rim.mean(0, keepdims=True)]))
        count = len(rim)
        fan = np.array([[i, (i + 1) % count, count] for i in range(count)])
        _, layers, *drawn = buffers = empty_buffers(size, size)
        rasterise(camera.project(outline), fan, 0, buffers)
        pixels = np.nonzero(layers.ravel() == 0)[0]
        at = interpolate(outline, fan, [buffer.ravel()[pixels] for buffer in drawn])
        glare = shading.lens_glare(at, seen.photo["light_azimuth"], seen.photo["key"])
        glass = picture[pixels] * np.float32(0.93) + seen.light["ambient"] * np.float32(0.015)
        picture[pixels] = glass + glare[:, None] * seen.light["key_colour"]


def _develop(
    picture: np.ndarray, size: int, factor: int, exposure: float, random: np.random.Generator
) -> np.ndarray:
    """Average the supersamples, compress highlights, encode to sRGB, add sensor noise."""
    linear = picture.reshape(size, factor, size, factor, 3).mean((1, 3)) * exposure
    encoded = colour.to_srgb(linear / (1 + 0.12 * linear) * 1.05)
    encoded = encoded + random.normal(0, 0.008, encoded.shape)
    return (np.clip(encoded, 0, 1) * 255 + 0.5).astype(np.uint8)
