// SPDX-License-Identifier: Apache-2.0
#include "model/network_model.h"

#include "model/model_folder.h"

namespace epoch {

NetworkModel load_model(const std::string& folder) {
  enum class Family { s4, mamba, dense };
  const Family family =
      ConfigReader(folder).choice<Family>("model_type", {{"s4d", Family::s4},
                                                         {"s4", Family::s4},
                                                         {"s5", Family::s4},
                                                         {"liquid_s4", Family::s4},
                                                         {"mamba", Family::mamba},
                                                         {"mamba2", Family::mamba},
                                                         {"mlp", Family::dense},
                                                         {"lstm", Family::dense},
                                                         {"cnn", Family::dense}});
  switch (family) {
    case Family::s4:
      return load_s4_model(folder);
    case Family::mamba:
      return load_mamba_model(folder);
    case Family::dense:
      break;
  }
  return load_dense_model(folder);
}

}  // namespace epoch
