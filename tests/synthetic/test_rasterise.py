"""The rasteriser against triangles whose coverage and depth are known in closed form."""

import numpy as np
import pytest

from core.synthetic.rasterise import compare_depth, empty_buffers, interpolate, rasterise

TRIANGLE = np.array([[0, 1, 2]])


def draw(points, triangles, buffers, layer=0):
    x, y, z = np.asarray(points, np.float32).T.copy()
    rasterise((x, y, z), triangles, layer, buffers)
    return buffers


def test_right_triangle_covers_the_pixels_whose_centres_it_contains():
    depth, layers, *_ = draw([(0, 0, 1), (8, 0, 1), (0, 8, 1)], TRIANGLE, empty_buffers(8, 8))
    rows, columns = np.mgrid[0:8, 0:8]
    expected = (rows + 0.5) + (columns + 0.5) <= 8
    assert np.array_equal(layers == 0, expected)
    assert expected.sum() == 36
    assert np.all(depth[expected] == 1)


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1)])
def test_both_windings_are_drawn_with_the_plane_s_depth(order):
    corners = [(1.2, 0.7), (14.3, 3.1), (5.5, 13.9)]
    points = [(x, y, 0.25 * x - 0.5 * y + 3) for x, y in corners]
    depth, layers, *_ = draw(points, np.array([order]), empty_buffers(16, 16))
    rows, columns = np.nonzero(layers == 0)
    assert len(rows) > 50
    plane = 0.25 * (columns + 0.5) - 0.5 * (rows + 0.5) + 3
    assert np.allclose(depth[rows, columns], plane, atol=1e-5)


def test_nearer_triangle_wins_whatever_the_order():
    near = [(0, 0, 5), (16, 0, 5), (0, 16, 5)]
    far = [(0, 0, 1), (16, 0, 1), (0, 16, 1)]
    for first, second, winner in ((near, far, 0), (far, near, 1)):
        buffers = empty_buffers(4, 4)
        draw(first, TRIANGLE, buffers, layer=0)
        draw(second, TRIANGLE, buffers, layer=1)
        assert np.all(buffers[1] == winner)


def test_triangles_outside_or_without_area_draw_nothing():
    outside = [(-9, -9, 0), (-1, -9, 0), (-9, -1, 0)]
    line = [(0, 0, 0), (4, 4, 0), (8, 8, 0)]
    for points in (outside, line):
        assert np.all(draw(points, TRIANGLE, empty_buffers(8, 8))[1] == -1)


def test_interpolation_reproduces_a_linear_function():
    points = [(0, 0, 0), (10, 0, 0), (0, 10, 0)]
    _, layers, hits, first, second = draw(points, TRIANGLE, empty_buffers(10, 10))
    rows, columns = np.nonzero(layers == 0)
    where = [buffer[rows, columns] for buffer in (hits, first, second)]
    values = np.array([[x, 2 * y + 1] for x, y, _ in points], np.float32)
    found = interpolate(values, TRIANGLE, where)
    assert np.allclose(found[:, 0], columns + 0.5, atol=1e-5)
    assert np.allclose(found[:, 1], 2 * (rows + 0.5) + 1, atol=1e-5)


def test_shadow_is_full_in_front_and_none_behind():
    depth = np.zeros((8, 8), np.float32)
    middle = np.full(3, 4, np.float32)
    z = np.array([0.5, -0.05, -0.11], np.float32)
    lit = compare_depth(middle, middle, z, depth, 0.05, 0.05)
    assert lit[0] == 1
    assert lit[1] == pytest.approx(1)
    assert lit[2] == 0
