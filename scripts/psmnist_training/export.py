# SPDX-License-Identifier: Apache-2.0
"""The trained network as a model folder: float32 parameters as trained, and expected logits.

The expected logits come from the values that the folder holds: by the recurrence in float64, one
direction after the other, and by the training form in float32. The export is refused when either
differs from the convolution in float64.
"""
import importlib.machinery
import importlib.util
import json
import os

import torch
import torch.nn.functional as F
from smnist_training.digits import STEPS, normalise
from smnist_training.export import BadExport, float_bytes

from .network import DIRECTIONS, NORM_EPS

COUNT = 200              # digits with expected logits
AGREEMENT = 1e-9         # of recurrence and convolution in float64, of the largest logit
FLOAT_AGREEMENT = 1e-3   # of the training form in float32


def conversion():
    """scripts/convert_smnist as a module: the writers of safetensors and IDX files."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "convert_smnist")
    loader = importlib.machinery.SourceFileLoader("convert_smnist", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


class Reference:
    """The network of a model folder's tensors in float64, independent of network.py."""

    def __init__(self, tensors, depth, norm):
        self.values = {name: value.double() for name, value in tensors.items()}
        self.depth, self.norm = depth, norm

    def layer(self, index, name):
        return self.values[f"layers.{index}.{name}"]

    def poles(self, index):
        """Abar, Bbar and C, each [2, H, N]."""
        a = torch.complex(-torch.exp(self.layer(index, "ssm.log_A_real")),
                          self.layer(index, "ssm.A_imag"))
        a_bar = torch.exp(torch.exp(self.layer(index, "ssm.log_dt")).unsqueeze(2) * a)
        return a_bar, (a_bar - 1) / a, torch.view_as_complex(self.layer(index, "ssm.C"))

    def stepped(self, index, z):
        """Both directions of [images, steps, H], one step after another, without D."""
        y = torch.zeros_like(z)
        a_bar, b_bar, c = self.poles(index)
        for direction in range(DIRECTIONS):
            a, b, readout = a_bar[direction], b_bar[direction], 2 * c[direction]
            state = torch.zeros(z.shape[0], *a.shape, dtype=a.dtype)
            for step in range(z.shape[1]) if direction == 0 else reversed(range(z.shape[1])):
                moved = state * a + b * z[:, step].unsqueeze(2)
                # The second direction sees later steps only: its state before this step's input.
                y[:, step] += (readout * (moved if direction == 0 else state)).real.sum(2)
                state = moved
        return y

    def convolved(self, index, z):
        """The same by FFT of the two kernels."""
        a_bar, b_bar, c = self.poles(index)
        steps = z.shape[1]
        powers = a_bar.unsqueeze(3) ** torch.arange(steps)
        before, after = 2 * ((c * b_bar).unsqueeze(3) * powers).real.sum(2)
        circle = torch.zeros(before.shape[0], 2 * steps, dtype=z.dtype)
        circle[:, :steps] = before
        circle[:, steps + 1:] = after[:, :-1].flip(1)  # k1[j] is what lies j + 1 steps ahead
        product = torch.fft.rfft(z.transpose(1, 2), 2 * steps) * torch.fft.rfft(circle)
        return torch.fft.irfft(product, 2 * steps)[..., :steps].transpose(1, 2)

    def normed(self, index, h):
        gain, offset = self.layer(index, "norm.weight"), self.layer(index, "norm.bias")
        if self.norm == "layer":
            return F.layer_norm(h, gain.shape, gain, offset, NORM_EPS)
        mean, variance = (self.layer(index, "norm.running_" + name) for name in ("mean", "var"))
        return (h - mean) / torch.sqrt(variance + NORM_EPS) * gain + offset

    def run(self, pixels, filtered):
        """Of uint8 pixels [images, steps]: logits [images, 10] and the first image's residual stream
        [steps, depth + 1, H]; `filtered` is self.stepped or self.convolved."""
        values = self.values
        inputs = (pixels.double() / 255 - 0.1307) / 0.3081
        h = inputs.unsqueeze(2) * values["encoder.weight"].view(-1) + values["encoder.bias"]
        residual = [h[0]]
        for i in range(self.depth):
            z = self.normed(i, h)
            y = filtered(i, z) + self.layer(i, "ssm.D") * z
            v = F.linear(F.gelu(y), self.layer(i, "output_linear.weight"),
                         self.layer(i, "output_linear.bias"))
            h = h + F.glu(v, 2)
            residual.append(h[0])
        return (F.linear(h.mean(1), values["decoder.weight"], values["decoder.bias"]),
                torch.stack(residual, 1))


def config(network, description):
    width, modes = network.layers[0].ssm.C.shape[1:3]
    return {
        "model_type": "s4d",
        "name": "psmnist",
        "description": description,
        "d_model": width,
        "d_state": 2 * modes,
        "n_layers": len(network.layers),
        "bidirectional": True,
        "second_direction": "shifted",
        "norm": network.norm,
        "prenorm": True,
        "norm_eps": NORM_EPS,
        "activation": "gelu",
        "glu": True,
        "pooling": "mean",
        "num_labels": network.decoder.out_features,
        "discretization": "zoh",
        "input_width": 1,
        "input_scale": 255,
        "input_mean": 0.1307,
        "input_std": 0.3081,
        "torch_dtype": "float32",
    }


def largest_difference(values, reference):
    return ((values - reference).abs().max() / reference.abs().max()).item()


@torch.no_grad()
def write(folder, network, images, labels, description):
    """Writes the model folder of `network`, with what it makes of the first COUNT images. Returns
    how far the training form and the recurrence are from the float64 convolution."""
    images, labels = images[:COUNT], labels[:COUNT]
    tensors = {name: value.detach().float() for name, value in network.state_dict().items()}
    network.eval()
    trained = network(normalise(images))
    network.train()
    reference = Reference(tensors, len(network.layers), network.norm)
    stepped, residual = reference.run(images, reference.stepped)
    convolved, _ = reference.run(images, reference.convolved)
    differences = {"recurrence_float64": largest_difference(stepped, convolved),
                   "convolution_float32": largest_difference(trained, convolved)}
    for name, limit in (("recurrence_float64", AGREEMENT),
                        ("convolution_float32", FLOAT_AGREEMENT)):
        if not differences[name] <= limit:
            raise BadExport(f"{name} differs from the float64 convolution by {differences[name]:.3g} "
                            f"of the largest logit, more than {limit:g}")
    files = conversion()

    def safetensors(values):
        return files.safetensors({name: (list(value.shape), float_bytes(value.float()))
                                  for name, value in values.items()}, {"format": "pt"})

    contents = {
        "config.json": (json.dumps(config(network, description), indent=2) + "\n").encode(),
        "model.safetensors": safetensors(tensors),
        "digits.idx": files.idx(images.numpy().tobytes(), [len(images), files.SIDE, files.SIDE]),
        "labels.idx": files.idx(bytes(labels.tolist()), [len(labels)]),
        "expected.safetensors": safetensors({"logits_recurrent": stepped,
                                             "logits_convolution": trained,
                                             "digit0_residual": residual}),
    }
    os.makedirs(folder, exist_ok=True)
    for name, data in contents.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
    return differences
