"""The blocks of the fusion, and the colours that palettes show. Needs the extra ``train``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch: pip install -e '.[train]'")

from catalog_jobs.encoders.training.fashion_fusion import (  # noqa: E402
    BLOCK_DIMS,
    HEADS,
    SHARE_HEADS,
    FashionFusion,
    FeatureData,
)
from catalog_jobs.encoders.training.fashion_network import COLOURS, FEATURES  # noqa: E402
from catalog_jobs.encoders.training.fashion_palette import PaletteColour, fit_palette_colour, mixing_weights  # noqa: E402

functional = torch.nn.functional

LABELS = {"article": 3, "class": 3, "category": 2, "colour": 3, "gender": 3, "age": 2, "usage": 2, "pattern": 2}
COLOUR_OUTPUT = 1 + HEADS.index("colour")


def test_blocks_of_a_photo_alone_are_nearer_to_the_label_that_is_expected_of_them() -> None:
    torch.manual_seed(2)
    fusion, image = some_fusion(some_garments(64))
    one, none = torch.ones(64, 1), torch.zeros(64, 1)
    with torch.no_grad():
        hidden = fusion.hidden(image, one, torch.zeros(64, 1, 8), none)
        exact, logits = fusion.blocks["article"](hidden)
        alone, with_name = (
            functional.normalize(fusion.vector(hidden, attracted)[:, : BLOCK_DIMS["article"]], dim=1)
            for attracted in (one, none)
        )
        proxies = functional.normalize(fusion.blocks["article"].proxies, dim=1)
    proxy = proxies[logits[:, : LABELS["article"]].argmax(1)]
    assert bool(((alone * proxy).sum(1) > (exact * proxy).sum(1)).all())
    assert bool(((alone * exact).sum(1) > 0).all())
    assert torch.allclose(with_name, exact, atol=1e-6)


def test_palettes_tell_colours_that_features_do_not() -> None:
    garments = some_garments(300)
    image = torch.from_numpy(garments.image[0])
    network = PaletteColour(image[:, FEATURES:].mean(0), image[:, FEATURES:].std(0), LABELS["colour"])
    fit_palette_colour(network, garments, seed=1)
    with torch.no_grad():
        predicted = network.eval()(image).argmax(1)
    assert (predicted == garments.shares["colour"].argmax(1)).float().mean() > 0.95


def test_the_better_opinion_gets_the_greater_weight() -> None:
    generator = torch.Generator().manual_seed(3)
    label = torch.randint(0, 3, (200,), generator=generator)
    noise = torch.randn(200, 3, generator=generator)
    right = functional.one_hot(label, 3) + 0.5 * torch.randn(200, 3, generator=generator)
    head, palettes = mixing_weights(noise, right, label).tolist()
    assert palettes > 1 > 5 * abs(head)


def test_palettes_count_for_photos_without_a_name_alone() -> None:
    fusion, image = some_fusion(some_garments(4))
    text, one, none = functional.normalize(torch.ones(4, 1, 8), dim=2), torch.ones(4, 1), torch.zeros(4, 1)
    before_alone, before_named = colours(fusion, image, text * 0, none), colours(fusion, image, text, one)
    fusion.colour_weights[:] = torch.tensor([0.0, 1.0])
    with torch.no_grad():
        expected = torch.softmax(fusion.palette_colour(image), dim=1)
    assert torch.allclose(colours(fusion, image, text * 0, none), expected, atol=1e-6)
    assert not torch.allclose(before_alone, expected, atol=1e-3)
    assert torch.equal(colours(fusion, image, text, one), before_named)


def some_fusion(garments: FeatureData) -> tuple[FashionFusion, Any]:
    """Return a fusion that has not been trained, and the first view of the garments."""
    image = torch.from_numpy(garments.image[0])
    return FashionFusion(LABELS, image.mean(0), image.std(0), text=8).eval(), image


def colours(fusion: FashionFusion, image: Any, text: Any, has_text: Any) -> Any:
    with torch.no_grad():
        return fusion(image, torch.ones(4, 1), text, has_text)[COLOUR_OUTPUT]


def some_garments(count: int) -> FeatureData:
    """Pictures with random features, and palettes of the garment's colour alone."""
    random = np.random.default_rng(5)
    colour = random.integers(0, LABELS["colour"], count)
    image = random.normal(size=(1, count, FEATURES + 2 * COLOURS)).astype(np.float32)
    image[0, :, FEATURES:] = 0.1 * np.abs(image[0, :, FEATURES:])
    image[0, np.arange(count), FEATURES + colour] += 1
    return FeatureData(
        image=image,
        text=np.zeros((1, count, 8), np.float32),
        shares={
            task: functional.one_hot(torch.from_numpy(colour % LABELS[task]), LABELS[task]).float()
            for task in SHARE_HEADS
        },
        candidates={},
        garment=torch.ones(count),
        photo=np.arange(count) % 2 == 0,
    )
