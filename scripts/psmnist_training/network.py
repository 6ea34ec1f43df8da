# SPDX-License-Identifier: Apache-2.0
"""The bidirectional S4D network; its parameters have the names and shapes of the model folder.

As in smnist_training/network.py, activations are [H, M, B, Q] (channel, chunk, image, step in chunk)
and a filter is a Toeplitz product inside a chunk and a recurrence on the modes between chunks. Here
the filter looks both ways, in S4's convention: the second direction is shifted by one,

  y[t] = sum_(s<=t) k0[t-s] z[s] + sum_(s>t) k1[s-t-1] z[s] + D z[t]
  k_d[j] = 2 Re sum_n C_dn Bbar_dn Abar_dn^j

so one full Toeplitz matrix does both directions inside a chunk, and only the states between chunks
are twice as many: of all earlier chunks at a chunk's start, of all later ones at its end.
"""
import math

import torch
import torch.nn.functional as F
from torch import nn

from smnist_training.network import CLASSES, ChannelNorm, ChunkScan

NORM_EPS = 1e-5
MOMENTUM = 0.1  # of the running statistics
DIRECTIONS = 2


class BatchChannelNorm(torch.autograd.Function):
    """Normalisation of each row of [H, T] over T, without gain and bias; also mean and variance."""

    @staticmethod
    def forward(ctx, x):
        mean = x.mean(1, keepdim=True)
        normed = x - mean
        variance = (normed * normed).mean(1, keepdim=True)
        scale = torch.rsqrt(variance + NORM_EPS)
        normed *= scale
        ctx.save_for_backward(normed, scale)
        mean, variance = mean.squeeze(1), variance.squeeze(1)
        ctx.mark_non_differentiable(mean, variance)
        return normed, mean, variance

    @staticmethod
    def backward(ctx, gradient, *_):
        normed, scale = ctx.saved_tensors
        along = (gradient * normed).mean(1, keepdim=True)
        result = gradient - gradient.mean(1, keepdim=True)
        result.addcmul_(normed, along, value=-1)
        result *= scale
        return result


class GatedResidual(torch.autograd.Function):
    """h + v[:H] * sigmoid(v[H:]); PyTorch's own GLU computes the sigmoid again for the gradient."""

    @staticmethod
    def forward(ctx, h, v):
        width = h.shape[0]
        gate = torch.sigmoid(v[width:])
        ctx.save_for_backward(v, gate)
        return torch.addcmul(h, v[:width], gate)

    @staticmethod
    def backward(ctx, gradient):
        v, gate = ctx.saved_tensors
        width = gate.shape[0]
        result = torch.empty_like(v)
        value = torch.mul(gradient, gate, out=result[:width])
        along = value * v[:width]
        torch.addcmul(along, along, gate, value=-1, out=result[width:])
        return gradient, result


class Norm(nn.Module):
    """Layer or batch normalisation of [H, T]."""

    def __init__(self, kind, width):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))
        self.batch = kind == "batch"
        self.momentum = MOMENTUM
        if self.batch:
            self.register_buffer("running_mean", torch.zeros(width))
            self.register_buffer("running_var", torch.ones(width))

    def forward(self, h):
        if not self.batch:
            normed = ChannelNorm.apply(h)
            return torch.addcmul(self.bias.unsqueeze(1), normed, self.weight.unsqueeze(1))
        if not self.training:
            scale = self.weight * torch.rsqrt(self.running_var + NORM_EPS)
            offset = self.bias - self.running_mean * scale
            return torch.addcmul(offset.unsqueeze(1), h, scale.unsqueeze(1))
        normed, mean, variance = BatchChannelNorm.apply(h)
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance, self.momentum)
        return torch.addcmul(self.bias.unsqueeze(1), normed, self.weight.unsqueeze(1))


class BidirectionalS4D(nn.Module):
    """The state-space part of a layer. It starts as S4D-Lin does, A_n = -decay + i pi n, where S4D's
    decay is 1/2: a slower one sees more of a sequence whose neighbours are no neighbours."""

    def __init__(self, width, modes, decay, dt_min=1e-3, dt_max=1e-1):
        super().__init__()
        span = math.log(dt_max) - math.log(dt_min)
        both = (DIRECTIONS, width, modes)
        self.log_dt = nn.Parameter(torch.rand(DIRECTIONS, width) * span + math.log(dt_min))
        self.log_A_real = nn.Parameter(torch.full(both, math.log(decay)))
        self.A_imag = nn.Parameter(math.pi * torch.arange(modes).float().expand(both).clone())
        self.C = nn.Parameter(torch.randn(*both, 2) * math.sqrt(0.5))
        self.D = nn.Parameter(torch.randn(width))

    def modes(self):
        """dt A and C Bbar, each [2, H, N] complex; Bbar is that of zero-order hold and B = 1."""
        a = torch.complex(-torch.exp(self.log_A_real), self.A_imag)
        dt_a = torch.exp(self.log_dt).unsqueeze(2) * a
        return dt_a, torch.view_as_complex(self.C) * (torch.exp(dt_a) - 1) / a

    def matrices(self, chunk):
        """For a chunk of Q steps: Toeplitz [H, Q, Q] (inputs to outputs), gather [H, Q, 4N] (inputs
        to the states at its end and at its start), scatter [H, 4N, Q] (states of the chunks before
        and after it to outputs) and the powers Abar^Q [2, H, 1, N]."""
        dt_a, residues = self.modes()
        powers = torch.exp(dt_a.unsqueeze(3) * torch.arange(chunk + 1))  # [2, H, N, Q + 1]
        response = (2 * residues).unsqueeze(3) * powers
        before, after = response[..., :chunk].real.sum(2)
        line = torch.cat([after[:, :-1].flip(1), before[:, :1] + self.D.unsqueeze(1),
                          before[:, 1:]], 1)
        toeplitz = line.unfold(1, chunk, 1).flip(1)  # [j, i] = line[Q - 1 + i - j]
        width, count = self.D.numel(), 2 * DIRECTIONS * self.A_imag.shape[2]
        gather = torch.cat([powers[0, ..., :chunk].flip(2), powers[1, ..., :chunk]], 1)
        gather = torch.view_as_real(gather.transpose(1, 2).contiguous())
        scatter = torch.cat([response[0, ..., 1:], response[1, ..., :chunk].flip(2)], 1)
        scatter = torch.view_as_real(scatter.conj().resolve_conj())
        return (toeplitz, gather.reshape(width, chunk, count),
                scatter.permute(0, 1, 3, 2).reshape(width, count, chunk),
                powers[..., chunk].unsqueeze(2))

    def forward(self, z):
        width, chunks, images, chunk = z.shape
        modes = self.A_imag.shape[2]
        toeplitz, gather, scatter, power = self.matrices(chunk)
        flat = z.reshape(width, chunks * images, chunk)
        inputs = torch.bmm(flat, gather).view(width, chunks, images, DIRECTIONS * modes, 2)
        before, after = torch.view_as_complex(inputs).split(modes, 3)
        before = ChunkScan.apply(power[0], before.contiguous())
        after = ChunkScan.apply(power[1], after.flip(1)).flip(1)
        states = torch.view_as_real(torch.cat([before, after], 3))
        states = states.reshape(width, chunks * images, 2 * DIRECTIONS * modes)
        return torch.baddbmm(torch.bmm(flat, toeplitz), states, scatter).view(z.shape)


class Layer(nn.Module):
    """h + GLU(linear(GELU(SSM(norm(h)))))"""

    def __init__(self, norm, width, modes, decay):
        super().__init__()
        self.norm = Norm(norm, width)
        self.ssm = BidirectionalS4D(width, modes, decay)
        self.output_linear = nn.Linear(width, 2 * width)

    def forward(self, h, shape):
        y = self.ssm(self.norm(h).view(shape)).reshape(h.shape)
        linear = self.output_linear
        v = torch.addmm(linear.bias.unsqueeze(1), linear.weight, F.gelu(y))
        return GatedResidual.apply(h, v)


class Network(nn.Module):
    def __init__(self, width, modes, depth, norm, decay, chunk):
        super().__init__()
        self.chunk, self.norm = chunk, norm
        self.encoder = nn.Linear(1, width)
        nn.init.normal_(self.encoder.weight)
        nn.init.normal_(self.encoder.bias)
        self.layers = nn.ModuleList([Layer(norm, width, modes, decay) for _ in range(depth)])
        self.decoder = nn.Linear(width, CLASSES)

    def forward(self, u):
        """Logits [B, 10] of inputs [B, 784]."""
        images, steps = u.shape
        shape = (self.decoder.in_features, steps // self.chunk, images, self.chunk)
        flat = u.view(images, shape[1], self.chunk).transpose(0, 1).reshape(1, -1)
        h = torch.addmm(self.encoder.bias.unsqueeze(1), self.encoder.weight, flat)
        for layer in self.layers:
            h = layer(h, shape)
        return self.decoder(h.view(shape).mean((1, 3)).t())
