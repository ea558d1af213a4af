"""Vectors to places on a plane: papers of similar meaning lie near each other.

The method is t-SNE (van der Maaten and Hinton, "Visualizing Data using t-SNE", JMLR 2008) by
openTSNE, after a principal component analysis. docs/decisions/maps.md compares it with others.
The same vectors give the same places: the seed is fixed, and the input is rounded, so that the last
digits of a matrix product decide nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from papersearch.errors import MapUnavailable

if TYPE_CHECKING:
    from papersearch.types import Float32Array, Float64Array

_COMPONENTS = 50
_DECIMALS = 5
_PERPLEXITY = 30
_EARLY, _LATE = 250, 500
"""Steps of t-SNE with and without exaggeration: the defaults of openTSNE."""

_TOLD = 10
"""Steps of t-SNE between two calls of the progress."""

_FEW = 8
"""Number of papers below which two principal components are the map: there are no neighbourhoods."""

_SPREAD = 1e-4
"""Standard deviation of the first places, as openTSNE wants it."""


def check_installed() -> None:
    """Raise MapUnavailable unless the packages of maps can be imported."""
    try:
        import openTSNE
        import sklearn.decomposition
    except ImportError as error:
        raise MapUnavailable(cause=str(error)) from error
    del openTSNE, sklearn


def place(vectors: Float32Array, progress: Callable[[int, int], None] = lambda done, total: None) -> Float64Array:
    """Return the place of each of N papers by its vector, (N, D): (N, 2) in [0, 1], wider than high.

    progress: called with the steps that are done, and all of them
    """
    if len(vectors) < 2:
        return np.full((len(vectors), 2), 0.5)
    components = _components(vectors)
    places = components[:, :2] if len(vectors) < _FEW else _neighbourhoods(components, progress)
    return _framed(places)


def _components(vectors: Float32Array) -> Float64Array:
    """Return the principal components of (N, D) rows, (N, at most 50), rounded."""
    from sklearn.decomposition import PCA

    n_components = min(_COMPONENTS, *vectors.shape)
    if (vectors == vectors[0]).all():  # they have no direction
        return np.zeros((len(vectors), 2))
    solver = "covariance_eigh" if len(vectors) > vectors.shape[1] else "full"
    found = PCA(n_components, svd_solver=solver).fit_transform(vectors.astype(np.float64))
    if n_components < 2:
        found = np.hstack([found, np.zeros((len(found), 2 - n_components))])
    rounded: Float64Array = np.round(found, _DECIMALS) + 0.0  # no negative zeros
    return rounded


def _neighbourhoods(components: Float64Array, progress: Callable[[int, int], None]) -> Float64Array:
    """Return the places of N papers by t-SNE of their components, (N, 2)."""
    from openTSNE import TSNE

    done = 0

    def told(*_: Any) -> None:
        nonlocal done
        done += _TOLD
        progress(min(done, _EARLY + _LATE), _EARLY + _LATE)

    spread = float(components[:, :2].std(axis=0).max()) or 1.0
    # Equal papers begin apart: at one place they would stay at one place.
    apart = np.random.default_rng(0).normal(0.0, _SPREAD / 100, (len(components), 2))
    method = TSNE(
        perplexity=min(_PERPLEXITY, (len(components) - 1) / 3),
        initialization=components[:, :2] / spread * _SPREAD + apart,
        early_exaggeration_iter=_EARLY,
        n_iter=_LATE,
        neighbors="exact",
        random_state=0,
        n_jobs=1,  # two threads take longer than one: they wait for each other
        callbacks=told,
        callbacks_every_iters=_TOLD,
    )
    return np.asarray(method.fit(components), dtype=np.float64)


def _framed(places: Float64Array) -> Float64Array:
    """Turn places so that the longer axis is level, and scale them into [0, 1] with equal units."""
    centred = places - places.mean(axis=0)
    axes = np.linalg.eigh(centred.T @ centred)[1][:, ::-1]
    axes *= np.where(axes.sum(axis=0) < 0, -1.0, 1.0)  # an axis has two directions: choose one
    turned = centred @ axes
    if np.ptp(turned[:, 1]) > np.ptp(turned[:, 0]):  # a few papers may lie far out on the axis of less variance
        turned = turned[:, ::-1]
    low, high = turned.min(axis=0), turned.max(axis=0)
    size = float((high - low).max()) or 1.0
    framed: Float64Array = np.round((turned - (low + high) / 2) / size + 0.5, _DECIMALS)
    return framed
