// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "model/s4_model.h"

namespace epoch {

// What a task of the S4 family feeds a network.
struct TaskShape {
  const char* task;
  const char* name;  // as papers write it
  std::uint32_t steps;
  std::uint32_t vocabulary;   // of an embedding; 0 = uint8 inputs
  std::uint32_t input_width;  // of uint8 inputs
  std::uint32_t labels;
  bool retrieval;
};

// A network of the S4 family as published for a task.
struct PublishedSize {
  const char* task;
  const char* families;  // words of the command line that it is for
  const char* variant;
  std::uint32_t layers, channels, state;
  std::uint32_t blocks;  // s5: of the initial state matrix
  NormKind norm;
  bool prenorm, bidirectional;
  GluKind glu;
  Pooling pooling;
  double dt_min, dt_max;
  const char* source;
};

const std::vector<TaskShape>& task_shapes();
// The first of a family and task is the usual one.
const std::vector<PublishedSize>& published_sizes();
bool is_for(const PublishedSize& size, const char* family);

}  // namespace epoch
