// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "errors.h"
#include "files/output_file.h"
#include "generate/generated_model.h"
#include "generate/model_writer.h"
#include "platform/scratch_folder.h"

using namespace epoch;
using Catch::Matchers::Contains;
using test::message_of;
using test::ScratchFolder;

namespace {

std::string usage_error(const GenerateRequest& request) {
  return message_of<UsageError>([&] { generate_model(request); });
}

GenerateRequest words(const std::string& family, const std::string& task) {
  GenerateRequest request;
  request.family = family;
  request.task = task;
  return request;
}

std::string refusal(const std::filesystem::path& folder) {
  return message_of<UnavailableError>(
      [&] { write_model_folder(generate_model(words("mlp", "tiny")), folder); });
}

}  // namespace

TEST_CASE("unknown words are refused with the ones that there are") {
  CHECK(usage_error(words("s6", "tiny")) ==
        "unknown family \"s6\"; there are: s4d, s4, s5, liquid-s4, mamba, mamba2, mlp, lstm, cnn");
  CHECK_THAT(usage_error(words("", "tiny")), Contains("needs a family; there are: s4d"));
  CHECK(usage_error(words("mlp", "path-x")) ==
        "unknown task \"path-x\" of mlp; there are: mnist, tiny");
  CHECK_THAT(usage_error(words("s5", "")), Contains("needs a task; there are: listops"));
  CHECK_THAT(usage_error(words("s5", "scifar")), Contains("path-x, speech, tiny"));
  GenerateRequest request = words("s4", "path-x");
  request.variant = "v9";
  CHECK(usage_error(request) ==
        "unknown --variant \"v9\" of s4 --task path-x; there are: paper, repo");
  request = words("s4d", "tiny");
  request.init = "random";
  CHECK(usage_error(request) == "unknown --init \"random\"; there are: lin, inv, legs");
}

TEST_CASE("options that a family has not are refused") {
  GenerateRequest request = words("s4", "tiny");
  request.init = "legs";
  CHECK(usage_error(request) == "--init is for s4d, not for s4");
  request = words("mamba", "tiny");
  request.variant = "repo";
  CHECK(usage_error(request) == "--variant is for the S4 families, not for mamba");
  request = words("s4d", "tiny");
  request.decode = 4;
  CHECK(usage_error(request) == "--decode is for mamba and mamba2, not for s4d");
  request = words("cnn", "tiny");
  request.steps = 10;
  CHECK(usage_error(request) == "--steps is not for cnn: it reads one image");
  request = words("cnn", "tiny");
  request.layers = 9;
  CHECK_THAT(usage_error(request), Contains("--layers of this cnn is at most"));
  request = words("lstm", "tiny");
  request.layers = 2;
  CHECK(usage_error(request) == "--layers of an lstm is 1");
}

TEST_CASE("a folder in use, a file, and a place that cannot be written are refused") {
  const ScratchFolder scratch;
  const auto file = scratch.write("taken/file", "mine");
  CHECK_THAT(refusal(scratch / "taken"), Contains("is there already and is no empty folder"));
  CHECK_THAT(refusal(file), Contains("is there already and is no empty folder"));
  CHECK_THAT(refusal(file / "below"), Contains("cannot be made"));
  CHECK_THAT(refusal("/proc/none"), Contains("cannot be made"));
  CHECK(std::filesystem::file_size(file) == 4);
  std::filesystem::create_directories(scratch / "empty");
  CHECK(refusal(scratch / "empty").empty());
  CHECK(std::filesystem::exists(scratch / "empty" / "scenario.json"));
}

TEST_CASE("a full disk is a refusal") {
  CHECK_THAT(message_of<UnavailableError>([] {
               OutputFile file("/dev/full");
               file.write("text", 4);
               file.close();
             }),
             Contains("/dev/full: could not be written to its end"));
  CHECK_THAT(message_of<UnavailableError>([] { OutputFile file("/proc/none"); }),
             Contains("/proc/none: cannot be written"));
}

TEST_CASE("what was written until a failure is removed") {
  const ScratchFolder scratch;
  GeneratedModel model = generate_model(words("mlp", "tiny"));
  model.config["model_type"] = "none";  // the folder does not read back
  CHECK_THROWS_AS(write_model_folder(model, scratch / "made"), InputError);
  CHECK_FALSE(std::filesystem::exists(scratch / "made"));
  std::filesystem::create_directories(scratch / "there");
  CHECK_THROWS_AS(write_model_folder(model, scratch / "there"), InputError);
  CHECK(std::filesystem::is_empty(scratch / "there"));
}
