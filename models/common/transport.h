// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace epoch {

// How transactions travel: loosely timed (b_transport, direct memory access, annotated time) or
// approximately timed (the four phases of the base protocol).
enum class Transport { lt, at };

}  // namespace epoch
