"""Python functions as objectives: their words, their costs, and what a run makes of them."""

import copy
import doctest
from io import BytesIO
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
import torch
from PIL import Image

import ditherlab.vision.packaged_metrics
from ditherlab.black_box import PricedFunction, TensorTargets
from ditherlab.black_box.tensor_function import TensorFunction
from ditherlab.errors import ObjectiveError, RequestError
from ditherlab.images import Picture, drawn_png_bytes, encode_indexed_png
from ditherlab.objectives import FLIP, PIQE, PngBytes, PythonFunction, parse_objective
from ditherlab.palette import Palette, named_palette
from ditherlab.protocol import Target
from ditherlab.stages.strategies import default_estimator
from tests.solving import problem_of, solve

PICO_8 = named_palette("pico-8")
EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a Python file into the current folder, and return its name."""
    monkeypatch.chdir(tmp_path)

    def call(code, name="functions.py"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(dedent(code), encoding="utf-8")
        return name

    return call


@pytest.fixture
def target(generator):
    images = torch.rand((2, 3, 6, 5), generator=generator)
    opaque = torch.ones((2, 1, 6, 5), dtype=torch.bool)
    opaque[1, :, :2] = False
    return Target(images, opaque)


@pytest.fixture
def tiny(photo):
    return photo.crop(left=8, top=6, width=8, height=6)


def price(objective, target, images):
    cost = objective.bind(target)
    try:
        return cost.cost(images)
    finally:
        cost.close()


@pytest.mark.parametrize(
    "words",
    [
        "python:functions.py:cost",
        "python:./my-folder/a.b/../fun+ctions.py:cost",
        "-1*python:functions.py:cost",
        "-1*python:functions.py:cost+0.1*ssim(sigma=2)+python:my-folder/fun+ctions.py:cost",
        "python:math:sqrt",
        "python:os.path:getsize+viewed-error",
        "2*flip(pixels_per_degree=40)+png-bytes",
    ],
)
def test_words_read_back(words, write):
    write("def cost(picture): return 0", "my-folder/fun+ctions.py")
    Path("my-folder/a.b").mkdir()
    write("def cost(picture): return 0")
    objective = parse_objective(words)
    assert str(objective) == words
    assert parse_objective(str(objective)) == objective


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("python:functions.py", "must be `python:FILE.py:function` or `python:module:function`"),
        ("ssim+python:", "must be `python:FILE.py:function`"),
        ("ssim+0.1*python:nowhere.py:cost", "there is no file 'nowhere.py'"),
        ("python:functions.py:costs", "Did you mean `cost`"),
    ],
)
def test_wrong_words_are_refused(words, message, write):
    write("def cost(picture): return 0")
    with pytest.raises(RequestError, match=message):
        parse_objective(words)


def test_public_words_name_no_folder(write, tmp_path):
    write("def cost(picture): return 0")
    objective = parse_objective(f"-1*python:{tmp_path}/functions.py:cost+ssim")
    assert objective.public_words == "-1*python:functions.py:cost+ssim"


def test_a_black_box_offers_its_value_and_nothing_else(write):
    objective = PythonFunction(write("def cost(picture): return 0"), "cost")
    assert objective.abilities == {"value"}
    assert str(default_estimator(objective)) == "leave-one-out"
    assert (parse_objective("viewed-error") and default_estimator(objective)).needs == {"value"}


@pytest.mark.parametrize("takes", ["picture", "batch"])
def test_a_black_box_sees_each_picture_beside_its_target(takes, write, target, generator):
    path = write(
        f"""
        import numpy as np
        from ditherlab import cost_function

        @cost_function(takes="{takes}")
        def cost(picture, target, opaque):
            difference = np.abs(picture / 255 - target / 255).mean(axis=-1) * 1000 + opaque
            return difference.sum(axis=(-2, -1))
        """
    )
    images = torch.rand((3, *target.images.shape), generator=generator)
    levels = [(x * 255).round() / 255 for x in (target.fill_transparent(images), target.images)]
    expected = (levels[0] - levels[1]).abs().mean(dim=2).sum(dim=(2, 3)) * 1000
    expected += target.opaque.sum(dim=(1, 2, 3))
    costs = price(PythonFunction(path, "cost"), target, images)
    assert costs.shape == (3, 2)
    assert costs.dtype == images.dtype
    torch.testing.assert_close(costs, expected, rtol=1e-5, atol=1e-3)


def test_a_gray_problem_shows_three_equal_channels(write, target):
    gray = Target(target.images[:, :1], target.opaque)
    path = write(
        "def cost(picture, target):\n"
        "    is_gray = (picture.T == picture.T[0]).all()\n"
        "    return is_gray and picture.shape == target.shape == (6, 5, 3)"
    )
    assert price(PythonFunction(path, "cost"), gray, gray.images[None]).tolist() == [[1.0, 1.0]]


def test_the_example_metric_prefers_the_picture_itself(photo):
    objective = PythonFunction(str(EXAMPLES / "my_metric.py"), "cost")
    target = problem_of(photo, palette=8).target()
    flat = torch.full_like(target.images, 0.5)
    same, other = price(objective, target, torch.stack([target.images, flat])).flatten().tolist()
    assert same == pytest.approx(0, abs=1e-5)
    assert other > 0.1


def test_the_examples_of_the_page_run(monkeypatch):
    monkeypatch.chdir(EXAMPLES.parents[1])
    failed, attempted = doctest.testfile(
        str(EXAMPLES.parent / "python-objectives.md"), module_relative=False
    )
    assert (failed, attempted) == (0, 10)


def test_flip_is_that_of_its_authors(photo):
    evaluate = pytest.importorskip("flip_evaluator").evaluate
    target = problem_of(photo, palette=8).target()
    flat = torch.full_like(target.images, 51 / 255)
    costs = price(FLIP(pixels_per_degree=30), target, torch.stack([target.images, flat]))
    reference, test = (x[0].permute(1, 2, 0).numpy().copy() for x in (target.images, flat))
    _, expected, _ = evaluate(reference, test, "LDR", parameters={"ppd": 30.0})
    assert costs.flatten().tolist() == pytest.approx([0, expected], abs=1e-6)
    assert expected > 0.1


def test_flip_says_what_to_install(monkeypatch):
    monkeypatch.setattr(ditherlab.vision.packaged_metrics, "find_spec", lambda name: None)
    with pytest.raises(RequestError, match=r"`flip` needs a .* pip install flip-evaluator"):
        parse_objective("viewed-error+flip")


def test_piqe_is_that_of_its_package_and_sees_no_source(photo):
    score = pytest.importorskip("pypiqe").piqe
    target = problem_of(photo, palette=8).target()
    noisy = torch.rand(target.images.shape, generator=torch.Generator().manual_seed(1))
    costs = price(PIQE(), target, torch.stack([target.images, noisy])).flatten().tolist()
    levels = (noisy[0] * 255).round().permute(1, 2, 0).to(torch.uint8).numpy()
    assert costs == pytest.approx([score(photo.pixels)[0], score(levels)[0]])
    assert costs[0] != costs[1]


def test_flip_refuses_no_distance():
    with pytest.raises(RequestError, match="must be above 0, got -1"):
        FLIP(pixels_per_degree=-1)


@pytest.mark.parametrize("is_holed", [False, True])
def test_png_bytes_are_those_of_the_written_file(is_holed, photo):
    opaque = photo.opaque.copy()
    opaque[:, :9] = not is_holed
    picture = Picture(pixels=photo.pixels, opaque=opaque)
    solution = solve(picture, palette=PICO_8, steps=3)
    with Image.open(BytesIO(solution.to_png())) as written:
        # As the file, without text and without the colors that it does not show.
        used = sorted({c for c in solution.palette.colors if c in _shown(solution)})
    palette = Palette(tuple(used))
    places = np.array([used.index(c) if c in used else 0 for c in solution.palette.colors])
    indices = places.astype(np.uint8)[solution.indices]
    expected = len(encode_indexed_png(indices, palette.colors, opaque, {}))
    drawn = torch.from_numpy(solution.picture.pixels / np.float32(255)).permute(2, 0, 1)
    costs = price(PngBytes(), solution.problem.target(), drawn[None, None])
    assert costs.tolist() == [[expected]]
    assert written.size == (48, 32)


def _shown(solution):
    shown = solution.picture.pixels[solution.source.opaque]
    return {(int(r), int(g), int(b)) for r, g, b in shown}


def test_png_bytes_take_256_colors_and_no_more():
    column = np.arange(257, dtype=np.uint16)
    many = np.stack([column & 255, column >> 8, column * 0], axis=1).astype(np.uint8)[None]
    opaque = np.ones((1, 257), dtype=bool)
    assert drawn_png_bytes(many[:, :256], many, opaque[:, :256]) > 0
    with pytest.raises(ValueError, match="at most 256 colors, got 257"):
        drawn_png_bytes(many, many, opaque)


NETWORK = """
import torch
from torch import nn

torch.manual_seed(1)
network = nn.Sequential(
    nn.Conv2d(3, 4, 3, padding=1), nn.Tanh(), nn.Dropout(0.5), nn.AdaptiveAvgPool2d(1),
    nn.Flatten(), nn.Linear(4, 1),
)
"""


@pytest.fixture
def network(write):
    return PythonFunction(write(NETWORK), "network")


@pytest.fixture
def loaded(network):
    """The same network, loaded in this process."""
    state = torch.get_rng_state()
    found = network._source.load()
    torch.set_rng_state(state)
    return found


def test_the_gradient_of_a_network_is_that_of_autograd(network, loaded, target, generator):
    assert network.abilities == {"value", "gradient"}
    images = torch.rand((3, *target.images.shape), generator=generator)
    costs, gradient = network.bind(target).price_with_gradient(images)
    plain = copy.deepcopy(loaded).eval()
    leaves = images.clone().requires_grad_()
    expected = plain(target.fill_transparent(leaves).flatten(0, 1)).view(3, 2)
    torch.testing.assert_close(costs, expected.detach())
    torch.testing.assert_close(gradient, torch.autograd.grad(expected.sum(), leaves)[0])
    assert not (gradient * ~target.opaque).any()


def test_a_bound_network_is_a_copy_in_evaluation_mode(loaded, network, target):
    images, opaque = target.images.numpy(), target.opaque.numpy()
    source = network._source
    bound = TensorFunction(PricedFunction(source, loaded), TensorTargets(images, opaque, "cpu"))
    assert loaded.training
    assert all(weight.requires_grad for weight in loaded.parameters())
    assert not bound._priced.function.training
    assert not any(weight.requires_grad for weight in bound._priced.function.parameters())


def test_optimizing_a_network_lowers_its_cost_and_moves_the_palette(tiny):
    objective = PythonFunction(str(EXAMPLES / "my_network.py"), "network")
    solution = solve(tiny, palette=3, objective=objective, steps=60)
    snapshots = solution.history.snapshots
    assert solution.settings["estimator"] == "gumbel-softmax"
    assert snapshots[-1].cost < snapshots[0].cost
    assert solution.notes == ()


def test_a_differentiable_function_may_take_one_picture_and_print(write, target, capfd):
    path = write(
        """
        from ditherlab import cost_function

        @cost_function(takes="picture", differentiable=True)
        def cost(picture, target, opaque):
            print("priced")
            return ((picture - target) * opaque).square().sum()
        """
    )
    images = target.images[None] / 2
    costs, gradient = PythonFunction(path, "cost").bind(target).price_with_gradient(images)
    error = (images - target.images) * target.opaque
    torch.testing.assert_close(costs, error.square().sum(dim=(2, 3, 4)))
    torch.testing.assert_close(gradient, 2 * error)
    assert capfd.readouterr() == ("", "priced\n" * 2)


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ("pictures.mean()", r"a number for each of 2 pictures, got an array of shape \[\]"),
        ("3.0", "must return a tensor, because it is marked as differentiable, got float"),
        ("pictures.detach().mean(dim=(1, 2, 3))", "a number without a gradient"),
        ("1 / 0", r"raised ZeroDivisionError: division by zero \(functions.py, line 4\)"),
        ("pictures.exp().sqrt_().exp_().sin_().mean(dim=(1, 2, 3))", "raised RuntimeError: "),
    ],
)
def test_what_is_no_differentiable_cost(result, message, write, target):
    path = write(
        f"""from ditherlab import cost_function
@cost_function(differentiable=True)
def cost(pictures):
    return {result}
"""
    )
    with pytest.raises(ObjectiveError, match=message):
        PythonFunction(path, "cost").bind(target).price_with_gradient(target.images[None])
