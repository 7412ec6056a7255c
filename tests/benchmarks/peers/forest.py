"""The peer `forest`: a random forest on multi-scale features, as in ilastik's pixel classification and skimage's TrainableSegmenter.

scikit-image's `multiscale_basic_features` (intensity, gradient magnitude, Hessian eigenvalues at σ = 1, 2, 4, 8, 16), in 3D where
voxels are cubes and slice by slice elsewhere; scikit-learn's forest of 100 trees, as many as ilastik's.
The features of the whole volume are computed at once; training is charged with those of the painted slices, prediction with those
of the slices that it answers for.
"""

import time

import numpy as np
from numpy.typing import NDArray
from skimage.feature import multiscale_basic_features
from sklearn.ensemble import RandomForestClassifier

from tests.benchmarks.peers.order import Answer, Order, answer_order

_TREES = 100
_WORKERS = 2


def segment(order: Order, image: NDArray[np.generic], strokes: NDArray[np.uint8]) -> Answer:
    """Grow a forest on the strokes and ask it about the slices."""
    start = time.perf_counter()
    features = _features(image.astype(np.float32), order.is_isotropic)
    features_s = time.perf_counter() - start
    forest = RandomForestClassifier(_TREES, n_jobs=_WORKERS, random_state=order.seed)
    start = time.perf_counter()
    forest.fit(features[strokes > 0], strokes[strokes > 0])
    fit_s = time.perf_counter() - start
    start = time.perf_counter()
    found = np.stack([_answer(forest, features[z]) for z in order.slices])
    answer_s = time.perf_counter() - start
    painted = int(strokes.any(axis=(1, 2)).sum())
    return found, {
        "train_s": fit_s + features_s * painted / len(image),
        "predict_s": answer_s + features_s * len(order.slices) / len(image),
        "space": "3d" if order.is_isotropic else "2d",
    }


def _features(image: NDArray[np.float32], in_3d: bool) -> NDArray[np.float32]:
    """Give (z, y, x, features)."""
    options = {"sigma_min": 1, "sigma_max": 16, "workers": _WORKERS}
    if in_3d:
        return multiscale_basic_features(image, **options)
    return np.stack([multiscale_basic_features(plane, **options) for plane in image])


def _answer(forest: RandomForestClassifier, features: NDArray[np.float32]) -> NDArray[np.uint8]:
    return forest.predict(features.reshape(-1, features.shape[-1])).reshape(features.shape[:-1]).astype(np.uint8)


if __name__ == "__main__":
    answer_order(segment)
