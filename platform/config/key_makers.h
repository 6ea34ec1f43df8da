// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "config/keys.h"

// What the parts of the table of keys are made with; for keys*.cpp only. `access(config, index)` is
// the field, as EPOCH_FIELD and EPOCH_ELEMENT write it.
namespace epoch {

constexpr double kMax32 = 4294967295.0;

template <typename Access>
Key integer(std::string path, Access access, double minimum, double maximum,
            std::string description) {
  using Field = std::decay_t<decltype(access(std::declval<ScenarioConfig&>(), 0))>;
  Key key;
  key.path = std::move(path);
  key.type = KeyType::integer;
  key.description = std::move(description);
  key.minimum = minimum;
  key.maximum = maximum;
  key.read = [access](const ScenarioConfig& c, std::size_t i) {
    return KeyValue(static_cast<std::uint64_t>(access(c, i)));
  };
  key.write = [access](ScenarioConfig& c, std::size_t i, const KeyValue& value) {
    access(c, i) = static_cast<Field>(std::get<std::uint64_t>(value));
  };
  return key;
}

// An integer whose field counts in units of `scale`, e.g. bytes for a key in KiB.
template <typename Access>
Key scaled(std::string path, Access access, std::uint64_t scale, double minimum, double maximum,
           std::string description) {
  Key key = integer(std::move(path), access, minimum, maximum, std::move(description));
  key.read = [access, scale](const ScenarioConfig& c, std::size_t i) {
    return KeyValue(static_cast<std::uint64_t>(access(c, i) / scale));
  };
  key.write = [access, scale](ScenarioConfig& c, std::size_t i, const KeyValue& value) {
    access(c, i) = std::get<std::uint64_t>(value) * scale;
  };
  return key;
}

inline Key power_of_two(Key key) {
  key.power_of_two = true;
  return key;
}

template <typename Access>
Key number(std::string path, Access access, double minimum, double maximum,
           std::string description) {
  Key key;
  key.path = std::move(path);
  key.type = KeyType::number;
  key.description = std::move(description);
  key.minimum = minimum;
  key.maximum = maximum;
  key.read = [access](const ScenarioConfig& c, std::size_t i) { return KeyValue(access(c, i)); };
  key.write = [access](ScenarioConfig& c, std::size_t i, const KeyValue& value) {
    access(c, i) = std::get<double>(value);
  };
  return key;
}

template <typename Access>
Key plain(std::string path, KeyType type, Access access, std::string description) {
  using Field = std::decay_t<decltype(access(std::declval<ScenarioConfig&>(), 0))>;
  Key key;
  key.path = std::move(path);
  key.type = type;
  key.description = std::move(description);
  key.read = [access](const ScenarioConfig& c, std::size_t i) { return KeyValue(access(c, i)); };
  key.write = [access](ScenarioConfig& c, std::size_t i, const KeyValue& value) {
    access(c, i) = std::get<Field>(value);
  };
  return key;
}

// A choice: `values[n]` is the field's value for choices[n].
template <typename Access, typename Field>
Key choice(std::string path, Access access, std::vector<std::string> choices,
           std::vector<Field> values, std::string description, std::string note = "") {
  Key key;
  key.path = std::move(path);
  key.type = KeyType::choice;
  key.description = std::move(description);
  key.choices = choices;
  key.note = std::move(note);
  key.read = [access, choices, values](const ScenarioConfig& c, std::size_t i) {
    const auto at = std::find(values.begin(), values.end(), access(c, i)) - values.begin();
    return KeyValue(choices[static_cast<std::size_t>(at)]);
  };
  key.write = [access, choices, values](ScenarioConfig& c, std::size_t i, const KeyValue& value) {
    const auto at = std::find(choices.begin(), choices.end(), std::get<std::string>(value));
    access(c, i) = values[static_cast<std::size_t>(at - choices.begin())];
  };
  return key;
}

template <typename Access>
Key address(std::string path, Access access, std::string description) {
  Key key;
  key.path = std::move(path);
  key.type = KeyType::address;
  key.description = std::move(description);
  key.maximum = kMax32;
  key.read = [access](const ScenarioConfig& c, std::size_t i) {
    return KeyValue(static_cast<std::uint64_t>(access(c, i)));
  };
  key.write = [access](ScenarioConfig& c, std::size_t i, const KeyValue& value) {
    access(c, i) = std::get<std::uint64_t>(value);
  };
  return key;
}

template <typename Access>
Key automatic_address(std::string path, Access access, std::string description) {
  Key key;
  key.path = std::move(path);
  key.type = KeyType::address;
  key.description = std::move(description);
  key.maximum = kMax32;
  key.allows_auto = true;
  key.read = [access](const ScenarioConfig& c, std::size_t i) {
    const OptionalAddress& field = access(c, i);
    return field ? KeyValue(*field) : KeyValue(Automatic{});
  };
  key.write = [access](ScenarioConfig& c, std::size_t i, const KeyValue& value) {
    const auto* number = std::get_if<std::uint64_t>(&value);
    access(c, i) = number ? OptionalAddress(*number) : OptionalAddress();
  };
  return key;
}

// The field named by a member chain of ScenarioConfig.
#define EPOCH_FIELD(chain)            \
  [](auto& c, std::size_t) -> auto& { \
    return c.chain;                   \
  }
#define EPOCH_ELEMENT(list, member)     \
  [](auto& c, std::size_t i) -> auto& { \
    return c.list[i].member;            \
  }

// The parts, in the table's order.
void add_system_keys(std::vector<Key>& keys);
void add_bus_keys(std::vector<Key>& keys);
void add_dram_keys(std::vector<Key>& keys);
void add_epochcore_keys(std::vector<Key>& keys);

}  // namespace epoch
