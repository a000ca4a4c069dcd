import pytest

from ditherlab.kernels import kernels_for


@pytest.fixture(scope="session")
def library():
    """The compiled kernels; CI demands them with DITHERLAB_KERNELS=compiled."""
    found = kernels_for("cpu")
    if found is None:
        pytest.skip("there are no compiled kernels here")
    return found
