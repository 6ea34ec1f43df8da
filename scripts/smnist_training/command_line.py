# SPDX-License-Identifier: Apache-2.0
"""What the command lines of the training scripts have in common. Needs no PyTorch."""
import argparse
import multiprocessing
import os
import sys

EXIT_USAGE, EXIT_DATA, EXIT_UNAVAILABLE = 64, 65, 69


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.print_usage(sys.stderr)
        print(f"{self.prog}: {message}", file=sys.stderr)
        sys.exit(EXIT_USAGE)

    def value(self, group, name, kind, default, text):
        """An option of `group` with a value, its default in the help."""
        group.add_argument(name, type=kind, default=default, metavar="VALUE",
                           help=f"{text} (default {default})")


def count(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def natural(text):
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("must be 0 or more")
    return value


def positive(text):
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError("must be above 0")
    return value


def minutes(text):
    return 0.0 if float(text) == 0 else positive(text)


def chunk(text):
    value = count(text)
    if 784 % value != 0:
        raise argparse.ArgumentTypeError("must divide 784")
    return value


def has_pytorch(program):
    """Whether PyTorch can be imported; says on stderr what to install."""
    try:
        import torch  # noqa: F401 (the processes use it)
    except ImportError:
        print(f"{program}: {sys.executable} has no PyTorch; install Debian's python3-torch and "
              "libopenblas0-openmp (scripts/setup train does it)", file=sys.stderr)
        return False
    return True


def made(program, folder):
    """Whether `folder` exists or could be made; says on stderr why not."""
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        print(f"{program}: {folder}: {error.strerror}", file=sys.stderr)
        return False
    return True


def run_processes(options, run_worker):
    """Runs `run_worker(rank, options)` in options.processes processes; their worst exit status."""
    rendezvous = os.path.join(options.out, "rendezvous")
    if os.path.exists(rendezvous):
        os.remove(rendezvous)
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=run_worker, args=(rank, options))
                 for rank in range(options.processes)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    if os.path.exists(rendezvous):
        os.remove(rendezvous)
    failed = [process.exitcode for process in processes if process.exitcode != 0]
    return EXIT_DATA if EXIT_DATA in failed else EXIT_UNAVAILABLE if failed else 0
