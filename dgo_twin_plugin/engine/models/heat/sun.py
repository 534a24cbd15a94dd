"""Where the sun stands: the algorithm of NOAA's solar calculator (Meeus, Astronomical Algorithms,
1998), without refraction. NOAA states 0.0167 degree for latitudes up to 72 degrees."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass

_EPOCH = datetime.datetime(2000, 1, 1, 12)  # J2000.0
_DAY = 86400.0  # s


@dataclass(frozen=True)
class Sun:
    """Degrees: ``altitude`` above the horizon, ``azimuth`` clockwise from north."""

    altitude: float
    azimuth: float

    @property
    def sine(self) -> float:
        """Sine of the altitude, 0 below the horizon."""
        return max(math.sin(math.radians(self.altitude)), 0.0)


def utc(moment: datetime.datetime) -> datetime.datetime:
    """A moment as UTC without zone; without a zone it is UTC already."""
    if moment.tzinfo is None:
        return moment
    return moment.astimezone(datetime.timezone.utc).replace(tzinfo=None)


def declination(moment: datetime.datetime) -> tuple[float, float]:
    """Declination of the sun, degrees, and the equation of time, minutes."""
    t = (utc(moment) - _EPOCH).total_seconds() / _DAY / 36525.0  # centuries
    mean_longitude = (280.46646 + t * (36000.76983 + 0.0003032 * t)) % 360.0
    anomaly = math.radians(357.52911 + t * (35999.05029 - 0.0001537 * t))
    eccentricity = 0.016708634 - t * (0.000042037 + 0.0000001267 * t)
    centre = (
        math.sin(anomaly) * (1.914602 - t * (0.004817 + 0.000014 * t))
        + math.sin(2 * anomaly) * (0.019993 - 0.000101 * t)
        + math.sin(3 * anomaly) * 0.000289
    )
    node = math.radians(125.04 - 1934.136 * t)
    apparent = math.radians(mean_longitude + centre - 0.00569 - 0.00478 * math.sin(node))
    seconds = 21.448 - t * (46.815 + t * (0.00059 - 0.001813 * t))
    tilt = math.radians(23.0 + (26.0 + seconds / 60.0) / 60.0 + 0.00256 * math.cos(node))
    height = math.degrees(math.asin(math.sin(tilt) * math.sin(apparent)))
    y = math.tan(tilt / 2.0) ** 2
    twice = 2.0 * math.radians(mean_longitude)
    equation = 4.0 * math.degrees(
        y * math.sin(twice)
        - 2.0 * eccentricity * math.sin(anomaly)
        + 4.0 * eccentricity * y * math.sin(anomaly) * math.cos(twice)
        - 0.5 * y * y * math.sin(2.0 * twice)
        - 1.25 * eccentricity**2 * math.sin(2.0 * anomaly)
    )
    return height, equation


def position(moment: datetime.datetime, latitude: float, longitude: float) -> Sun:
    """The sun at a moment (UTC, or with its zone), north and east positive, degrees."""
    moment = utc(moment)
    height, equation = declination(moment)
    minutes = moment.hour * 60.0 + moment.minute + (moment.second + moment.microsecond / 1e6) / 60.0
    solar = (minutes + equation + 4.0 * longitude) % 1440.0
    hour_angle = math.radians(solar / 4.0 - 180.0)
    lat, dec = math.radians(latitude), math.radians(height)
    sine = math.sin(lat) * math.sin(dec) + math.cos(lat) * math.cos(dec) * math.cos(hour_angle)
    altitude = math.asin(max(-1.0, min(1.0, sine)))
    # from south, westward positive; no trouble at the zenith, where any direction will do
    west = math.atan2(
        math.sin(hour_angle),
        math.cos(hour_angle) * math.sin(lat) - math.tan(dec) * math.cos(lat),
    )
    return Sun(math.degrees(altitude), (math.degrees(west) + 180.0) % 360.0)


def highest(day: datetime.date, latitude: float, longitude: float) -> Sun:
    """The sun at its highest on a day."""
    noon = datetime.datetime(day.year, day.month, day.day, 12) - datetime.timedelta(
        minutes=4.0 * longitude
    )
    noon -= datetime.timedelta(minutes=declination(noon)[1])
    return position(noon, latitude, longitude)
