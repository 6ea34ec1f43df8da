# SPDX-License-Identifier: Apache-2.0
"""The S4D network, written to train fast on a CPU.

Activations are [H, M, B, Q] (channel, chunk, image, step in chunk): mixing channels is one GEMM
W @ [H, M*B*Q], and nothing is transposed. Inside a chunk of Q steps the state-space filter is a
Q x Q Toeplitz product, between chunks the diagonal recurrence on the N modes: an exact form of

  x_k = Abar x_(k-1) + Bbar u_k      y_k = 2 Re(sum_n C_n x_(k,n)) + D u_k

with A = -exp(log_re) + i im, Abar = exp(dt A), Bbar = (Abar - 1) / A (zero-order hold, B = 1) and
the S4D-Lin start A_n = -1/2 + i pi n.
"""
import math

import torch
import torch.nn.functional as F
from torch import nn

CLASSES = 10
LAYER_NORM_EPS = 1e-5


class ChannelNorm(torch.autograd.Function):
    """Layer normalisation over the first dimension of [H, T], without gain and bias."""

    @staticmethod
    def forward(ctx, x):
        centred = x - x.mean(0)
        scale = torch.rsqrt((centred * centred).mean(0) + LAYER_NORM_EPS)
        centred *= scale
        ctx.save_for_backward(centred, scale)
        return centred

    @staticmethod
    def backward(ctx, gradient):
        normed, scale = ctx.saved_tensors
        along = gradient * normed
        result = gradient - gradient.mean(0)
        result -= normed * along.mean(0)
        result *= scale
        return result


class ChunkScan(torch.autograd.Function):
    """States at the start of each chunk: X[:, 0] = 0, X[:, m] = W X[:, m-1] + S[:, m-1].

    W [H, 1, N] and S [H, M, B, N] are complex.
    """

    @staticmethod
    def forward(ctx, weight, inputs):
        weight = weight.expand(-1, inputs.shape[2], -1).contiguous()
        states = torch.empty_like(inputs)
        states[:, 0] = 0
        for m in range(1, inputs.shape[1]):
            states[:, m] = torch.addcmul(inputs[:, m - 1], weight, states[:, m - 1])
        ctx.save_for_backward(weight, states)
        return states

    @staticmethod
    def backward(ctx, gradient):
        weight, states = ctx.saved_tensors
        conjugate = weight.conj().resolve_conj()
        result = torch.empty_like(gradient)
        result[:, -1] = 0
        carried = gradient[:, -1]
        for m in range(gradient.shape[1] - 1, 0, -1):
            result[:, m - 1] = carried
            carried = torch.addcmul(gradient[:, m - 1], conjugate, carried)
        weight_gradient = (result[:, :-1] * states[:, :-1].conj()).sum((1, 2))
        return weight_gradient.unsqueeze(1), result


class S4D(nn.Module):
    """The state-space part of a layer. `stride`: how many pixels a step averages (curriculum)."""

    def __init__(self, width, modes, dt_min=1e-3, dt_max=1e-1):
        super().__init__()
        self.stride = 1
        span = math.log(dt_max) - math.log(dt_min)
        self.log_dt = nn.Parameter(torch.rand(width) * span + math.log(dt_min))
        self.log_re = nn.Parameter(torch.log(0.5 * torch.ones(width, modes)))
        self.im = nn.Parameter(math.pi * torch.arange(modes).float().repeat(width, 1))
        self.C = nn.Parameter(torch.randn(width, modes, 2) * math.sqrt(0.5))
        self.D = nn.Parameter(torch.randn(width))

    def modes(self):
        """dt A, Bbar and C, each [H, N] complex."""
        a = torch.complex(-torch.exp(self.log_re), self.im)
        dt_a = self.stride * torch.exp(self.log_dt).unsqueeze(1) * a
        return dt_a, (torch.exp(dt_a) - 1) / a, torch.view_as_complex(self.C)

    def matrices(self, chunk):
        """For a chunk of Q steps: Toeplitz [H, Q, Q] (from inputs to outputs), gather [H, Q, 2N]
        (inputs to the state at its end), scatter [H, 2N, Q] (state at its start to outputs) and
        the power Abar^Q [H, 1, N]."""
        dt_a, b_bar, c = self.modes()
        powers = torch.exp(dt_a.unsqueeze(2) * torch.arange(chunk + 1))
        response = (2 * c * b_bar).unsqueeze(2) * powers
        kernel = response[:, :, :chunk].real.sum(1)
        kernel = torch.cat([kernel[:, :1] + self.D.unsqueeze(1), kernel[:, 1:]], 1)
        toeplitz = F.pad(kernel, (chunk - 1, 0)).unfold(1, chunk, 1).flip(1)
        gather = torch.view_as_real(powers[:, :, :chunk].flip(2).transpose(1, 2).contiguous())
        scatter = torch.view_as_real(response[:, :, 1:].conj().resolve_conj())
        width, modes = self.im.shape
        return (toeplitz, gather.reshape(width, chunk, 2 * modes),
                scatter.permute(0, 1, 3, 2).reshape(width, 2 * modes, chunk),
                powers[:, :, chunk].unsqueeze(1))

    def forward(self, u):
        width, chunks, images, chunk = u.shape
        modes = self.im.shape[1]
        toeplitz, gather, scatter, power = self.matrices(chunk)
        flat = u.reshape(width, chunks * images, chunk)
        inputs = torch.bmm(flat, gather).view(width, chunks, images, modes, 2)
        states = torch.view_as_real(ChunkScan.apply(power, torch.view_as_complex(inputs)))
        states = states.reshape(width, chunks * images, 2 * modes)
        return torch.baddbmm(torch.bmm(flat, toeplitz), states, scatter).view(u.shape)


class Network(nn.Module):
    def __init__(self, width, modes, depth, chunk):
        super().__init__()
        self.chunk = chunk
        self.enc_w, self.enc_b = nn.Parameter(torch.randn(width)), nn.Parameter(torch.randn(width))
        self.gain = nn.ParameterList([nn.Parameter(torch.ones(width)) for _ in range(depth)])
        self.offset = nn.ParameterList([nn.Parameter(torch.zeros(width)) for _ in range(depth)])
        self.ssm = nn.ModuleList([S4D(width, modes) for _ in range(depth)])
        self.mix = nn.ModuleList([nn.Linear(width, 2 * width) for _ in range(depth)])
        self.dec = nn.Linear(width, CLASSES)

    def set_stride(self, stride):
        for layer in self.ssm:
            layer.stride = stride

    def forward(self, u):
        """Logits [B, 10] of inputs [B, 784 / stride]."""
        images, steps = u.shape
        chunk = self.chunk if steps % self.chunk == 0 else 28  # a row of pixels divides every length
        chunks, width = steps // chunk, self.enc_w.numel()
        flat = u.view(images, chunks, chunk).transpose(0, 1).reshape(1, -1)
        h = self.enc_w.unsqueeze(1) * flat + self.enc_b.unsqueeze(1)
        for gain, offset, ssm, mix in zip(self.gain, self.offset, self.ssm, self.mix):
            z = torch.addcmul(offset.unsqueeze(1), ChannelNorm.apply(h), gain.unsqueeze(1))
            y = ssm(z.view(width, chunks, images, chunk)).reshape(width, -1)
            v = torch.addmm(mix.bias.unsqueeze(1), mix.weight, F.gelu(y))
            h = h + F.glu(v, 0)
        pooled = h.view(width, chunks, images, chunk).mean((1, 3)).t()
        return self.dec(pooled)
