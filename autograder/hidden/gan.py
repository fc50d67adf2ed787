"""Hidden checks of chapter 12, generative adversarial networks: what is left open."""

from __future__ import annotations

from collections.abc import Iterator

from course_utils.checks import gan as visible
from course_utils.checks.core import Draw
from course_utils.checks.gan.gan_losses import far
from course_utils.checks.probe import Probe, Subject, experiment, slopes

# -- 12.1 losses --------------------------------------------------------------------------

gan_losses = visible.gan_losses.hidden_part()


def steep(subject: Subject, *args: object) -> list:
    """Gradients of both losses."""
    names = ["real_logits", "fake_logits"]
    return slopes(lambda losses: losses, gan_losses.signature, names)(subject, *args)


@gan_losses.experiments("stable: gradients at logits of ±1000", 0.25)
def _(draw: Draw) -> Iterator[Probe]:
    for args in far(draw):
        about = f"gradients, logits of ±1000, saturating {args[2]}, {args[0].dtype}"
        yield experiment(steep, *args, about=about)
