"""A simulated annotator: a handful of short brush strokes per class and slice, drawn inside the class as a person would."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voxloop_shared.data.masks import encode_mask
from voxloop_shared.schemas import Stroke

Mask = NDArray[np.bool_]
Point = tuple[int, int]

_TURNS = (0.0, 0.5, -0.5, 1.0, -1.0, 1.6, -1.6)
"""Radians to try when the way ahead leaves the class."""

_WANDER = 0.25


@dataclass(frozen=True, slots=True)
class Hand:
    """How the annotator draws; lengths in pixels.

    A stroke is as long as the thing is large: `reach` times the root of the class's area on the slice, at most.
    """

    strokes_per_class: int = 3
    brush: int = 2
    reach: float = 0.28
    shortest: int = 10
    glances: int = 4


def draw_strokes(reference: NDArray[np.uint8], index: int, rng: np.random.Generator, hand: Hand) -> Iterator[Stroke]:
    """Draw on one slice (y, x) of class ids, which lies at z = `index`; a class without room for the brush gets nothing."""
    for value in np.unique(reference).tolist():
        inside = reference == value
        room = _room_for_brush(inside, hand.brush)
        longest = max(hand.shortest, round(hand.reach * math.sqrt(inside.sum())))
        drawn: list[Point] = []
        for number in range(hand.strokes_per_class if room.any() else 0):
            length = int(rng.integers(max(hand.shortest, longest // 2), longest + 1))
            path = _walk(room, _place_to_start(room, drawn, hand.glances, rng), length, rng)
            drawn += path
            yield _stroke(_paint(path, reference.shape, hand.brush), value, index, f"demo-{index}-{value}-{number}")


def _place_to_start(room: Mask, drawn: list[Point], glances: int, rng: np.random.Generator) -> Point:
    """Look at a few random places and take the one farthest from what is drawn: people go from object to object."""
    found = np.argwhere(room)
    places: list[Point] = [(int(y), int(x)) for y, x in found[rng.integers(len(found), size=glances if drawn else 1)]]
    return max(places, key=lambda place: min((math.dist(place, other) for other in drawn), default=0.0))


def _room_for_brush(inside: Mask, brush: int) -> Mask:
    """Give the corners at which the square brush, and one pixel around it, stays inside: people keep off edges."""
    rows, columns = inside.shape
    reach = range(-1, brush + 1)
    padded = np.pad(inside, ((1, brush), (1, brush)), mode="edge")
    shifted = [padded[1 + dy : 1 + dy + rows, 1 + dx : 1 + dx + columns] for dy in reach for dx in reach]
    room: Mask = np.logical_and.reduce(shifted)
    room[rows - brush + 1 :], room[:, columns - brush + 1 :] = False, False
    return room if room.any() else _tight_room(inside, brush)


def _tight_room(inside: Mask, brush: int) -> Mask:
    """Give the corners at which the brush alone stays inside."""
    rows, columns = inside.shape
    padded = np.pad(inside, ((0, brush), (0, brush)))
    room: Mask = np.logical_and.reduce([padded[dy : dy + rows, dx : dx + columns] for dy in range(brush) for dx in range(brush)])
    return room


def _walk(room: Mask, start: Point, length: int, rng: np.random.Generator) -> list[Point]:
    """Wander from a place, turning where the class ends, at most `length` steps."""
    path, (y, x) = [start], (float(start[0]), float(start[1]))
    heading = rng.uniform(0, 2 * math.pi)
    for _ in range(length):
        heading += rng.normal(0.0, _WANDER)
        way = next((h for h in (heading + turn for turn in _TURNS) if _is_open(room, y + math.sin(h), x + math.cos(h))), None)
        if way is None:
            break
        heading, y, x = way, y + math.sin(way), x + math.cos(way)
        path.append((round(y), round(x)))
    return path


def _is_open(room: Mask, y: float, x: float) -> bool:
    row, column = round(y), round(x)
    return 0 <= row < room.shape[0] and 0 <= column < room.shape[1] and bool(room[row, column])


def _paint(path: list[Point], shape: tuple[int, ...], brush: int) -> Mask:
    mask = np.zeros(shape, np.bool_)
    for y, x in path:
        mask[y : y + brush, x : x + brush] = True
    return mask


def _stroke(mask: Mask, value: int, index: int, stroke_id: str) -> Stroke:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    y, x = (int(rows[0]), int(rows[-1]) + 1), (int(columns[0]), int(columns[-1]) + 1)
    runs = encode_mask(mask[y[0] : y[1], x[0] : x[1]])
    return Stroke(id=stroke_id, tool="brush", value=value, axis="z", index=index, box=((index, index + 1), y, x), runs=runs)
