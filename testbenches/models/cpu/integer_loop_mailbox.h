/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Where the compiled loop finds its number of rounds, and one word further leaves its result. */
#define INTEGER_LOOP_MAILBOX 0x7f00
