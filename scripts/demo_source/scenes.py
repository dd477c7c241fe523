"""One drawing per image: what the texts of the case say is to be seen, drawn schematically."""

import numpy as np
from demo_source import bodies
from demo_source.marks import blister, crease, plaque, ridges, ring, scratches, vesicle, whitehead
from demo_source.skin import Colour, Skin

BROWN: Colour = (104, 66, 42)
BLACK: Colour = (34, 26, 28)
HONEY: Colour = (206, 152, 66)
SCALE: Colour = (238, 234, 228)
GREY_SCALE: Colour = (186, 178, 174)


def psoriasis_near(s: Skin) -> None:
    """A thick, sharply bordered plaque under silvery scale, with two small ones beside it."""
    for x, y, r in ((0.47, 0.48, 0.3), (0.84, 0.2, 0.07), (0.83, 0.82, 0.09)):
        plaque(s, x, y, r, scale=0.55, colour=SCALE, ratio=0.8)


def psoriasis_far(s: Skin) -> None:
    """The same plaque on the point of the elbow."""
    crease(s, 0.5, 0.16)
    for x, y, r in ((0.5, 0.5, 0.14), (0.6, 0.75, 0.04), (0.41, 0.8, 0.035)):
        plaque(s, x, y, r, scale=0.5, colour=SCALE, ratio=0.85)
    s.cut_out(bodies.limb(s, width=0.56, taper=0.2))


def psoriasis_dark(s: Skin) -> None:
    """A violet-brown plaque with thick grey-white scale over the knee."""
    plaque(s, 0.5, 0.48, 0.31, scale=0.6, colour=GREY_SCALE, ratio=0.75)
    for x, y in ((0.16, 0.82), (0.86, 0.86)):
        plaque(s, x, y, 0.07, scale=0.4, colour=GREY_SCALE, ratio=0.9)


def lichen_planus(s: Skin) -> None:
    """Small, shiny, flat-topped violet papules with angular outlines and fine white lines."""
    for x, y in s.spots(17, 0.5, 0.5, 0.38, gap=0.105):
        r = s.rng.uniform(0.032, 0.052)
        flat = s.disc(x, y, r, rough=0.16, soft=0.006)
        s.paint(flat, (118, 62, 104), 0.75)
        s.raise_up(flat * 0.008, 0.6)
        s.paint(s.disc(x - r / 4, y - r / 4, r * 0.4, soft=r), (235, 205, 230), 0.35)
        s.line(s.wander(x - r * 0.7, y, r * 1.4, 0.4), 0.0025, (232, 222, 228), 0.7)


def seborrhoeic_keratosis(s: Skin) -> None:
    """A waxy brown plaque with a warty surface, looking stuck on, with dark plugs."""
    body = s.disc(0.5, 0.5, 0.26, ratio=0.8, rough=0.07, soft=0.006)
    s.shade(s.disc(0.515, 0.525, 0.27, ratio=0.8, soft=0.04), 0.86)
    s.paint(body, (122, 84, 54), 0.9)
    s.raise_up(body * (0.01 + 0.005 * s.noise(34)), 0.8)
    s.raise_up(body * 0.016, 0.5)
    for x, y in s.spots(20, 0.5, 0.5, 0.21, ratio=0.8, gap=0.05):
        s.paint(s.disc(x, y, 0.011, soft=0.008), (48, 32, 24), 0.85)


def tinea_corporis(s: Skin) -> None:
    """A ring with a raised, scaling edge and a clearing middle."""
    ring(s, 0.5, 0.5, 0.32, rough=0.05, scale=SCALE)


def tinea_corporis_dark(s: Skin) -> None:
    """Two rings that touch, dark at the edge with grey scale."""
    ring(s, 0.38, 0.42, 0.24, rough=0.06, scale=GREY_SCALE)
    ring(s, 0.74, 0.73, 0.14, rough=0.06, scale=GREY_SCALE)


def pityriasis_versicolor(s: Skin) -> None:
    """Many pale oval macules that run together, with powdery scale."""
    mask = np.zeros_like(s.x)
    for x, y in s.spots(46, 0.5, 0.48, 0.5, ratio=0.95, gap=0.07):
        mask = np.maximum(
            mask, s.disc(x, y, s.rng.uniform(0.022, 0.06), ratio=s.rng.uniform(0.7, 1), rough=0.12, soft=0.012)
        )
    s.paint(mask, (158, 118, 94), 0.7)
    s.flakes(mask, 0.06, (190, 164, 146), cells=130)


def acne(s: Skin) -> None:
    """Comedones, inflamed papules and pustules."""
    for x, y in s.spots(26, 0.5, 0.5, 0.45, gap=0.07):
        s.paint(s.disc(x, y, 0.009, soft=0.006), (62, 44, 36), 0.9) if s.rng.uniform() < 0.5 else whitehead(s, x, y)
    for i, (x, y) in enumerate(s.spots(13, 0.52, 0.5, 0.38, gap=0.13)):
        s.paint(s.disc(x, y, 0.055, soft=0.05), s.inflamed, 0.55)
        s.dome(x, y, 0.032, gloss=0.25)
        if i % 2:
            s.paint(s.disc(x, y, 0.015, soft=0.008), (246, 232, 178), 0.95)


def rosacea(s: Skin) -> None:
    """Diffuse redness of a cheek with fine vessels, papules and a few pustules, no comedones."""
    s.paint(s.disc(0.52, 0.52, 0.4, rough=0.08, soft=0.25), s.inflamed, 0.6)
    for x, y in s.spots(26, 0.5, 0.5, 0.36):
        s.line(s.wander(x, y, 0.11, s.rng.uniform(0, 6.3)), 0.0022, (176, 40, 52), 0.75)
    for i, (x, y) in enumerate(s.spots(9, 0.52, 0.54, 0.3, gap=0.12)):
        s.paint(s.disc(x, y, 0.03, soft=0.02), (196, 62, 64), 0.7)
        s.dome(x, y, 0.026, gloss=0.2)
        if i in (2, 6):
            s.paint(s.disc(x, y, 0.012, soft=0.008), (248, 236, 190), 0.95)


def vitiligo_near(s: Skin) -> None:
    """Milk-white patches with a sharp, wavy border; the surface is smooth."""
    for x, y, r in ((0.36, 0.42, 0.22), (0.74, 0.62, 0.16), (0.7, 0.2, 0.07)):
        s.paint(s.disc(x, y, r, rough=0.16, soft=0.007), (236, 214, 202), 0.93)
    for x, y in s.spots(12, 0.4, 0.44, 0.17, gap=0.04):
        s.paint(s.disc(x, y, 0.008, soft=0.006), (128, 84, 58), 0.8)


def vitiligo_far(s: Skin) -> None:
    """White knuckles and fingertips on the back of a hand."""
    for i, tip in enumerate((0.2, 0.12, 0.16, 0.27)):
        s.paint(s.disc(0.33 + 0.11 * i, tip, 0.07, rough=0.1), (236, 214, 202), 0.92)
        s.paint(s.disc(0.37 + 0.085 * i, 0.57, 0.034, rough=0.2), (236, 214, 202), 0.92)
    s.paint(s.disc(0.47, 0.77, 0.08, ratio=0.6, rough=0.15), (236, 214, 202), 0.92)
    s.cut_out(bodies.hand(s))


def atopic_dermatitis(s: Skin) -> None:
    """Ill-defined redness in an elbow crease with scratch marks and small crusts."""
    crease(s, 0.5, 0.1)
    s.paint(s.disc(0.5, 0.5, 0.33, ratio=0.6, rough=0.12, soft=0.22), s.inflamed, 0.7)
    s.flakes(s.disc(0.5, 0.5, 0.3, ratio=0.6, soft=0.2), 0.1)
    scratches(s, 9, (122, 34, 34))


def atopic_dermatitis_dark(s: Skin) -> None:
    """Grey-brown thickened skin in an elbow crease with deepened skin lines and small follicular papules."""
    area = s.disc(0.5, 0.5, 0.36, ratio=0.65, rough=0.1, soft=0.2)
    s.paint(area, (64, 46, 46), 0.8)
    for k in range(22):
        y = 0.27 + 0.021 * k
        s.raise_up(area * 0.012 * np.exp(-(((s.y - y - 0.012 * np.sin(9 * s.x + k)) / 0.006) ** 2)), 0.5)
    s.flakes(area, 0.1, (150, 136, 130), cells=90)
    for x, y in s.spots(24, 0.5, 0.5, 0.46, ratio=0.8, gap=0.06):
        s.dome(x, y, 0.011, strength=0.5)
    scratches(s, 5, (40, 18, 22))


def eczema_herpeticum(s: Skin) -> None:
    """Many punched-out erosions and vesicles of one size over inflamed skin, some with dark crust."""
    s.paint(s.disc(0.5, 0.5, 0.44, rough=0.08, soft=0.25), s.inflamed, 0.55)
    for i, (x, y) in enumerate(s.spots(38, 0.5, 0.5, 0.42, gap=0.06)):
        if i % 3 == 0:
            vesicle(s, x, y, 0.02)
            continue
        s.paint(s.disc(x, y, 0.023, soft=0.006), (150, 70, 66), 0.9)
        s.paint(s.disc(x, y, 0.014, soft=0.006), (84, 18, 22) if i % 3 == 1 else (186, 96, 84), 0.9)
        s.raise_up(-s.disc(x, y, 0.022, soft=0.01) * 0.008, 0.6)


def basal_cell_carcinoma(s: Skin) -> None:
    """A pearly nodule with branching vessels, a rolled border and a small central crust."""
    s.paint(s.disc(0.5, 0.5, 0.19, ratio=0.86, soft=0.03), (222, 160, 148), 0.85)
    s.dome(0.5, 0.5, 0.19, gloss=0.45, strength=0.16, ratio=0.86)
    s.paint(np.exp(-(((s.distance(0.5, 0.5, 0.16, ratio=0.86) - 1) / 0.16) ** 2)), (244, 214, 202), 0.45)
    s.raise_up(-s.disc(0.52, 0.53, 0.07, rough=0.1, soft=0.06) * 0.025, 0.6)
    for k in range(9):
        turn = 0.7 * k + s.rng.normal() * 0.1
        s.line(
            s.wander(0.5 + 0.19 * np.cos(turn), 0.5 + 0.19 * np.sin(turn), 0.16, turn + 3.14, bend=0.3),
            0.003,
            (186, 36, 48),
            0.8,
        )
    s.paint(s.disc(0.52, 0.53, 0.045, rough=0.2), (118, 58, 38), 0.9)


def pigmented_basal_cell_carcinoma(s: Skin) -> None:
    """A shiny plaque with a thread-like raised edge, blue-grey globules and a few vessels."""
    s.paint(s.disc(0.5, 0.5, 0.22, ratio=0.8, rough=0.06), (134, 92, 78), 0.85)
    border = np.exp(-(((s.distance(0.5, 0.5, 0.21, ratio=0.8) - 1) / 0.1) ** 2))
    s.paint(border, (206, 160, 140), 0.5)
    s.raise_up(border * 0.016, 0.7)
    for x, y in s.spots(15, 0.5, 0.5, 0.17, ratio=0.8, gap=0.06):
        s.paint(s.disc(x, y, s.rng.uniform(0.014, 0.028), rough=0.1, soft=0.01), (58, 62, 84), 0.85)
    for x, y in s.spots(5, 0.5, 0.5, 0.14):
        s.line(s.wander(x, y, 0.12, s.rng.uniform(0, 6)), 0.0025, (168, 44, 52), 0.7)
    s.paint(s.disc(0.41, 0.43, 0.05, soft=0.06), (255, 255, 255), 0.3)


def squamous_cell_carcinoma(s: Skin) -> None:
    """A firm, red, ulcerated nodule with a keratin crust and a raised rim, on freckled skin."""
    for x, y in s.spots(26, 0.5, 0.5, 0.6, gap=0.06):
        s.paint(s.disc(x, y, s.rng.uniform(0.008, 0.018), rough=0.1, soft=0.01), (186, 136, 98), 0.6)
    s.paint(s.disc(0.5, 0.5, 0.25, rough=0.1, soft=0.05), (204, 88, 84), 0.9)
    s.dome(0.5, 0.5, 0.24, rough=0.05)
    s.paint(s.disc(0.51, 0.5, 0.125, rough=0.14, soft=0.01), (130, 34, 34), 0.95)
    s.raise_up(-s.disc(0.51, 0.5, 0.125, soft=0.03) * 0.03, 0.5)
    s.flakes(s.disc(0.5, 0.46, 0.13, rough=0.15, soft=0.03), 0.45, (222, 194, 130), cells=30)


def melanoma_near(s: Skin) -> None:
    """An asymmetric, notched macule in brown, black, grey and red."""
    body = s.disc(0.5, 0.5, 0.27, ratio=0.72, angle=0.5, rough=0.3, soft=0.012)
    s.paint(body, (112, 68, 44), 0.92)
    for x, y, r, colour in (
        (0.4, 0.44, 0.12, BLACK),
        (0.58, 0.6, 0.1, (72, 40, 30)),
        (0.6, 0.43, 0.07, (118, 122, 142)),
        (0.5, 0.62, 0.05, (188, 84, 78)),
    ):
        s.paint(body * s.disc(x, y, r, rough=0.25, soft=0.03), colour, 0.9)
    s.raise_up(body * s.disc(0.41, 0.45, 0.08, soft=0.08) * 0.02, 0.5)


def melanoma_far(s: Skin) -> None:
    """The same mark among small even moles on the upper back."""
    for x, y in s.spots(13, 0.5, 0.5, 0.3, gap=0.1):
        s.paint(s.disc(x, y, 0.008), BROWN, 0.8)
    body = s.disc(0.6, 0.4, 0.05, ratio=0.72, angle=0.5, rough=0.2, soft=0.006)
    s.paint(body, (96, 58, 40), 0.95)
    s.paint(body * s.disc(0.585, 0.39, 0.025), BLACK, 0.9)
    s.shade(np.exp(-(((s.x - 0.5) / 0.02) ** 2)), 0.92)
    s.cut_out(bodies.trunk(s))


def naevus(s: Skin) -> None:
    """A small, round, evenly brown macule with a sharp regular border."""
    s.paint(s.disc(0.5, 0.5, 0.13, ratio=0.92, soft=0.014), (122, 78, 52), 0.92)
    s.paint(s.disc(0.5, 0.5, 0.08, soft=0.08), (98, 60, 40), 0.6)


def acral_melanoma_near(s: Skin) -> None:
    """A large brown-black patch with ragged borders and streaks along the ridges of the sole."""
    ridges(s)
    body = s.disc(0.48, 0.5, 0.31, ratio=0.7, angle=-0.4, rough=0.3, soft=0.02)
    s.paint(body, (70, 44, 36), 0.85)
    s.paint(body * (np.sin(s.y * 95 + 6 * s.x) > 0.1) * 1.0, BLACK, 0.4)
    s.paint(body * s.disc(0.4, 0.52, 0.14, rough=0.25, soft=0.05), BLACK, 0.85)
    s.paint(body * s.disc(0.62, 0.42, 0.08, soft=0.06), (96, 98, 112), 0.6)


def acral_melanoma_far(s: Skin) -> None:
    """The patch on the heel side of a sole, next to the paler sole skin."""
    s.paint(np.ones_like(s.x), (188, 142, 116), 0.85)
    body = s.disc(0.52, 0.74, 0.075, ratio=0.75, rough=0.22, soft=0.008)
    s.paint(body, (54, 38, 36), 0.95)
    s.paint(body * s.disc(0.5, 0.75, 0.035, rough=0.1), BLACK, 0.9)
    s.cut_out(bodies.sole(s))


def pemphigoid_near(s: Skin) -> None:
    """Tense, clear blisters on red plaques, and one raw erosion."""
    s.paint(s.disc(0.46, 0.5, 0.4, rough=0.14, soft=0.04), s.inflamed, 0.5)
    for x, y, r in ((0.33, 0.35, 0.12), (0.6, 0.32, 0.08), (0.58, 0.6, 0.14), (0.25, 0.66, 0.075), (0.82, 0.46, 0.05)):
        blister(s, x, y, r)
    s.paint(s.disc(0.42, 0.84, 0.075, ratio=0.8, rough=0.12), (168, 46, 44), 0.9)


def pemphigoid_far(s: Skin) -> None:
    """Several blisters of different size down a thigh."""
    for x, y in s.spots(5, 0.5, 0.5, 0.28, ratio=1.4, gap=0.16):
        s.paint(s.disc(x, y, 0.1, rough=0.15, soft=0.03), s.inflamed, 0.5)
    for x, y in s.spots(11, 0.5, 0.5, 0.24, ratio=1.6, gap=0.09):
        blister(s, x, y, s.rng.uniform(0.018, 0.042))
    s.cut_out(bodies.limb(s, width=0.74, taper=0.25))


def impetigo(s: Skin) -> None:
    """Honey-coloured crusts on red erosions."""
    for x, y, r in ((0.4, 0.42, 0.15), (0.62, 0.6, 0.12), (0.34, 0.72, 0.07), (0.72, 0.3, 0.055)):
        s.paint(s.disc(x, y, r * 1.25, rough=0.1, soft=0.03), s.inflamed, 0.65)
        crust = s.disc(x, y, r * 0.9, rough=0.2, soft=0.02)
        s.paint(crust, HONEY, 0.8)
        s.flakes(crust, 0.2, (150, 92, 40), cells=50)
        s.raise_up(crust * (0.007 + 0.0025 * s.noise(60)), 0.7)


def cellulitis(s: Skin) -> None:
    """A large, hot-looking, swollen red area on one lower leg with an indistinct edge."""
    s.paint(s.disc(0.5, 0.56, 0.36, ratio=1.1, rough=0.12, soft=0.1), s.inflamed, 0.8)
    s.raise_up(np.exp(-2.5 * s.distance(0.5, 0.56, 0.38, ratio=1.1) ** 2) * 0.2, 0.12)
    s.paint(s.disc(0.44, 0.5, 0.06, soft=0.09), (255, 240, 235), 0.3)
    s.line([(0.56, 0.7), (0.58, 0.74), (0.57, 0.77)], 0.004, (104, 30, 30), 0.9)
    s.cut_out(bodies.limb(s, width=0.82, taper=0.3))


def urticaria(s: Skin) -> None:
    """Raised pink wheals with pale centres, some joined into arcs; the skin surface is smooth."""
    height, flush, pale = np.zeros_like(s.x), np.zeros_like(s.x), np.zeros_like(s.x)
    for x, y in s.spots(11, 0.5, 0.5, 0.42, gap=0.15):
        seen = s.distance(x, y, s.rng.uniform(0.06, 0.12), ratio=s.rng.uniform(0.7, 1), rough=0.2)
        height = np.maximum(height, np.sqrt(np.clip(1 - seen**2, 0, 1)))
        flush = np.maximum(flush, np.clip((1.3 - seen) * 3, 0, 1))
        pale = np.maximum(pale, np.clip((0.7 - seen) * 2, 0, 1))
    s.paint(flush, s.inflamed, 0.5)
    s.raise_up(height * 0.022, 0.4)
    s.paint(pale, (244, 214, 198), 0.7)


def zoster_near(s: Skin) -> None:
    """Grouped vesicles on red skin in a slanting band, a few turning cloudy."""
    for cx, cy in ((0.2, 0.34), (0.44, 0.46), (0.66, 0.56), (0.87, 0.68)):
        s.paint(s.disc(cx, cy, 0.15, ratio=0.8, rough=0.12, soft=0.05), s.inflamed, 0.65)
        for i, (x, y) in enumerate(s.spots(9, cx, cy, 0.1, ratio=0.8, gap=0.045)):
            vesicle(s, x, y, s.rng.uniform(0.017, 0.024), cloudy=i % 4 == 0)


def zoster_far(s: Skin) -> None:
    """The band on one side of the chest, stopping at the midline."""
    for k in range(5):
        cx, cy = 0.55 + 0.075 * k, 0.5 - 0.028 * k
        s.paint(s.disc(cx, cy, 0.055, ratio=0.8, rough=0.15, soft=0.02), s.inflamed, 0.7)
        for x, y in s.spots(6, cx, cy, 0.035, gap=0.02):
            vesicle(s, x, y, 0.009)
    s.shade(np.exp(-(((s.x - 0.5) / 0.008) ** 2)), 0.92)
    s.cut_out(bodies.trunk(s))
