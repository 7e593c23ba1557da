"""The ground about a place as a plane in metres: neither the antimeridian nor a pole is special."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downrange.earth.build import EQUATORIAL_RADIUS_M, FLATTENING

Floats = NDArray[np.float64]

_E2 = FLATTENING * (2.0 - FLATTENING)


class Plane(NamedTuple):
    """A plane that touches WGS 84, with coordinates (east, north) in m that keep areas.

    Lambert's azimuthal equal-area projection about the centre of curvature: 2 R sin(angle / 2)
    from the centre, R the Gaussian radius there. Within 300 km of the centre areas are true to
    0.1 %, within 1,000 km to 0.5 %.
    """

    latitude_deg: float
    longitude_deg: float
    radius_m: float
    origin_m: Floats  # (3,) centre of curvature, Earth-fixed
    axes: Floats  # (3, 3) rows: east, north, up

    def metres(self, latitude_deg: ArrayLike, longitude_deg: ArrayLike) -> Floats:
        """(n, 2) east and north in m of points on the ground, latitude and longitude in deg."""
        seen = (ecef_m(latitude_deg, longitude_deg) - self.origin_m) @ self.axes.T
        across = np.hypot(seen[:, 0], seen[:, 1])
        reach = 2.0 * self.radius_m * np.sin(0.5 * np.arctan2(across, seen[:, 2]))
        scale = reach / np.where(across > 0.0, across, 1.0)
        return np.asarray(seen[:, :2] * scale[:, None])

    def degrees(self, metres: ArrayLike) -> Floats:
        """(n, 2) latitude and longitude in deg of points of the plane; longitudes within 180."""
        east_north = np.asarray(metres, dtype=np.float64).reshape(-1, 2)
        reach = np.hypot(east_north[:, 0], east_north[:, 1])
        angle = 2.0 * np.arcsin(np.minimum(reach / (2.0 * self.radius_m), 1.0))
        flat = east_north * (np.sin(angle) / np.where(reach > 0.0, reach, 1.0))[:, None]
        ray = np.column_stack([flat, np.cos(angle)]) @ self.axes
        return _geodetic_deg(_on_ground_m(self.origin_m, ray))


def plane_amid(latitude_deg: ArrayLike, longitude_deg: ArrayLike) -> Plane:
    """The plane that touches the ground under the mean of points, or else under the first."""
    points = ecef_m(latitude_deg, longitude_deg)
    mean = points.mean(axis=0)
    if np.linalg.norm(mean) < 1.0:
        mean = points[0]
    latitude, longitude = _geodetic_deg(_on_ground_m(np.zeros(3), mean[None]))[0].tolist()
    return plane_at(latitude, longitude)


def plane_at(latitude_deg: float, longitude_deg: float) -> Plane:
    """The plane that touches the ground at a place."""
    lat, lon = math.radians(latitude_deg), math.radians(longitude_deg)
    w2 = 1.0 - _E2 * math.sin(lat) ** 2
    normal_m = EQUATORIAL_RADIUS_M / math.sqrt(w2)
    radius_m = normal_m * math.sqrt((1.0 - _E2) / w2)  # sqrt(M N)
    axes = np.array([
        [-math.sin(lon), math.cos(lon), 0.0],
        [-math.sin(lat) * math.cos(lon), -math.sin(lat) * math.sin(lon), math.cos(lat)],
        [math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)],
    ])  # fmt: skip
    origin_m = ecef_m(latitude_deg, longitude_deg)[0] - radius_m * axes[2]
    return Plane(latitude_deg, longitude_deg, radius_m, origin_m, axes)


def ecef_m(latitude_deg: ArrayLike, longitude_deg: ArrayLike) -> Floats:
    """(n, 3) Earth-fixed positions in m of points on the ellipsoid."""
    lat = np.radians(np.atleast_1d(np.asarray(latitude_deg, dtype=np.float64)))
    lon = np.radians(np.atleast_1d(np.asarray(longitude_deg, dtype=np.float64)))
    normal_m = EQUATORIAL_RADIUS_M / np.sqrt(1.0 - _E2 * np.sin(lat) ** 2)
    return np.column_stack([
        normal_m * np.cos(lat) * np.cos(lon),
        normal_m * np.cos(lat) * np.sin(lon),
        (1.0 - _E2) * normal_m * np.sin(lat),
    ])  # fmt: skip


def _on_ground_m(origin_m: Floats, rays: Floats) -> Floats:
    """(n, 3) where rays from a point inside the ellipsoid leave it, Earth-fixed, m."""
    squash = np.array([1.0, 1.0, 1.0 / (1.0 - FLATTENING)])  # to a sphere
    start, ray = origin_m * squash, rays * squash
    a = (ray**2).sum(axis=1)
    b = ray @ start
    c = float(start @ start) - EQUATORIAL_RADIUS_M**2
    reach = (-b + np.sqrt(b * b - a * c)) / a
    return np.asarray(origin_m + rays * reach[:, None])


def _geodetic_deg(ground_m: Floats) -> Floats:
    """(n, 2) latitude and longitude in deg of points on the ellipsoid."""
    out = np.hypot(ground_m[:, 0], ground_m[:, 1])
    latitude = np.arctan2(ground_m[:, 2], (1.0 - _E2) * out)
    longitude = np.arctan2(ground_m[:, 1], ground_m[:, 0])
    return np.asarray(np.degrees(np.column_stack([latitude, longitude])))
