"""The planned ascent: launch azimuth, pitch-over and pitch programme to a target orbit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from downrange.earth.kernel.frames import quat_ned_from_ecef
from downrange.earth.kernel.geodesy import (
    Earth,
    ecef_from_eci,
    ecef_from_geodetic,
    ecef_from_ned,
    geodetic,
    ned_from_ecef,
    velocity_relative_eci,
)
from downrange.earth.kernel.wind import Wind
from downrange.errors import InputError, Problem
from downrange.gnc.kernel import ascent as kernel
from downrange.gnc.kernel import data
from downrange.gnc.kernel.ascent import Air, Burn, Launch, Steered
from downrange.gnc.kernel.data import AssumedVehicle, Floats, Phases
from downrange.gnc.kernel.space import plane_normal
from downrange.gnc.kernel.throttling import Throttles
from downrange.gnc.search import find_root, golden_section
from downrange.units import STANDARD_GRAVITY_MPS2

STEP_S = 0.25  # first stage
COAST_STEP_S = 10.0
NO_COAST_M = 1000.0  # to the target's apogee: the insertion is the target
UPPER_STEP_S = 1.0  # upper stage
SEARCH_STEP_S = 4.0  # upper stage, while the pitch-over is searched for
# Where the search for the upper stage's steering begins: tan(pitch) at start and end, yaw.
LAWS = tuple(np.array(law) for law in ((0.6, -0.2, 0.0), (1.2, -0.4, 0.0), (0.2, 0.0, 0.0)))
LEAST_LEVEL = 0.1  # rows are made for a burn at no less than this
RATED = Phases(np.zeros((1, data.PHASE_COLUMNS)), np.zeros((0, data.ROW_COLUMNS)))
KICKS = 16  # coarse search for the pitch-over, then a golden section
FINE_KICKS = 12
LIGHTER = "less payload, a lower orbit, or more propellant"
LEAST_KICK_RAD = math.radians(0.05)
MOST_KICK_RAD = math.radians(25.0)


class Site(NamedTuple):
    """Where the vehicle stands: geodetic, altitude of the pad's deck above the ellipsoid."""

    latitude_rad: float
    longitude_rad: float
    altitude_m: float


class Orbit(NamedTuple):
    """A target: apsides above the equatorial radius."""

    perigee_altitude_m: float
    apogee_altitude_m: float
    inclination_rad: float
    northbound: bool


class Bounds(NamedTuple):
    """What the mission lays down about the ascent; the rest is planned."""

    start_time_s: float  # the pitch-over starts when all three are reached
    start_height_m: float
    start_speed_mps: float
    pitch_over_rate_radps: float
    rate_limit_radps: float
    head_on_pa: float  # dynamic pressure from which the forecast wind is met head on
    burnt_before_release_kg: float
    residual_fraction: float  # of the first stage's propellant, left at its cut-off
    cutoff_speed_mps: float
    insertion_altitude_m: float
    apogee_margin_m: float
    staging_coast_s: float
    fairing_altitude_m: float
    max_dynamic_pressure_pa: float
    min_staging_altitude_m: float


@dataclass(frozen=True)
class Ascent:
    """A planned ascent. Times from the release; the rows of all arrays go together.

    Attributes:
        azimuth_rad: of the launch, from north by east.
        kick_pitch_rad: where the pitch-over ends.
        programme_row: first row of the pitch programme, when the pitch-over has done its work.
        burnout_row: last row of the first stage.
        insertion_row: last row, the upper stage's first cut-off.
        time_s: (n,)
        position_ecef_m, velocity_ecef_mps: (n, 3), the velocity Earth-relative.
        latitude_rad, longitude_rad, altitude_m: (n,) geodetic.
        velocity_ned_mps: (n, 3) Earth-relative.
        speed_mps: (n,) Earth-relative.
        mass_kg: (n,)
        pitch_rad: (n,) of the thrust above the pad's horizontal plane.
        dynamic_pressure_pa: (n,)
        inclination_rad: of the orbit reached.
        insertion_radius_m: of the end of the upper stage's first burn.
        insertion_speed_mps: inertial, level, that makes the coast end at the target's apogee.
        propellant_left_kg: in the upper stage at insertion.
        restart_propellant_kg: of it, needed to go from insertion to the target.
        spare_mps: velocity that what is left after that could still give.
    """

    azimuth_rad: float
    kick_pitch_rad: float
    programme_row: int
    burnout_row: int
    insertion_row: int
    time_s: Floats
    position_ecef_m: Floats
    velocity_ecef_mps: Floats
    latitude_rad: Floats
    longitude_rad: Floats
    altitude_m: Floats
    velocity_ned_mps: Floats
    speed_mps: Floats
    mass_kg: Floats
    pitch_rad: Floats
    dynamic_pressure_pa: Floats
    inclination_rad: float
    insertion_radius_m: float
    insertion_speed_mps: float
    propellant_left_kg: float
    restart_propellant_kg: float
    spare_mps: float

    @property
    def max_dynamic_pressure_pa(self) -> float:
        """Largest dynamic pressure of the plan, Pa."""
        return float(self.dynamic_pressure_pa.max())


def launch_azimuth(latitude_rad: float, orbit: Orbit, speed_mps: float, earth: Earth) -> float:
    """Azimuth in rad at which an orbital speed must be added to the Earth's turning.

    Spherical Earth: the inertial azimuth is asin(cos i / cos latitude), less the east-going
    speed of the site. nan where the inclination can't be reached from the latitude.
    """
    sine = math.cos(orbit.inclination_rad) / math.cos(latitude_rad)
    if abs(sine) > 1.0:
        return math.nan
    north = speed_mps * math.sqrt(1.0 - sine * sine) * (1.0 if orbit.northbound else -1.0)
    site_speed = earth.rotation_radps * earth.equatorial_radius_m * math.cos(latitude_rad)
    return math.atan2(speed_mps * sine - site_speed, north) % (2.0 * math.pi)


def plan_ascent(
    vehicle: AssumedVehicle,
    site: Site,
    orbit: Orbit,
    bounds: Bounds,
    earth: Earth,
    forecast: Wind,
    file: str = "",
    phases: Phases = RATED,
) -> Ascent:
    """Return the ascent that leaves the upper stage most propellant within the bounds.

    A point mass: vertical rise, pitch-over at a steady rate, gravity turn in the launch plane at
    zero angle of attack against the forecast wind, burn-out; then linear-tangent steering of the
    second stage, up and sideways, to the insertion. Thrust is there from the release on, as the
    phases throttle it; without phases it is rated thrust.

    Raises:
        InputError: the target can't be reached; says by how much.
    """
    return _Planner(vehicle, site, orbit, bounds, earth, forecast, file, phases).best()


class _Planner:
    """One search; holds what all of its trials have in common."""

    def __init__(
        self,
        vehicle: AssumedVehicle,
        site: Site,
        orbit: Orbit,
        bounds: Bounds,
        earth: Earth,
        forecast: Wind,
        file: str,
        phases: Phases,
    ) -> None:
        self.vehicle, self.orbit, self.bounds, self.file = vehicle, orbit, bounds, file
        self.site, self.earth = site, earth
        drag_m2 = vehicle.axial_coefficient * vehicle.reference_area_m2
        self.air = Air(earth, forecast, np.stack((vehicle.mach, drag_m2), axis=1))
        if len(vehicle.stage_dry_kg) < 2:
            raise self._problem("needs a second stage: the first alone is not guided to orbit")
        first, second = (_stage_burn(vehicle, stage) for stage in (0, 1))
        usable = vehicle.stage_propellant_kg[0] * (1.0 - bounds.residual_fraction)
        usable -= bounds.burnt_before_release_kg
        self.first = first._replace(duration_s=usable / first.flow_kgps)
        self.second = second
        self.throttles = [
            _throttles(vehicle, stage, phases, bounds, site.altitude_m) for stage in (0, 1)
        ]
        self.words = np.empty(data.WORDS)
        upper = (vehicle.stage_dry_kg[1] + vehicle.stage_propellant_kg[1]
                 + vehicle.payload_kg + vehicle.fairing_kg)  # fmt: skip
        self.upper_kg = float(upper)
        self.empty_kg = float(vehicle.stage_dry_kg[1] + vehicle.payload_kg)
        self.lift_off_kg = float(upper + vehicle.stage_dry_kg[0] + vehicle.stage_propellant_kg[0]
                                 - bounds.burnt_before_release_kg)  # fmt: skip
        weight = self.lift_off_kg * STANDARD_GRAVITY_MPS2
        if self.first.thrust_vac_n <= weight:
            raise self._problem(f"vacuum thrust at lift-off, {first.thrust_vac_n:.0f} N, is below "
                                f"the weight, {weight:.0f} N")  # fmt: skip
        self.insertion_speed, self.restart_mps = _transfer(orbit, bounds, earth)
        self.azimuth = launch_azimuth(site.latitude_rad, orbit, self.insertion_speed, earth)
        if math.isnan(self.azimuth):
            low = math.degrees(abs(site.latitude_rad))
            raise self._problem(f"no launch from a latitude of {low:.2f} deg reaches an inclination"
                                f" of {math.degrees(orbit.inclination_rad):.2f} deg",
                                f"{low:.2f} to {180.0 - low:.2f} deg can be reached")  # fmt: skip
        insertion = min(bounds.insertion_altitude_m, orbit.perigee_altitude_m)
        self.insertion_radius = earth.equatorial_radius_m + insertion
        self.law = LAWS[0]
        self.tried: dict[float, tuple[float, Floats]] = {}  # kick -> final mass, steering
        self.steered = Steered(
            tangent_start=0.0,
            tangent_end=0.0,
            yaw_rad=0.0,
            yaw_turn=0.0,
            duration_s=self.second.duration_s,
            speed_mps=self.insertion_speed,
            least_mass_kg=0.3 * self.empty_kg,
            drop_mass_kg=vehicle.fairing_kg,
            drop_altitude_m=bounds.fairing_altitude_m,
            step_s=SEARCH_STEP_S,
        )
        down = ecef_from_ned((0.0, 0.0, 1.0), site.latitude_rad, site.longitude_rad)
        self.pad_up = (-down[0], -down[1], -down[2])

    def best(self) -> Ascent:
        """The best ascent, from a coarse search and a golden section about its best."""
        kicks = np.geomspace(LEAST_KICK_RAD, MOST_KICK_RAD, KICKS)
        masses = [self.final_mass(kick) for kick in kicks]
        if not any(math.isfinite(mass) for mass in masses):
            raise self._problem(*self._why_not())
        i = int(np.argmax(masses))
        low, high = kicks[max(0, i - 1)], kicks[min(KICKS - 1, i + 1)]
        kick = golden_section(self.final_mass, low, high, FINE_KICKS)
        if self.final_mass(kick) < masses[i]:
            kick = float(kicks[i])
        ascent = self._first_that_inserts([kick, *sorted(self.tried, key=self._mass, reverse=True)])
        if ascent.spare_mps < 0.0:
            raise self._problem(f"can't be reached: {-ascent.spare_mps:.0f} m/s short; "
                                f"{self.restart_mps:.0f} m/s are for the second burn",
                                LIGHTER)  # fmt: skip
        return ascent

    def _first_that_inserts(self, kicks: Sequence[float]) -> Ascent:
        """The ascent of the first of these pitch-overs that inserts at the fine step as well.

        A root of the coarse flight may fall where the fine one jumps, as the fairing goes.
        """
        self.steered = self.steered._replace(step_s=UPPER_STEP_S)
        for kick in kicks:
            ascent = self.ascent(kick)
            if ascent is not None:
                return ascent
        raise self._problem(
            "no pitch-over that the plan found inserts when it is flown in finer steps",
            "change guidance.insertion_altitude or guidance.fairing_altitude a little",
        )

    def final_mass(self, kick_rad: float) -> float:
        """Mass at insertion in kg of a pitch-over; -inf where a bound is broken."""
        rows, count, _ = self._first_stage(kick_rad)
        if not self._within_bounds(rows[:count]):
            return -math.inf
        upper = self._upper_stage(rows[count - 1])
        if upper is None:
            return -math.inf
        self.tried[kick_rad] = (float(upper[-1, kernel.MASS_KG]), self.law)
        return self._mass(kick_rad)

    def _mass(self, kick_rad: float) -> float:
        return self.tried[kick_rad][0]

    def _within_bounds(self, rows: Floats) -> bool:
        """Whether a first stage's flight keeps to the limits of altitude and dynamic pressure."""
        altitude = self._on_earth(rows[-1])[3][2]
        peak = rows[:, kernel.DYNAMIC_PRESSURE_PA].max()
        high = altitude >= max(0.0, self.bounds.min_staging_altitude_m)
        return bool(high and peak <= self.bounds.max_dynamic_pressure_pa)

    def _why_not(self) -> tuple[str, str]:
        """Why no pitch-over leads to the insertion, and what to do."""
        stages = (
            (self.first, self.lift_off_kg, self.first.duration_s),
            (self.second, self.upper_kg, self.second.duration_s),
        )
        ideal = sum(
            burn.thrust_vac_n / burn.flow_kgps * math.log(mass / (mass - burn.flow_kgps * burn_s))
            for burn, mass, burn_s in stages
        )
        short = self.insertion_speed + self.restart_mps - ideal
        if short > 0.0:
            return f"can't be reached: {short:.0f} m/s short, even without any losses", LIGHTER
        why = (
            "can't be reached: no pitch-over leads there within max_dynamic_pressure and "
            f"min_staging_altitude; without losses {-short:.0f} m/s would be left for them"
        )
        return why, "against a strong head wind, raise head_on_above"

    def ascent(self, kick_rad: float) -> Ascent | None:
        """The whole ascent of a pitch-over whose `final_mass` is finite; None if none inserts."""
        first, count, turn = self._first_stage(kick_rad)
        upper = self._upper_stage(first[count - 1], self.tried[kick_rad][1], in_plane=True)
        if upper is None:
            return None
        rows = np.concatenate((first[:count], upper))
        left = float(upper[-1, kernel.MASS_KG]) - self.empty_kg
        exhaust = self.second.thrust_vac_n / self.second.flow_kgps
        restart = (self.empty_kg + left) * (1.0 - math.exp(-self.restart_mps / exhaust))
        spare = exhaust * math.log((self.empty_kg + left) / self.empty_kg) - self.restart_mps
        track = [self._on_earth(row) for row in rows]
        position, velocity, ned, place = (np.array(each) for each in zip(*track, strict=True))
        return Ascent(
            azimuth_rad=self.azimuth,
            kick_pitch_rad=0.5 * math.pi - kick_rad,
            programme_row=turn,
            burnout_row=count - 1,
            insertion_row=len(rows) - 1,
            time_s=rows[:, kernel.TIME_S].copy(),
            position_ecef_m=position,
            velocity_ecef_mps=velocity,
            latitude_rad=place[:, 0].copy(),
            longitude_rad=place[:, 1].copy(),
            altitude_m=place[:, 2].copy(),
            velocity_ned_mps=ned,
            speed_mps=rows[:, kernel.SPEED_MPS].copy(),
            mass_kg=rows[:, kernel.MASS_KG].copy(),
            pitch_rad=rows[:, kernel.PITCH_RAD].copy(),
            dynamic_pressure_pa=rows[:, kernel.DYNAMIC_PRESSURE_PA].copy(),
            inclination_rad=_inclination(rows[-1]),
            insertion_radius_m=self.insertion_radius,
            insertion_speed_mps=self._speed_to_apogee(rows[-1]),
            propellant_left_kg=left,
            restart_propellant_kg=restart,
            spare_mps=spare,
        )

    def _speed_to_apogee(self, row: Floats) -> float:
        """Level speed at the insertion from which the coast, with J2, ends at the target's apogee.

        That of the conic where the insertion is into the target itself: there is no coast.
        """
        apogee = self.earth.equatorial_radius_m + self.orbit.apogee_altitude_m
        if apogee - self.insertion_radius < NO_COAST_M:
            return self.insertion_speed
        apogee += self.bounds.apogee_margin_m
        place = row[kernel.POSITION_ECI_M : kernel.POSITION_ECI_M + 3]
        course = row[kernel.VELOCITY_ECI_MPS : kernel.VELOCITY_ECI_MPS + 3]
        up = place / np.linalg.norm(place)
        level = course - up * (up @ course)
        level /= np.linalg.norm(level)
        start = (up * self.insertion_radius).tolist()

        def off(speed: float) -> float:
            velocity = (level * speed).tolist()
            found = kernel.coast_apogee_m(tuple(start), tuple(velocity), COAST_STEP_S, self.earth)
            return found - apogee

        low, high = self.insertion_speed - 5.0, self.insertion_speed + 5.0
        for _ in range(8):
            slope = (off(high) - off(low)) / (high - low)
            low, high = high, high - off(high) / slope
            if abs(high - low) < 1e-4:
                break
        return float(high)

    def _launch(self, kick_rad: float) -> Launch:
        site, bounds = self.site, self.bounds
        position = ecef_from_geodetic(*site, self.earth)
        return Launch(
            position_ecef_m=position,
            attitude_ned_from_ecef=quat_ned_from_ecef(site.latitude_rad, site.longitude_rad),
            azimuth_rad=self.azimuth,
            mass_kg=self.lift_off_kg,
            start_time_s=bounds.start_time_s,
            start_altitude_m=site.altitude_m + bounds.start_height_m,
            start_speed_mps=bounds.start_speed_mps,
            kick_rate_radps=bounds.pitch_over_rate_radps,
            kick_pitch_rad=0.5 * math.pi - float(kick_rad),
            rate_limit_radps=bounds.rate_limit_radps,
            head_on_pa=bounds.head_on_pa,
            cutoff_speed_mps=bounds.cutoff_speed_mps,
            step_s=STEP_S,
        )

    def _first_stage(self, kick_rad: float) -> tuple[Floats, int, int]:
        """Trajectory of a pitch-over, its number of rows, and the row where the turn begins."""
        throttles = self.throttles[0]
        longest_s = self.first.duration_s / max(LEAST_LEVEL, throttles.least)
        rows = np.empty((int(longest_s / STEP_S) + 3, kernel.COLUMNS))
        launch = self._launch(kick_rad)
        count, turn = kernel.fly_first_stage(
            launch, self.first, self.air, throttles, self.words, rows
        )
        return rows, int(count), int(turn)

    def _upper_stage(self, burnout: Floats, *near: Floats, in_plane: bool = False) -> Floats | None:
        """Trajectory from burn-out to insertion; None where no steering gets there.

        `near` are places to look for it besides the last one found. A constant yaw reaches the
        inclination, which is near enough to compare pitch-overs; `in_plane` turns on into the
        plane that the closed loop chooses at its ignition, as it will fly.
        """
        coasted = self._coast(burnout)
        burn = self.second._replace(duration_s=self.upper_kg / self.second.flow_kgps)
        longest_s = burn.duration_s / max(LEAST_LEVEL, self.throttles[1].least)
        rows = np.empty((int(longest_s / UPPER_STEP_S) + 8, kernel.COLUMNS))

        def fly(law: Floats) -> Floats:
            rows[0] = coasted[-1]
            start, end, yaw, *turn = (float(x) for x in law)
            steered = self.steered._replace(
                tangent_start=start, tangent_end=end, yaw_rad=yaw, yaw_turn=turn[0] if turn else 0.0
            )
            return self._fly_upper(steered, burn, self.throttles[1], rows)

        law = find_root(lambda x: self._off_insertion(fly(x)[-1]), (self.law, *near, *LAWS))
        if law is None:
            return None
        self.law = law
        if in_plane:
            lit = coasted[-1]
            normal = np.array(plane_normal(self.orbit.inclination_rad,
                                           _vector(lit, kernel.POSITION_ECI_M),
                                           _vector(lit, kernel.VELOCITY_ECI_MPS)))  # fmt: skip
            law = find_root(lambda x: self._off_plane(fly(x)[-1], normal), (np.append(law, 0.0),))
            if law is None:
                return None
        flown = fly(law)
        flown[0, kernel.PITCH_RAD] = coasted[-1, kernel.PITCH_RAD]
        return np.concatenate((coasted[1:], flown[1:]))

    def _coast(self, burnout: Floats) -> Floats:
        """From burn-out to the upper stage's ignition, its mass without the first stage's."""
        coast_s = self.bounds.staging_coast_s
        rows = np.empty((int(coast_s) + 3, kernel.COLUMNS))
        rows[0] = burnout
        rows[0, kernel.MASS_KG] = self.upper_kg
        idle = self.steered._replace(speed_mps=math.inf, step_s=1.0)
        rated = self.throttles[1]._replace(first=-1)
        coasted = self._fly_upper(idle, Burn(0.0, 0.0, 0.0, coast_s), rated, rows)
        coasted[:, kernel.PITCH_RAD] = burnout[kernel.PITCH_RAD]  # held until there is thrust
        return coasted

    def _fly_upper(
        self, steered: Steered, burn: Burn, throttles: Throttles, rows: Floats
    ) -> Floats:
        return rows[
            : kernel.fly_upper_stage(
                steered, burn, self.air, self.pad_up, throttles, self.words, rows
            )
        ]

    def _off_insertion(self, row: Floats) -> Floats:
        """How far a cut-off is from the insertion: km, 10 m/s radial, 0.01 deg of inclination.

        nan if the burn was given up before it had the speed.
        """
        r = row[kernel.POSITION_ECI_M : kernel.POSITION_ECI_M + 3]
        v = row[kernel.VELOCITY_ECI_MPS : kernel.VELOCITY_ECI_MPS + 3]
        radius, speed = float(np.linalg.norm(r)), float(np.linalg.norm(v))
        if speed < self.insertion_speed - 1.0:
            return np.full(3, math.nan)
        high = radius - self.insertion_radius
        tilt = _inclination(row) - self.orbit.inclination_rad
        return np.array([high / 1e3, float(r @ v) / radius / 10.0, math.degrees(tilt) / 0.01])

    def _off_plane(self, row: Floats, normal: Floats) -> Floats:
        """The same, with km and 10 m/s out of a plane instead of the inclination."""
        r = row[kernel.POSITION_ECI_M : kernel.POSITION_ECI_M + 3]
        v = row[kernel.VELOCITY_ECI_MPS : kernel.VELOCITY_ECI_MPS + 3]
        high, climbing, _ = self._off_insertion(row)
        return np.array([high, climbing, float(r @ normal) / 1e3, float(v @ normal) / 10.0])

    def _on_earth(
        self, row: Floats
    ) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
        """Earth-fixed position and velocity, north-east-down velocity, geodetic place."""
        r, v = _vector(row, kernel.POSITION_ECI_M), _vector(row, kernel.VELOCITY_ECI_MPS)
        position = ecef_from_eci(r, row[0], self.earth)
        velocity = ecef_from_eci(velocity_relative_eci(r, v, self.earth), row[0], self.earth)
        place = geodetic(position, self.earth)
        return position, velocity, ned_from_ecef(velocity, *place[:2]), place

    def _problem(self, message: str, hint: str = "") -> InputError:
        return InputError([Problem(self.file, "target", message, hint)])


def _stage_burn(vehicle: AssumedVehicle, stage: int) -> Burn:
    """All engines of a stage together, to depletion."""
    own = vehicle.engine_stage == stage
    flow = float(vehicle.engine_flow_kgps[own].sum())
    return Burn(
        thrust_vac_n=float(vehicle.engine_thrust_vac_n[own].sum()),
        exit_area_m2=float(vehicle.engine_exit_area_m2[own].sum()),
        flow_kgps=flow,
        duration_s=float(vehicle.stage_propellant_kg[stage]) / flow,
    )


def _throttles(
    vehicle: AssumedVehicle, stage: int, phases: Phases, bounds: Bounds, pad_altitude_m: float
) -> Throttles:
    """The sequence as a stage's burn goes through it, from the release or its first ignition."""
    own = vehicle.engine_stage == stage
    begins = phases.table[:, data.STAGE] == stage
    if stage == 0:
        begins &= phases.table[:, data.RELEASES] > 0.0
    return Throttles(
        phases=phases,
        first=int(np.flatnonzero(begins)[0]) if begins.any() else -1,
        least=float(vehicle.engine_throttle_min[own].max()),
        most=float(vehicle.engine_throttle_max[own].min()),
        engines=float(own.sum()),
        burnt_kg=bounds.burnt_before_release_kg if stage == 0 else 0.0,
        load_kg=float(vehicle.stage_propellant_kg[stage]),
        pad_altitude_m=pad_altitude_m,
    )


def _transfer(orbit: Orbit, bounds: Bounds, earth: Earth) -> tuple[float, float]:
    """Speed in m/s at the insertion's perigee, and that to add at apogee for the target."""
    mu, radius = earth.mu_m3ps2, earth.equatorial_radius_m
    high = radius + orbit.apogee_altitude_m
    wanted = radius + orbit.perigee_altitude_m
    low = min(wanted, radius + bounds.insertion_altitude_m)

    def speed(r: float, other: float) -> float:
        return math.sqrt(2.0 * mu * other / (r * (r + other)))

    return speed(low, high), speed(high, wanted) - speed(high, low)


def _vector(row: Floats, i: int) -> tuple[float, float, float]:
    return (float(row[i]), float(row[i + 1]), float(row[i + 2]))


def _inclination(row: Floats) -> float:
    """Inclination in rad of the plane of a state."""
    r = row[kernel.POSITION_ECI_M : kernel.POSITION_ECI_M + 3]
    v = row[kernel.VELOCITY_ECI_MPS : kernel.VELOCITY_ECI_MPS + 3]
    normal = np.cross(r, v)
    return math.acos(normal[2] / float(np.linalg.norm(normal)))
