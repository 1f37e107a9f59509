"""What a training runs on: half precision where the hardware has it, and all GPUs where there are several."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras

HALF = (
    "mixed_bfloat16"  # the range of float32, so that no loss has to be scaled; weights stay float32
)
_BFLOAT16_FROM = 8.0  # the CUDA compute capability that brought it (Ampere, 2020)


def gpus() -> list:
    """The GPUs that the backend sees, as the backend names them."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        return tensorflow.config.list_physical_devices("GPU")
    import jax

    return [device for device in jax.devices() if device.platform == "gpu"]


def precision() -> str:
    """The dtype policy of a training here: `HALF` where every GPU computes in bfloat16, else float32.

    On processors it stays float32: bfloat16 was measured slower there.
    """
    found = gpus()
    return HALF if found and all(_capability(gpu) >= _BFLOAT16_FROM for gpu in found) else "float32"


def _capability(gpu) -> float:
    """The CUDA compute capability; 0 where it is not known."""
    try:
        if keras.backend.backend() == "tensorflow":
            import tensorflow

            details = tensorflow.config.experimental.get_device_details(gpu)
            major, minor = details["compute_capability"]
            return float(f"{major}.{minor}")
        return float(gpu.compute_capability)
    except (AttributeError, KeyError, ValueError):
        return 0.0


@contextmanager
def built_in(policy: str) -> Iterator[None]:
    """Layers built within compute as a policy says; the policy of the process is left as it was."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def share(batch: int, kind: str = "gpu") -> int:
    """Let all devices of a kind work on a part of every batch; how many do.

    From here on the process's networks lie on each of them, and batch statistics and gradients are those
    of the whole batch. ValueError where a batch cannot be shared evenly, or by this backend.
    """
    if keras.backend.backend() != "jax":
        # Keras's distribution API is a prototype on TensorFlow.
        found = len(gpus()) if kind == "gpu" else 1
        if found > 1:
            print(f"One of {found} GPUs is used: KERAS_BACKEND=jax would use them all.")
        return 1
    devices = [name for name in keras.distribution.list_devices() if name.startswith(kind)]
    if len(devices) < 2:
        return 1
    if batch % len(devices):
        raise ValueError(
            f"A batch of {batch} cannot be shared by {len(devices)} devices: try --batch "
            f"{max(batch // len(devices), 1) * len(devices)}."
        )
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices))
    return len(devices)
