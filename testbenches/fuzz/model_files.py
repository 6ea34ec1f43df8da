# SPDX-License-Identifier: Apache-2.0
"""Small model folders and safetensors files, right ones and wrong ones."""
import json
import pathlib
import random
import struct

SMALL = (4, 2, 3)  # channels, complex modes a channel, labels


def safetensors(header, data=b""):
    """A file of this header, an object or text, and these bytes."""
    text = header if isinstance(header, str) else json.dumps(header, separators=(",", ":"))
    return struct.pack("<Q", len(text)) + text.encode() + data


def config(size=SMALL, **changes):
    channels, modes, labels = size
    values = {
        "model_type": "s4d", "d_model": channels, "d_state": 2 * modes, "n_layers": 1,
        "input_width": 1, "input_scale": 255, "input_mean": 0.5, "input_std": 0.25,
        "layer_norm_eps": 1e-5, "activation": "gelu", "glu": True, "pooling": "mean",
        "num_labels": labels, "discretization": "stored",
    }
    return {**values, **changes}


def shapes(size):
    h, m, labels = size
    layer = {
        "norm.weight": [h], "norm.bias": [h], "ssm.A_bar": [h, m, 2], "ssm.B_bar": [h, m, 2],
        "ssm.C": [h, m, 2], "ssm.D": [h], "output_linear.weight": [2 * h, h],
        "output_linear.bias": [2 * h],
    }
    return {
        "encoder.weight": [h, 1], "encoder.bias": [h],
        **{f"layers.0.{name}": shape for name, shape in layer.items()},
        "decoder.weight": [labels, h], "decoder.bias": [labels],
    }


def model(spoil=None, size=SMALL):
    """model.safetensors; `spoil` = (tensor, index, value) puts one wrong float in."""
    numbers = random.Random(1)
    header, data = {}, b""
    for name, shape in shapes(size).items():
        count = 1
        for extent in shape:
            count *= extent
        values = [numbers.uniform(-0.5, 0.5) for _ in range(count)]
        if spoil and spoil[0] == name:
            values[spoil[1]] = spoil[2]
        piece = struct.pack(f"<{count}f", *values)
        header[name] = {
            "dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(piece)]}
        data += piece
    return safetensors(header, data)


def write_folder(folder, tensors=None, settings=None):
    """A model folder; `tensors` bytes, `settings` text or object replace the correct ones."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    settings = config() if settings is None else settings
    text = settings if isinstance(settings, str) else json.dumps(settings)
    (folder / "config.json").write_text(text)
    (folder / "model.safetensors").write_bytes(model() if tensors is None else tensors)
    return folder
