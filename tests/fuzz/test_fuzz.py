"""Damaged files and words are read, or refused in one sentence.

The examples are the same in every run. For hours of others:
`FUZZ_EXAMPLES=1000000 python -m pytest tests/fuzz -n 2`. What fails goes into `corpus/`, in a file
whose name begins with that of its target.
"""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.mutations import damaged
from tests.fuzz.targets import TARGETS, Target, by_target

CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())
NUM_EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))


@by_target
def test_valid_inputs_are_read(target: Target) -> None:
    for seed in target.seeds:
        target.run(seed)


@by_target
def test_damaged_inputs_are_read_or_refused(target: Target) -> None:
    @settings(
        max_examples=NUM_EXAMPLES or target.num_examples,
        derandomize=not NUM_EXAMPLES,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
    )
    @given(damaged(target.seeds))
    def read(data: bytes) -> None:
        target.run(data)

    read()


@by_target
def test_any_input_is_read_or_refused(target: Target) -> None:
    @settings(max_examples=40, derandomize=True, database=None, deadline=None)
    @given(st.one_of(st.binary(max_size=200), st.text(max_size=80).map(_encode)))
    def read(data: bytes) -> None:
        target.run(data)

    read()


def _encode(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_what_once_failed(path: Path) -> None:
    """A file of the corpus is given to every reader of the kind that its name begins with."""
    kind = path.name.partition("-")[0]
    readers = {target.run for target in TARGETS if target.name.startswith(kind)}
    assert readers
    for read in readers:
        read(path.read_bytes())


def test_a_reader_that_lets_errors_pass_is_noticed() -> None:
    def careless(data: bytes) -> None:
        int(data)

    target = Target("careless", [b"17"], careless, 200)
    with pytest.raises(ValueError, match="invalid literal"):
        test_damaged_inputs_are_read_or_refused(target)
