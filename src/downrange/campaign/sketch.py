"""Percentiles of channels over time, kept so small that a campaign of any size fits in memory.

One sketch for each bin of time and channel: a merging t-digest (Dunning and Ertl 2019, arXiv
1902.04023) of `fastdigest`, which draws no random numbers. A part of a campaign is added at once
and written; parts are merged in their order, a fixed number at a time. So the same parts give the
same bits, whoever flew them.

Measured for 1,000 flights and more: of normal, skewed and two-humped samples a percentile is that
of a rank at most RANK_ERROR away, at 1 and 99 % at most TAIL_RANK_ERROR. Between two humps, or
beside a value that many flights have, it may lie anywhere in the gap.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Self

import numpy as np
from fastdigest import TDigest
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Counts = NDArray[np.uint32]
Points = tuple[list[float], list[int]]  # means, rising, and flights of each

CENTROIDS = 100
RANK_ERROR, TAIL_RANK_ERROR = 0.006, 0.0025
MAGIC = b"downrange sketches 1\n"
MERGED_AT_ONCE = 16  # parts: bounds the memory of a merge
CELLS_AT_ONCE = 512  # whose numbers are Python's at one time
PACKING = 1  # level of zlib: more takes four times as long for a tenth


@dataclass(frozen=True, eq=False)
class Sketches:
    """Sketches of bins x channels cells, as arrays with a row per cell, bin by bin.

    Attributes:
        shape: (bins, channels).
        means: (cells, CENTROIDS) of the centroids, rising; where there is none, the last.
        weights: (cells, CENTROIDS) flights of each.
    """

    shape: tuple[int, int]
    means: Singles
    weights: Counts

    @classmethod
    def new(cls, bins: int, channels: int) -> Self:
        """Empty ones."""
        if bins < 1 or channels < 1:
            raise ValueError(f"{bins} bins of {channels} channels: at least one of each")
        cells = bins * channels
        return cls(
            (bins, channels),
            np.zeros((cells, CENTROIDS), np.float32),
            np.zeros((cells, CENTROIDS), np.uint32),
        )

    def add(self, samples: Singles) -> None:
        """Add flights: (flights, bins, channels); what is not finite counts as absent.

        What a cell then holds depends on what was given in each call, not on its order; give
        a part at once.
        """
        if samples.ndim != 3 or samples.shape[1:] != self.shape:
            raise ValueError(f"samples of shape {samples.shape}: (flights, bins, channels) with "
                             f"{self.shape} bins and channels are needed")  # fmt: skip
        x = np.array(
            samples.reshape(len(samples), self.means.shape[0]).T, dtype=np.float32, order="C"
        )
        x[~np.isfinite(x)] = np.nan
        x.sort(axis=1)  # nan last
        counts = np.count_nonzero(~np.isnan(x), axis=1)
        held = self.weights[:, 0] > 0
        for start in range(0, len(x), CELLS_AT_ONCE):
            rows = x[start : start + CELLS_AT_ONCE].tolist()
            for cell, row in enumerate(rows, start):
                count = int(counts[cell])
                if count:
                    del row[count:]
                    digest = TDigest.from_values(row, max_centroids=CENTROIDS)
                    if held[cell]:
                        digest = _both(self._points(cell), digest)
                    self._keep(cell, digest)
        self.means[:] += np.float32(0.0)  # of two zeros the files know one

    def merge(self, others: Iterable[Self]) -> Self:
        """These and others, in their order, as new ones; `others` may be read from disk one by one.

        Raises:
            ValueError: others of another shape.
        """
        found = self
        waiting: Iterator[Self] = iter(others)
        while group := list(islice(waiting, MERGED_AT_ONCE)):
            found = found._with(group)
        return found

    def quantiles(self, levels: Sequence[float]) -> Floats:
        """Quantiles (levels, bins, channels) at levels from 0 to 1; nan where nothing is."""
        if not all(0.0 <= level <= 1.0 for level in levels):
            raise ValueError(f"levels {list(levels)} are not between 0 and 1")
        found = np.full((len(self.means), len(levels)), np.nan, np.float32)  # as sharp as is known
        for cell in np.flatnonzero(self.weights[:, 0]).tolist():
            found[cell] = _digest(self._points(cell)).quantile_vec(list(levels))
        return np.moveaxis(found.reshape(*self.shape, len(levels)), -1, 0).astype(np.float64)

    def count(self) -> NDArray[np.int64]:
        """Flights in each cell, (bins, channels)."""
        return np.asarray(self.weights.sum(axis=1, dtype=np.int64).reshape(self.shape))

    def to_bytes(self) -> bytes:
        """What `from_bytes` reads: the arrays, packed."""
        with io.BytesIO() as stream:
            np.save(stream, np.array(self.shape, np.int64), allow_pickle=False)
            np.save(stream, _steps(self.means), allow_pickle=False)
            np.save(stream, _in_planes(self.weights), allow_pickle=False)
            return MAGIC + zlib.compress(stream.getvalue(), PACKING)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` gave.

        Raises:
            ValueError: it is something else, or damaged.
        """
        if not data.startswith(MAGIC):
            raise ValueError(f"no sketches: they begin with {MAGIC!r}, this with {data[:21]!r}")
        try:
            with io.BytesIO(zlib.decompress(data[len(MAGIC) :])) as stream:
                bins, channels = np.load(stream, allow_pickle=False).tolist()
                means = _from_steps(np.load(stream, allow_pickle=False))
                weights = _from_planes(np.load(stream, allow_pickle=False))
        except zlib.error as error:
            raise ValueError(f"damaged sketches: {error}") from error
        return cls((bins, channels), means, weights)

    def save(self, path: Path | str) -> None:
        """Write them to a file."""
        Path(path).write_bytes(self.to_bytes())

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Read them from a file.

        Raises:
            ValueError: it is something else, or damaged; names the file.
        """
        try:
            return cls.from_bytes(Path(path).read_bytes())
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error

    def _with(self, others: Sequence[Self]) -> Self:
        """These and some others, all at once."""
        if any(other.shape != self.shape for other in others):
            shapes = sorted({other.shape for other in others} - {self.shape})
            raise ValueError(f"sketches of {self.shape} bins and channels and of {shapes}")
        found = type(self).new(*self.shape)
        everyone = [self, *others]
        for start in range(0, len(self.means), CELLS_AT_ONCE):
            cells = slice(start, start + CELLS_AT_ONCE)
            means = np.concatenate([each.means[cells] for each in everyone], axis=1)
            weights = np.concatenate([each.weights[cells] for each in everyone], axis=1)
            # What holds nobody goes to the end; of equal ones the earlier part's is first.
            order = np.argsort(np.where(weights > 0, means, np.inf), axis=1, kind="stable")
            means = np.take_along_axis(means, order, axis=1)
            weights = np.take_along_axis(weights, order, axis=1)
            used = np.count_nonzero(weights, axis=1)
            for cell, count in enumerate(used.tolist()):
                if count:
                    points = means[cell, :count].tolist(), weights[cell, :count].tolist()
                    found._keep(start + cell, _digest(points))
        found.means[:] += np.float32(0.0)
        return found

    def _keep(self, cell: int, digest: TDigest) -> None:
        means, weights = zip(*digest.centroids, strict=True)
        self.means[cell] = means[-1]
        self.weights[cell] = 0
        self.means[cell, : len(means)] = means
        self.weights[cell, : len(means)] = weights

    def _points(self, cell: int) -> Points:
        used = int(np.count_nonzero(self.weights[cell]))
        return self.means[cell, :used].tolist(), self.weights[cell, :used].tolist()


def _digest(points: Points) -> TDigest:
    return TDigest.from_values(points[0], points[1], max_centroids=CENTROIDS)


def _both(held: Points, added: TDigest) -> TDigest:
    """A digest of centroids that were held and of those that are new."""
    means, weights = zip(*added.centroids, strict=True)
    points = sorted(zip([*held[0], *means], [*held[1], *weights], strict=True))
    rising, flights = zip(*points, strict=True)
    return _digest((list(rising), list(flights)))


def _steps(means: Singles) -> NDArray[np.uint8]:
    """Rising numbers as steps from one to the next, in units of their last place, by bytes.

    Steps are small, so most of their bytes are 0 and pack well.
    """
    bits = means.view(np.int32)
    rising = np.where(bits < 0, np.int32(-0x80000000) - bits, bits).astype(np.int64)
    return _in_planes(np.diff(rising, axis=1, prepend=0).astype(np.int32).view(np.uint32))


def _from_steps(planes: NDArray[np.uint8]) -> Singles:
    steps = _from_planes(planes).view(np.int32).astype(np.int64)
    rising = np.cumsum(steps, axis=1).astype(np.int32)
    bits = np.where(rising < 0, np.int32(-0x80000000) - rising, rising).astype(np.int32)
    return bits.view(np.float32)


def _in_planes(numbers: Counts) -> NDArray[np.uint8]:
    """Numbers (rows, columns) as (columns, 4, rows): bytes that are alike stand together."""
    bytes_ = np.ascontiguousarray(numbers, dtype="<u4").view(np.uint8)
    return np.ascontiguousarray(bytes_.reshape(*numbers.shape, 4).transpose(1, 2, 0))


def _from_planes(planes: NDArray[np.uint8]) -> Counts:
    return np.ascontiguousarray(planes.transpose(2, 0, 1)).view("<u4")[:, :, 0].astype(np.uint32)
