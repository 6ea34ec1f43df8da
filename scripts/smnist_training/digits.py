# SPDX-License-Identifier: Apache-2.0
"""IDX files of digits and labels as tensors."""
import os
import struct

import torch

STEPS = 784  # pixels of a digit, one a step


class BadData(Exception):
    pass


def read_idx(path, dimensions):
    """The IDX file of unsigned bytes at `path` as a tensor."""
    try:
        with open(path, "rb") as file:
            raw = file.read()
    except OSError as error:
        raise BadData(f"{path}: {error.strerror}; scripts/fetch_mnist --train fetches it") from error
    begin = 4 + 4 * dimensions
    if len(raw) < begin or raw[:4] != bytes([0, 0, 8, dimensions]):
        raise BadData(f"{path}: not an IDX file of bytes with {dimensions} dimensions")
    shape = struct.unpack(f">{dimensions}I", raw[4:begin])
    values = torch.frombuffer(bytearray(raw[begin:]), dtype=torch.uint8)
    if values.numel() != torch.Size(shape).numel():
        raise BadData(f"{path}: {values.numel()} bytes of data, its header says {shape}")
    return values.view(*shape)


def load(folder, name):
    """Digits [count][784] uint8 and labels [count] of digits-NAME.idx and labels-NAME.idx."""
    digits = read_idx(os.path.join(folder, f"digits-{name}.idx"), 3)
    labels = read_idx(os.path.join(folder, f"labels-{name}.idx"), 1)
    if digits.shape[1:].numel() != STEPS or len(digits) != len(labels):
        raise BadData(f"{folder}: {len(labels)} labels for digits of shape {tuple(digits.shape)}")
    return digits.view(-1, STEPS), labels.long()


def normalise(pixels):
    """uint8 pixels to the network's input."""
    return (pixels.float() / 255.0 - 0.1307) / 0.3081
