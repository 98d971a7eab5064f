"""The linear shortcut: seasonal naive until it is put elsewhere, saved with the weights, never trained."""

import torch

from seqcast.nn.shortcut import Shortcut


def test_it_is_seasonal_naive_until_it_is_put_elsewhere():
    targets = torch.randn(3, 20, 2)
    shortcut = Shortcut(20, 9, season=7, targets=2)
    expected = torch.cat([targets[:, 13:], targets[:, 13:15]], dim=1)
    torch.testing.assert_close(shortcut(targets), expected)
    maps = torch.randn(2, 20, 9)
    shortcut.put(maps)
    torch.testing.assert_close(shortcut(targets), torch.einsum("bck,kch->bhk", targets, maps))


def test_its_maps_are_saved_with_the_weights_and_are_no_weights_to_train():
    fitted, fresh = Shortcut(5, 2, season=1), Shortcut(5, 2, season=1)
    fitted.put(torch.randn(1, 5, 2))
    fresh.load_state_dict(fitted.state_dict())
    assert torch.equal(fresh.maps, fitted.maps)
    assert not list(fitted.parameters())


def test_more_targets_than_memory_has_room_for_share_one_map():
    many = Shortcut(720, 96, season=24, targets=100)
    assert many.maps.shape == (1, 720, 96) and not many.own
    assert many(torch.randn(2, 720, 100)).shape == (2, 96, 100)
