"""The peer `dlsia`: MLExchange's segmentation as its users get it, a TUNet of DLSIA on patches cut and stitched by qlty.

`pip install dlsia qlty torch` in an environment of its own. Settings are the defaults of MLExchange's page and pipeline
(mlex_highres_segmentation `assets/models.json`, mlex_dlsia_segmentation_prototype `mlex_dlsia/`): depth 4, 32 channels, ReLU, 30
epochs of Adam, batches of 32, a fifth of the patches kept for validation, windows of 64 with step 32 and border 16, intensities
between the 1st and 99th percentile. Where the two differ the better one is taken: the pipeline's learning rate of 1e-2 (the page's
1e-3 got 0.32 instead of 0.73 on the nerve) and cross-entropy (the page's squared error refuses class numbers). Its "best" weights are
the last ones, so nothing is chosen by the validation patches; they are left out all the same.
"""

import time

import numpy as np
import torch
from dlsia.core.networks.tunet import TUNet
from numpy.typing import NDArray
from qlty.cleanup import weed_sparse_classification_training_pairs_2D as weed
from qlty.qlty2D import NCYXQuilt
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset, random_split

from tests.benchmarks.peers.order import Answer, Order, answer_order

_EPOCHS, _BATCH, _RATE, _HELD = 30, 32, 1e-2, 0.2
_WINDOW, _STEP, _BORDER, _BORDER_WEIGHT = 64, 32, 16, 0.1
_UNLABELLED = -1


def segment(order: Order, image: NDArray[np.generic], strokes: NDArray[np.uint8]) -> Answer:
    """Train for 30 epochs on the painted slices and segment the others."""
    torch.manual_seed(order.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    rows, columns = image.shape[1:]
    quilt = NCYXQuilt(Y=rows, X=columns, window=(_WINDOW,) * 2, step=(_STEP,) * 2, border=(_BORDER,) * 2, border_weight=_BORDER_WEIGHT)
    start = time.perf_counter()
    patches = _patches(quilt, image, strokes)
    network = TUNet(image_shape=(_WINDOW,) * 2, in_channels=1, out_channels=order.classes, depth=4, base_channels=32).to(device)
    _train(network, patches, device)
    train_s = time.perf_counter() - start
    start = time.perf_counter()
    found = np.concatenate([_segment_slice(network, quilt, image[z], device) for z in order.slices])
    return found, {"train_s": train_s, "predict_s": time.perf_counter() - start, "epochs": _EPOCHS, "patches": len(patches)}


def _patches(quilt: NCYXQuilt, image: NDArray[np.generic], strokes: NDArray[np.uint8]) -> TensorDataset:
    """Cut the painted slices, and drop patches without strokes inside their border."""
    painted = np.flatnonzero(strokes.any(axis=(1, 2)))
    targets = torch.from_numpy(strokes[painted].astype(np.int64) - 1)
    images, masks = quilt.unstitch_data_pair(_normalised(image[painted])[:, None], targets.float(), missing_label=_UNLABELLED)
    images, masks, _ = weed(images, masks, _UNLABELLED, quilt.border_tensor())
    return TensorDataset(images, masks.long())


def _train(network: nn.Module, patches: TensorDataset, device: torch.device) -> None:
    held = max(int(_HELD * len(patches)), 1) if len(patches) > 1 else 0
    batches = DataLoader(random_split(patches, [len(patches) - held, held])[0], batch_size=_BATCH, shuffle=True)
    criterion = nn.CrossEntropyLoss(ignore_index=_UNLABELLED)
    optimizer = torch.optim.Adam(network.parameters(), lr=_RATE)
    network.train()
    for _ in range(_EPOCHS):
        for images, masks in batches:
            if (masks != _UNLABELLED).any():
                optimizer.zero_grad()
                criterion(network(images.to(device)), masks.to(device)).backward()
                optimizer.step()


@torch.inference_mode()
def _segment_slice(network: nn.Module, quilt: NCYXQuilt, plane: NDArray[np.generic], device: torch.device) -> NDArray[np.uint8]:
    """Give class ids (1, rows, columns) of a slice."""
    network.eval()
    patches = quilt.unstitch(_normalised(plane[None])[:, None])
    answers = torch.cat([network(part.to(device)).softmax(dim=1).cpu() for part in patches.split(_BATCH)])
    stitched, _ = quilt.stitch(answers)
    return (stitched.argmax(dim=1) + 1).numpy().astype(np.uint8)


def _normalised(slices: NDArray[np.generic]) -> Tensor:
    """Spread what was read at once between its 1st and 99th percentile, as MLExchange does: labelled slices together, others one by one."""
    low, high = np.percentile(slices, (1, 99))
    return torch.from_numpy(np.clip((slices.astype(np.float32) - low) / max(high - low, 1e-6), 0, 1).astype(np.float32))


if __name__ == "__main__":
    answer_order(segment)
