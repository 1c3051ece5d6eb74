"""Drawn photographs for the pictures of the program: places in daylight, at dusk and at night.

Every one follows from its number. They stand in the README, so they should look like what people
keep: ridges in haze, a lake with the sky in it, lights out of focus, leaves, stars.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.float32]
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Light:
    """Top of the sky, the horizon, the sun, the far ridge and the near one."""

    top: Colour
    low: Colour
    sun: Colour
    far: Colour
    near: Colour
    stars: bool = False


LIGHTS = (
    Light((38, 52, 92), (250, 168, 104), (255, 226, 170), (120, 96, 120), (22, 20, 34)),
    Light((96, 152, 206), (226, 236, 240), (255, 250, 230), (150, 178, 196), (44, 74, 62)),
    Light((22, 30, 62), (214, 120, 118), (255, 206, 160), (96, 74, 110), (14, 14, 28)),
    Light((150, 180, 196), (240, 232, 214), (255, 246, 222), (176, 184, 180), (78, 84, 66)),
    Light((8, 12, 30), (44, 66, 104), (210, 222, 240), (30, 42, 66), (4, 6, 14), stars=True),
    Light((84, 132, 178), (252, 222, 176), (255, 240, 206), (160, 142, 134), (66, 48, 40)),
    Light((122, 148, 168), (216, 222, 224), (240, 244, 246), (170, 182, 190), (86, 98, 108)),
    Light((46, 84, 110), (246, 200, 150), (255, 224, 176), (92, 106, 112), (18, 34, 36)),
)


def photograph(number: int, width: int, height: int) -> NDArray[np.uint8]:
    """Height × width × 3, the same for the same number."""
    dice = np.random.default_rng(number + 101)
    scene = (_ridges, _lake, _lights, _ridges, _leaves, _lake, _ridges)[number % 7]
    return np.clip(scene(dice, width, height), 0, 255).astype(np.uint8)


def _mix(one: Colour | Grid, other: Colour | Grid, share: Grid) -> Grid:
    share = share[..., None]
    first, second = (np.asarray(colour, np.float32) for colour in (one, other))
    return (first * (1 - share) + second * share).astype(np.float32)


def _axes(width: int, height: int) -> tuple[Grid, Grid]:
    x = np.linspace(0, width / height, width, dtype=np.float32)[None, :]
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    return np.broadcast_to(x, (height, width)), np.broadcast_to(y, (height, width))


def _line(dice: np.random.Generator, width: int, rough: float) -> Grid:
    """A ridge: the same hill again and again, each time smaller."""
    x = np.linspace(0, 1, width, dtype=np.float32)
    total = np.zeros(width, np.float32)
    for octave in range(1, 9):
        speed = 1.7**octave * dice.uniform(0.7, 1.3)
        total += np.sin(x * speed * 3 + dice.uniform(0, 7)) / 1.75**octave
    return total * rough


def _sky(dice: np.random.Generator, light: Light, x: Grid, y: Grid, horizon: float) -> Grid:
    picture = _mix(light.top, light.low, np.clip(y / horizon, 0, 1) ** 1.4)
    where_x, where_y = dice.uniform(0.3, 0.8) * x.max(), horizon * dice.uniform(0.55, 0.9)
    away = np.hypot(x - where_x, (y - where_y) * 1.1)
    picture = _mix(picture, light.sun, np.exp(-((away * 5) ** 1.2)).astype(np.float32) * 0.85)
    clouds = np.sin(x * 3 + dice.uniform(0, 7) + np.sin(y * 21) * 0.6) * np.sin(y * 34 + x * 2)
    soft = np.clip(clouds - 0.35, 0, 1) * np.clip(1 - y / horizon, 0, 1)
    picture = _mix(picture, light.low, soft.astype(np.float32) * 0.5)
    if light.stars:
        for _ in range(260):
            at = (int(dice.uniform(0, horizon) * y.shape[0] * 0.9), dice.integers(x.shape[1] - 2))
            picture[at[0] : at[0] + 2, at[1] : at[1] + 2] += dice.uniform(60, 190)
    return picture


def _hills(
    dice: np.random.Generator, light: Light, picture: Grid, y: Grid, top: float, bottom: float
) -> Grid:
    layers = int(dice.integers(3, 6))
    for layer in range(layers):
        depth = layer / max(1, layers - 1)
        ridge = top + (bottom - top) * depth + _line(dice, y.shape[1], 0.05 + 0.02 * depth)
        below = np.clip((y - ridge[None, :]) * 260, 0, 1).astype(np.float32)
        tone = _mix(light.far, light.near, np.full(y.shape, depth, np.float32))
        haze = np.clip((y - ridge[None, :]) * 5, 0, 1).astype(np.float32) * (1 - depth) * 0.45
        picture = _mix(picture, _mix(tone, light.low, haze), below)
    return picture


def _ridges(dice: np.random.Generator, width: int, height: int) -> Grid:
    light = LIGHTS[int(dice.integers(len(LIGHTS)))]
    x, y = _axes(width, height)
    picture = _sky(dice, light, x, y, 0.72)
    return _hills(dice, light, picture, y, dice.uniform(0.38, 0.5), 0.9)


def _lake(dice: np.random.Generator, width: int, height: int) -> Grid:
    light = LIGHTS[int(dice.integers(len(LIGHTS)))]
    x, y = _axes(width, height)
    shore = dice.uniform(0.52, 0.62)
    picture = _hills(dice, light, _sky(dice, light, x, y, shore), y, shore - 0.2, shore - 0.04)
    at = int(shore * height)
    deep = height - at
    mirror = picture[max(0, at - deep) : at][::-1]
    water = np.resize(mirror, (deep, width, 3)) if mirror.shape[0] < deep else mirror
    rows = np.linspace(0, 1, deep, dtype=np.float32)[:, None]
    across = np.arange(width, dtype=np.float32)[None, :]
    shift = np.sin(rows * 190 + np.sin(across / width * 9) * 2) * rows * width * 0.012
    columns = np.clip(across + shift, 0, width - 1).astype(np.intp)
    water = np.take_along_axis(water, columns[..., None], axis=1)
    picture[at:] = _mix(water, light.near, np.broadcast_to(0.15 + rows * 0.45, (deep, width)))
    return picture


def _lights(dice: np.random.Generator, width: int, height: int) -> Grid:
    """A street at night, out of focus."""
    x, y = _axes(width, height)
    picture = _mix((16, 20, 34), (36, 26, 30), y)
    warm = ((255, 190, 110), (255, 150, 90), (250, 220, 170), (120, 170, 220), (230, 90, 80))
    for _ in range(46):
        size = dice.uniform(0.02, 0.075)
        away = np.hypot(x - dice.uniform(0, x.max()), y - dice.normal(0.5, 0.2))
        disc = np.clip((size - away) * 160, 0, 1) * dice.uniform(0.12, 0.6)
        rim = np.exp(-(((away - size) * 190) ** 2)) * 0.18
        colour = np.asarray(warm[int(dice.integers(len(warm)))], np.float32)
        picture += (disc + rim)[..., None].astype(np.float32) * colour
    return picture


def _leaves(dice: np.random.Generator, width: int, height: int) -> Grid:
    """Leaves against the light."""
    x, y = _axes(width, height)
    autumn = bool(dice.integers(2))
    back: Colour = (196, 146, 74) if autumn else (96, 142, 78)
    picture = _mix(back, (246, 232, 190), np.exp(-np.hypot(x - x.max() * 0.6, y - 0.35) * 2.4))
    ink = ((166, 62, 30), (206, 112, 36), (120, 44, 28), (226, 160, 60))
    ink = ink if autumn else ((46, 94, 48), (74, 128, 58), (28, 66, 42), (136, 172, 84))
    for _ in range(34):
        turn, size = dice.uniform(0, 7), dice.uniform(0.07, 0.2)
        left, down = x - dice.uniform(0, x.max()), y - dice.uniform(0, 1)
        along = left * np.cos(turn) + down * np.sin(turn)
        aside = -left * np.sin(turn) + down * np.cos(turn)
        half = size * 0.32 * np.clip(1 - (along / size) ** 2, 0, 1)
        inside = np.clip((half - np.abs(aside)) * 170, 0, 1)
        vein = np.exp(-((aside * 210) ** 2)) * 0.35
        tone = np.asarray(ink[int(dice.integers(len(ink)))], np.float32)
        share = (inside * dice.uniform(0.55, 0.95)).astype(np.float32)
        shade = tone * (0.85 + 0.5 * (along / size)[..., None].clip(-0.5, 0.5))
        picture = _mix(picture, shade + vein[..., None] * 50, share)
    return picture
