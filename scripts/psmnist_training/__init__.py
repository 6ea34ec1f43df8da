# SPDX-License-Identifier: Apache-2.0
"""Trains the bidirectional S4D network for permuted digits; its command line is scripts/train_psmnist.

What it has in common with sequential MNIST (data, loop, scan) comes from smnist_training, the file
formats from convert_smnist.
"""
