// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "generate/generated_model.h"

namespace epoch {

// Told what is being done, for a terminal.
using GenerateProgress = std::function<void(const std::string& what)>;

// Writes a model folder with an input, the float64 reference's outputs for it and a scenario that
// runs it (README.md). Throws UnavailableError: a folder that is there and not empty, or that
// cannot be written; what was written until then is removed again.
void write_model_folder(GeneratedModel model, const std::filesystem::path& folder,
                        const GenerateProgress& progress = {});

}  // namespace epoch
