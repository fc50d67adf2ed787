"""Right and wrong answers to exercise `patch_tokens`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

GRADIENTS = "the gradient reaches x, params"
KEEPS = "keeps the dtype and leaves its inputs alone"
REFUSES = "refuses an image that does not split into patches"


@right("reshape")
def patch_tokens(x, params):
    b, c, h, w = x.shape
    weight = params["conv_proj.weight"]
    d, _, p, _ = weight.shape
    if h % p or w % p:
        raise ValueError(f"x: {h} x {w} does not split into patches of {p}")
    patches = x.reshape(b, c, h // p, p, w // p, p).permute(0, 2, 4, 1, 3, 5)
    z = patches.reshape(b, -1, c * p * p) @ weight.reshape(d, -1).T + params["conv_proj.bias"]
    if "class_token" in params:
        z = torch.cat([params["class_token"].expand(b, 1, d), z], dim=1)
    return z + params["pos_embedding"]


@right("unfold")
def patch_tokens(x, params):
    w, bias = params["conv_proj.weight"], params["conv_proj.bias"]
    p = w.shape[-1]
    if x.shape[-2] % p != 0 or x.shape[-1] % p != 0:
        raise ValueError("x does not split into patches")
    columns = F.unfold(x, kernel_size=p, stride=p)
    z = F.linear(columns.transpose(1, 2), w.flatten(1), bias)
    token = params.get("class_token")
    if token is not None:
        z = torch.cat((token.repeat(x.shape[0], 1, 1), z), 1)
    return z + params["pos_embedding"]


@right("loop-over-patches")
def patch_tokens(x, params):
    w = params["conv_proj.weight"]
    p = w.shape[2]
    tokens = []
    if "class_token" in params:
        tokens.append(params["class_token"][:, 0].expand(len(x), -1))
    for i in range(0, x.shape[2], p):
        for j in range(0, x.shape[3], p):
            patch = x[:, :, i : i + p, j : j + p]
            if patch.shape[2:] != (p, p):
                raise ValueError("x: a patch at the border is too small")
            tokens.append(torch.einsum("bcij,dcij->bd", patch, w) + params["conv_proj.bias"])
    return torch.stack(tokens, 1) + params["pos_embedding"]


@right("einsum")
def patch_tokens(x, params):
    w = params["conv_proj.weight"]
    p = w.size(3)
    if any(side % p for side in x.shape[2:]):
        raise ValueError("x")
    grid = x.unfold(2, p, p).unfold(3, p, p)
    z = torch.einsum("bcyxij,dcij->byxd", grid, w).flatten(1, 2)
    z = z + params["conv_proj.bias"]
    places = params["pos_embedding"]
    if "class_token" not in params:
        return z + places
    first = (params["class_token"] + places[:, :1]).expand(x.size(0), -1, -1)
    return torch.cat([first, z + places[:, 1:]], 1)


@wrong("finished", Exercise.WHOLE, "is not allowed here")
def patch_tokens(x, params):
    w = params["conv_proj.weight"]
    if x.shape[2] % w.shape[2] or x.shape[3] % w.shape[2]:
        raise ValueError("x")
    z = F.conv2d(x, w, params["conv_proj.bias"], stride=w.shape[2]).flatten(2).transpose(1, 2)
    if "class_token" in params:
        z = torch.cat([params["class_token"].expand(len(x), -1, -1), z], 1)
    return z + params["pos_embedding"]


@wrong("always-a-class-token", Exercise.WHOLE, "KeyError")
def patch_tokens(x, params):
    w = params["conv_proj.weight"]
    if x.shape[2] % w.shape[2] or x.shape[3] % w.shape[2]:
        raise ValueError("x")
    z = (
        F.unfold(x, w.shape[2], stride=w.shape[2]).mT @ w.flatten(1).T
        + params["conv_proj.bias"]
    )
    z = torch.cat([params["class_token"].expand(len(x), -1, -1), z], 1)
    return z + params["pos_embedding"]


@wrong("a-square-grid", Exercise.WHOLE, "raised")
def patch_tokens(x, params):
    b, c, h, w = x.shape
    p = params["conv_proj.weight"].shape[2]
    if h % p or w % p:
        raise ValueError("x")
    n = h // p
    patches = x.reshape(b, c, n, p, n, p).permute(0, 2, 4, 1, 3, 5).reshape(b, n * n, -1)
    z = patches @ params["conv_proj.weight"].flatten(1).T + params["conv_proj.bias"]
    if "class_token" in params:
        z = torch.cat([params["class_token"].expand(b, -1, -1), z], 1)
    return z + params["pos_embedding"]


@wrong("positions-detached", GRADIENTS, "gradient of params['pos_embedding']")
def patch_tokens(x, params):
    w = params["conv_proj.weight"]
    if x.shape[2] % w.shape[2] or x.shape[3] % w.shape[2]:
        raise ValueError("x")
    z = (
        F.unfold(x, w.shape[2], stride=w.shape[2]).mT @ w.flatten(1).T
        + params["conv_proj.bias"]
    )
    if "class_token" in params:
        z = torch.cat([params["class_token"].expand(len(x), -1, -1), z], 1)
    return z + params["pos_embedding"].data


@wrong("float32", KEEPS, "torch.float32 came out")
def patch_tokens(x, params):
    w = params["conv_proj.weight"].float()
    if x.shape[2] % w.shape[2] or x.shape[3] % w.shape[2]:
        raise ValueError("x")
    z = F.unfold(x.float(), w.shape[2], stride=w.shape[2]).mT @ w.flatten(1).T
    z = z + params["conv_proj.bias"].float()
    if "class_token" in params:
        z = torch.cat([params["class_token"].float().expand(len(x), -1, -1), z], 1)
    return z + params["pos_embedding"].float()


@wrong("positions-in-place", KEEPS, "changed in place")
def patch_tokens(x, params):
    w = params["conv_proj.weight"]
    if x.shape[2] % w.shape[2] or x.shape[3] % w.shape[2]:
        raise ValueError("x")
    z = (
        F.unfold(x, w.shape[2], stride=w.shape[2]).mT @ w.flatten(1).T
        + params["conv_proj.bias"]
    )
    places = params["pos_embedding"]
    if "class_token" in params:
        with torch.no_grad():
            before = places.clone()
            places[:, :1] += params["class_token"]
        first = params["class_token"] + before[:, :1]
        return torch.cat([first.expand(len(x), -1, -1), z + places[:, 1:]], 1)
    return z + places


@wrong("cut-off", REFUSES, "cut off")
def patch_tokens(x, params):
    w = params["conv_proj.weight"]
    z = (
        F.unfold(x, w.shape[2], stride=w.shape[2]).mT @ w.flatten(1).T
        + params["conv_proj.bias"]
    )
    if "class_token" in params:
        z = torch.cat([params["class_token"].expand(len(x), -1, -1), z], 1)
    return z + params["pos_embedding"]
