"""The linear shortcut: where it starts, and that old steps move less than new ones."""

import torch

from seqcast.nn.shortcut import Shortcut


def test_it_starts_as_seasonal_naive_or_where_it_was_put():
    targets = torch.randn(3, 20, 2)
    shortcut = Shortcut(20, 9, season=7, targets=2)
    expected = torch.cat([targets[:, 13:], targets[:, 13:15]], dim=1)
    torch.testing.assert_close(shortcut(targets), expected)
    start = torch.randn(2, 20, 9)
    shortcut.begin_at(start)
    torch.testing.assert_close(shortcut(targets), torch.einsum("bck,kch->bhk", targets, start))


def test_a_step_of_training_moves_the_newest_weight_most_and_in_proportion_to_age():
    shortcut = Shortcut(30, 1, season=10)
    shortcut.begin_at(torch.zeros(1, 30, 1))
    optimizer = torch.optim.Adam(shortcut.parameters(), lr=0.1)
    shortcut(torch.ones(1, 30, 1)).sum().backward()
    optimizer.step()
    moved = shortcut(torch.eye(30)[:, :, None]) - shortcut.bias
    moved = moved.flatten()  # of each step's weight, the oldest first; Adam's first step is as long for every weight
    ages = torch.arange(30, 0, -1) / 10
    torch.testing.assert_close(moved, -0.05 / (1 + ages), rtol=1e-4, atol=1e-7)


def test_where_it_starts_is_saved_with_the_weights():
    trained, fresh = Shortcut(5, 2, season=1), Shortcut(5, 2, season=1)
    trained.begin_at(torch.randn(1, 5, 2))
    fresh.load_state_dict(trained.state_dict())
    assert torch.equal(fresh.start, trained.start)


def test_more_targets_than_memory_has_room_for_share_one_map():
    many = Shortcut(720, 96, season=24, targets=100)
    assert many.start.shape == (1, 720, 96) and not many.own
    assert many(torch.randn(2, 720, 100)).shape == (2, 96, 100)
