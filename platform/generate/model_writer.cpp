// SPDX-License-Identifier: Apache-2.0
#include "generate/model_writer.h"

#include <algorithm>

#include "errors.h"
#include "files/output_file.h"
#include "model/network_model.h"
#include "reference/mamba_reference.h"

namespace epoch {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// The folder and what was written into it, until the writer is done.
class NewFolder {
 public:
  explicit NewFolder(const fs::path& folder) : folder_(folder) {
    std::error_code error;
    if (fs::exists(folder, error)) {
      if (!fs::is_directory(folder, error) || !fs::is_empty(folder, error) || error)
        throw UnavailableError(folder.string() + ": is there already and is no empty folder");
      return;
    }
    fs::create_directories(folder, error);
    if (error) throw UnavailableError(folder.string() + ": cannot be made: " + error.message());
    created_ = true;
  }
  ~NewFolder() {
    if (kept_) return;
    std::error_code ignored;
    for (const fs::path& file : files_) fs::remove(file, ignored);
    if (created_) fs::remove(folder_, ignored);
  }
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;

  fs::path file(const std::string& name) {
    files_.push_back(folder_ / name);
    return files_.back();
  }
  void keep() { kept_ = true; }

 private:
  fs::path folder_;
  std::vector<fs::path> files_;
  bool created_ = false, kept_ = false;
};

std::vector<float> rounded(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

void expect_decoded(const MambaReference& reference, const ReferenceInput& input,
                    std::uint32_t count, TensorFile& expected) {
  const MambaReference::Decoded decoded = reference.decode(input, count);
  expected.add("logits", {count, reference.model().config.vocabulary}, rounded(decoded.logits));
  // Ids are below 2^20 (kLargestWidth): exact in F32.
  expected.add("tokens", {count}, {decoded.tokens.begin(), decoded.tokens.end()});
}

// The logits of the folder's own network, read back as everybody reads it.
TensorFile expected_outputs(const fs::path& folder, const GeneratedModel& generated,
                            const GenerateProgress& progress) {
  NetworkModel model = load_model(folder.string());
  const ReferenceInput input = input_from_file(model, generated.input);
  TensorFile expected;
  auto* mamba = std::get_if<MambaModel>(&model);
  if (mamba != nullptr && generated.decode != 0) {
    progress("reference: decoding");
    expect_decoded(MambaReference(std::move(*mamba)), input, generated.decode, expected);
    return expected;
  }
  const auto* dense = std::get_if<DenseModel>(&model);
  const bool rows = dense != nullptr && dense->config.kind == DenseKind::mlp;
  const std::vector<double> logits =
      ReferenceNetwork::make(std::move(model))->outputs(input, [&](const Signal& signal) {
        if (signal.kind == Signal::Kind::stream)
          progress("reference: layer " + std::to_string(signal.layer));
      });
  std::vector<std::uint64_t> shape = {logits.size()};
  if (rows) shape = {generated.steps, logits.size() / generated.steps};
  expected.add("logits", shape, rounded(logits));
  return expected;
}

// Enough memory for an image a quarter larger than the parameters (folded and padded coefficients),
// the activations and the firmware; the platform's default where that is enough.
std::uint64_t dram_mib(const GeneratedModel& model) {
  constexpr std::uint64_t firmware = 32u << 20, usual = 512, most = 2048;
  const std::uint64_t bytes =
      4 * model.tensors.elements() * 5 / 4 + model.activation_bytes + firmware;
  const std::uint64_t mib = (bytes + (256u << 20) - 1) / (256u << 20) * 256;
  return std::clamp(mib, usual, most);
}

Json scenario(const GeneratedModel& model, std::uint64_t mib) {
  Json arguments = {"--steps=" + std::to_string(model.steps)};
  if (model.decode != 0) arguments.push_back("--decode=" + std::to_string(model.decode));
  Json json = {{"description", model.description},
               {"firmware", {{"elf", "network.elf"}, {"args", arguments}}},
               {"network", {{"model", "."}}},
               {"data", Json::array({{{"name", "input"}, {"file", "input.bin"}}})}};
  if (model.config["model_type"] ==
      "s4d")  // int8 is defined for it, and measures its ranges on this
    json["network"]["calibration"] = "input.bin";
  if (mib != 512) json["dram"] = {{"size_mib", mib}};
  return json;
}

}  // namespace

void write_model_folder(GeneratedModel model, const fs::path& folder,
                        const GenerateProgress& progress) {
  const GenerateProgress told = [&](const std::string& what) {
    if (progress) progress(what);
  };
  NewFolder files(folder);
  told("writing the network");
  Json config = model.config;
  config["description"] = model.description;
  write_file(files.file("config.json"), config.dump(2) + "\n");
  model.tensors.write(files.file("model.safetensors"));
  write_file(files.file("input.bin"), {model.input.begin(), model.input.end()});
  write_file(files.file("scenario.json"), scenario(model, dram_mib(model)).dump(2) + "\n");
  model.tensors = {};  // half a gigabyte that the reference can use
  expected_outputs(folder, model, told).write(files.file("expected.safetensors"));
  files.keep();
}

}  // namespace epoch
