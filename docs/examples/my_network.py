"""A metric that torch can differentiate: how far pictures are from the target in features.

ditherlab optimize photo.jpg --objective python:docs/examples/my_network.py:network
"""

import torch
from torch import Tensor, nn


class FeatureDistance(nn.Module):
    """The mean squared distance between the features of two pictures, on three scales.

    Its weights are random, which is enough to see edges and textures; trained ones see more.
    """

    def __init__(self, num_features: int = 12, num_scales: int = 3) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.scales = nn.ModuleList()
        num_channels = 3
        for _ in range(num_scales):
            layer = nn.Conv2d(num_channels, num_features, kernel_size=5, padding=2, bias=False)
            nn.init.normal_(layer.weight, std=(25 * num_channels) ** -0.5, generator=generator)
            self.scales.append(layer)
            num_channels = num_features

    def forward(self, pictures: Tensor, targets: Tensor) -> Tensor:
        """Return a cost for each picture.

        Args:
            pictures: Display sRGB in [0, 1], `[n 3 h w]`.
            targets: The same, for each picture its own.
        """
        distance = pictures.new_zeros(len(pictures))
        for layer in self.scales:
            pictures, targets = layer(pictures).tanh(), layer(targets).tanh()
            distance = distance + (pictures - targets).square().mean(dim=(1, 2, 3))
            if min(pictures.shape[-2:]) > 1:
                pictures, targets = (nn.functional.avg_pool2d(x, 2) for x in (pictures, targets))
        return distance


network = FeatureDistance()
