"""Right and wrong answers to exercise `diffusion_loss`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

GRADIENT = "the gradient reaches said"
KEEPS = "gives the dtype that came in; inputs stay as they are"
MEAN = "the mean squared error over all numbers, of the noise or of the image"
REFUSES = "refuses another word, and pixels outside −1 … 1"
V = '"v": √ᾱ_t ε − √(1 − ᾱ_t) x₀, with a t for each image'


@right("branches")
def diffusion_loss(said, x0, noise, t, alpha_bar, prediction):
    if x0.min() < -1 or x0.max() > 1:
        raise ValueError("pixels must be in −1 … 1")
    if prediction == "eps":
        target = noise
    elif prediction == "x0":
        target = x0
    elif prediction == "v":
        bar = alpha_bar[t].view(-1, 1, 1, 1)
        target = bar.sqrt() * noise - (1 - bar).sqrt() * x0
    else:
        raise ValueError(f"unknown prediction {prediction}")
    return F.mse_loss(said, target)


@right("dictionary")
def diffusion_loss(said, x0, noise, t, alpha_bar, prediction):
    bar = alpha_bar[t][:, None, None, None]
    v = bar**0.5 * noise - (1 - bar) ** 0.5 * x0
    targets = {"eps": noise, "x0": x0, "v": v}
    if prediction not in targets or (x0.abs() > 1).any():
        raise ValueError("prediction or x0")
    return (said - targets[prediction]).pow(2).mean()


@right("image-by-image")
def diffusion_loss(said, x0, noise, t, alpha_bar, prediction):
    if prediction not in ("eps", "x0", "v"):
        raise ValueError("one of eps, x0, v")
    if not torch.all((x0 >= -1) & (x0 <= 1)):
        raise ValueError("x0 in −1 to 1")
    total = 0
    for i in range(len(x0)):
        a, s = alpha_bar[t[i]].sqrt(), (1 - alpha_bar[t[i]]).sqrt()
        target = {"eps": noise[i], "x0": x0[i], "v": a * noise[i] - s * x0[i]}[prediction]
        total = total + ((said[i] - target) ** 2).mean()
    return total / len(x0)


@right("weights-of-both")
def diffusion_loss(said, x0, noise, t, alpha_bar, prediction):
    if torch.max(torch.abs(x0)) > 1:
        raise ValueError("pixels")
    one, zero = torch.ones_like(alpha_bar), torch.zeros_like(alpha_bar)
    match prediction:
        case "eps":
            of_noise, of_image = one, zero
        case "x0":
            of_noise, of_image = zero, one
        case "v":
            of_noise, of_image = alpha_bar.sqrt(), -(1 - alpha_bar).sqrt()
        case _:
            raise ValueError("prediction")
    of_noise, of_image = (w[t].reshape(-1, 1, 1, 1) for w in (of_noise, of_image))
    error = said - of_noise * noise - of_image * x0
    return torch.linalg.vector_norm(error) ** 2 / error.numel()


@right("einsum")
def diffusion_loss(said, x0, noise, t, alpha_bar, prediction):
    if abs(x0).gt(1).any():
        raise ValueError("x0 must lie in [-1, 1]")
    if prediction == "v":
        a, s = alpha_bar[t].sqrt(), (1 - alpha_bar[t]).sqrt()
        target = torch.einsum("b,bchw->bchw", a, noise) - torch.einsum("b,bchw->bchw", s, x0)
    else:
        try:
            target = {"eps": noise, "x0": x0}[prediction]
        except KeyError as error:
            raise ValueError(f"no such prediction: {prediction}") from error
    return ((said - target) ** 2).flatten(1).mean(1).mean()


@wrong("sign-of-v", V, "v's sign")
def diffusion_loss(said, x0, noise, t, alpha_bar, prediction):
    bar = alpha_bar[t].view(-1, 1, 1, 1)
    v = bar.sqrt() * noise + (1 - bar).sqrt() * x0
    targets = {"eps": noise, "x0": x0, "v": v}
    if prediction not in targets or (x0.abs() > 1).any():
        raise ValueError("prediction or x0")
    return F.mse_loss(said, targets[prediction])


@wrong("other-sign-of-v", V, "v has the other sign")
def diffusion_loss(said, x0, noise, t, alpha_bar, prediction):
    bar = alpha_bar[t].view(-1, 1, 1, 1)
    v = (1 - bar).sqrt() * x0 - bar.sqrt() * noise
    targets = {"eps": noise, "x0": x0, "v": v}
    if prediction not in targets or (x0.abs() > 1).any():
        raise ValueError("prediction or x0")
    return F.mse_loss(said, targets[prediction])


@wrong("along-the-width-in-a-dictionary", V, "the weights run along the columns")
def diffusion_loss(said, x0, noise, t, alpha_bar, prediction):
    if prediction not in ("eps", "x0", "v") or (x0.abs() > 1).any():
        raise ValueError("prediction or x0")
    bar = alpha_bar[t]
    v = bar.sqrt() * noise - (1 - bar).sqrt() * x0
    return F.mse_loss(said, {"eps": noise, "x0": x0, "v": v}[prediction])


@wrong("along-the-width", V, "the weights run along the columns")
def diffusion_loss(said, x0, noise, t, alpha_bar, prediction):
    if prediction not in ("eps", "x0", "v") or (x0.abs() > 1).any():
        raise ValueError("prediction or x0")
    target = noise if prediction == "eps" else x0
    if prediction == "v":
        bar = alpha_bar[t]
        target = bar.sqrt() * noise - (1 - bar).sqrt() * x0
    return F.mse_loss(said, target)


@wrong("mean-over-the-batch", MEAN, "the mean over the batch only")
def diffusion_loss(said, x0, noise, t, alpha_bar, prediction):
    bar = alpha_bar[t].view(-1, 1, 1, 1)
    v = bar.sqrt() * noise - (1 - bar).sqrt() * x0
    targets = {"eps": noise, "x0": x0, "v": v}
    if prediction not in targets or (x0.abs() > 1).any():
        raise ValueError("prediction or x0")
    return (said - targets[prediction]).square().sum() / len(x0)


@wrong("always-eps", Exercise.WHOLE, "expected")
def diffusion_loss(said, x0, noise, t, alpha_bar, prediction):
    if prediction not in ("eps", "x0", "v") or (x0.abs() > 1).any():
        raise ValueError("prediction or x0")
    return F.mse_loss(said, noise)


@wrong("number", GRADIENT, "no gradient of said")
def diffusion_loss(said, x0, noise, t, alpha_bar, prediction):
    bar = alpha_bar[t].view(-1, 1, 1, 1)
    v = bar.sqrt() * noise - (1 - bar).sqrt() * x0
    targets = {"eps": noise, "x0": x0, "v": v}
    if prediction not in targets or (x0.abs() > 1).any():
        raise ValueError("prediction or x0")
    return torch.tensor(F.mse_loss(said, targets[prediction]).item(), dtype=said.dtype)


@wrong("row-of-one", KEEPS, "shape (1,), expected ()")
def diffusion_loss(said, x0, noise, t, alpha_bar, prediction):
    bar = alpha_bar[t].view(-1, 1, 1, 1)
    v = bar.sqrt() * noise - (1 - bar).sqrt() * x0
    targets = {"eps": noise, "x0": x0, "v": v}
    if prediction not in targets or (x0.abs() > 1).any():
        raise ValueError("prediction or x0")
    return (said - targets[prediction]).square().reshape(1, -1).mean(1)


@wrong("float32", KEEPS, "torch.float32 came out")
def diffusion_loss(said, x0, noise, t, alpha_bar, prediction):
    bar = alpha_bar[t].view(-1, 1, 1, 1)
    v = bar.sqrt() * noise - (1 - bar).sqrt() * x0
    targets = {"eps": noise, "x0": x0, "v": v}
    if prediction not in targets or (x0.abs() > 1).any():
        raise ValueError("prediction or x0")
    return F.mse_loss(said.float(), targets[prediction].float())


@wrong("in-place", KEEPS, "changed in place")
def diffusion_loss(said, x0, noise, t, alpha_bar, prediction):
    if prediction not in ("eps", "x0", "v") or (x0.abs() > 1).any():
        raise ValueError("prediction or x0")
    bar = alpha_bar[t].view(-1, 1, 1, 1)
    if prediction == "v":
        return F.mse_loss(said, noise.mul_(bar.sqrt()) - (1 - bar).sqrt() * x0)
    return F.mse_loss(said, noise if prediction == "eps" else x0)


@wrong("any-word-is-v", REFUSES, "another word should raise a ValueError")
def diffusion_loss(said, x0, noise, t, alpha_bar, prediction):
    if (x0.abs() > 1).any():
        raise ValueError("x0")
    bar = alpha_bar[t].view(-1, 1, 1, 1)
    v = bar.sqrt() * noise - (1 - bar).sqrt() * x0
    return F.mse_loss(said, {"eps": noise, "x0": x0}.get(prediction, v))


@wrong("key-error", REFUSES, "expected a ValueError")
def diffusion_loss(said, x0, noise, t, alpha_bar, prediction):
    if (x0.abs() > 1).any():
        raise ValueError("x0")
    bar = alpha_bar[t].view(-1, 1, 1, 1)
    v = bar.sqrt() * noise - (1 - bar).sqrt() * x0
    return F.mse_loss(said, {"eps": noise, "x0": x0, "v": v}[prediction])


@wrong("pixels-that-are-too-bright", REFUSES + EVERY, "a pixel outside −1 … 1")
def diffusion_loss(said, x0, noise, t, alpha_bar, prediction):
    bar = alpha_bar[t].view(-1, 1, 1, 1)
    v = bar.sqrt() * noise - (1 - bar).sqrt() * x0
    targets = {"eps": noise, "x0": x0, "v": v}
    if prediction not in targets or x0.max() > 1:
        raise ValueError("prediction or x0")
    return F.mse_loss(said, targets[prediction])


@wrong("pixels-where-they-are-the-target", REFUSES + EVERY, "a pixel outside −1 … 1")
def diffusion_loss(said, x0, noise, t, alpha_bar, prediction):
    bar = alpha_bar[t].view(-1, 1, 1, 1)
    v = bar.sqrt() * noise - (1 - bar).sqrt() * x0
    targets = {"eps": noise, "x0": x0, "v": v}
    if prediction not in targets or (prediction != "eps" and (x0.abs() > 1).any()):
        raise ValueError("prediction or x0")
    return F.mse_loss(said, targets[prediction])
