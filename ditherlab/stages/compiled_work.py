"""Where the compiled kernels do the work of a stage, and where torch does."""

from ditherlab.discrete.tile_search import TileWork
from ditherlab.kernels import kernels_for
from ditherlab.protocol import Cost
from ditherlab.stages.stage import StageContext


def compiled_work(context: StageContext, cost: Cost) -> TileWork | None:
    """Return how the kernels work on a cost; None if torch does it.

    Args:
        context: Of the stage; its device decides.
        cost: Of one picture or several.
    """
    library = kernels_for(context.device)
    forms = cost.quadratic_forms
    if library is None or not forms or not all(form.can_be_compiled for form in forms):
        return None
    return TileWork(library, context.num_threads)
