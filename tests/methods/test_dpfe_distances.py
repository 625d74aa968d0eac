"""The loss of DPFE's Eq. 7, which mixes people up."""

import torch

from core import losses


def test_distances_by_hand():
    codes = torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]])
    same = losses.same_secret(torch.tensor([7, 7, 8]))
    # Same: 0-1 at distance 5, (10 - 5)^2 = 25. Others: 0-2 1, 1-2 9 + 9 = 18, mean 9.5.
    found = losses.uninformative_distances(codes, same, 10.0)
    torch.testing.assert_close(found, torch.tensor((25 + 9.5) / 4))
    # Beyond the margin nothing is pushed.
    found = losses.uninformative_distances(codes, same, 4.0)
    torch.testing.assert_close(found, torch.tensor(9.5 / 4))


def test_a_kind_of_pair_that_is_absent_adds_nothing():
    codes = torch.tensor([[0.0], [4.0]])
    alike, unlike = torch.ones(2, 2).bool(), torch.eye(2).bool()
    assert losses.uninformative_distances(codes, alike, 10.0).item() == 36 / 4
    assert losses.uninformative_distances(codes, unlike, 10.0).item() == 16 / 4


def test_people_of_one_identity_part_and_others_meet():
    codes = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]], requires_grad=True)
    same = losses.same_secret(torch.tensor([1, 1, 2]))
    losses.uninformative_distances(codes, same, 10.0).backward()
    moved = codes.detach() - 0.01 * codes.grad
    assert (moved[0] - moved[1]).norm() > (codes[0] - codes[1]).norm()
    assert (moved[0] - moved[2]).norm() < (codes[0] - codes[2]).norm()


def test_equal_codes_have_a_finite_gradient():
    codes = torch.zeros(4, 3, requires_grad=True)
    losses.uninformative_distances(codes, torch.eye(4).bool(), 10.0).backward()
    assert codes.grad.isfinite().all()


def test_a_pair_is_the_same_where_every_secret_agrees():
    people = torch.tensor([1, 1, 2])
    attributes = torch.tensor([[0.0, 1.0], [0.0, 0.0], [0.0, 1.0]])
    found = losses.same_secret(people)
    assert found.tolist() == [[True, True, False], [True, True, False], [False, False, True]]
    found = losses.same_secret(attributes)
    assert found.tolist() == [[True, False, True], [False, True, False], [True, False, True]]
    assert torch.equal(losses.same_secret(people, attributes), torch.eye(3).bool())
