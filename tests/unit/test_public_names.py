"""The names that `ditherlab` hands on: lazy, documented, and every strategy among them."""

import inspect
import subprocess
import sys
from dataclasses import fields, is_dataclass

import pytest

import ditherlab as dl

REGISTRIES = {
    "ESTIMATORS": "estimators",
    "OBJECTIVES": "objectives",
    "OPTIMIZERS": "optimizers",
    "MODELS": "models",
    "STAGES": "stages",
    "METHODS": "stages",
}
STRATEGIES = [(registry, name) for registry in REGISTRIES for name in getattr(dl, registry).classes]


def whole_doc(kind: type) -> str:
    return "\n".join(inspect.getdoc(home) or "" for home in kind.__mro__[:-1])


@pytest.mark.parametrize(("registry", "name"), STRATEGIES)
def test_every_strategy_can_be_reached_and_documents_its_parameters(registry, name):
    kind = getattr(dl, registry).classes[name]
    assert getattr(getattr(dl, REGISTRIES[registry]), kind.__name__) is kind
    assert kind.__name__ in getattr(dl, REGISTRIES[registry]).__all__
    first, *_ = (inspect.cleandoc(vars(kind)["__doc__"])).split("\n")
    assert first.endswith(".")
    assert [f.name for f in fields(kind) if f"{f.name}:" not in whole_doc(kind)] == []


@pytest.mark.parametrize("name", dl.__all__)
def test_every_public_name_is_there_and_documented(name):
    value = getattr(dl, name)
    doc = inspect.getdoc(value) or ""
    assert doc
    if inspect.isfunction(value):
        names = [name for name in inspect.signature(value).parameters if name != "arguments"]
    elif inspect.isclass(value) and is_dataclass(value):
        names = [f.name for f in fields(value) if not f.name.startswith("_")]
        doc = whole_doc(value)
    else:
        names = []
    assert [name for name in names if f"{name}:" not in doc] == []


def test_an_unknown_name_is_refused():
    with pytest.raises(AttributeError, match="module 'ditherlab' has no attribute 'nothing'"):
        _ = dl.nothing


def test_importing_the_package_loads_neither_torch_nor_numpy():
    code = (
        "import sys, ditherlab; print(sorted({'torch', 'numpy', 'PIL', 'click'} & {*sys.modules}))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"
