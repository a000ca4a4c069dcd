"""From words to a job."""

import numpy as np
import pytest

from ditherlab.errors import PictureError, RequestError
from ditherlab.images import Picture
from ditherlab.request.optimize_request import OptimizeRequest
from ditherlab.solver.solution import check_encodable


def noise(seed: int) -> Picture:
    pixels = np.random.default_rng(seed).integers(0, 256, (24, 30, 3), dtype=np.uint8)
    return Picture(pixels, opaque=np.ones((24, 30), dtype=bool))


def test_several_pictures_may_share_as_many_colors_as_a_palette_has() -> None:
    request = OptimizeRequest(colors=256, preset="fast", steps=1, sweeps=0)
    job = request.joint_job([noise(0), noise(1)])
    (picture,) = job.problem.pictures
    # They lie apart, which is no transparency of any picture that is written.
    assert picture.has_transparency
    solution = job.run()
    assert 250 < len(solution.palette) <= 256
    with pytest.raises(RequestError, match="must have at most 255 colors, got 256"):
        check_encodable(job.problem)
    if len(solution.palette) == 256:
        with pytest.raises(PictureError, match="at most 255 colors beside the transparent entry"):
            solution.to_png()
