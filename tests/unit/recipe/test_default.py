"""The default recipe, the shorthands that edit it, and the table of impossible combinations."""

from typing import Any

import pytest

from ditherlab.discrete.cells import cell_rule
from ditherlab.errors import AbilityError, RequestError
from ditherlab.estimators import ST, Moments, Reinmax
from ditherlab.models import Noise, Ordered
from ditherlab.objectives import SSIM, Variance, ViewedError, parse_objective
from ditherlab.optimizers import MeanField
from ditherlab.palette import named_palette
from ditherlab.recipe import Recipe, Shorthands, default_recipe
from ditherlab.recipe.presets import PRESETS
from ditherlab.recipe.rules import COMPANIONS, EXCLUSIONS, check_settings
from ditherlab.request.optimize_request import OptimizeRequest
from ditherlab.request.palette_options import as_option
from ditherlab.stages.cross_entropy import CrossEntropy
from ditherlab.stages.gibbs_with_gradients import GibbsWithGradients
from tests.solving import problem_of, recipe_of

PICO_8 = named_palette("pico-8")
ZX = cell_rule("zx-spectrum")


def names_of(photo: Any, **settings: Any) -> list[str]:
    problem = problem_of(photo, **settings)
    return [stage.name for stage in recipe_of(problem, **settings).stages]


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"palette": 4}, "learn-palette error-diffusion polish"),
        ({"palette": PICO_8}, "error-diffusion polish"),
        ({"palette": PICO_8, "polish": "none"}, "error-diffusion"),
        ({"palette": PICO_8, "steps": 3}, "nearest descend draw polish"),
        ({"palette": PICO_8, "temperature": (1, 0.1)}, "nearest descend draw polish"),
        ({"palette": PICO_8, "optimizer": MeanField()}, "nearest descend draw polish"),
        (
            {"palette": PICO_8, "steps": 3, "start": "error-diffusion"},
            "error-diffusion descend draw polish",
        ),
        ({"palette": PICO_8, "start": "nearest"}, "nearest descend draw polish"),
        ({"palette": 4, "start": "nearest"}, "nearest descend draw polish"),
        ({"palette": 4, "estimator": ST()}, "learn-palette error-diffusion polish"),
        ({"palette": 4, "objective": SSIM()}, "nearest descend draw"),
        ({"palette": PICO_8, "objective": SSIM()}, "nearest descend draw"),
        ({"palette": PICO_8, "model": Ordered()}, "learn-model draw"),
        ({"palette": 4, "model": Noise()}, "learn-palette learn-model draw"),
        ({"palette": PICO_8, "method": CrossEntropy()}, "error-diffusion cross-entropy"),
        (
            {"palette": 4, "method": GibbsWithGradients(), "start": "nearest", "polish": "flips"},
            "learn-palette nearest gibbs-with-gradients polish",
        ),
        ({"palette": ZX.palette, "cells": ZX}, "cells polish"),
        ({"palette": PICO_8, "draw": "sample"}, "error-diffusion draw polish"),
    ],
)
def test_a_problem_gets_the_stages_that_suit_it(settings, names, photo):
    assert names_of(photo, **settings) == names.split()


def test_defaults_fit_the_objective(photo):
    def chosen(words, **settings):
        problem = problem_of(photo, palette=PICO_8, objective=parse_objective(words))
        _, descend, draw, *_ = recipe_of(problem, steps=1, **settings).stages
        return str(descend.estimator), str(descend.optimizer), draw.by

    assert chosen("perceptual") == ("moments", "mean-field", "mode")
    assert chosen("viewed-error") == ("moments", "mean-field", "mode")
    assert chosen("variance") == ("moments", "adam", "sample")
    assert chosen("variance(c=1)") == ("moments", "mean-field", "mode")
    assert chosen("variance", draw="mode") == ("moments", "adam", "mode")
    assert chosen("ssim") == ("gumbel-softmax", "adam", "mode")
    assert chosen("viewed-error+0.1*viewed-ssim") == ("gumbel-softmax", "adam", "mode")
    assert chosen("ssim", estimator=Moments())[1] == "adam"
    assert chosen("perceptual", estimator=Reinmax())[1] == "natural-gradient"


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_a_recipe(preset, photo):
    recipe = default_recipe(problem_of(photo, palette=8), Shorthands(preset=preset))
    learn, _, polish = recipe.stages
    chosen = PRESETS[preset]
    assert (learn.steps, learn.pixels) == (chosen.num_steps, chosen.palette_px)
    assert learn.starts == chosen.num_palette_starts
    assert (polish.sweeps, polish.temperature) == (chosen.num_sweeps, chosen.polish_temperature)
    assert Recipe.parse(str(recipe)) == recipe


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"steps": 0}, RequestError, "^The number of steps must be at least 1, got 0"),
        ({"sweeps": -1}, RequestError, r"^The number of sweeps must be at least 0, got -1\.$"),
        (
            {"objective": Variance(), "estimator": ST()},
            AbilityError,
            "`st` needs an objective with `gradient` and `value`, which `variance` does not "
            r"offer\. What works: `moments`",
        ),
        (
            {"objective": ViewedError(), "estimator": ST(), "optimizer": MeanField()},
            AbilityError,
            "`mean-field` needs an estimator that gives color costs, and `st` gives none. "
            "Use `local-expectation` or `moments`, or `adam`",
        ),
        (
            {"objective": Variance(), "optimizer": MeanField()},
            AbilityError,
            "`mean-field` needs an objective that is the expected cost of a drawn picture",
        ),
        (
            {"objective": SSIM(), "start": "error-diffusion"},
            AbilityError,
            "^`error-diffusion` needs an objective that is a squared error, got `ssim`. Use `perc",
        ),
        (
            {"objective": SSIM(), "polish": "flips"},
            AbilityError,
            "^`polish` needs an objective that is a squared error, got `ssim`. Use `perceptual`",
        ),
        (
            {"model": Noise(), "temperature": (1.0, 0.1)},
            RequestError,
            "`temperature` has no effect with `noise` and `moments`, which is no relaxation",
        ),
        (
            {"cells": ZX, "palette": ZX.palette, "estimator": Moments()},
            RequestError,
            "`estimator` has no effect with `cells`, which chooses colors cell by cell",
        ),
        (
            {"cells": ZX, "palette": ZX.palette, "start": "nearest"},
            RequestError,
            "`start` has no effect with `cells`",
        ),
    ],
)
def test_impossible_settings_are_refused(settings, error, message, photo):
    settings = {"palette": PICO_8, **settings}
    problem = problem_of(photo, **settings)
    with pytest.raises(error, match=message):
        recipe_of(problem, **settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": -1.0}, r"`polish\(temperature=...\)` must be at least 0, got -1"),
        ({"temperature": float("inf")}, "must be at least 0, got inf"),
        ({"temperature": float("nan")}, "must be at least 0, got nan"),
    ],
)
def test_a_polish_needs_a_temperature_that_is_one(settings, message):
    from ditherlab.stages.polish import Polish

    with pytest.raises(RequestError, match=message):
        Polish(**settings)


VALUES: dict[str, Any] = {
    "palette": "ega",
    "colors": 4,
    "lock": "#000",
    "gamut": "rgb332",
    "measured": "#000",
    "cells": "zx-spectrum",
    "transparent_index": 0,
    "model": "ordered",
    "noise": "normal",
    "method": "cross-entropy",
    "estimator": "st",
    "optimizer": "adam",
    "samples": 3,
    "steps": 3,
    "start": "nearest",
    "polish": "flips",
    "sweeps": 3,
    "learning_rate": 0.1,
    "temperature": "1:0.1",
    "draw": "sample",
    "pixels_per_degree": 40.0,
    "viewing_distance": "70cm",
    "dpi": 100.0,
    "recipe": "nearest",
    "preset": "best",
}
PAIRS = [(rule, other) for rule in EXCLUSIONS for other in rule.others]


@pytest.mark.parametrize(("rule", "other"), PAIRS, ids=lambda x: getattr(x, "setting", x))
def test_each_exclusion_holds_in_python_and_on_the_command_line(rule, other, photo):
    given = {name: VALUES[name] for name in (rule.setting, other)}
    if rule.unless(given):
        # These exclude each other beside a fixed palette only.
        given["palette"] = "ega"
    if given.get("method") and other in ("steps", "sweeps"):
        given["method"] = "gibbs-with-gradients" if other == "steps" else "cross-entropy"
        given["palette"] = "ega"
    with pytest.raises(RequestError) as in_python:
        check_settings(given)
    with pytest.raises(RequestError) as on_command_line:
        OptimizeRequest(**given).job(photo)
    sentence = str(in_python.value)
    assert f"`{other}`" in sentence
    assert sentence.endswith(".")
    spelled = sentence
    for name in (rule.setting, other):
        spelled = spelled.replace(f"`{name}`", as_option(name))
    assert str(on_command_line.value) == spelled


@pytest.mark.parametrize("rule", COMPANIONS, ids=lambda rule: rule.setting)
def test_each_setting_that_needs_another_says_so(rule, photo):
    with pytest.raises(RequestError) as refused:
        OptimizeRequest(**{rule.setting: VALUES[rule.setting]}).check()
    assert "`--" in str(refused.value)


def test_settings_that_do_not_exclude_each_other_are_let_through():
    check_settings({"palette": "ega", "method": "gibbs-with-gradients", "sweeps": 2})
    check_settings({"method": "cross-entropy", "estimator": "st", "steps": 4})
    check_settings({"palette": "ega", "method": "cross-entropy", "polish": "flips", "sweeps": 2})
    check_settings({"model": "noise(scope=pixel)", "noise": "normal"})
