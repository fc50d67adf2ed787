"""What would make the exercises of this chapter trivial."""

from course_utils.checks.watch import Ban

ROOTS = tuple(f"scipy.linalg:{name}" for name in ("sqrtm", "fractional_matrix_power", "funm"))
ROOT_BY_HAND = Ban(
    "take the root of the product by its eigenvalues",
    modules=(*ROOTS, "torchmetrics", "torch_fidelity", "pytorch_fid", "cleanfid", "ignite"),
)
