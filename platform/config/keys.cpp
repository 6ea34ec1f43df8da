// SPDX-License-Identifier: Apache-2.0
#include "config/keys.h"

#include <cstdio>

#include "config/key_makers.h"

namespace epoch {
namespace {

void add_workload(std::vector<Key>& keys) {
  keys.push_back(plain("firmware.elf", KeyType::file, EPOCH_FIELD(firmware.elf),
                       "RISC-V ELF to run; a bare name is also searched in the firmware folders"));
  keys.push_back(plain("firmware.args", KeyType::text_list, EPOCH_FIELD(firmware.args),
                       "Arguments of the firmware, argv[1] on"));
  keys.push_back(plain("network.model", KeyType::file, EPOCH_FIELD(network.model),
                       "Model folder (config.json, model.safetensors), compiled for this array and "
                       "loaded; a bare name is also searched in the shipped scenarios"));
  keys.push_back(
      choice("network.type", EPOCH_FIELD(network.type), {"fp32", "bf16", "bf16d", "int8"},
             std::vector<NumberType>{NumberType::fp32, NumberType::bf16, NumberType::bf16d,
                                     NumberType::int8},
             "Number type of the compiled network; bf16d: bf16 with poles as a - 1 in bf16"));
  keys.push_back(
      choice("network.partial_type", EPOCH_FIELD(network.partial_type), {"fp32", "bf16"},
             std::vector<NumberType>{NumberType::fp32, NumberType::bf16},
             "Number type in which a bidirectional layer's first direction waits for the second"));
  keys.push_back(plain("network.calibration", KeyType::file, EPOCH_FIELD(network.calibration),
                       "int8: inputs to measure the network's signals on, an IDX file or plain "
                       "rows of the input (the first 32 sequences are taken)"));
  keys.push_back(automatic_address("network.address", EPOCH_FIELD(network.address),
                                   "Where the network image is loaded"));
  keys.push_back(plain("data[].name", KeyType::text, EPOCH_ELEMENT(data, name),
                       "Name under which the firmware finds the data"));
  keys.push_back(plain("data[].file", KeyType::file, EPOCH_ELEMENT(data, file),
                       "File loaded into dram as it is"));
  keys.push_back(plain("data[].hint", KeyType::text, EPOCH_ELEMENT(data, hint),
                       "What to do when the file is missing, for the message that says so"));
  keys.push_back(automatic_address("data[].address", EPOCH_ELEMENT(data, address),
                                   "Where the file is loaded"));
}

void add_memory_map(std::vector<Key>& keys) {
  const std::string map = "memory_map.";
  keys.push_back(address(map + "boot_rom", EPOCH_FIELD(memory_map.boot_rom),
                         "Boot rom: reset pc, device tree"));
  keys.push_back(
      address(map + "clint", EPOCH_FIELD(memory_map.clint), "Timer and software interrupts"));
  keys.push_back(address(map + "plic", EPOCH_FIELD(memory_map.plic), "Interrupt controller"));
  keys.push_back(address(map + "uart", EPOCH_FIELD(memory_map.uart), "16550 serial port"));
  keys.push_back(address(map + "simctl", EPOCH_FIELD(memory_map.simctl), "Simulation control"));
  keys.push_back(
      address(map + "epochcore", EPOCH_FIELD(memory_map.epochcore), "EpochCore registers"));
  keys.push_back(address(map + "scratchpad", EPOCH_FIELD(memory_map.scratchpad),
                         "Debug window onto EpochCore's buffers"));
  keys.push_back(address(map + "sram", EPOCH_FIELD(memory_map.sram), "On-chip sram"));
  keys.push_back(address(map + "dram", EPOCH_FIELD(memory_map.dram), "Main memory"));
}

std::vector<Key> make_keys() {
  std::vector<Key> keys;
  add_workload(keys);
  add_system_keys(keys);
  add_epochcore_keys(keys);
  add_memory_map(keys);
  return keys;
}

std::string plain_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.12g", value);
  return text;
}

std::string range_text(const Key& key) {
  if (key.minimum == key.maximum) return plain_number(key.minimum);
  return plain_number(key.minimum) + " to " + plain_number(key.maximum);
}

std::string quoted_list(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "\"" : ", \"") + value + "\"";
  return text;
}

}  // namespace

std::string Key::allowed() const {
  std::string text;
  switch (type) {
    case KeyType::boolean:
      text = "true or false";
      break;
    case KeyType::integer:
      text = std::string(power_of_two ? "a power of two" : "an integer") +
             (minimum == maximum ? ", only " : ", ") + range_text(*this);
      break;
    case KeyType::number:
      text = "a number, " + range_text(*this);
      break;
    case KeyType::choice:
      text = "one of " + quoted_list(choices);
      break;
    case KeyType::text:
      if (accepts) return note;
      text = "a text";
      break;
    case KeyType::file:
      text = "a file name";
      break;
    case KeyType::text_list:
      text = "a list of texts";
      break;
    case KeyType::address:
      text = "an address below 4 GiB, as 268435456 or \"0x10000000\"";
      break;
  }
  if (allows_auto) text += ", or \"auto\"";
  if (!note.empty()) text += " (" + note + ")";
  return text;
}

const std::vector<Key>& scenario_keys() {
  static const std::vector<Key> keys = make_keys();
  return keys;
}

const Key* find_key(const std::string& path) {
  for (const Key& key : scenario_keys()) {
    if (key.path == path) return &key;
  }
  return nullptr;
}

}  // namespace epoch
