"""A mask is made smaller inside a graph as the official algorithm does it outside of one."""

import pytest
import torch
import torch.nn.functional as F

from exporter.graphs.tracker import antialiased_quarter


@pytest.mark.parametrize("size", [32, 96, 256])
def test_the_strided_convolution_is_an_antialiased_resize_to_a_quarter_up_to_the_border(size):
    kernel, border = (table.double() for table in antialiased_quarter(size))
    mask = torch.rand(1, 1, size, size, dtype=torch.float64)
    expected = F.interpolate(mask, (size // 4, size // 4), mode="bilinear", antialias=True)
    resized = F.conv2d(mask, kernel, stride=4, padding=2) * border
    torch.testing.assert_close(resized, expected, rtol=0, atol=2e-7)  # the factor is stored in single precision
