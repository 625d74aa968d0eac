from app.trade_off.marks import OFFSETS, label_offset

LAPTOP, PHONE = (760, 460), (300, 460)


def test_alone_the_label_stands_above_and_to_the_left():
    assert label_offset([((300, 200), [], LAPTOP)]) == OFFSETS[0]


def test_the_label_keeps_away_from_a_neighbour():
    neighbour = (300 + OFFSETS[0][0], 200 + OFFSETS[0][1])
    assert label_offset([((300, 200), [neighbour], LAPTOP)]) != OFFSETS[0]


def test_the_label_stays_inside_the_chart():
    for point in ((5, 5), (755, 5), (5, 455), (755, 455)):
        right, above = label_offset([(point, [], LAPTOP)])
        assert 0 < point[0] + right < 760
        assert 0 < point[1] + above < 460


def test_in_a_crowd_it_goes_where_the_nearest_point_is_farthest():
    crowd = [(300 + dx, 200 + dy) for dx in (-90, -45, 0, 45, 90) for dy in (-34, 0, 34)]
    _, above = label_offset([((300, 200), crowd, LAPTOP)])
    assert abs(above) > 34


def test_it_covers_nothing_at_any_width_it_is_seen_at():
    left = label_offset([((300, 200), [(210, 234)], LAPTOP)])  # what is free on a laptop …
    phone = [(150 + left[0], 200 + left[1])]  # … is taken on a phone
    assert label_offset([((300, 200), [(210, 234)], LAPTOP), ((150, 200), phone, PHONE)]) != left
