# SPDX-License-Identifier: Apache-2.0
"""The one order of the pixels, in plain Python; scenarios/psmnist/README.md has it for others."""

MULTIPLIER, MODULUS = 16807, 2147483647  # Park and Miller's minimal standard generator


def permutation(count=784, state=1):
    """Fisher-Yates from the last index down: step i of a digit reads pixel permutation()[i]."""
    order = list(range(count))
    for i in range(count - 1, 0, -1):
        state = state * MULTIPLIER % MODULUS
        j = state % (i + 1)
        order[i], order[j] = order[j], order[i]
    return order
