"""File bytes to mask for a 600x500 PNG, warm, beside Keras `predict` and the bare engine."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image

from bcweb.preprocess import square, standardise
from bcweb.samples import samples
from bcweb.scans import read_scan
from bcweb.segmenter import Segmenter
from bench.rows import Row, interleaved_medians


def png_of_a_phantom(seed: int = 0, size: tuple[int, int] = (600, 500)) -> bytes:
    """A generated ultrasound as a PNG file's bytes, width x height."""
    phantom = next(p for p in samples() if p.scan.pixels.dtype == np.uint8)
    pixels = np.asarray(Image.fromarray(phantom.scan.pixels).resize(size))
    noise = np.random.default_rng(seed).integers(0, 12, pixels.shape, dtype=np.uint8)
    file = BytesIO()
    Image.fromarray(np.maximum(pixels, noise)).save(file, "PNG")
    return file.getvalue()


def run() -> list[Row]:
    from train.keras_network import build_model, write_tensors

    segmenter = Segmenter.load("embedded", "ultrasound")
    config = segmenter.weights.config
    model = build_model(config.architecture, config.size, config.presence)
    write_tensors(model, segmenter.weights.tensors)
    data = png_of_a_phantom()
    scan = read_scan(data)
    image = square(scan, config.size, config.crop)
    looks = np.stack([image, image[:, ::-1]] if config.reading.mirrored else [image])
    images = standardise(looks, config.mean, config.std)
    times = interleaved_medians(
        {
            "ours": lambda: segmenter.segment(read_scan(data)),
            "engine": lambda: segmenter._engine.run(images),
            "keras": lambda: model.predict(images, verbose=0),
        }
    )
    return [
        Row("bytes to mask", times["ours"] * 1e3, "ms"),
        Row("the bare engine's call", times["engine"] * 1e3, "ms"),
        Row("Keras predict, same weights, prepared input", times["keras"] * 1e3, "ms"),
        Row("times faster than Keras predict", times["keras"] / times["ours"], "x", at_least=3),
        Row("bytes to mask / bare engine", times["ours"] / times["engine"], "x", at_most=1.3),
    ]
