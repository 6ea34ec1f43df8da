// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <cstdio>
#include <sstream>

#include "cli/command.h"
#include "config/json_text.h"
#include "errors.h"
#include "generate/model_writer.h"
#include "run/progress.h"

namespace epoch {

namespace po = boost::program_options;

namespace {

std::string task_table() {
  std::ostringstream text;
  for (const std::string& family : generated_families()) {
    std::string line = "  " + family + std::string(10 - family.size(), ' ');
    for (const std::string& task : tasks_of(family)) {
      if (line.size() + task.size() > 78) {
        text << line << "\n";
        line = std::string(12, ' ');
      }
      line += " " + task;
    }
    text << line << "\n";
  }
  return text.str();
}

std::string help_text(const po::options_description& options) {
  std::ostringstream text;
  text
      << "usage: epochvp generate FAMILY --task TASK --out MODEL_DIR [options]\n\n"
         "Writes a network of random weights with a published network's sizes and initialisation,\n"
         "an input, what a float64 reference makes of it, and a scenario:\n\n"
         "  config.json, model.safetensors   the model folder that run and compile read\n"
         "  input.bin                        uint8 [step][input_width], or uint32 token ids\n"
         "  expected.safetensors             `logits`, and `tokens` of a decoding\n"
         "  scenario.json                    for epochvp run\n\n"
         "The same words give the same weights and inputs on every machine.\n\n"
      << options << "\nFamilies and their tasks:\n"
      << task_table()
      << "\nExamples:\n"
         "  epochvp generate s4d --task smnist --out build/s4d\n"
         "  epochvp generate s4 --task path-x --layers 1 --steps 1024 --out build/path-x\n"
         "  epochvp generate mamba --task decode --out build/mamba\n"
         "  epochvp run build/s4d/scenario.json\n\n"
      << kExitStatusHelp;
  return text.str();
}

// A plain decimal integer; program_options would take "-1" and " 1" for an unsigned.
std::uint64_t integer(const po::variables_map& values, const std::string& name, std::uint64_t least,
                      std::uint64_t most) {
  const std::string text = values[name].as<std::string>();
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most)
    throw UsageError("--" + name + " " + one_line(text) + ": write an integer in " +
                     std::to_string(least) + ".." + std::to_string(most));
  return number;
}

std::optional<std::uint32_t> count(const po::variables_map& values, const std::string& name,
                                   std::uint32_t most) {
  if (values.count(name) == 0) return std::nullopt;
  return static_cast<std::uint32_t>(integer(values, name, 1, most));
}

std::string word(const po::variables_map& values, const std::string& name) {
  return one_line(optional_text(values, name).value_or(""));
}

GenerateRequest request_of(const po::variables_map& values) {
  GenerateRequest request;
  request.family = word(values, "family");
  request.task = word(values, "task");
  request.init = word(values, "init");
  request.variant = word(values, "variant");
  request.seed = integer(values, "seed", 0, ~std::uint64_t{0});
  request.layers = count(values, "layers", 4096);
  request.steps = count(values, "steps", 1u << 20);
  request.decode = count(values, "decode", 4096);
  return request;
}

}  // namespace

int generate_command(const std::vector<std::string>& arguments) {
  po::options_description options("Options");
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add_options()("task", text("TASK"), "what the network is for; see below")(
      "out", text("MODEL_DIR"), "a new or an empty folder")("seed", text("S")->default_value("1"),
                                                            "random numbers to start from")(
      "layers", text("N"), "that many layers, not the published number")(
      "steps", text("L"), "steps of a document, tokens of a prompt, rows of an mlp")(
      "variant", text("NAME"), "another published size: repo (S4's v4), small, minimal, ablation")(
      "init", text("HOW"), "s4d: lin (usual), inv, legs")(
      "decode", text("N"), "mamba: decode N tokens behind the prompt (task decode: 8)")(
      "help,h", "show this text");
  const po::variables_map values = parse_options(arguments, options, {"family"});
  if (values.count("help") != 0) {
    print(help_text(options));
    return 0;
  }
  const GenerateRequest request = request_of(values);
  check_request(request);
  const auto out = optional_text(values, "out");
  if (!out || out->empty()) throw UsageError("generate needs --out MODEL_DIR");
  Progress line;
  line.show("random weights");
  GeneratedModel model = generate_model(request);
  const std::uint64_t parameters = model.tensors.elements();
  const std::string description = model.description;
  write_model_folder(std::move(model), *out, [&](const std::string& what) { line.show(what); });
  line.erase();
  std::fprintf(stderr, "epochvp: %s, %s, %llu parameters\n", out->c_str(), description.c_str(),
               static_cast<unsigned long long>(parameters));
  return 0;
}

}  // namespace epoch
