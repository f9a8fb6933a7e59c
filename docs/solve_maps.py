"""Solve the maps of the instruments from their norms, so that nobody has to believe a hand-set number.

A form's map has a level, a slope, for symptom scales a bend, and an error. They are chosen such that mean and SD in the
clinic, mean and SD in the community and the correlation of two parallel forms come out as `sim/data/measures.toml`
states them. Integrals are sums over fixed grids, so the answer is the same on every machine.

    python docs/solve_maps.py            solves, and names each number in the tables that is not what it solves
    python docs/solve_maps.py --write    writes the solved numbers into the tables
"""

import argparse
import re
import sys
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares
from scipy.special import expit, ndtri
from scipy.stats import qmc

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # so that the command also works in a checkout that is not installed

from sim import parameters  # noqa: E402
from sim.instruments import community, latents, scales  # noqa: E402

MEASURES = ROOT / "sim" / "data" / "measures.toml"
PARAMETERS = ROOT / "sim" / "data" / "parameters.toml"
PEOPLE = ndtri((np.arange(400) + 0.5) / 400)
"""Four hundred people, evenly spread over a standard normal."""
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(41)
LUCK, WEIGHTS = NODES, WEIGHTS / WEIGHTS.sum()
HALFWAY = community()[0] / (1.0 + community()[1])
"""Distress halfway between community and clinic, in SD of each [Jacobson's c]."""
FREE_LOADING = ("oq45", "wsas")
"""Scales whose norms cannot be met with a loading chosen beforehand."""


def points(scale, place, *, level, slope, bend=1.0):
    """Return unrounded scores of people at a place on what is read (SD of the reference, error included)."""
    return scale.min + (scale.max - scale.min) * np.minimum(scale.reach * expit(level + slope * place) ** bend, 1.0)


def statistics(scale, mean, sd, *, error, **shape):
    """Return mean, SD and correlation of parallel forms in people whose place is normal with `mean` and `sd`."""
    scores = points(scale, (mean + sd * PEOPLE)[:, None] + error * LUCK[None, :], **shape)
    expected = scores @ WEIGHTS
    overall = expected.mean()
    total = ((scores - overall) ** 2 @ WEIGHTS).mean() + _rounding((scale.max - scale.min) / scale.steps)
    return overall, np.sqrt(total), expected.var() / total


def _rounding(step):
    """Return the variance that rounding to a step adds."""
    return step * step / 12.0


def misses(scale, *, loading, own_community_mean, error, **shape):
    """Return how far a map is from each of a scale's targets, in SD of the norm (reliability: in hundredths)."""
    mean, sd, reliability = statistics(scale, 0.0, 1.0, error=error, **shape)
    found = [(mean - scale.clinic_mean) / scale.clinic_sd, sd / scale.clinic_sd - 1.0]
    found.append(100.0 * (reliability - scale.reliability))
    if scale.community_norm_mean is not None:
        there, spread = in_community(scale, loading, own_community_mean)
        mean, sd, _ = statistics(scale, there, spread, error=error, **shape)
        found += [(mean - scale.community_norm_mean) / scale.community_norm_sd, sd / scale.community_norm_sd - 1.0]
    if scale.name == "wsas":
        found.append((float(points(scale, loading * HALFWAY, **shape)) - scale.cutoff) / scale.clinic_sd)
    return found


def in_community(scale, loading, own_community_mean):
    """Return mean and SD in the community of what a scale reads, in SD of the clinic."""
    latent = latents()[scale.reads]
    own = np.sqrt(1.0 - loading**2)
    return loading * latent.community_mean + own * own_community_mean, np.hypot(loading * latent.community_sd, own)


def solve(scale):
    """Return the solved numbers of one scale, rounded as the tables hold them."""
    free = {"level": 0.0, "slope": 0.8, "error": np.sqrt(1.0 / scale.reliability - 1.0)}
    if scale.community_norm_mean is not None:
        free["bend"] = 0.5
    if scale.name in FREE_LOADING:
        free["loading"] = 0.8
    elif scale.community_norm_mean is not None and scale.reads == "distress":
        free["own_community_mean"] = -0.3
    fixed = {"loading": scale.loading, "own_community_mean": 0.0}

    def named(values):
        found = {**fixed, **dict(zip(free, values, strict=True))}
        if "bend" in found:
            found["bend"] = np.exp(found["bend"])
        return found

    lowest = {"level": -9.0, "slope": 0.05, "error": 0.01, "bend": -3.0, "loading": 0.3, "own_community_mean": -2.5}
    highest = {"level": 9.0, "slope": 5.0, "error": 2.0, "bend": 4.0, "loading": 0.99, "own_community_mean": 2.5}
    limits = [lowest[name] for name in free], [highest[name] for name in free]
    answer = least_squares(lambda values: misses(scale, **named(values)), list(free.values()), bounds=limits)
    found = named(answer.x)
    return {name: round(float(found[name]), 3) for name in found if name in free}


# --- alliance and real relationship: a whole form of several parts ---------------------------------------


def cube(dimensions):
    """Return evenly spread standard normals, 4,096 rows."""
    return ndtri(np.clip(qmc.Sobol(dimensions, scramble=True, rng=1).random_base2(12), 1e-9, 1 - 1e-9))


def whole(scale, parts, errors, *, error, level, slope):
    """Return item means of a form from its parts (people x parts) and errors (SD 1)."""
    answers = points(scale, parts + error * errors, level=level, slope=slope)
    return answers @ np.asarray(scale.items) / sum(scale.items)


def solve_parts(scale, parts, errors):
    """Return level, slope and error of a form whose parts are given in people of the reference."""

    def off(values):
        level, slope, error = values
        one, other = (whole(scale, parts, luck, error=error, level=level, slope=slope) for luck in errors)
        rounded = len(scale.items) * _rounding(1.0 / sum(scale.items))
        total = one.std() * other.std() + rounded
        reliability = np.cov(one, other, bias=True)[0, 1] / total
        return [
            (one.mean() - scale.clinic_mean) / scale.clinic_sd,
            np.sqrt(total) / scale.clinic_sd - 1.0,
            100.0 * (reliability - scale.reliability),
        ]

    answer = least_squares(off, [1.0, 0.8, 0.5], bounds=([-3.0, 0.05, 0.01], [5.0, 5.0, 2.0]))
    return dict(zip(("level", "slope", "error"), (round(float(value), 3) for value in answer.x), strict=True))


def alliance_parts(scale, p):
    """Return goal, task and bond as a rater feels them in people of the reference, and the errors of two forms."""
    luck, latent = cube(10), latents()[scale.reads]
    client, off = scale.rater == "client", latents()["alliance_felt"]
    form = p.rating_session_sd if client else 0.0
    share = 1.0 if client else p.view_sees
    common = latent.mean + np.hypot(latent.sd, form) * luck[:, :1]
    parts = common + share * (np.asarray(off.parts_mean) + np.asarray(off.parts_sd) * luck[:, 1:4])
    return parts, (luck[:, 4:7], luck[:, 7:10])


def real_relationship_parts(scale):
    """Return genuineness and realism in people of the reference, and the errors of two forms."""
    luck, r = cube(7), latents()[scale.reads].parts_correlation
    parts = np.sqrt(r) * luck[:, :1] + np.sqrt(1.0 - r) * luck[:, 1:3]
    return parts, (luck[:, 3:5], luck[:, 5:7])


def solved():
    """Return all solved numbers: scale name -> key in measures.toml -> number, and parameter name -> number."""
    p, instruments, rating = parameters.defaults(), {}, {}
    for name, scale in scales().items():
        if name in ("wai_client", "wai_therapist"):
            found = solve_parts(scale, *alliance_parts(scale, p))
            part = "part_sd" if scale.rater == "client" else "therapist_part_sd"
            rating |= {f"rating.{scale.rater}_{key}": found[key] for key in ("level", "slope")}
            rating[f"rating.{part}"] = found["error"]
        elif name == "rri_client":
            instruments[name] = solve_parts(scale, *real_relationship_parts(scale))
        else:
            instruments[name] = solve(scale)
    return instruments, rating


# --- the tables ------------------------------------------------------------------------------------------


def differences(instruments, rating):
    """Return a sentence for each number in the tables that is not what is solved."""
    known, declared = scales(), parameters.catalogue()
    pairs = [
        (f"{name}.{key}", getattr(known[name], key), value)
        for name, found in instruments.items()
        for key, value in found.items()
    ]
    pairs += [(name, declared[name].default, value) for name, value in rating.items()]
    return [
        f"{name} is {old}, solved is {new}." for name, old, new in pairs if abs(old - new) > 2e-3 * max(abs(new), 1.0)
    ]


def write(instruments, rating):
    """Write the solved numbers into the tables."""
    text = MEASURES.read_text(encoding="utf-8")
    for name, found in instruments.items():
        text = re.sub(rf"(?ms)^\[{name}\]\n.*?(?=^\[|^# ---|\Z)", lambda match, new=found: _entry(match[0], new), text)
    MEASURES.write_text(text, encoding="utf-8")
    lines = PARAMETERS.read_text(encoding="utf-8")
    for name, value in rating.items():
        key = name.removeprefix("rating.")
        before, after = lines.split("[rating]\n")
        lines = before + "[rating]\n" + re.sub(rf"(?m)^({key} = {{ default = )[^,]+", rf"\g<1>{value}", after, count=1)
    PARAMETERS.write_text(lines, encoding="utf-8")


def _entry(block, found):
    for key, value in found.items():
        line, pattern = f"{key} = {value}\n", rf"(?m)^{key} = .*\n"
        block = re.sub(pattern, line, block) if re.search(pattern, block) else block.rstrip("\n") + f"\n{line}\n"
    return block


def main(arguments=None):
    """Solve and compare, or write; return the exit code."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--write", action="store_true", help="write the solved numbers into the tables")
    numbers = solved()
    found = differences(*numbers)
    print("\n".join(found) or "The tables hold what is solved.")
    if options.parse_args(arguments).write:
        write(*numbers)
        return 0
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
