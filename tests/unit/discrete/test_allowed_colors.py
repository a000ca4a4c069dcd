import torch

from ditherlab.discrete.allowed_colors import AllowedColors


def test_colors_are_allowed_as_their_subpalette_has_them(generator: torch.Generator) -> None:
    members = torch.rand((4, 6), generator=generator) < 0.5
    allowed = AllowedColors(members, torch.randint(4, (5, 7), generator=generator))
    indices = torch.randint(6, (5, 7), generator=generator)
    permitted, everywhere = allowed.permit(indices), allowed.at((slice(None), slice(None)))
    odd = (slice(1, None, 2), slice(None, None, 3))
    assert torch.equal(allowed.permit(indices[odd], odd), permitted[odd])
    assert torch.equal(allowed.at(odd), everywhere[:, *odd])
    for row in range(5):
        for column in range(7):
            here = members[allowed.subpalettes[row, column]]
            assert permitted[row, column] == here[indices[row, column]]
            assert torch.equal(everywhere[:, row, column], here)
