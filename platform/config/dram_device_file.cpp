// SPDX-License-Identifier: Apache-2.0
#include "config/dram_device_file.h"

#include <set>
#include <stdexcept>

#include "config/json_text.h"
#include "errors.h"

namespace epoch {
namespace {

// One section of the file: fields of the form "name": { "value": 22, "source": "ramulator2" }.
class SectionReader {
 public:
  SectionReader(const Json& root, const std::string& file, const std::string& section)
      : file_(file), section_(section), fields_(member(root, section)) {
    sources_ = &member(root, "sources");
  }

  [[noreturn]] void refuse(const std::string& field, const std::string& why) const {
    throw InputError(file_, section_ + "." + one_line(field) + ": " + why);
  }

  unsigned read(const std::string& name) {
    known_.insert(name);
    const auto found = fields_.find(name);
    if (found == fields_.end()) refuse(name, "is missing: { \"value\": N, \"source\": \"...\" }");
    return value_of(name, *found);
  }

  void refuse_unknown() const {
    for (const auto& [name, value] : fields_.items()) {
      if (known_.count(name) != 0) continue;
      std::string all;
      for (const std::string& one : known_) all += (all.empty() ? "" : ", ") + one;
      refuse(name, "is no field; fields are " + all);
    }
  }

 private:
  const Json& member(const Json& root, const std::string& name) const {
    const auto found = root.find(name);
    if (found == root.end() || !found->is_object()) {
      throw InputError(file_, name + ": must be an object, { ... }");
    }
    return *found;
  }

  unsigned value_of(const std::string& name, const Json& field) const {
    if (!field.is_object() || field.size() != 2 || !field.contains("value") ||
        !field.contains("source")) {
      refuse(name, shown(field) + " is not of the form { \"value\": N, \"source\": \"...\" }");
    }
    const Json& value = field["value"];
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > 0x7FFFFFFF) {
      refuse(name, shown(value) + " is not a whole number below 2147483648");
    }
    const Json& source = field["source"];
    if (!source.is_string() || !sources_->contains(source.get<std::string>())) {
      refuse(name, "source: " + shown(source) + " is not explained under \"sources\"");
    }
    return value.get<unsigned>();
  }

  static std::string shown(const Json& value) {
    return one_line(value.dump(-1, ' ', true, Json::error_handler_t::replace), 60);
  }

  const std::string file_;
  const std::string section_;
  const Json& fields_;
  const Json* sources_;
  std::set<std::string> known_;
};

}  // namespace

DramDevice read_dram_device(const std::filesystem::path& file) {
  const Json root = read_json_file(file);
  if (!root.is_object()) throw InputError(file.string(), "a device is an object, { ... }");
  for (const auto& [name, value] : root.items()) {
    if (name != "description" && name != "sources" && name != "organisation" && name != "timing") {
      throw InputError(
          file.string(),
          one_line(name) + ": unknown key; keys are description, sources, organisation, timing");
    }
  }
  DramDevice device;
  device.name = file.stem().string();
  SectionReader organisation(root, file.string(), "organisation");
  for (const DramOrganisationField& field : dram_organisation_fields()) {
    device.organisation.*field.member = organisation.read(field.name);
  }
  organisation.refuse_unknown();
  SectionReader timing(root, file.string(), "timing");
  for (const DramTimingField& field : dram_timing_fields()) {
    device.timing.*field.member = timing.read(field.name);
  }
  timing.refuse_unknown();
  try {
    check_device(device);
  } catch (const std::invalid_argument& refusal) {
    throw InputError(file.string(), refusal.what());
  }
  return device;
}

}  // namespace epoch
