"""The sections of the report."""

from collections.abc import Iterable, Iterator, Sequence

from benchmarks.quality.flat_grays import GRAYS, SpectrumRow
from benchmarks.quality.medians import FIGURES, Pair, Results, Standing, best_peer, is_ours, is_peer
from benchmarks.quality.pictures import PALETTES
from benchmarks.quality.tables import Table
from benchmarks.quality.targets import DEFAULT_TARGETS, QUIET_TARGETS, TARGETS, Target

_DIGITS = {"lp": 1, "vp": 1, "kb": 0, "colors": 0, "raw": 2, "cpu": 2}
_HEAD = {"kb": "KiB", "cpu": "CPU s"}
_LEADER = "ditherlab 67"
_NOTHING = "–"


def words_of(figure: str, value: float | None) -> str:
    """Write a figure with as many digits as it deserves."""
    return _NOTHING if value is None else f"{value:.{_DIGITS.get(figure, 3)}f}"


def sections(results: Results, spectra: Sequence[SpectrumRow]) -> Iterator[Table]:
    """Return all sections."""
    yield _targets(results)
    yield _lead(results.pairs(_LEADER))
    yield _times(results)
    for palette in PALETTES:
        yield _medians(palette, results.standings(palette))
    if any(results.spread(palette, _LEADER, "flip") is not None for palette in PALETTES):
        yield _spread(results)
    if spectra:
        yield _spectra(spectra)
    if results.failures or any(row.failure for row in spectra):
        yield _failures(results, spectra)


def _targets(results: Results) -> Table:
    return Table(
        "What was to be reached",
        "Medians over the five pictures; the number behind `ditherlab` is the viewing distance it "
        "was told, in pixels per degree, and without one it was told none.",
        ("palette", "run", "figure", "target", "reached", "best peer", "met"),
        [_target_row(target, results) for target in (*TARGETS, *DEFAULT_TARGETS, *QUIET_TARGETS)],
    )


def _target_row(target: Target, results: Results) -> Sequence[str]:
    reached = target.reached(results)
    peer = best_peer(results.standings(target.palette), target.figure)
    met = _NOTHING if reached is None else "yes" if target.is_met_by(reached) else "**no**"
    return (
        target.palette,
        target.tool,
        f"`{target.figure}`",
        words_of(target.figure, target.value),
        words_of(target.figure, reached),
        _NOTHING
        if peer is None
        else f"{words_of(target.figure, peer[target.figure])}, {peer.tool}",
        met,
    )


def _lead(pairs: Sequence[Pair]) -> Table:
    title = "Picture by picture"
    if not pairs:
        return Table(title, f"No row of `{_LEADER}` is measured yet.")
    worst = max(pairs, key=lambda pair: pair.ratio)
    num_led = sum(pair.ratio <= 1 for pair in pairs)
    return Table(
        title,
        f"`{_LEADER}` has the lowest `flip` on **{num_led} of {len(pairs)}** pairs of picture and "
        f"palette. At worst, it has {worst.ratio:.2f} times that of the best other: "
        f"{worst.picture} with {worst.palette}, {worst.other}. Recorded rows and no dithering "
        "count among the others.",
        ("palette", "picture", "best other", "`flip`, parts of the best other's"),
        [(p.palette, p.picture, p.other, f"{p.ratio:.3f}") for p in pairs if p.ratio > 1],
    )


def _times(results: Results) -> Table:
    tools = [row.tool for row in results.rows if is_ours(row.tool) and row.scores]
    names = list(dict.fromkeys(tools))
    rows = []
    for palette in PALETTES:
        standings = [results.standing(palette, name) for name in names]
        rows.append([palette, *(words_of("cpu", s["cpu"] if s else None) for s in standings)])
    words = "Medians of CPU seconds on one thread; the start of the program is taken off."
    return Table("Time", words, ("palette", *names), rows if names else [])


def _medians(palette: str, standings: Sequence[Standing]) -> Table:
    leaders = {figure: best_peer(standings, figure) for figure in FIGURES if figure != "colors"}
    rows = [_best_row(leaders)] if any(leaders.values()) else []
    for standing in sorted(standings, key=lambda standing: not is_ours(standing.tool)):
        cells = []
        for figure in FIGURES:
            words = words_of(figure, standing[figure])
            is_best = is_peer(standing.tool) and standing is leaders.get(figure)
            cells.append(f"**{words}**" if is_best else words)
        rows.append([standing.tool, *cells])
    return Table(
        f"Palette {palette}",
        "Medians over the five pictures, ditherlab first and then the lowest `flip`; the best peer "
        "in bold.",
        ("tool", *(_HEAD.get(figure, figure) for figure in FIGURES)),
        rows,
    )


def _best_row(leaders: dict[str, Standing | None]) -> list[str]:
    cells = []
    for figure in FIGURES:
        leader = leaders.get(figure)
        cells.append(_NOTHING if leader is None else words_of(figure, leader[figure]))
    return ["*best peer*", *cells]


def _spread(results: Results) -> Table:
    figures = ("flip35", "flip", "flip100", "ls", "lp")
    rows = [
        [palette, *(_apart(results.spread(palette, _LEADER, figure)) for figure in figures)]
        for palette in PALETTES
    ]
    return Table(
        "Spread over the seeds",
        f"How far the seeds of `{_LEADER}` lie apart: largest less smallest, median over pictures.",
        ("palette", *figures),
        rows,
    )


def _apart(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:.4f}"


def _spectra(spectra: Iterable[SpectrumRow]) -> Table:
    measured = [row for row in spectra if not row.failure]
    order = list(GRAYS)
    measured.sort(key=lambda row: (order.index(row.gray), not is_ours(row.tool), row.low_power))
    return Table(
        "Flat grays in black and white",
        "Spectra of ten squares of 256 x 256 pixels. The share of white should be the gray. Low "
        "power is the mean below a quarter of the principal frequency, in parts of the mean over "
        "all: blue noise has little. Anisotropy, in dB: -10 is alike in all directions, and "
        "above 0 there is a pattern with directions.",
        ("gray", "tool", "share", "low power", "anisotropy, mean", "anisotropy, largest"),
        [
            (
                row.gray,
                row.tool,
                f"{row.share:.4f}",
                f"{row.low_power:.4f}",
                f"{row.mean_anisotropy_db:.1f}",
                f"{row.worst_anisotropy_db:.1f}",
            )
            for row in measured
        ],
    )


def _failures(results: Results, spectra: Iterable[SpectrumRow]) -> Table:
    rows = [(row.tool, row.palette, row.picture, row.failure) for row in results.failures]
    rows += [(row.tool, "bw", f"gray {row.gray}", row.failure) for row in spectra if row.failure]
    return Table(
        "What did not run",
        "They are missing in the medians.",
        ("tool", "palette", "picture", "did not run"),
        rows,
    )
