// SPDX-License-Identifier: Apache-2.0
#include "generate/published_sizes.h"

#include <sstream>
#include <string>

namespace epoch {
namespace {

constexpr NormKind kBatch = NormKind::batch, kLayer = NormKind::layer;
constexpr GluKind kFull = GluKind::full, kHalf1 = GluKind::half1, kHalf2 = GluKind::half2;
constexpr Pooling kMean = Pooling::mean, kLast = Pooling::last;
constexpr bool kPre = true, kPost = false, kBoth = true, kCausal = false;

}  // namespace

// Lengths, vocabularies and classes: state-spaces/s4@e757cef configs/dataset, configs/pipeline.
const std::vector<TaskShape>& task_shapes() {
  static const std::vector<TaskShape> shapes = {
      {"listops", "LRA ListOps", 2048, 18, 1, 10, false},
      {"text", "LRA Text", 4096, 135, 1, 2, false},
      {"retrieval", "LRA Retrieval", 4000, 98, 1, 2, true},
      {"image", "LRA Image", 1024, 0, 1, 10, false},
      {"pathfinder", "LRA Pathfinder", 1024, 0, 1, 2, false},
      {"path-x", "LRA Path-X", 16384, 0, 1, 2, false},
      {"scifar", "sequential CIFAR-10", 1024, 0, 3, 10, false},
      {"smnist", "sequential MNIST", 784, 0, 1, 10, false},
      {"speech", "Speech Commands 35", 16000, 0, 1, 35, false},
      {"tiny", "tests", 32, 0, 2, 3, false},
  };
  return shapes;
}

// state-spaces/s4@e757cef57d89e448c413de7325ed5601aceaac13 (S4, S4D; default layer options gelu,
// glu, dt in [1e-3, 1e-1]), lindermanlab/S5@3c18fdb6b06414da35e77b94b9cd855f6a95ef17,
// raminmh/liquid-s4@06031dc770975d364f7d5b2fbf77b41b2c4bddd1.
const std::vector<PublishedSize>& published_sizes() {
  static const std::vector<PublishedSize> sizes = {
      {"listops", "s4 s4d", "paper", 8, 128, 64, 0, kBatch, kPost, kBoth, kFull, kMean, 1e-3, 1e-1,
       "state-spaces/s4@e757cef:configs/experiment/lra/old/v3-s4-listops.yaml"},
      {"listops", "s4 s4d", "repo", 6, 256, 4, 0, kBatch, kPost, kBoth, kFull, kMean, 1e-3, 1e-1,
       "state-spaces/s4@e757cef:configs/experiment/lra/s4-listops.yaml"},
      {"listops", "s5", "paper", 8, 128, 16, 8, kBatch, kPre, kBoth, kHalf2, kMean, 1e-3, 1e-1,
       "lindermanlab/S5@3c18fdb:bin/run_experiments/run_lra_listops.sh"},
      {"listops", "liquid-s4", "paper", 9, 128, 7, 0, kBatch, kPre, kCausal, kFull, kMean, 2e-3,
       2e-1, "raminmh/liquid-s4@06031dc:configs/experiment/lra/s4-lra-listops.yaml"},
      {"text", "s4 s4d", "paper", 6, 256, 64, 0, kBatch, kPre, kBoth, kFull, kMean, 1e-3, 1e-1,
       "state-spaces/s4@e757cef:configs/experiment/lra/old/v3-s4-imdb.yaml"},
      {"text", "s4 s4d", "repo", 6, 256, 4, 0, kBatch, kPre, kBoth, kFull, kMean, 1e-3, 1e-1,
       "state-spaces/s4@e757cef:configs/experiment/lra/s4-imdb.yaml"},
      {"text", "s5", "paper", 6, 256, 192, 12, kBatch, kPre, kBoth, kHalf2, kMean, 1e-3, 1e-1,
       "lindermanlab/S5@3c18fdb:bin/run_experiments/run_lra_imdb.sh"},
      {"text", "liquid-s4", "paper", 4, 128, 7, 0, kBatch, kPre, kCausal, kFull, kMean, 2e-3, 2e-1,
       "raminmh/liquid-s4@06031dc:configs/experiment/lra/s4-lra-imdb.yaml"},
      {"retrieval", "s4 s4d", "paper", 6, 256, 64, 0, kBatch, kPre, kBoth, kFull, kMean, 1e-3, 1e-1,
       "state-spaces/s4@e757cef:configs/experiment/lra/old/v3-s4-aan.yaml"},
      {"retrieval", "s4 s4d", "repo", 6, 256, 4, 0, kBatch, kPre, kBoth, kFull, kMean, 1e-3, 1e-1,
       "state-spaces/s4@e757cef:configs/experiment/lra/s4-aan.yaml"},
      {"retrieval", "s5", "paper", 6, 128, 256, 16, kBatch, kPre, kBoth, kHalf1, kMean, 1e-3, 1e-1,
       "lindermanlab/S5@3c18fdb:bin/run_experiments/run_lra_aan.sh"},
      {"retrieval", "liquid-s4", "paper", 6, 256, 64, 0, kBatch, kPre, kCausal, kFull, kMean, 1e-3,
       1e-1, "raminmh/liquid-s4@06031dc:configs/experiment/lra/s4-lra-aan.yaml"},
      {"image", "s4 s4d", "paper", 6, 512, 64, 0, kLayer, kPost, kBoth, kFull, kMean, 1e-3, 1e-1,
       "state-spaces/s4@e757cef:configs/experiment/lra/old/v3-s4-cifar.yaml"},
      {"image", "s4 s4d", "repo", 6, 512, 64, 0, kBatch, kPost, kBoth, kFull, kMean, 1e-3, 1e-1,
       "state-spaces/s4@e757cef:configs/experiment/lra/s4-cifar.yaml"},
      {"image", "s5", "paper", 6, 512, 384, 3, kBatch, kPre, kBoth, kHalf1, kMean, 1e-3, 1e-1,
       "lindermanlab/S5@3c18fdb:bin/run_experiments/run_lra_cifar.sh"},
      {"image", "liquid-s4", "paper", 6, 512, 512, 0, kLayer, kPost, kBoth, kFull, kMean, 2e-3,
       2e-1, "raminmh/liquid-s4@06031dc:configs/experiment/lra/s4-lra-cifar.yaml"},
      {"pathfinder", "s4 s4d", "paper", 6, 256, 64, 0, kBatch, kPre, kBoth, kFull, kLast, 1e-3,
       1e-1, "state-spaces/s4@e757cef:configs/experiment/lra/old/v3-s4-pathfinder.yaml"},
      {"pathfinder", "s4 s4d", "repo", 6, 256, 64, 0, kBatch, kPre, kBoth, kFull, kMean, 1e-3, 1e-1,
       "state-spaces/s4@e757cef:configs/experiment/lra/s4-pathfinder.yaml"},
      {"pathfinder", "s5", "paper", 6, 192, 256, 8, kBatch, kPre, kBoth, kHalf1, kMean, 1e-3, 1e-1,
       "lindermanlab/S5@3c18fdb:bin/run_experiments/run_lra_pathfinder.sh"},
      {"pathfinder", "liquid-s4", "paper", 6, 256, 64, 0, kBatch, kPre, kCausal, kFull, kLast, 1e-3,
       1e-1, "raminmh/liquid-s4@06031dc:configs/experiment/lra/s4-lra-pathfinder.yaml"},
      {"path-x", "s4 s4d", "paper", 6, 256, 64, 0, kBatch, kPre, kBoth, kFull, kMean, 1e-4, 1e-1,
       "state-spaces/s4@e757cef:configs/experiment/lra/old/v3-s4-pathx.yaml"},
      {"path-x", "s4 s4d", "repo", 6, 256, 64, 0, kBatch, kPre, kBoth, kFull, kMean, 1e-4, 1e-1,
       "state-spaces/s4@e757cef:configs/experiment/lra/s4-pathx.yaml"},
      {"path-x", "s5", "paper", 6, 128, 256, 16, kBatch, kPre, kBoth, kHalf1, kMean, 1e-4, 1e-1,
       "lindermanlab/S5@3c18fdb:bin/run_experiments/run_lra_pathx.sh"},
      {"path-x", "liquid-s4", "paper", 6, 320, 64, 0, kBatch, kPre, kCausal, kFull, kMean, 1e-4,
       1e-1, "raminmh/liquid-s4@06031dc:configs/experiment/lra/s4-lra-pathx.yaml"},
      {"scifar", "s4 s4d", "repo", 6, 512, 64, 0, kLayer, kPost, kBoth, kFull, kMean, 1e-3, 1e-1,
       "state-spaces/s4@e757cef:configs/experiment/cifar/s4-cifar.yaml"},
      {"scifar", "s4d", "minimal", 4, 128, 64, 0, kLayer, kPost, kCausal, kFull, kMean, 1e-3, 1e-1,
       "state-spaces/s4@e757cef:configs/experiment/cifar/s4d-minimal-cifar.yaml"},
      {"scifar", "liquid-s4", "paper", 6, 512, 512, 0, kLayer, kPost, kBoth, kFull, kMean, 2e-3,
       2e-1, "arXiv 2209.12951: the sizes of LRA Image"},
      {"smnist", "s4 s4d", "repo", 4, 256, 64, 0, kLayer, kPre, kCausal, kFull, kMean, 1e-3, 1e-1,
       "state-spaces/s4@e757cef:configs/pipeline/mnist.yaml and model defaults"},
      {"smnist", "s4 s4d", "small", 3, 128, 64, 0, kBatch, kPre, kCausal, kFull, kMean, 1e-3, 1e-1,
       "state-spaces/s4@e757cef:README.md"},
      {"speech", "s4 s4d", "repo", 6, 128, 64, 0, kBatch, kPre, kBoth, kFull, kMean, 1e-3, 1e-1,
       "state-spaces/s4@e757cef:configs/experiment/sc/s4-sc.yaml"},
      {"speech", "s4 s4d", "ablation", 4, 128, 64, 0, kBatch, kPre, kCausal, GluKind::none, kLast,
       1e-3, 1e-1, "state-spaces/s4@e757cef:configs/experiment/sc/s4-sc-ablation.yaml"},
      {"speech", "s5", "paper", 6, 96, 128, 16, kBatch, kPre, kBoth, kHalf1, kMean, 1e-3, 1e-1,
       "lindermanlab/S5@3c18fdb:bin/run_experiments/run_speech35.sh"},
      {"speech", "liquid-s4", "paper", 6, 128, 7, 0, kBatch, kPre, kCausal, kFull, kMean, 2e-3,
       2e-1, "raminmh/liquid-s4@06031dc:configs/experiment/sc/s4-sc.yaml"},
      {"tiny", "s4 s4d", "tiny", 2, 6, 8, 0, kBatch, kPre, kBoth, kFull, kMean, 1e-2, 1e-1, ""},
      {"tiny", "s4 s4d", "causal", 2, 16, 32, 0, kBatch, kPre, kCausal, kFull, kMean, 1e-3, 1e-1,
       ""},
      {"tiny", "s5", "tiny", 2, 6, 8, 2, kBatch, kPre, kBoth, kHalf2, kMean, 1e-2, 1e-1, ""},
      {"tiny", "liquid-s4", "tiny", 2, 6, 7, 0, kLayer, kPost, kCausal, kFull, kLast, 1e-2, 1e-1,
       ""},
  };
  return sizes;
}

bool is_for(const PublishedSize& size, const char* family) {
  std::istringstream words(size.families);
  for (std::string word; words >> word;) {
    if (word == family) return true;
  }
  return false;
}

}  // namespace epoch
