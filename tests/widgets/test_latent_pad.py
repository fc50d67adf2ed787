"""Latent pad: codes, KL and decoded images are torch's; it can be worked without a mouse."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from playwright.sync_api import Browser, Page
from torch import Tensor, nn
from traitlets import TraitError

from course_utils.reference.autoencoders import Autoencoder
from course_utils.reference.vae import VAE, gaussian_kl
from course_utils.training import checkpoints
from course_utils.widgets import LatentPad
from course_utils.widgets.dice import dice, normals
from course_utils.widgets.latent_pad import cases, networks, widget
from course_utils.widgets.network import layers_of
from tests.browser import open_page
from tests.visits import THEMES, findings
from tests.widgets.kit import TOLERANCE, half_weights, run
from tests.widgets.pages import write_page
from tests.widgets.test_parts import PAGE_ALONE
from tests.widgets.test_static_widgets import TOO_SMALL, press, shown

NUMBERS, PLANE = "../latent_pad/numbers.js", "../latent_pad/plane.js"
PLANES = ("ae_plane", "vae_plane")
SHIPS = all((checkpoints.FOLDER / f"{name}.safetensors").exists() for name in PLANES)
WHICH = ("random", *(["shipped"] if SHIPS else []))
KINDS = cases.KINDS


def random_tensors(name: str) -> dict[str, Tensor]:
    """Narrower than what ships; what is decoded differs from place to place."""
    torch.manual_seed(len(name))
    model = (VAE if name == "vae_plane" else Autoencoder)(latent=2, hidden=12)
    state = {k: v + 0.15 * torch.randn_like(v) for k, v in model.state_dict().items()}
    return {k: v.half().float() for k, v in state.items()}


def forget() -> None:
    kept: Any = [networks.plane, networks.in_the_page, widget._found]
    kept += [cases.codes, cases.ranges, cases.cases, cases.readings, cases.chosen]
    for function in kept:
        function.cache_clear()


@contextmanager
def planes(which: str) -> Iterator[None]:
    """Networks of random weights in place of those that ship, or the latter."""
    trained = networks.tensors
    with pytest.MonkeyPatch.context() as patch:
        if which == "random":
            patch.setattr(
                networks, "tensors",
                lambda name: random_tensors(name) if name in PLANES else trained(name),
            )  # fmt: skip
        forget()
        yield
    forget()


@pytest.fixture
def random_planes() -> Iterator[None]:
    with planes("random"):
        yield


def in_double(kind: str) -> Any:
    """A plane with the page's own weights, in float64."""
    model = networks.plane(kind)
    twin = type(model)(2, model.encoder[5].out_features).double().eval()
    twin.load_state_dict(half_weights(model.state_dict()))
    return twin


def judge(x: Tensor) -> Tensor:
    """LeNet's shares in float64, (B, 10)."""
    model = networks.judge()
    state = half_weights(model.state_dict())
    return torch.func.functional_call(model, state, (x.double(),)).softmax(1)


def chain(model: nn.Sequential) -> dict[str, Any]:
    return {"layers": layers_of(model), "weights": half_weights(model.state_dict())}


# ---------------------------------------------------------------- arithmetic


SCRIPT = """
const { encoder, decoder, lenet, images, places, noise } = calls;
const flat = (values) => Array.from(values);
const codes = images.map((x) => kit.code(encoder, x));
const answers = {
  means: codes.map((c) => c.mean), logs: codes.map((c) => c.logVariance),
  kl: codes.map((c) => c.logVariance && kit.gaussianKl(c)),
  samples: codes.map((c) => c.logVariance && kit.sampled(c, noise)),
  decoded: places.map((z) => flat(kit.decoded(decoder, z))),
  seen: images.map((x) => kit.seen(lenet, x)),
  line: kit.between(...places),
};
"""


@torch.no_grad()
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("which", WHICH)
def test_codes_kl_and_images_are_torchs(which: str, kind: str, tmp_path: Path) -> None:
    with planes(which):
        model, x = in_double(kind), networks.digits(6)[0].double()
        places, noise = torch.tensor([[0.4, -1.1], [7.0, 3.0]]).double(), [0.7, -1.3]
        given = {
            "encoder": chain(model.encoder), "decoder": chain(model.decoder),
            "lenet": chain(networks.judge().layers), "images": x.flatten(1).tolist(),
            "places": places.tolist(), "noise": noise,
        }  # fmt: skip
        got = run(tmp_path, NUMBERS, SCRIPT, given)
        wanted = {"decoded": model.decode(places).sigmoid().flatten(1), "seen": judge(x)}
        wanted |= {"line": torch.stack([places[0].lerp(places[1], n / 7) for n in range(8)])}
        if kind == "ae":
            wanted |= {"means": model.encode(x)}
            assert got["logs"] == [None] * 6
        else:
            mean, logs = model.encode(x)
            samples = mean + (0.5 * logs).exp() * torch.tensor(noise).double()
            wanted |= {"means": mean, "logs": logs, "samples": samples}
            wanted |= {"kl": gaussian_kl(mean, logs)}
    for name, value in wanted.items():
        answer = torch.tensor(got[name], dtype=torch.float64)
        assert answer.shape == value.shape, name
        assert (answer - value).abs().max() < TOLERANCE, name


def test_previews_stand_in_the_middle_of_their_tiles(tmp_path: Path) -> None:
    script = "const answers = kit.places({ x: [-9, 9], y: [0, 36] });"
    got = run(tmp_path, PLANE, script, {})
    assert len(got) == 81
    assert (got[0], got[8], got[40], got[72]) == ([-8, 34], [8, 34], [0, 18], [-8, 2])


def test_below_one_half_lenet_is_unsure(tmp_path: Path) -> None:
    sure, unsure = [0.0, 0.97, 0.03] + 7 * [0.0], [0.3, 0.49, 0.21] + 7 * [0.0]
    script = "const answers = calls.map((shares) => kit.looksLike(shares));"
    got = run(tmp_path, NUMBERS, script, [sure, unsure])
    assert got == ["looks like 1 (LeNet 97\xa0%)", "looks unclear (LeNet: 1, 49\xa0%)"]


# ---------------------------------------------------------------- cases


@pytest.mark.parametrize("which", WHICH)
def test_the_maps_hold_all_codes_and_room_beside_them(which: str) -> None:
    with planes(which):
        for kind in KINDS:
            left, right, low, high = cases.ranges(kind)
            assert right - left == high - low  # one scale
            x, y = cases.codes(kind).T
            assert left < x.min()
            assert x.max() < right
            assert low < y.min()
            assert y.max() < high
            extent = max(x.max() - x.min(), y.max() - y.min())
            assert 1.2 * extent <= right - left < 1.2 * extent + 2


@torch.no_grad()
@pytest.mark.parametrize("which", WHICH)
def test_the_cases_are_what_their_names_say(which: str) -> None:
    with planes(which):
        named = {case["name"]: case for case in cases.cases()}
        x, examples = networks.digits(cases.SHOWN)[0], cases.examples()[1]
        halfway, outside, gap, middle = [*named.values()][:4]
        for kind in KINDS:
            codes, ends = networks.codes(kind, x), networks.codes(kind, examples[[3, 8]])
            assert torch.allclose(torch.tensor(halfway[kind]), ends.mean(0), atol=1e-6)
            sides = torch.tensor(cases.ranges(kind)).view(2, 2)
            inset = 0.92 * (sides[:, 1] - sides[:, 0]) / 2  # the cross is to be seen
            corners = sides.mean(1) + torch.tensor([[-1, -1], [-1, 1], [1, -1], [1, 1]]) * inset
            unsure = networks.shares(networks.decoded(kind, corners)).amax(1).argmin()
            assert outside[kind] == pytest.approx(corners[unsure].tolist(), abs=1e-4)
            place = torch.tensor(gap[kind])
            assert networks.shares(networks.decoded(kind, place[None])).max() < 0.5
            extent = (codes.amax(0) - codes.amin(0)).max()
            assert (codes - place).norm(dim=1).min() > 0.05 * extent
            for degrees in range(0, 360, 5):  # inside: codes lie on all sides
                angle = math.radians(degrees)
                way = torch.tensor([math.cos(angle), math.sin(angle)])
                assert (codes @ way).max() >= place @ way - 0.01 * extent
            assert middle[kind] == [0, 0]


@pytest.mark.skipif(not SHIPS, reason="its networks are not trained yet")
def test_a_digit_that_shipped_planes_lose() -> None:
    """The last case: read for sure and right before, for sure and wrong after, by both."""
    case = cases.cases()[-1]
    names, images = cases.examples()
    label = names[10][0]
    assert names[10] == f"{label}, another"
    assert case["name"] == f"a {label} that comes back as {case['other']}"
    x = images[10:]
    before = networks.shares(x)[0]
    assert str(before.argmax().item()) == label
    for kind in KINDS:
        after = networks.shares(networks.decoded(kind, networks.codes(kind, x)))[0]
        assert after.argmax() == case["other"]
        assert min(before.max(), after.max()) > cases.SURE


@torch.no_grad()
@pytest.mark.parametrize("which", WHICH)
def test_a_reader_chooses_digits_that_come_back_where_there_are_such(which: str) -> None:
    with planes(which):
        x, labels = networks.digits(cases.POOL)
        place, (names, images) = cases.chosen(), cases.examples()
        assert names[:10] == [*"0123456789"]
        assert torch.equal(images[:10], x[place])
        assert labels[place].tolist() == [*range(10)]
        back = [networks.decoded(kind, networks.codes(kind, x)) for kind in KINDS]
        read = [networks.shares(image).argmax(1) == labels for image in (x, *back)]
        good = torch.stack(read).all(0)
        for digit in range(10):
            own = (labels == digit).nonzero().flatten().tolist()
            assert place[digit] == next((n for n in own if good[n]), own[0])


@pytest.mark.parametrize(
    ("name", "value"), [("digit", 10), ("digit", -1), ("other", 10), ("other", None)]
)
def test_what_is_refused(name: str, value: Any, random_planes: None) -> None:
    with pytest.raises(ValueError, match=f"{name} must be from 0 to 9"):
        LatentPad(**{name: value})


def test_a_place_has_two_numbers_or_none(random_planes: None) -> None:
    assert LatentPad(ae=[1, 2]).ae == [1, 2]
    assert LatentPad().vae is None
    for place in ([1.0], [1.0, 2.0, 3.0], ["a", "b"]):
        with pytest.raises(TraitError):
            LatentPad(vae=place)


# ---------------------------------------------------------------- pages


def label(page: Page) -> str:
    return page.locator(".lp").get_attribute("aria-label") or ""


def started(page: Page) -> None:
    page.wait_for_function("document.querySelector('.lp').ariaLabel.includes('VAE: z =')")


def map_of(page: Page, kind: str) -> Any:
    name = re.compile(f"^{kind.upper()}'s plane")
    return page.get_by_role("group", name=name)


def looks(shares: Tensor) -> str:
    share, digit = shares.max(-1)
    rounded = f"{math.floor(100 * share + 0.5)}\xa0%"
    if share < 0.5:
        return f"looks unclear (LeNet: {digit}, {rounded})"
    return f"looks like {digit} (LeNet {rounded})"


@torch.no_grad()
def words(kind: str, z: list[float]) -> str:
    image = in_double(kind).decode(torch.tensor([z]).double()).sigmoid()
    place = ", ".join(f"{v:.1f}".replace("-", "−").replace("−0.0", "0.0") for v in z)
    return f"{kind.upper()}: z = ({place}): {looks(judge(image)[0])}."


def code_of(kind: str, x: Tensor) -> list[float]:
    with torch.no_grad():
        return in_double(kind).encoder(x.double())[0, :2].tolist()


def greys(page: Page, which: str) -> Tensor:
    return torch.tensor(
        page.locator(which).evaluate(
            """(c) => Array.from(c.getContext("2d").getImageData(0, 0, 28, 28).data)
              .filter((_, i) => i % 4 === 0)"""
        )
    )


@torch.no_grad()
@pytest.mark.parametrize("width", [1280, 390])
def test_by_keyboard(browser: Browser, tmp_path: Path, width: int, random_planes: None) -> None:
    first = cases.examples()[1]
    with shown(browser, tmp_path, LatentPad(3, 8), width=width) as (page, _):
        started(page)
        for kind in KINDS:
            z = code_of(kind, first[3:4])
            assert words(kind, z) in label(page)
            image = in_double(kind).decode(torch.tensor([z]).double()).sigmoid().flatten()
            shown_now = greys(page, f".lp-image >> nth={KINDS.index(kind)}")
            assert (shown_now - 255 * image).abs().max() <= 0.5 + 1e-3
        at = code_of("vae", first[3:4])
        press(page, map_of(page, "vae"), "ArrowRight")
        page.keyboard.press("Shift+ArrowDown")
        said = map_of(page, "vae").get_attribute("aria-label") or ""
        step = float(said.split("move by ")[1].split(",")[0])
        there = [at[0] + step, at[1] - 5 * step]
        assert words("vae", there) in label(page)
        assert words("ae", code_of("ae", first[3:4])) in label(page)  # stays
        press(page, page.get_by_label("x", exact=True), "5")
        for kind in KINDS:
            assert words(kind, code_of(kind, first[5:6])) in label(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@torch.no_grad()
def test_q_is_told_and_z_is_drawn_by_the_dice(
    browser: Browser, tmp_path: Path, random_planes: None
) -> None:
    x = cases.examples()[1][7:8].double()
    mean, logs = in_double("vae").encode(x)
    noise = [torch.tensor(normals(dice(seed), 2)).double() for seed in (1, 2)]
    with shown(browser, tmp_path, LatentPad(7)) as (page, _):
        started(page)
        about = page.locator(".lp-side .ptp-note", has_text="KL").inner_text()
        assert f"KL {gaussian_kl(mean, logs).item():.1f} nats" in about
        sigma = [f"{v:.2f}" for v in (0.5 * logs[0]).exp().tolist()]
        assert f"σ ({', '.join(sigma)})" in about
        press(page, page.get_by_role("button", name="Draw z from q(z|x)"), "Enter")
        z = (mean[0] + (0.5 * logs[0]).exp() * noise[0]).tolist()
        assert words("vae", z) in label(page)
        assert words("ae", code_of("ae", x)) in label(page)
        press(page, page.get_by_role("button", name="Draw z from N(0, I)"), "Enter")
        for kind in KINDS:
            assert words(kind, noise[1].tolist()) in label(page)


@torch.no_grad()
def test_each_case_and_its_line(browser: Browser, tmp_path: Path, random_planes: None) -> None:
    first = cases.examples()[1]
    with shown(browser, tmp_path, LatentPad(0, 1)) as (page, _):
        started(page)
        for case in cases.cases():
            press(page, page.get_by_role("button", name=case["name"], exact=True), "Enter")
            pressed = page.locator('.ptp-presets [aria-pressed="true"]')
            assert pressed.all_inner_texts() == [case["name"]]
            for kind in KINDS:
                at = case[kind] or code_of(kind, cases.examples()[1][case["example"]][None])
                assert words(kind, at) in label(page)
        page.get_by_label("x", exact=True).select_option("2")
        page.get_by_label("Line to", exact=True).select_option("6")
        page.wait_for_function("!document.querySelector('.lp-line[aria-busy]')")
        for n, kind in enumerate(KINDS):
            a, b = (torch.tensor(code_of(kind, first[d : d + 1])).double() for d in (2, 6))
            line = torch.stack([a.lerp(b, k / 7) for k in range(8)])
            shares = judge(in_double(kind).decode(line).sigmoid())
            cells = page.locator(".ptp-lineup").nth(n).locator("li").all_inner_texts()
            assert [int(cell.split()[0]) for cell in cells] == shares.argmax(1).tolist()
            found = torch.tensor([float(cell.split()[1]) for cell in cells])
            assert (found - 100 * shares.amax(1)).abs().max() < 0.51


def test_a_drawing_has_a_code(browser: Browser, tmp_path: Path, random_planes: None) -> None:
    with shown(browser, tmp_path, LatentPad(None, ae=[0.0, 0.0])) as (page, _):
        started(page)
        assert words("ae", [0, 0]) in label(page)
        pad = page.get_by_role("group", name="x: a drawing pad")
        press(page, pad, "ArrowUp", 8)
        page.keyboard.press("Space")
        for _step in range(14):
            page.keyboard.press("ArrowDown")
        ink = greys(page, ".ptp-ink canvas")
        assert ink.sum() > 5000
        assert page.get_by_label("x", exact=True).input_value() == ""
        x = (ink.double() / 255).view(1, 1, 28, 28)
        for kind in KINDS:
            assert words(kind, code_of(kind, x)) in label(page)
        press(page, page.get_by_role("button", name="Clear"), "Enter")
        assert greys(page, ".ptp-ink canvas").sum() == 0
        box = pad.bounding_box()
        assert box
        page.mouse.move(box["x"] + 30, box["y"] + 20)
        page.mouse.down()
        page.mouse.move(box["x"] + 30, box["y"] + 90, steps=3)
        page.mouse.up()
        ink = greys(page, ".ptp-ink canvas").view(28, 28)
        column = int(28 * 30 / box["width"])
        assert (ink[6:18, column] > 100).all()  # without gaps


def test_the_pointer_moves_one_cross(
    browser: Browser, tmp_path: Path, random_planes: None
) -> None:
    with shown(browser, tmp_path, LatentPad(3)) as (page, _):
        started(page)
        left, right, low, high = cases.ranges("ae")
        square = map_of(page, "ae")
        box = square.bounding_box()
        assert box
        square.click(position={"x": box["width"] / 2, "y": box["height"] / 4})
        said = map_of(page, "ae").get_attribute("aria-label") or ""
        z = [float(text.replace("−", "-")) for text in re.findall(r"z[₁₂] (−?[\d.]+\d)", said)]
        per_pixel = (right - left) / box["width"]
        assert z[0] == pytest.approx((left + right) / 2, abs=2 * per_pixel)
        assert z[1] == pytest.approx(high - (high - low) / 4, abs=2 * per_pixel)
        x = cases.examples()[1][3:4]
        assert words("vae", code_of("vae", x)) in label(page)


@pytest.mark.parametrize("theme", THEMES)
def test_it_is_accessible(
    browser: Browser, tmp_path: Path, theme: str, random_planes: None
) -> None:
    page_file = write_page(tmp_path, [LatentPad(3)], theme=theme)
    with open_page(browser, width=390) as (page, watch):
        page.goto(page_file.as_uri())
        started(page)
        assert [found for found in findings(page) if found[0] not in PAGE_ALONE] == []
        assert page.evaluate(TOO_SMALL) == []
        assert watch.errors == []


def test_weights_within_the_budget(random_planes: None) -> None:
    forget()
    pad = LatentPad(3)
    parts = [pad.lenet, pad.ae_encoder, pad.ae_decoder, pad.vae_encoder, pad.vae_decoder]
    assert sum(len(part.weights) for part in parts) <= 450_000
