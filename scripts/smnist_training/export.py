# SPDX-License-Identifier: Apache-2.0
"""The trained network as the arrays that scripts/convert_smnist reads.

Coefficients are discretised in float64 and rounded to float32 once. The expected logits come from
the exported float32 values by the recurrence, step by step, and from the training form; the two must
agree, or the export is refused.
"""
import json
import os

import torch
import torch.nn.functional as F

from .digits import STEPS, normalise
from .network import LAYER_NORM_EPS

COUNT = 200        # digits with expected logits
AGREEMENT = 1e-3   # of the largest logit: float32 over 784 steps stays well below

FORWARD = [
    "u = (pixel/255 - 0.1307)/0.3081, row-major pixels, one a step; h = enc_w*u + enc_b",
    "per layer: z = LayerNorm(h; ln_g, ln_b, eps 1e-5, biased variance)",
    "x[h,n] = Abar[h,n]*x[h,n] + Bbar[h,n]*z[h] (complex, x = 0 at the start)",
    "y[h] = 2*sum_n Re(C[h,n]*x[h,n]) + D[h]*z[h]",
    "g = GELU_erf(y); v = lin_w @ g + lin_b; h = h + v[:H]*sigmoid(v[H:])",
    "after 784 steps: logits = dec_w @ mean_t(h) + dec_b",
]


class BadExport(Exception):
    pass


@torch.no_grad()
def tensors(network):
    """{name in the export: float32 tensor}, in the order of the file."""
    result = {"enc_w": network.enc_w, "enc_b": network.enc_b}
    for i, ssm in enumerate(network.ssm):
        a = torch.complex(-torch.exp(ssm.log_re.double()), ssm.im.double())
        a_bar = torch.exp(torch.exp(ssm.log_dt.double()).unsqueeze(1) * a)
        layer = {"ln_g": network.gain[i], "ln_b": network.offset[i]}
        for name, value in (("Abar", a_bar), ("Bbar", (a_bar - 1) / a),
                            ("C", torch.view_as_complex(ssm.C))):
            layer[name + "_re"], layer[name + "_im"] = value.real, value.imag
        layer.update(D=ssm.D, lin_w=network.mix[i].weight, lin_b=network.mix[i].bias)
        result.update({f"layer{i}.{name}": value for name, value in layer.items()})
    result.update(dec_w=network.dec.weight, dec_b=network.dec.bias)
    return {name: value.detach().float().contiguous() for name, value in result.items()}


@torch.no_grad()
def recurrence(exported, depth, inputs):
    """Logits [B, 10] and the first image's residual stream [784, depth + 1, H], step by step."""
    def joined(layer, name):
        return torch.complex(exported[f"layer{layer}.{name}_re"], exported[f"layer{layer}.{name}_im"])

    coefficients = [[joined(i, name) for name in ("Abar", "Bbar", "C")] for i in range(depth)]
    images, width = len(inputs), exported["enc_w"].numel()
    states = [torch.zeros(images, *coefficients[0][0].shape, dtype=torch.complex64)
              for _ in range(depth)]
    total, residual = torch.zeros(images, width), torch.empty(STEPS, depth + 1, width)
    for step in range(STEPS):
        h = inputs[:, step:step + 1] * exported["enc_w"] + exported["enc_b"]
        residual[step, 0] = h[0]
        for i, (a_bar, b_bar, c) in enumerate(coefficients):
            value = {name: exported[f"layer{i}.{name}"]
                     for name in ("ln_g", "ln_b", "D", "lin_w", "lin_b")}
            z = F.layer_norm(h, (width,), value["ln_g"], value["ln_b"], LAYER_NORM_EPS)
            states[i] = a_bar * states[i] + b_bar * z.unsqueeze(2)
            y = 2 * (c * states[i]).real.sum(2) + value["D"] * z
            h = h + F.glu(F.linear(F.gelu(y), value["lin_w"], value["lin_b"]), 1)
            residual[step, i + 1] = h[0]
        total += h
    return F.linear(total / STEPS, exported["dec_w"], exported["dec_b"]), residual


def manifest(exported, network, correct, facts):
    entries, offset = [], 0
    for name, value in exported.items():
        entries.append({"name": name, "shape": list(value.shape), "offset_bytes": offset})
        offset += 4 * value.numel()
    width, modes = network.ssm[0].im.shape
    return {
        "network": {"H": width, "N": modes, "depth": len(network.ssm)},
        "seed": facts["seed"],
        "parameters_trained": sum(p.numel() for p in network.parameters()),
        "L": STEPS,
        "forward": FORWARD,
        "history": facts["history"],
        "dtype": "float32 little-endian, C order, concatenated",
        "file": "weights.bin",
        "tensors": entries,
        "bytes": offset,
        "test": {"count": COUNT, "correct": correct},
    }


def float_bytes(values):
    return values.contiguous().numpy().astype("<f4").tobytes()


@torch.no_grad()
def write(folder, network, images, labels, facts):
    """Writes the export of `network`, with what it makes of the first COUNT images."""
    images, labels = images[:COUNT], labels[:COUNT]
    exported = tensors(network)
    inputs = normalise(images)
    convolved = network(inputs)
    stepped, residual = recurrence(exported, len(network.ssm), inputs)
    difference = (stepped - convolved).abs().max() / stepped.abs().max()
    if not difference <= AGREEMENT:
        raise BadExport(f"recurrence and training form differ by {difference:.3g} of the largest "
                        "logit: the network is not usable in float32")
    correct = (stepped.argmax(1) == labels).sum().item()
    text = json.dumps(manifest(exported, network, correct, facts), indent=1) + "\n"
    files = {
        "weights.bin": b"".join(float_bytes(value) for value in exported.values()),
        "manifest.json": text.encode(),
        "digits_u8.bin": images.numpy().tobytes(),
        "labels_u8.bin": bytes(labels.tolist()),
        "logits_recur_f32.bin": float_bytes(stepped),
        "logits_conv_f32.bin": float_bytes(convolved),
        "digit0_h_f32.bin": float_bytes(residual),
    }
    os.makedirs(folder, exist_ok=True)
    for name, data in files.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
