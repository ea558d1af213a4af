"""Groups of papers on a map: places that lie together, at two levels.

Ward's method (Ward, "Hierarchical Grouping to Optimize an Objective Function", JASA 1963) joins the
places, so each coarse group consists of whole fine groups. Many places are first reduced to the
centres of k-means. Groups are made of places, not of vectors: what a reader sees together has one
name and one colour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from papersearch.types import Float64Array, IntArray

MOST_COARSE = 8
"""Greatest number of coarse groups: more colours cannot be told apart."""

_MOST_FINE = 120
_MOST_JOINED = 2000
"""Number of places up to which Ward's method joins them themselves: its memory grows with the square."""

_CENTRES = 600


class Grouping(NamedTuple):
    """The groups of N papers.

    coarse: (N,) the coarse group of each paper, from 0, the largest first
    fine: (N,) its fine group, from 0, the largest first
    """

    coarse: IntArray
    fine: IntArray


def group(places: Float64Array) -> Grouping:
    """Group N papers by their places, (N, 2)."""
    n_papers = len(places)
    centres, owner = _centres(places)
    if len(centres) < 2:
        none = np.zeros(n_papers, dtype=np.int64)
        return Grouping(none, none)
    from scipy.cluster.hierarchy import fcluster, ward
    from scipy.spatial.distance import pdist

    tree = ward(pdist(centres))  # two places in one matrix could be taken for distances
    wanted = (min(MOST_COARSE, max(1, round(n_papers**0.5 / 2))), min(_MOST_FINE, max(1, round(n_papers**0.5))))
    coarse, fine = (_by_size(fcluster(tree, number, "maxclust")[owner]) for number in wanted)
    return Grouping(coarse, fine)


def _centres(places: Float64Array) -> tuple[Float64Array, IntArray]:
    """Return at most _MOST_JOINED centres, and the centre of each place, (N,)."""
    unique, owner = np.unique(places, axis=0, return_inverse=True)
    if len(unique) <= _MOST_JOINED:
        return unique, owner.reshape(-1)
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # sums of several threads differ in their last digits
        found = KMeans(_CENTRES, n_init=1, random_state=0).fit(places)
    return found.cluster_centers_, found.labels_.astype(np.int64)


def _by_size(labels: IntArray) -> IntArray:
    """Renumber groups from 0, the largest first; equal ones by their first paper."""
    _, first, inverse, counts = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort((first, -counts))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[inverse.reshape(-1)]
