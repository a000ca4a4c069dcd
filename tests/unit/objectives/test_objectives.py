import pytest
import torch

from ditherlab.errors import AbilityError, PictureError, RequestError
from ditherlab.objectives import OBJECTIVES, SSIM, ObjectiveSum, Variance, parse_objective
from ditherlab.protocol import Target

PRICED = [name for name in OBJECTIVES.classes if "gradient" in OBJECTIVES.parse(name).abilities]


@pytest.fixture
def target(generator):
    images = torch.rand((2, 3, 24, 20), generator=generator, dtype=torch.float64)
    opaque = torch.ones((2, 1, 24, 20), dtype=torch.bool)
    opaque[1, :, :12] = False
    return Target(images, opaque)


@pytest.mark.parametrize("name", PRICED)
def test_the_target_itself_costs_nothing(name, target):
    cost = OBJECTIVES.parse(name).bind(target).cost(target.images.unsqueeze(0))
    torch.testing.assert_close(cost, torch.zeros((1, 2), dtype=torch.float64))


@pytest.mark.parametrize("name", PRICED)
def test_transparent_pixels_cost_nothing_and_get_no_gradient(name, target, generator):
    cost = OBJECTIVES.parse(name).bind(target)
    drawn = torch.rand(target.images.shape, generator=generator, dtype=torch.float64)
    other = torch.where(target.opaque, drawn, torch.rand_like(drawn))
    prices, gradients = cost.price_with_gradient(torch.stack([drawn, other]))
    torch.testing.assert_close(prices[0], prices[1])
    assert not (gradients * ~target.opaque).any()
    assert gradients.abs().sum() > 0


@pytest.mark.parametrize("name", PRICED)
def test_gradients_are_those_of_finite_differences(name, target, generator):
    small = Target(target.images[:1, :1, :12, :12], target.opaque[:1, :, :12, :12])
    cost = OBJECTIVES.parse(name).bind(small)
    images = torch.rand((1, 1, 1, 12, 12), generator=generator, dtype=torch.float64)
    assert torch.autograd.gradcheck(cost.cost, images.requires_grad_())


@pytest.mark.parametrize("name", PRICED)
def test_pictures_of_a_batch_do_not_touch_each_other(name, target, generator):
    drawn = torch.rand((3, 2, 3, 24, 20), generator=generator, dtype=torch.float64)
    together = OBJECTIVES.parse(name).bind(target).cost(drawn)
    alone = Target(target.images[1:], target.opaque[1:])
    torch.testing.assert_close(
        OBJECTIVES.parse(name).bind(alone).cost(drawn[:, 1:]), together[:, 1:]
    )


def test_a_sum_offers_what_all_of_its_terms_offer():
    mixed = parse_objective("viewed-error+0.1*ssim")
    assert isinstance(mixed, ObjectiveSum)
    assert mixed.abilities == SSIM().abilities
    assert mixed.min_size_px == 11
    assert "expectation" in parse_objective("viewed-error+2*variance").abilities
    assert "value" not in parse_objective("viewed-error+2*variance").abilities


def test_a_sum_adds_weighted_costs(target, generator):
    drawn = torch.rand((3, 2, 3, 24, 20), generator=generator, dtype=torch.float64)
    first, second = (parse_objective(words).bind(target).cost(drawn) for words in PRICED[:2])
    mixed = parse_objective(f"2*{PRICED[0]} + -0.5*{PRICED[1]}").bind(target).cost(drawn)
    torch.testing.assert_close(mixed, 2 * first - 0.5 * second)


def test_exponents_and_parentheses_do_not_split_a_sum():
    assert str(parse_objective("1e+1*ssim(sigma=1.5e+0)+viewed-error")) == "10*ssim+viewed-error"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("viewd-error", "Unknown objective `viewd-error`. Did you mean `viewed-error`?"),
        ("ssim+", "must be `name`"),
        ("1.2.3*ssim", "A weight must be a number, got '1.2.3'"),
        ("ssim(sigma=0)", r"`ssim\(sigma=...\)` must be from 0.3 to 50 pixels, got 0"),
        ("viewed-error(blur_px=-1)", "`blur_px` must be from 0 to 50 pixels, got -1"),
        ("viewed-ssim(contrast=-1)", r"`viewed-ssim\(contrast=...\)` must be from 0 to 4, got -1"),
        ("variance(c=2)", "must be from 0 to 1, got 2"),
    ],
)
def test_wrong_objectives_are_refused_with_advice(words, message):
    with pytest.raises(RequestError, match=message):
        parse_objective(words)


def test_ssim_refuses_a_picture_smaller_than_its_window():
    small = Target(torch.zeros((1, 1, 10, 40)), torch.ones((1, 1, 10, 40), dtype=torch.bool))
    with pytest.raises(PictureError, match="at least 11 pixels high and wide, got 40 x 10"):
        SSIM().bind(small)


def test_the_variance_loss_prices_no_pictures_below_c_1(target):
    with pytest.raises(AbilityError, match="does not offer `value`"):
        Variance().bind(target).cost(target.images.unsqueeze(0))
