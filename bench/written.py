"""The table and the picture."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HEAD = """# The message path, beside stock Rasa

Made by `make bench`: one machine ({cores} cores), one run, the same conversations in five languages
(bench/talks.py). Times are of this machine; what carries over is the ratio. Stock Rasa is trained for one epoch, so it
asks again where it should go on and seldom comes to file a report: that is to its advantage. What limits where a goal
is not met: docs/decisions.md.

| | Faro | stock Rasa | ratio | goal | met |
| --- | --- | --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class Row:
    """``at_least``, ``at_most``: goals for ours against stock's; ``limit``: for ours alone. Exactly one is given."""

    name: str
    ours: float
    stock: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    limit: float | None = None

    @property
    def ratio(self) -> float | None:
        return self.ours / self.stock if self.stock else None

    @property
    def met(self) -> bool:
        if self.limit is not None:
            return self.ours <= self.limit
        ratio = self.ratio
        assert ratio is not None
        return ratio >= self.at_least if self.at_least is not None else ratio <= (self.at_most or 0)

    @property
    def goal(self) -> str:
        if self.limit is not None:
            return f"≤ {self.limit:g}"
        return f"≥ {self.at_least:g} × stock" if self.at_least is not None else f"≤ {self.at_most:g} × stock"


def written(rows: Sequence[Row], folder: Path, short: bool) -> None:
    """``short``: printed, not kept."""
    table = HEAD.format(cores=os.cpu_count()) + "\n".join(_lines(rows)) + "\n"
    print(table)
    if not short:
        (folder / "message-path.md").write_text(table, "utf-8")
        draw(rows, folder / "message-path.png")


def _lines(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        stock = "" if row.stock is None else f"{row.stock:.3g}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        yield f"| {row.name} | {row.ours:.3g} | {stock} | {ratio} | {row.goal} | {'yes' if row.met else 'no'} |"


def draw(rows: Sequence[Row], file: Path) -> None:
    """Each figure against its goal: left of the line is better than asked."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    shares = [_against_goal(row) for row in rows]
    figure, axes = pyplot.subplots(figsize=(9, 0.5 * len(rows) + 1))
    axes.barh([row.name for row in rows], shares, color=["#2a7f4f" if row.met else "#b5482f" for row in rows])
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xscale("log")
    axes.invert_yaxis()
    axes.set_xlabel("of what the goal allows (log); left of the line is better")
    figure.savefig(file, dpi=110, bbox_inches="tight")
    pyplot.close(figure)


def _against_goal(row: Row) -> float:
    if row.limit is not None:
        return row.ours / row.limit
    assert row.ratio is not None
    return row.at_least / row.ratio if row.at_least is not None else row.ratio / (row.at_most or 1)
