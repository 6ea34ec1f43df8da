# SPDX-License-Identifier: Apache-2.0
"""Trains the S4D digit network and exports it; scripts/train_smnist is its command line."""
