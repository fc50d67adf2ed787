"""The moving average of weights."""

import copy

import torch

from course_utils.training.ema import follow


def test_the_mean_follows_and_forgets_where_it_began():
    torch.manual_seed(0)
    network, other = (torch.nn.BatchNorm1d(3) for _ in range(2))
    network(torch.randn(5, 3) + 2)
    mean = copy.deepcopy(other)
    follow(mean, network, 0.9, 1000)
    for name, now in mean.state_dict().items():
        old, new = other.state_dict()[name], network.state_dict()[name]
        wanted = 0.9 * old + 0.1 * new if now.is_floating_point() else new
        torch.testing.assert_close(now, wanted)
    for steps in range(1, 60):
        follow(mean, network, 0.999, steps)
    torch.testing.assert_close(mean.running_mean, network.running_mean, rtol=1e-4, atol=0)
