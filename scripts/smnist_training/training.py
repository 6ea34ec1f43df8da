# SPDX-License-Identifier: Apache-2.0
"""The training loop: AdamW, cosine schedule, data parallel over processes.

A state-space model is a sampled continuous-time filter, so training starts on the sequence averaged
over 4, then 2, neighbouring pixels with dt multiplied by 4, 2, at a quarter and half of the cost; its
last part, and everything that is exported, is the full 784-step sequence.
"""
import json
import math
import os
import time

import torch
import torch.distributed
import torch.nn.functional as F

from . import digits, export
from .network import Network

HELD_OUT = 1000  # of the training digits, to watch
LOG_EVERY = 50   # steps
WARMUP = 100     # steps


@torch.no_grad()
def accuracy(network, images, labels, batch=100):
    network.eval()
    right = sum((network(digits.normalise(images[i:i + batch])).argmax(1) == labels[i:i + batch])
                .sum().item() for i in range(0, len(images), batch))
    network.train()
    return right / len(images)


def parameter_kind(name):
    """The group of the parameter `name`: the filter's poles learn slower, only matrices decay."""
    first, last = name.split(".")[0], name.split(".")[-1]
    if last in ("log_dt", "log_re", "im"):
        return "poles"
    if last in ("C", "D", "bias") or first in ("gain", "offset", "enc_w", "enc_b"):
        return "plain"
    return "matrices"


def parameter_groups(network, kind, options):
    """The optimiser's groups; `kind` says which a parameter of that name belongs to."""
    groups = {"poles": [], "plain": [], "matrices": []}
    for name, parameter in network.named_parameters():
        groups[kind(name)].append(parameter)
    rates = {"poles": (options.pole_rate, 0.0), "plain": (options.rate, 0.0),
             "matrices": (options.rate, options.weight_decay)}
    return [{"params": groups[name], "lr": rate, "base": rate, "weight_decay": decay}
            for name, (rate, decay) in rates.items()]


class Trainer:
    """Sequential digits; what another task does in another way is a method of its own."""

    parameter_kind = staticmethod(parameter_kind)

    def __init__(self, options, rank):
        self.options, self.rank = options, rank
        self.images, self.labels = self.load("train")
        self.held_out = self.images[-HELD_OUT:], self.labels[-HELD_OUT:]
        self.images, self.labels = self.images[:-HELD_OUT], self.labels[:-HELD_OUT]
        if options.subset:
            self.images, self.labels = self.images[:options.subset], self.labels[:options.subset]
        self.steps_an_epoch = len(self.images) // options.batch
        if self.steps_an_epoch == 0:
            raise digits.BadData(f"{options.data}: {len(self.images)} training digits (after "
                                 f"{HELD_OUT} held out), fewer than a batch of {options.batch}")
        self.network = self.make_network()
        self.optimiser = torch.optim.AdamW(
            parameter_groups(self.network, self.parameter_kind, options), betas=(0.9, 0.98))
        self.started, self.cost, self.stride, self.history = time.time(), 0.0, 0, []

    def load(self, name):
        """Digits and labels of `name`, as the network shall see them."""
        return digits.load(self.options.data, name)

    def make_network(self):
        options = self.options
        return Network(options.width, options.modes, options.depth, options.chunk)

    def enter_stage(self, progress, step):
        """Sets the stride that is due."""
        stride = next(k for k, until in self.options.stages if progress < until)
        if stride != self.stride:
            self.stride = stride
            self.network.set_stride(stride)
            self.say(event="stage", stride=stride, step=step, seconds=self.seconds())

    def end_stages(self):
        """Makes of the network what is tested and exported."""
        self.network.set_stride(1)

    def logged(self):
        """After each line about the progress."""

    def say(self, **facts):
        if self.rank == 0:
            self.history.append(facts)
            print(json.dumps(facts), flush=True)

    def progress(self):
        """0 to 1: work done or time used, whichever is further; rank 0's, so that ranks agree."""
        options = self.options
        done = self.cost / (options.epochs * self.steps_an_epoch)
        if options.minutes:
            done = max(done, (time.time() - self.started) / (60 * options.minutes))
        if options.processes == 1:
            return done
        shared = torch.tensor([done if self.rank == 0 else 0.0])
        torch.distributed.all_reduce(shared)
        return shared.item()

    def average_gradients(self):
        parameters = list(self.network.parameters())
        flat = torch.cat([parameter.grad.reshape(-1) for parameter in parameters])
        torch.distributed.all_reduce(flat)
        flat /= self.options.processes
        for parameter, part in zip(parameters, flat.split([p.numel() for p in parameters])):
            parameter.grad.copy_(part.view_as(parameter))

    def step(self, batch, rate_factor):
        """One update; loss and accuracy on this process's share of the batch."""
        for group in self.optimiser.param_groups:
            group["lr"] = group["base"] * rate_factor
        inputs = digits.normalise(self.images[batch]).view(len(batch), -1, self.stride).mean(2)
        logits, labels = self.network(inputs), self.labels[batch]
        loss = F.cross_entropy(logits, labels)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        if self.options.processes > 1:
            self.average_gradients()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        return loss.item(), (logits.argmax(1) == labels).float().mean().item()

    def run(self):
        options, per = self.options, self.steps_an_epoch
        shuffle = torch.Generator().manual_seed(options.seed)
        step, sums, order = 0, torch.zeros(2), None
        self.say(event="start", steps_an_epoch=per,
                 parameters=sum(p.numel() for p in self.network.parameters()))
        while not options.max_steps or step < options.max_steps:
            if step % per == 0:
                order = torch.randperm(len(self.images), generator=shuffle)
            progress = self.progress()
            if progress >= 1:
                break
            self.enter_stage(progress, step)
            batch = order[step % per * options.batch:(step % per + 1) * options.batch]
            cosine = 0.5 * (1 + math.cos(math.pi * progress))
            sums += torch.tensor(self.step(batch[self.rank::options.processes],
                                           min(1.0, (step + 1) / WARMUP) * cosine))
            step, self.cost = step + 1, self.cost + 1.0 / self.stride
            if step % LOG_EVERY == 0:
                loss, right = (sums / LOG_EVERY).tolist()
                self.say(step=step, epoch=round(step / per, 2), stride=self.stride,
                         progress=round(progress, 4), loss=round(loss, 4),
                         accuracy=round(right, 4), seconds=self.seconds())
                sums.zero_()
                self.logged()
        self.end_stages()
        self.say(event="end", steps=step, full_length_epochs=round(self.cost / per, 2),
                 seconds=self.seconds())

    def seconds(self):
        return round(time.time() - self.started, 1)

    def finish(self):
        """Accuracies and the export, by rank 0."""
        self.say(held_out_accuracy=accuracy(self.network, *self.held_out))
        test = self.load("10000")
        count = self.options.test_digits
        self.say(test_digits=count, test_accuracy=accuracy(self.network, *[t[:count] for t in test]))
        self.write_export(*test)

    def write_export(self, images, labels):
        export.write(os.path.join(self.options.out, "export"), self.network, images, labels,
                     {"seed": self.options.seed, "history": self.history})


def worker(rank, options, kind=Trainer):
    """One process of the training by a `kind` of Trainer; raises BadData."""
    torch.set_num_threads(options.threads)
    if options.processes > 1:
        meeting = "file://" + os.path.abspath(os.path.join(options.out, "rendezvous"))
        torch.distributed.init_process_group("gloo", init_method=meeting, rank=rank,
                                             world_size=options.processes)
    torch.manual_seed(options.seed)
    trainer = kind(options, rank)
    trainer.run()
    if rank == 0:
        trainer.finish()
