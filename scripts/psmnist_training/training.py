# SPDX-License-Identifier: Apache-2.0
"""The training loop of smnist_training on permuted digits.

Neighbouring steps are no neighbouring pixels, so every update is on the full 784-step sequence.
"""
import json
import os
import pickle
import time

import torch
from smnist_training import digits, training

from . import export
from .network import MOMENTUM, Network
from .permutation import permutation

CHECKPOINT_SECONDS = 60
SETTLE_DIGITS = 4000  # for the final statistics of a batch normalisation


def parameter_kind(name):
    last = name.split(".")[-1]
    if last in ("log_dt", "log_A_real", "A_imag"):
        return "poles"
    if last in ("C", "D", "bias") or ".norm." in name or name.startswith("encoder."):
        return "plain"
    return "matrices"


def read_checkpoint(path):
    """The parameters, options and history that Trainer.save_checkpoint wrote."""
    try:
        checkpoint = torch.load(path, weights_only=True)
        facts = json.loads(checkpoint["facts"])
        return checkpoint["network"], facts["options"], facts["history"]
    except OSError as error:
        raise digits.BadData(f"{path}: {error.strerror}") from error
    except (RuntimeError, EOFError, LookupError, TypeError, ValueError,
            pickle.UnpicklingError) as error:
        raise digits.BadData(f"{path}: not a checkpoint of train_psmnist") from error


class Trainer(training.Trainer):
    parameter_kind = staticmethod(parameter_kind)

    def __init__(self, options, rank):
        self.trained = vars(options).copy()  # the options that the network is trained with
        super().__init__(options, rank)
        self.stride, self.saved = 1, time.time()

    def load(self, name):
        images, labels = super().load(name)
        return images[:, permutation()].contiguous(), labels

    def make_network(self):
        wanted = ("width", "modes", "depth", "norm", "decay", "chunk")
        return Network(**{name: self.trained[name] for name in wanted})

    def enter_stage(self, progress, step):
        pass

    def end_stages(self):
        if self.rank == 0:
            self.settle()

    def run(self):
        if not self.options.start:
            super().run()
            return
        parameters, self.trained, self.history = read_checkpoint(self.options.start)
        self.network = self.make_network()
        self.network.load_state_dict(parameters)
        self.end_stages()

    @torch.no_grad()
    def settle(self, batch=100):
        """Replaces the running statistics, of weights that still moved, by those of the final ones."""
        norms = [layer.norm for layer in self.network.layers if layer.norm.batch]
        if not norms:
            return
        for i in range(0, min(SETTLE_DIGITS, len(self.images)), batch):
            for norm in norms:
                norm.momentum = batch / (i + batch)  # the mean of all batches
            self.network(digits.normalise(self.images[i:i + batch]))
        for norm in norms:
            norm.momentum = MOMENTUM

    def logged(self):
        if self.rank == 0 and time.time() - self.saved > CHECKPOINT_SECONDS:
            self.save_checkpoint()
            self.saved = time.time()

    def save_checkpoint(self):
        path = os.path.join(self.options.out, "checkpoint.pt")
        # One string of facts: a load of weights only reads no floating-point numbers.
        facts = json.dumps({"options": self.trained, "history": self.history})
        torch.save({"network": self.network.state_dict(), "facts": facts}, path + ".new")
        os.replace(path + ".new", path)

    def finish(self):
        if not self.options.start:
            self.save_checkpoint()
        super().finish()

    def write_export(self, images, labels):
        self.say(differences=export.write(os.path.join(self.options.out, "model"), self.network,
                                          images, labels, self.description()))

    def description(self):
        facts, trained = {}, self.trained
        for line in self.history:
            facts.update(line)
        updates = facts.get("steps", facts.get("step", 0))
        return ("Permuted sequential MNIST: one pixel a step in a fixed random order, 784 steps a "
                f"digit. Trained by scripts/train_psmnist, {updates} updates of "
                f"{trained['batch']} digits in {facts.get('seconds', 0) / 60:.0f} minutes on "
                f"{trained['processes'] * trained['threads']} cores; "
                f"{100 * facts['test_accuracy']:.2f} % of {facts['test_digits']:,} test digits "
                "(PyTorch, float32)")


def worker(rank, options):
    """One process of the training; raises BadData."""
    training.worker(rank, options, Trainer)
