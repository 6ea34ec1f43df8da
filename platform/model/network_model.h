// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <variant>

#include "model/dense_model.h"
#include "model/mamba_model.h"
#include "model/s4_model.h"

namespace epoch {

using NetworkModel = std::variant<S4Model, MambaModel, DenseModel>;

// A model folder of any family, by `model_type` of its config.json. Throws InputError.
NetworkModel load_model(const std::string& folder);

}  // namespace epoch
