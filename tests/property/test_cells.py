"""Pictures of any size and any contents obey the machine that they are for."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ditherlab.choices import Polish
from ditherlab.discrete.cells import cell_rule, cell_rules
from ditherlab.images import Picture
from ditherlab.problem import Problem
from ditherlab.solver.solver import optimize


@settings(max_examples=12, deadline=None)
@given(
    machine=st.sampled_from(sorted(cell_rules())),
    size=st.tuples(st.integers(1, 18), st.integers(1, 18)),
    seed=st.integers(0, 1000),
    part_opaque=st.sampled_from([0.0, 0.5, 1.0]),
    polish=st.sampled_from([("none", 0.0), ("flips", 1.0), ("swaps", 0.0), ("swaps", 1.0)]),
)
def test_every_picture_obeys_its_machine(
    machine: str, size: tuple[int, int], seed: int, part_opaque: float, polish: tuple[Polish, float]
) -> None:
    generator = np.random.default_rng(seed)
    pixels = generator.integers(0, 256, size=(*size, 3), dtype=np.uint8)
    opaque = generator.random(size) < part_opaque
    rule = cell_rule(machine)
    picture = Picture(pixels=pixels, opaque=opaque)
    problem = Problem(picture=picture, palette=rule.palette, cells=rule)
    moves, heat = polish
    polishes = f" | polish(sweeps=2, moves={moves}, temperature={heat})" if moves != "none" else ""
    solution = optimize(problem, f"cells{polishes}", seed=seed, device="cpu")
    assert rule.num_breaches(solution.indices, opaque) == 0
