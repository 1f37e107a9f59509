"""Generated scans with their truth: for a first look, for tests, and for benchmarks without real data.

They resemble a scan closely enough to be segmented, and no closer: every one says that it was generated.

Ultrasound: layers (skin, fat, gland, muscle) and lesions are maps of echo strength in dB; scatterers of
complex Gaussian amplitude, scaled by that map and blurred by an anisotropic point spread function, give
speckle whose magnitude is Rayleigh distributed (Wagner et al. 1983); a few looks are averaged, as
compounding does, and log-compressed. Shadow, enhancement and depth gain are added along the beam.

Mammogram: thickness under the outline of a breast, parenchyma as noise with a power-law spectrum
(Burgess 1999), strands, and a mass with a soft edge; 8 bits, or 12 bits in 16.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image
from scipy import ndimage

from bcweb.scans import Modality, Scan, default_window

GENERATED = "Generated, not a scan of a person."

Margin = Literal["smooth", "lobed", "spiculated"]
Posterior = Literal["none", "shadow", "enhancement"]


@dataclass(frozen=True, eq=False)
class Phantom:
    """A generated scan. truth: (H, W) bool, empty for a normal. name: a slug that says "generated"."""

    scan: Scan
    truth: np.ndarray
    name: str
    description: str


@dataclass(frozen=True)
class Mass:
    """A lesion to draw.

    diameter: its mean one, as a part of the image's shorter side. contrast: how far it stands out,
    1 clearly, 0 not at all. posterior: what lies behind it (ultrasound only).
    """

    diameter: float = 0.25
    contrast: float = 1.0
    margin: Margin = "lobed"
    posterior: Posterior = "none"


def phantom(
    modality: Modality,
    seed: int,
    masses: tuple[Mass, ...] = (Mass(),),
    size: tuple[int, int] | None = None,
    density: float = 0.5,
    bits: Literal[8, 16] = 8,
    name: str | None = None,
    description: str = "",
) -> Phantom:
    """Generate one scan with its truth; the same arguments give the same pixels.

    masses: () for a normal. size: (height, width), at least 64 each. density: 0 fatty to 1 dense (how
    much bright gland). bits: 16 is for mammograms, values up to 4095 as detectors give them.
    """
    height, width = size or ((480, 600) if modality == "ultrasound" else (640, 512))
    if min(height, width) < 64:
        raise ValueError(f"A phantom has at least 64 pixels a side, not {height} x {width}.")
    rng = np.random.default_rng([seed, modality == "mammogram"])
    if modality == "ultrasound":
        if bits != 8:
            raise ValueError("Ultrasound phantoms have 8 bits, as ultrasound devices give them.")
        picture, truth = _ultrasound(rng, height, width, masses, density)
        spacing = (40.0 / height, 40.0 / height)  # the beam sees 4 cm
    else:
        picture, truth = _mammogram(rng, height, width, masses, density)
        spacing = (180.0 / height, 180.0 / height)  # an 18 cm breast
    if bits == 16:
        pixels = np.round(picture * 3500 + 100).astype(np.uint16)
    else:
        pixels = np.round(picture * 255).astype(np.uint8)
    scan = Scan(pixels, default_window(pixels), spacing, modality, (GENERATED,))
    return Phantom(scan, truth, name or f"generated-{modality}-{seed}", description or GENERATED)


# --- ultrasound -------------------------------------------------------------------------------------


def _ultrasound(
    rng: np.random.Generator, height: int, width: int, masses: tuple[Mass, ...], density: float
) -> tuple[np.ndarray, np.ndarray]:
    """Picture (H, W) float32 in 0..1, truth (H, W) bool."""
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(0, 1, width, dtype=np.float32)[None]
    unit = height / 480  # lengths below are pixels of an image 480 high

    def border(depth: float, swing: float) -> np.ndarray:
        """(1, W): the depth of a layer's lower border, wavy."""
        wave = _smooth_noise(rng, (1, width), (1, width / 2.5))
        wave = wave + 0.25 * _smooth_noise(rng, (1, width), (1, width / 12))
        return (depth + swing * wave).astype(np.float32)

    fat_end = border(rng.uniform(0.18, 0.3), 0.03)
    gland_end = border(rng.uniform(0.58, 0.68), 0.03)
    muscle_end = border(rng.uniform(0.8, 0.9), 0.015)

    shape = (height, width)
    lobules = _smooth_noise(rng, shape, (30 * unit, 70 * unit))
    wisps = _smooth_noise(rng, shape, (4 * unit, 38 * unit))
    grain = _smooth_noise(rng, shape, (8 * unit, 14 * unit))
    septa = _ridges(rng, shape, (34 * unit, 190 * unit), 0.14)
    fibres = _ridges(rng, shape, (11 * unit, 170 * unit), 0.35)
    fat = -27 + 1.5 * lobules + 1.2 * wisps + 11 * septa + 3 * fibres
    gland = -24 + 7 * density + 3 * lobules + 2 * wisps + 2 * grain + 5 * septa + 2 * fibres
    muscle = -30 + 1.5 * lobules + 1.2 * wisps + 10 * fibres
    behind = -36 + 2 * lobules + 1.5 * wisps + 6 * fibres
    ragged = (0.012 * grain + 0.008 * wisps).astype(np.float32)
    echo = fat
    for end, layer, blur in ((fat_end, gland, 9), (gland_end, muscle, 9), (muscle_end, behind, 6)):
        edge = _step((y - end - ragged) * height / (blur * unit))
        echo = echo + edge * (layer - echo)
    for end, bright in ((fat_end, 5), (gland_end, 7), (muscle_end, 9)):
        line = np.exp(-(((y - end - 0.3 * ragged) * height / (2.6 * unit)) ** 2))
        echo += bright * line * _step(1.5 * lobules + 0.5)
    echo += 15 * np.exp(-((y * height / (8 * unit)) ** 2))  # skin

    truth = np.zeros((height, width), bool)
    along_beam = np.zeros((height, width), np.float32)
    places = _places(rng, masses, (height, width), _us_region)
    for mass, (row, column) in zip(masses, places, strict=True):
        radius = mass.diameter * min(height, width) / 2
        flat = rng.uniform(0.62, 0.85) if mass.margin != "spiculated" else rng.uniform(0.8, 1.05)
        level = _shape(rng, shape, (row, column), radius, flat, mass.margin)
        softness = {"smooth": 1.5, "lobed": 2.5, "spiculated": 6.0}[mass.margin]
        inside = _step(level * radius / (softness * unit))
        own = -29 - 10 * mass.contrast + 1.5 * grain + 1.5 * lobules + wisps
        rim = np.exp(-(((level + 0.1) / 0.1) ** 2)) * _step(1.5 * lobules)
        around = echo + 4 * mass.contrast * rim
        strength = min(1.2 * mass.contrast, 1.0)
        echo = around + inside * strength * (np.minimum(own, around) - around)
        truth |= level > 0
        if mass.posterior != "none":
            along_beam += _behind(level > 0, row, unit) * (-16 if mass.posterior == "shadow" else 8)

    echo += along_beam
    for _ in range(int(rng.integers(1, 4))):  # stripes of poor contact
        stripe = np.exp(-(((x - rng.uniform(0, 1)) / rng.uniform(0.03, 0.12)) ** 2))
        echo -= rng.uniform(1, 5) * stripe * (0.3 + y)
    echo += 3 - np.float32(rng.uniform(5, 20)) * np.maximum(
        y - np.float32(rng.uniform(0.35, 0.5)), 0
    )

    decibel = _speckle(rng, echo, (1.0 * unit, 1.9 * unit), looks=4)
    picture = (decibel + 47) / 47 + 0.012 * rng.standard_normal(shape, np.float32)
    return np.clip(picture, 0, 1).astype(np.float32), truth


def _us_region(row: float, column: float, radius: float) -> bool:
    """Whether a lesion fits there: its middle in the gland or the fat (parts of height and width)."""
    return 0.3 <= row <= 0.52 and radius * 0.8 <= column <= 1 - radius * 0.8


def _speckle(
    rng: np.random.Generator, echo: np.ndarray, psf: tuple[float, float], looks: int
) -> np.ndarray:
    """(H, W) dB: the echoes of complex Gaussian scatterers of strength `echo` (dB), mean of `looks`.

    psf: deviations along the beam and across it, in pixels; across it is the wider.
    """
    strength = 10 ** (echo / 20)
    total = np.zeros(echo.shape, np.float32)
    for _ in range(looks):
        power = np.zeros(echo.shape, np.float32)
        for _ in range(2):  # real and imaginary part
            part = strength * rng.standard_normal(echo.shape, np.float32)
            power += ndimage.gaussian_filter(part, psf, mode="constant", truncate=2.0) ** 2
        total += np.sqrt(power)
    gain = np.sqrt(2 * np.pi * psf[0] * psf[1])  # what the blur takes from independent scatterers
    return 20 * np.log10(np.maximum(gain * total / looks, 1e-4))


def _behind(mask: np.ndarray, row: float, unit: float) -> np.ndarray:
    """(H, W) 0..1: how much of the beam to each place went through the mask before."""
    through = np.cumsum(mask, axis=0, dtype=np.float32)
    share = through / max(float(through.max()), 1.0)
    share = ndimage.gaussian_filter(share, (3 * unit, 7 * unit), truncate=2.5)
    share[mask] *= 0.15  # what the lesion does to itself is in its own echo
    fade = np.exp(-np.maximum(np.arange(mask.shape[0]) - row, 0) / (mask.shape[0] * 0.6))
    return share * fade[:, None].astype(np.float32)


# --- mammogram --------------------------------------------------------------------------------------


def _mammogram(
    rng: np.random.Generator, height: int, width: int, masses: tuple[Mass, ...], density: float
) -> tuple[np.ndarray, np.ndarray]:
    """Picture (H, W) float32 in 0..1, truth (H, W) bool. The chest wall is left, or right by the seed."""
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None] - np.float32(rng.uniform(-0.06, 0.06))
    x = np.linspace(0, 1, width, dtype=np.float32)[None]
    reach, half = rng.uniform(0.62, 0.8), rng.uniform(0.82, 0.95)
    power = rng.uniform(2.0, 2.4)
    level = 1 - (x / reach) ** power - np.abs(y / half) ** power  # above 0 inside the breast
    inside = level > 0
    depth = np.clip(level, 0, 1)
    thickness = 1 - (1 - np.minimum(depth / 0.35, 1)) ** 2  # compressed flat, round at the rim

    region = np.exp(-(((x - 0.52 * reach) / (0.42 * reach)) ** 2) - (y / (0.6 * half)) ** 2)
    cloud = _power_law_noise(rng, (height, width), 1.5)
    coarse = _smooth_noise(rng, (height, width), (height / 7, height / 7))
    gland = _step(1.6 * (region + 0.28 * coarse + 0.2 * cloud - 0.75 + 0.45 * density))
    unit = height / 640
    strands = _strands(rng, y * height / 2, (reach - x) * width, unit)
    strands += 0.6 * _ridges(rng, (height, width), (30 * unit, 42 * unit), 0.12)
    tissue = (
        0.2
        + 0.045 * cloud
        + (0.15 + 0.2 * density) * gland * (1 + 0.4 * cloud)
        + 0.1 * strands * (0.4 + gland)
    )

    truth = np.zeros((height, width), bool)

    def fits(row: float, column: float, radius: float) -> bool:
        at = level[int(row * (height - 1)), int(column * (width - 1))]
        return column > 0.12 and abs(row - 0.5) < 0.3 and at > 0.3

    for mass, (row, column) in zip(
        masses, _places(rng, masses, (height, width), fits), strict=True
    ):
        radius = mass.diameter * min(height, width) / 2
        shape = _shape(
            rng, (height, width), (row, column), radius, rng.uniform(0.8, 1.1), mass.margin
        )
        soft = {"smooth": 0.09, "lobed": 0.14, "spiculated": 0.28}[mass.margin]
        body = _step(shape / soft) * (1 + 0.25 * cloud)
        if mass.margin == "spiculated":
            body += 0.4 * _spicules(rng, (height, width), (row, column), radius)
        tissue = tissue + 0.3 * mass.contrast * body
        truth |= shape > 0
    truth &= inside

    picture = thickness * tissue
    picture += 0.13 * np.exp(-((depth / 0.018) ** 2)) * inside  # skin
    if rng.random() < 0.5:  # an oblique view shows the muscle in its upper corner
        muscle = 0.32 - x - 0.34 * (y + 1) + 0.015 * coarse
        picture += 0.3 * _step(muscle * 40) * inside
    picture = np.where(inside, np.tanh(picture * 1.15), 0)
    picture = ndimage.gaussian_filter(picture, 0.6 * unit, truncate=2.5)
    picture += 0.008 * rng.standard_normal((height, width), np.float32) * (0.2 + inside)
    picture = np.clip(picture, 0, 1).astype(np.float32)
    if rng.random() < 0.5:
        picture, truth = picture[:, ::-1], truth[:, ::-1]
    return np.ascontiguousarray(picture), np.ascontiguousarray(truth)


def _strands(rng: np.random.Generator, dy: np.ndarray, dx: np.ndarray, unit: float) -> np.ndarray:
    """(H, W) 0..1: ducts and ligaments, drawn out towards the nipple, from which dy and dx are pixels."""
    distance, angle = np.hypot(dy, dx), np.arctan2(dy, dx)
    rows = angle * 150 + 480 + 8 * _smooth_noise(rng, distance.shape, (60 * unit, 60 * unit))
    polar = np.maximum(
        _ridges(rng, (960, 256), (7, 40), 0.2), _ridges(rng, (960, 256), (16, 60), 0.12)
    )
    columns = distance * 255 / max(float(distance.max()), 1.0)
    return ndimage.map_coordinates(polar, [rows, columns], order=1, mode="nearest")


def _spicules(
    rng: np.random.Generator, shape: tuple[int, int], centre: tuple[float, float], radius: float
) -> np.ndarray:
    """(H, W) 0..1: thin lines that leave the mass and fade, each after its own length."""
    row, column = np.ogrid[: shape[0], : shape[1]]
    dy, dx = row - centre[0], column - centre[1]
    distance = np.hypot(dy, dx) / radius
    angle = np.arctan2(dy, dx)
    lines = np.zeros(shape, np.float32)
    for _ in range(int(rng.integers(9, 14))):
        bend = rng.normal(0, 0.2) * (distance - 1)
        off = np.angle(np.exp(1j * (angle - rng.uniform(-np.pi, np.pi) - bend))) * distance * radius
        fade = np.exp(-np.maximum(distance - 0.7, 0) / rng.uniform(0.2, 0.8))
        lines += rng.uniform(0.3, 1) * fade * np.exp(-((off / (0.03 * radius + 0.8)) ** 2))
    return lines * (distance > 0.4)


# --- what both are made of --------------------------------------------------------------------------


def _places(rng, masses, size, fits) -> list[tuple[float, float]]:
    """Row and column in pixels of each mass's middle: where it fits, apart from those before."""
    height, width = size
    placed: list[tuple[float, float, float]] = []
    for mass in masses:
        radius = mass.diameter * min(height, width) / 2
        best, best_room = None, -np.inf
        for _ in range(200):
            row, column = rng.random(2)
            if not fits(row, column, radius / width):
                continue
            y, x = row * (height - 1), column * (width - 1)
            room = min((np.hypot(y - r, x - c) - s for r, c, s in placed), default=np.inf)
            if room > best_room:
                best, best_room = (y, x, radius), room
            if room > 1.5 * radius:
                break
        placed.append(best or (height / 2, width / 2, radius))
    return [(row, column) for row, column, _ in placed]


def _shape(
    rng: np.random.Generator,
    size: tuple[int, int],
    centre: tuple[float, float],
    radius: float,
    flat: float,
    margin: Margin,
) -> np.ndarray:
    """(H, W) float32, above 0 inside: 1 in the middle, 0 on a tilted ellipse with a wavy margin.

    flat: height over width of the ellipse; its mean radius stays.
    """
    row, column = np.ogrid[: size[0], : size[1]]
    tilt = rng.normal(0, 0.2)
    dy, dx = (row - centre[0]).astype(np.float32), (column - centre[1]).astype(np.float32)
    u = (dx * np.cos(tilt) + dy * np.sin(tilt)) * np.sqrt(flat)
    v = (dy * np.cos(tilt) - dx * np.sin(tilt)) / np.sqrt(flat)
    angle = np.arctan2(v, u)
    roughness, falloff = {"smooth": (0.05, 2.0), "lobed": (0.13, 2.2), "spiculated": (0.16, 1.0)}[
        margin
    ]
    waves = np.arange(2, 25)
    amount = rng.normal(0, 1, waves.size) / waves**falloff
    amount *= roughness / np.sqrt((amount**2).sum() / 2)
    turn = np.linspace(-np.pi, np.pi, 721)
    outline = 1 + amount @ np.cos(
        waves[:, None] * turn + rng.uniform(0, 2 * np.pi, (waves.size, 1))
    )
    edge = np.interp(angle, turn, np.maximum(outline, 0.4)).astype(np.float32)
    return 1 - np.hypot(u, v) / (np.float32(radius) * edge)


def _step(level: np.ndarray) -> np.ndarray:
    """0 to 1 around level 0."""
    return 0.5 + 0.5 * np.tanh(level)


def _smooth_noise(
    rng: np.random.Generator, shape: tuple[int, int], scale: tuple[float, float]
) -> np.ndarray:
    """(H, W) float32 of mean about 0 and deviation 1 whose features are `scale` pixels long."""
    coarse = [max(2, round(n / s)) + 3 for n, s in zip(shape, scale, strict=True)]
    noise = Image.fromarray(rng.standard_normal(coarse, np.float32))
    box = (1.5, 1.5, coarse[1] - 1.5, coarse[0] - 1.5)  # the interpolation's border left out
    smooth = np.asarray(noise.resize((shape[1], shape[0]), Image.Resampling.BICUBIC, box))
    return smooth / max(float(smooth.std()), 1e-6)


def _ridges(
    rng: np.random.Generator, shape: tuple[int, int], scale: tuple[float, float], width: float
) -> np.ndarray:
    """(H, W) float32 in 0..1: bright lines where smooth noise passes 0, of uneven strength."""
    lines = np.exp(-((_smooth_noise(rng, shape, scale) / width) ** 2))
    strength = _step(1.2 * _smooth_noise(rng, shape, (scale[0] * 1.5, scale[1] * 0.8)))
    return lines * strength


def _power_law_noise(
    rng: np.random.Generator, shape: tuple[int, int], exponent: float
) -> np.ndarray:
    """(H, W) float32, mean 0, deviation 1, amplitude spectrum 1 / frequency ** exponent."""
    spectrum = np.fft.rfft2(rng.standard_normal(shape, np.float32))
    frequency = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None])
    frequency[0, 0] = np.inf
    noise = np.fft.irfft2(spectrum / frequency**exponent, shape)
    return (noise / noise.std()).astype(np.float32)
