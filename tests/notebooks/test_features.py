"""What chapters 9 and 10 say of their measurements is what ``results/`` holds, seed by seed."""

from __future__ import annotations

from typing import Any

import pytest

from course_utils import facts, results


def rows(name: str, key: str) -> dict[Any, dict[str, Any]]:
    return {row[key]: row for row in results.table(name).record["rows"]}


def seeds(name: str, key: str, what: str) -> dict[Any, list[float]]:
    """What every seed gave, by the name of the row."""
    return {shown: row[f"seeds of {what}"] for shown, row in rows(name, key).items()}


def above(upper: list[float], lower: list[float]) -> bool:
    """For whichever seed."""
    return min(upper) > max(lower)


def varied(what: str, part: str = "h") -> dict[Any, list[float]]:
    found = results.table("simclr").record["rows"]
    return {row["to"]: row[f"seeds of {part}"] for row in found if row["varied"] == what}


def test_few_labels() -> None:
    """The lead of rotations is largest at five and ten labels per class, and gone with 500."""
    found = {
        (row["features"], row["labels per class"]): row["accuracy"]
        for row in results.table("labels").record["rows"]
    }
    counts = (1, 5, 10, 50, 500)
    lead = {n: found["rotation", n] - found["from scratch", n] for n in counts}
    assert min(lead[5], lead[10]) > max(lead[1], lead[50])
    assert lead[10] > 0 > lead[500]
    for n in counts:
        assert found["SimCLR", n] > found["rotation", n] > found["untrained", n], n


def test_a_shortcut_makes_features_that_are_worse_than_untrained_ones() -> None:
    probe, turns = (seeds("shortcuts", "what was done", w) for w in ("probe", "turns"))
    assert above(turns["a stamp in the corner"], [0.98])
    assert above(probe["untrained"], probe["a stamp in the corner"])
    assert above(probe["as it should be"], probe["untrained"])
    for name in ("images turned before", "labels in another order"):
        assert all(abs(share - 0.25) < 0.03 for share in turns[name])
        assert above(probe["untrained"], probe[name])


def test_cpc_learns_features_where_patches_are_recoloured_only() -> None:
    (plain,), (recoloured,) = (
        results.table(name).record["rows"] for name in ("cpc_small", "cpc_recoloured")
    )
    assert plain["linear probe"] < plain["untrained, probe"]
    assert recoloured["linear probe"] > recoloured["untrained, probe"] + 0.05
    assert plain["epochs"] == recoloured["epochs"]


def test_crops_and_colours_are_ahead_and_colours_alone_below_the_floor() -> None:
    found = varied("composition")
    best, untrained = found.pop("crop and colours"), results.table("simclr").record["untrained"]
    assert all(above(best, other) for other in found.values())
    assert above([untrained], found["colours"])
    for added in ("crop and cutout", "crop and blur"):
        assert max(found[added]) < max(found["crop"]) + 0.001  # brings nothing


def test_low_temperatures_are_ahead_and_512_images_are_not() -> None:
    found = varied("temperature")
    assert above(found[0.05] + found[0.1], found[0.5] + found[1.0])
    means = {tau: sum(values) / len(values) for tau, values in found.items()}
    assert means[0.1] - means[0.5] > 0.02
    batch = varied("batch")
    mean = {n: sum(values) / len(values) for n, values in batch.items()}
    assert min(mean[32], mean[128]) > mean[512]  # a little, in the mean
    assert above([max(batch[32] + batch[128])], batch[512])


def test_h_is_ahead_of_z_and_of_a_network_without_a_head() -> None:
    h, z = varied("head"), varied("head", "z")
    for head in ("linear", "one hidden layer"):
        assert above(h[head], z[head])
        assert above(h[head], h["none, z = h"])
    assert not above(h["one hidden layer"], h["linear"])


def test_what_goes_wrong_without_negatives_or_partners() -> None:
    probe = seeds("collapse", "what was done", "linear probe")
    spread = seeds("collapse", "what was done", "any two views")
    partners = seeds("collapse", "what was done", "partners")
    assert max(spread["no negatives"]) < 0.005
    assert max(spread["partners one row off"]) < 0.05
    assert min(partners["both views are the same"]) > 1.7
    assert above(partners["crops alone"], partners["as it should be"])
    for name in ("no negatives", "both views are the same", "partners one row off"):
        assert above(probe["untrained"], probe[name])
    mean = {
        name: row["linear probe"] for name, row in rows("collapse", "what was done").items()
    }
    assert mean["untrained"] < mean["crops alone"] < mean["as it should be"]


@pytest.mark.parametrize("group", ["cifar10_simclr", "linear_probes"])
def test_published_networks_have_fifty_times_as_many_parameters(group: str) -> None:
    """ResNet-50 has 24 million; where a fact names a number it is one of at least as many."""
    (ours,) = results.table("simclr_small").record["rows"]
    assert ours["parameters"] * 50 < 24e6
    for fact in facts.facts(group).values():
        words = fact["what"].split()
        if "million" in words:
            assert float(words[words.index("million") - 1]) >= 24
