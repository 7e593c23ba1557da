/* The right-hand side of a rigid body in flight, in C: the same work as Downrange's kernel.

   State (19): position and velocity (inertial), attitude body from inertial (scalar first), body
   rates, integrals of specific force and of rate. J2 gravity; US76 by its equations below 86 km, by
   a table above; a wind profile with gusts; a body of revolution's coefficients from a table of Mach
   number and angle; thrust less back pressure; mass, centre of mass and inertia linear in time. */

#include <math.h>

static const double PI = 3.14159265358979323846;
static const double G0 = 9.80665, GAMMA = 1.4, GAS = 8314.32 / 28.9644, RADIUS = 6356766.0;
static const double BASE_M[7] = {0.0, 11000.0, 20000.0, 32000.0, 47000.0, 51000.0, 71000.0};
static const double LAPSE[7] = {-0.0065, 0.0, 0.001, 0.0028, 0.0, -0.0028, -0.002};
static const double MASS_LOSS = 1.0 - 0.999579;

typedef struct {
    double a, flattening, mu, j2, j2_radius, omega;
    const double *air;      /* rows of altitude, log density, log pressure, temperature */
    long air_rows;
    const double *profile;  /* rows of altitude, north, east */
    long profile_rows;
    const double *gusts;    /* rows of altitude, thickness, north, east */
    long gust_rows;
    const double *mach;
    long machs;
    const double *table;    /* (mach, angle, 4) */
    long angles;
    double area, length, reference_x, pitch_damping, damping_x, roll_damping;
    double planform, planform_x, planform_gyration;
    double base_k[7], base_pa[7]; /* of the layers of air, see prepare */
} Around;

typedef struct { double x, y, z; } Vec;

static double ratio(double rise, double base_k, double lapse)
{
    if (lapse == 0.0)
        return exp(-G0 * rise / (GAS * base_k));
    return pow(1.0 + lapse * rise / base_k, -G0 / (GAS * lapse));
}

/* Temperature and pressure at the base of every layer, by integrating upwards. */
void prepare(Around *w)
{
    w->base_k[0] = 288.15;
    w->base_pa[0] = 101325.0;
    for (int i = 0; i < 6; i++) {
        double rise = BASE_M[i + 1] - BASE_M[i];
        w->base_pa[i + 1] = w->base_pa[i] * ratio(rise, w->base_k[i], LAPSE[i]);
        w->base_k[i + 1] = w->base_k[i] + LAPSE[i] * rise;
    }
}

static inline void air(const Around *w, double altitude, double *rho, double *p, double *sound)
{
    if (altitude < 86000.0) {
        double height = RADIUS * altitude / (RADIUS + altitude);
        int i = 0;
        while (i < 6 && height >= BASE_M[i + 1])
            i++;
        double rise = height - BASE_M[i], kelvin = w->base_k[i] + LAPSE[i] * rise;
        *p = w->base_pa[i] * ratio(rise, w->base_k[i], LAPSE[i]);
        *rho = *p / (GAS * kelvin);
        *sound = sqrt(GAMMA * GAS * kelvin);
        return;
    }
    const double *t = w->air;
    long last = w->air_rows - 1;
    double rows = (altitude - t[0]) / (t[4] - t[0]), kelvin = t[4 * last + 3];
    *rho = *p = 0.0;
    if (rows <= last) {
        long i = (long)rows < last - 1 ? (long)rows : last - 1;
        double f = rows - i;
        const double *b = t + 4 * i;
        *rho = exp(b[1] + f * (b[5] - b[1]));
        *p = exp(b[2] + f * (b[6] - b[2]));
        kelvin = b[3] + f * (b[7] - b[3]);
    }
    *sound = sqrt(GAMMA * GAS * kelvin / (1.0 - MASS_LOSS));
}

/* Bowring's step twice, on sines and cosines; lengths over the equatorial radius. */
static inline void level(const Around *w, Vec r, double *sl, double *cl, double *so, double *co,
                         double *altitude)
{
    double a = w->a, b = 1.0 - w->flattening, e2 = w->flattening * (2.0 - w->flattening);
    double ep2b = e2 / b, flat = sqrt(r.x * r.x + r.y * r.y);
    double p = flat / a, z = r.z / a, north = 0.0, out = 1.0;
    double sb = z * b * (sqrt(p * p + z * z) + ep2b), cb = p * sqrt(p * p + z * z);
    for (int k = 0; k < 2; k++) {
        double square = sb * sb + cb * cb, cube = square * sqrt(square);
        north = z * cube + ep2b * sb * sb * sb;
        out = p * cube - e2 * cb * cb * cb;
        sb = b * north;
        cb = out;
    }
    double size = sqrt(north * north + out * out);
    *sl = north / size;
    *cl = out / size;
    *altitude = a * (p * *cl + z * *sl - sqrt(1.0 - e2 * *sl * *sl));
    *so = flat == 0.0 ? 0.0 : r.y / flat;
    *co = flat == 0.0 ? 1.0 : r.x / flat;
}

static inline void wind(const Around *w, double altitude, double *north, double *east)
{
    const double *t = w->profile;
    long low = 0, high = w->profile_rows - 1;
    while (high - low > 1) {
        long middle = (low + high) / 2;
        if (altitude >= t[3 * middle])
            low = middle;
        else
            high = middle;
    }
    t += 3 * low;
    double f = (altitude - t[0]) / (t[3] - t[0]);
    f = fmin(1.0, fmax(0.0, f));
    *north = t[1] + f * (t[4] - t[1]);
    *east = t[2] + f * (t[5] - t[2]);
    for (long k = 0; k < w->gust_rows; k++) {
        const double *g = w->gusts + 4 * k;
        double x = (altitude - g[0]) / g[1];
        if (x > -0.5 && x < 0.5) {
            double share = 0.5 * (1.0 + cos(2.0 * PI * x));
            *north += share * g[2];
            *east += share * g[3];
        }
    }
}

/* Components in b of a vector in a, by the attitude b from a. */
static inline Vec turn(double w, double x, double y, double z, Vec v)
{
    Vec t = {2.0 * (v.y * z - v.z * y), 2.0 * (v.z * x - v.x * z), 2.0 * (v.x * y - v.y * x)};
    Vec out = {v.x + w * t.x + (t.y * z - t.z * y), v.y + w * t.y + (t.z * x - t.x * z),
               v.z + w * t.z + (t.x * y - t.y * x)};
    return out;
}

static inline double cell(const double *t, long row, double fi, double fj, int column)
{
    const double *u = t + row;
    double low = t[column] + fj * (t[4 + column] - t[column]);
    double high = u[column] + fj * (u[4 + column] - u[column]);
    return low + fi * (high - low);
}

typedef struct { Vec force, moment; double qbar, alpha, potential, crossflow; } Push;

static inline Push aero(const Around *w, Vec v, double p, double q, double r, double rho,
                        double sound, double x_cm)
{
    double cross2 = v.y * v.y + v.z * v.z, speed2 = v.x * v.x + cross2, cross = sqrt(cross2);
    Push out = {{0.0, 0.0, 0.0}, {0.0, 0.0, 0.0}, 0.5 * rho * speed2, atan2(cross, v.x), 0.0, 0.0};
    if (rho <= 0.0)
        return out;
    double speed = sqrt(speed2), mach = speed / sound, fi, step = PI / (w->angles - 1);
    long low = 0, high = w->machs - 1;
    if (high == 0 || mach <= w->mach[0])
        fi = 0.0;
    else if (mach >= w->mach[high]) {
        low = high - 1;
        fi = 1.0;
    } else {
        while (high - low > 1) {
            long middle = (low + high) / 2;
            if (w->mach[middle] <= mach)
                low = middle;
            else
                high = middle;
        }
        fi = (mach - w->mach[low]) / (w->mach[high] - w->mach[low]);
    }
    double place = out.alpha / step;
    long j = (long)place < w->angles - 2 ? (long)place : w->angles - 2, row = 4 * w->angles;
    double fj = fmin(place - j, 1.0);
    const double *t = w->table + low * row + 4 * j;
    double cn_p = cell(t, row, fi, fj, 0), cn_c = cell(t, row, fi, fj, 1);
    double ca = cell(t, row, fi, fj, 2), cm = cell(t, row, fi, fj, 3);
    double area_n = out.qbar * w->area, over = cross > 1e-300 ? 1.0 / cross : 0.0;
    double uy = v.y * over, uz = v.z * over;
    out.force.x = -ca * area_n;
    out.force.y = -(cn_p + cn_c) * area_n * uy;
    out.force.z = -(cn_p + cn_c) * area_n * uz;
    double sine2 = fmax(cross2 / fmax(speed2, 1e-300), step * step);
    double k = cn_c * w->area / (w->planform * sine2);
    double lever = x_cm - w->damping_x, offset = w->planform_x - x_cm;
    double along = 0.25 * rho * fabs(v.x) * w->area * w->pitch_damping * lever * lever;
    double second = w->planform * (w->planform_gyration * w->planform_gyration + offset * offset);
    double across = -0.5 * rho * k * cross * second, ey = uz, ez = -uy, in_plane = q * ey + r * ez;
    double pitch = cm * area_n * w->length, arm = w->reference_x - x_cm;
    out.moment.x = 0.25 * rho * speed * w->area * w->length * w->length * w->roll_damping * p;
    out.moment.y = (along + across) * q + across * in_plane * ey + pitch * uz - arm * out.force.z;
    out.moment.z = (along + across) * r + across * in_plane * ez + arm * out.force.y - pitch * uy;
    out.potential = cn_p * area_n;
    out.crossflow = cn_c * area_n;
    return out;
}

/* s (19,) and loads (38,) in; out (19,) and aux (23,) are what the flight loop reads. */
static inline void rhs(const double *s, double time, double elapsed, const double *l,
                       const Around *w, double *out, double *aux)
{
    Vec r = {s[0], s[1], s[2]};
    double p = s[10], q = s[11], o = s[12], sl, cl, so, co, altitude, rho, pa, sound, north, east;
    level(w, r, &sl, &cl, &so, &co, &altitude);
    air(w, altitude, &rho, &pa, &sound);
    wind(w, altitude, &north, &east);
    north += l[35];
    east += l[36];
    double down = l[37], level_out = -sl * north - cl * down;
    Vec ground = {s[3] + w->omega * r.y, s[4] - w->omega * r.x, s[5]};
    Vec relative = {ground.x - (co * level_out - so * east), ground.y - (so * level_out + co * east),
                    ground.z - (cl * north - sl * down)};
    Vec v = turn(s[6], s[7], s[8], s[9], relative);
    double x_cm = l[1] + l[9] * elapsed;
    Push push = aero(w, v, p, q, o, rho, sound, x_cm);

    double r2 = r.x * r.x + r.y * r.y + r.z * r.z, over = 1.0 / r2, k = -w->mu * over / sqrt(r2);
    double j = 1.5 * w->j2 * w->j2_radius * w->j2_radius * over, z2 = 5.0 * r.z * r.z * over;
    double flat = k * (1.0 + j * (1.0 - z2));
    Vec g = {flat * r.x, flat * r.y, k * (1.0 + j * (3.0 - z2)) * r.z};

    double per_kg = 1.0 / (l[0] + l[8] * elapsed);
    double tx = l[16] - pa * l[22], ty = l[17] - pa * l[23], tz = l[18] - pa * l[24];
    double mx = push.moment.x + l[19] - pa * l[25] + l[32];
    double my = push.moment.y + l[20] - pa * l[26] + x_cm * tz + l[33];
    double mz = push.moment.z + l[21] - pa * l[27] - x_cm * ty + l[34];
    Vec f = {(push.force.x + tx) * per_kg, (push.force.y + ty) * per_kg,
             (push.force.z + tz) * per_kg};
    Vec a = turn(s[6], -s[7], -s[8], -s[9], f);

    double xx = l[2] + l[10] * elapsed, yy = l[3] + l[11] * elapsed, zz = l[4] + l[12] * elapsed;
    double xy = l[5] + l[13] * elapsed, xz = l[6] + l[14] * elapsed, yz = l[7] + l[15] * elapsed;
    double hx = xx * p - xy * q - xz * o, hy = -xy * p + yy * q - yz * o;
    double hz = -xz * p - yz * q + zz * o;
    mx = mx - (q * hz - o * hy) - (l[28] * l[10] + l[29]) * p;
    my = my - (o * hx - p * hz) - (l[28] * l[11] + l[30]) * q;
    mz = mz - (p * hy - q * hx) - (l[28] * l[12] + l[31]) * o;
    double cxx = yy * zz - yz * yz, cxy = xy * zz + xz * yz, cxz = xy * yz + xz * yy;
    double cyy = xx * zz - xz * xz, cyz = xx * yz + xy * xz, czz = xx * yy - xy * xy;
    double det = 1.0 / (xx * cxx - xy * cxy - xz * cxz);

    out[0] = s[3]; out[1] = s[4]; out[2] = s[5];
    out[3] = g.x + a.x; out[4] = g.y + a.y; out[5] = g.z + a.z;
    out[6] = -0.5 * (p * s[7] + q * s[8] + o * s[9]);
    out[7] = 0.5 * (p * s[6] + o * s[8] - q * s[9]);
    out[8] = 0.5 * (q * s[6] + p * s[9] - o * s[7]);
    out[9] = 0.5 * (o * s[6] + q * s[7] - p * s[8]);
    out[10] = (cxx * mx + cxy * my + cxz * mz) * det;
    out[11] = (cxy * mx + cyy * my + cyz * mz) * det;
    out[12] = (cxz * mx + cyz * my + czz * mz) * det;
    out[13] = f.x; out[14] = f.y; out[15] = f.z;
    out[16] = p; out[17] = q; out[18] = o;

    double longitude = atan2(r.y, r.x) - w->omega * time, side = sqrt(v.y * v.y + v.z * v.z) + 1e-12;
    aux[0] = atan2(sl, cl);
    aux[1] = longitude - 2.0 * PI * floor(longitude / (2.0 * PI) + 0.5);
    aux[2] = altitude; aux[3] = rho; aux[4] = pa; aux[5] = sound;
    aux[6] = sqrt(v.x * v.x + v.y * v.y + v.z * v.z);
    aux[7] = push.qbar; aux[8] = push.alpha;
    aux[9] = f.x; aux[10] = f.y; aux[11] = f.z;
    aux[12] = push.potential; aux[13] = push.crossflow;
    aux[14] = -v.y / side; aux[15] = -v.z / side;
    aux[16] = v.x; aux[17] = v.y; aux[18] = v.z;
    aux[19] = out[10]; aux[20] = out[11]; aux[21] = out[12];
    aux[22] = sqrt(ground.x * ground.x + ground.y * ground.y + ground.z * ground.z);
}

/* Every state once; slopes (n, 19) and learnt (n, 23) keep what came of each. */
void all(long n, const double *states, double time, double elapsed, const double *loads,
         const Around *w, double *slopes, double *learnt)
{
    for (long i = 0; i < n; i++)
        rhs(states + 19 * i, time, elapsed, loads, w, slopes + 19 * i, learnt + 23 * i);
}
