"""Layers of every kind, for the way forward and the way back."""

LAYERS = (  # (B, C_in, H, W), (C_out, C_in, kH, kW), stride, padding
    ((3, 4, 9, 6), (2, 4, 2, 3), 2, 1),
    ((1, 2, 9, 8), (3, 2, 3, 4), 2, 0),  # a row is left over, no column
    ((2, 3, 8, 11), (5, 3, 3, 3), 3, 2),
    ((2, 1, 7, 9), (1, 1, 3, 3), 2, 1),
    ((2, 2, 6, 8), (3, 2, 1, 1), 3, 0),
    ((2, 3, 4, 4), (3, 3, 2, 2), 1, 3),  # all equal, the padding wider than the kernel
    ((1, 1, 6, 1), (2, 1, 3, 1), 2, 2),
    ((1, 4, 1, 8), (3, 4, 1, 1), 2, 2),
    ((2, 3, 4, 5), (1, 3, 4, 5), 1, 0),  # one window
)
