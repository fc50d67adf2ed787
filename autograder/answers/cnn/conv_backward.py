"""Right and wrong answers to exercise `conv_backward`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

KEEPS = "keeps the dtype and leaves its inputs alone"


@right("fold")
def conv_backward(dy, x, w, stride=1, padding=0):
    O, C, kH, kW = w.shape
    rows = dy.reshape(dy.shape[0], O, -1)
    columns = F.unfold(x, (kH, kW), padding=padding, stride=stride)
    dw = torch.einsum("bol,bkl->ok", rows, columns).reshape(w.shape)
    back = w.reshape(O, -1).T @ rows
    dx = F.fold(back, x.shape[2:], (kH, kW), padding=padding, stride=stride)
    return dx, dw, dy.sum(dim=(0, 2, 3))


@right("kernel-positions")
def conv_backward(dy, x, w, stride=1, padding=0):
    p, s = padding, stride
    H, W = x.shape[2:]
    H2, W2 = dy.shape[2:]
    padded = F.pad(x, (p, p, p, p))
    dx, dw = torch.zeros_like(padded), torch.zeros_like(w)
    for m in range(w.shape[2]):
        for n in range(w.shape[3]):
            rows = slice(m, m + s * (H2 - 1) + 1, s)
            cols = slice(n, n + s * (W2 - 1) + 1, s)
            dw[:, :, m, n] = torch.einsum("bohw,bchw->oc", dy, padded[:, :, rows, cols])
            dx[:, :, rows, cols] += torch.einsum("bohw,oc->bchw", dy, w[:, :, m, n])
    return [dx[:, :, p : p + H, p : p + W], dw, dy.sum((0, 2, 3))]


@right("windows")
def conv_backward(dy, x, w, stride=1, padding=0):
    with torch.no_grad():
        B, O, H2, W2 = dy.shape
        kH, kW = w.shape[2:]
        padded = F.pad(x, (padding,) * 4)
        dx, dw, db = torch.zeros_like(padded), torch.zeros_like(w), dy.new_zeros(O)
        for i in range(H2):
            for j in range(W2):
                top, left = i * stride, j * stride
                window = padded[:, :, top : top + kH, left : left + kW]
                dw += torch.einsum("bo,bcmn->ocmn", dy[:, :, i, j], window)
                back = torch.einsum("bo,ocmn->bcmn", dy[:, :, i, j], w)
                dx[:, :, top : top + kH, left : left + kW] += back
                db += dy[:, :, i, j].sum(0)
        H, W = x.shape[2:]
        return dx[:, :, padding : padding + H, padding : padding + W], dw, db


@right("flipped-correlation")
def conv_backward(dy, x, w, stride=1, padding=0):
    B, O, H2, W2 = dy.shape
    kH, kW = w.shape[2:]
    H, W = x.shape[2:]
    p = padding
    padded = F.pad(x, (p, p, p, p))
    windows = padded.unfold(2, kH, stride).unfold(3, kW, stride)
    dw = torch.einsum("bohw,bchwmn->ocmn", dy, windows)
    spread = dy.new_zeros(B, O, H + 2 * p + kH - 1, W + 2 * p + kW - 1)
    spread[:, :, kH - 1 :: stride, kW - 1 :: stride][:, :, :H2, :W2] = dy
    patches = spread.unfold(2, kH, 1).unfold(3, kW, 1)
    dx = torch.einsum("bohwmn,ocmn->bchw", patches, w.flip(2, 3))
    return dx[:, :, p : p + H, p : p + W], dw, dy.sum((0, 2, 3))


@wrong("square-kernels", Exercise.WHOLE, "raised")
def conv_backward(dy, x, w, stride=1, padding=0):
    O, C, k, _ = w.shape
    rows = dy.flatten(2)
    columns = F.unfold(x, k, padding=padding, stride=stride)
    dw = (rows @ columns.mT).sum(0).reshape(w.shape)
    dx = F.fold(w.flatten(1).T @ rows, x.shape[2:], k, padding=padding, stride=stride)
    return dx, dw, dy.sum((0, 2, 3))


@wrong(
    "float32-buffer", "keeps the dtype and leaves its inputs alone", "torch.float32 came out"
)
def conv_backward(dy, x, w, stride=1, padding=0):
    O, C, kH, kW = w.shape
    rows = dy.flatten(2)
    columns = F.unfold(x, (kH, kW), padding=padding, stride=stride)
    dw = (rows @ columns.mT).sum(0).reshape(w.shape)
    dx = F.fold(w.flatten(1).T @ rows, x.shape[2:], (kH, kW), padding=padding, stride=stride)
    db = torch.zeros(O)
    db += dy.sum((0, 2, 3))
    return dx, dw, db


@wrong("frame-around-dy", Exercise.WHOLE, "raised")
def conv_backward(dy, x, w, stride=1, padding=0):
    B, O, H2, W2 = dy.shape
    kH, kW = w.shape[2:]
    H, W = x.shape[2:]
    windows = F.pad(x, (padding,) * 4).unfold(2, kH, stride).unfold(3, kW, stride)
    dw = torch.einsum("bohw,bchwmn->ocmn", dy, windows)
    spread = dy.new_zeros(B, O, H + kH - 1, W + kW - 1)
    top, left = kH - 1 - padding, kW - 1 - padding
    spread[:, :, top::stride, left::stride][:, :, :H2, :W2] = dy
    patches = spread.unfold(2, kH, 1).unfold(3, kW, 1)
    dx = torch.einsum("bohwmn,ocmn->bchw", patches, w.flip(2, 3))
    return dx, dw, dy.sum((0, 2, 3))


@wrong("numpy", "where x and w are learned: they require gradients", "raised RuntimeError")
def conv_backward(dy, x, w, stride=1, padding=0):
    kernel, size = w.shape[2:], x.shape
    rows, w_rows = dy.numpy().reshape(*dy.shape[:2], -1), w.numpy().reshape(len(w), -1)
    columns = F.unfold(x, kernel, padding=padding, stride=stride).numpy()
    dw = (rows @ columns.swapaxes(1, 2)).sum(0).reshape(w.shape)
    back = torch.from_numpy(w_rows.T @ rows)
    dx = F.fold(back, size[2:], kernel, padding=padding, stride=stride)
    return dx, torch.from_numpy(dw), dy.sum((0, 2, 3))


@wrong("autograd", Exercise.WHOLE, "is not allowed here")
def conv_backward(dy, x, w, stride=1, padding=0):
    with torch.enable_grad():
        x, w = x.detach().requires_grad_(), w.detach().requires_grad_()
        padded = F.pad(x, (padding,) * 4)
        windows = padded.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
        y = torch.einsum("bchwmn,ocmn->bohw", windows, w)
        y.backward(dy)
    return x.grad, w.grad, dy.sum((0, 2, 3))


@wrong("transposed-library", Exercise.WHOLE, "is not allowed here")
def conv_backward(dy, x, w, stride=1, padding=0):
    dx = F.conv_transpose2d(dy, w, stride=stride, padding=padding)
    dw = F.conv2d(x.transpose(0, 1), dy.transpose(0, 1), padding=padding, dilation=stride)
    return dx, dw.transpose(0, 1), dy.sum((0, 2, 3))


@wrong("writes-into-dy", KEEPS, "changed in place")
def conv_backward(dy, x, w, stride=1, padding=0):
    rows = dy.flatten(2)
    columns = F.unfold(x, w.shape[2:], padding=padding, stride=stride)
    dw = (rows @ columns.mT).sum(0).reshape(w.shape)
    back = w.flatten(1).T @ rows
    dx = F.fold(back, x.shape[2:], w.shape[2:], padding=padding, stride=stride)
    return dx, dw, dy.cumsum_(2)[:, :, -1].sum((0, 2))


@wrong("without-db", Exercise.WHOLE, "returned a tuple, expected 3 values")
def conv_backward(dy, x, w, stride=1, padding=0):
    rows = dy.flatten(2)
    columns = F.unfold(x, w.shape[2:], padding=padding, stride=stride)
    dw = (rows @ columns.mT).sum(0).reshape(w.shape)
    back = w.flatten(1).T @ rows
    return F.fold(back, x.shape[2:], w.shape[2:], padding=padding, stride=stride), dw
