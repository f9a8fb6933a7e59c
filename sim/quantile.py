"""The standard normal quantile: one uniform in, one normal out, rising together, so that paired arms stay paired."""

import math

import numpy as np

# AS 241, algorithm PPND16 [wichura1988]: coefficients of three rational approximations, constant term first.
_CENTRE = (
    (3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
     4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3),
    (1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
     2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3),
)  # fmt: skip
_MIDDLE = (
    (1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
     1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4),
    (1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
     1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9),
)  # fmt: skip
_TAIL = (
    (6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
     2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7),
    (1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
     7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15),
)  # fmt: skip


def normal_from_uniform(uniform):
    """Return the standard normal quantile of an array of uniforms in (0, 1), accurate to about 1 in 10**16.

    The logarithm is the C library's, number by number, so that a compiled loop gives the same bits.
    """
    uniform = np.asarray(uniform, dtype=np.float64)
    offset = uniform - 0.5
    square = 0.180625 - offset * offset
    quantile = offset * _ratio(_CENTRE, square)
    outside = np.abs(offset) > 0.425
    if outside.any():
        quantile[outside] = [_tail_quantile(u) for u in uniform[outside].tolist()]
    return quantile


def _tail_quantile(uniform):
    """Return the quantile of one uniform below .075 or above .925."""
    distance = math.sqrt(-math.log(min(uniform, 1.0 - uniform)))
    size = _ratio(_MIDDLE, distance - 1.6) if distance <= 5.0 else _ratio(_TAIL, distance - 5.0)
    return size if uniform > 0.5 else -size


def _ratio(coefficients, value):
    """Return the ratio of two polynomials in `value` (Horner's rule, constant term first)."""
    top, bottom = coefficients
    upper, lower = top[-1], bottom[-1]
    for above, below in zip(top[-2::-1], bottom[-2::-1], strict=True):
        upper, lower = upper * value + above, lower * value + below
    return upper / lower
