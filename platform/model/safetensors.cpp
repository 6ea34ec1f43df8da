// SPDX-License-Identifier: Apache-2.0
#include "model/safetensors.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>

#include "errors.h"
#include "files/input_file.h"
#include "model/strict_json.h"

namespace epoch {
namespace {

using nlohmann::json;
using Tensor = Safetensors::Tensor;

constexpr std::size_t length_bytes = 8;                           // the header's length, before it
constexpr unsigned header_depth = 3;                              // file, tensor, shape
constexpr std::uint64_t max_file_bytes = std::uint64_t{4} << 30;  // no image can be larger

struct Dtype {
  const char* name;
  std::uint64_t bytes;
};
constexpr Dtype dtypes[] = {{"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E5M2", 1}, {"F8_E4M3", 1},
                            {"I16", 2},  {"U16", 2}, {"F16", 2}, {"BF16", 2},    {"I32", 4},
                            {"U32", 4},  {"F32", 4}, {"F64", 8}, {"I64", 8},     {"U64", 8}};

std::uint64_t dtype_bytes(const std::string& name) {
  const auto found = std::find_if(std::begin(dtypes), std::end(dtypes),
                                  [&](const Dtype& dtype) { return name == dtype.name; });
  return found == std::end(dtypes) ? 0 : found->bytes;
}

// IEEE 754 binary16, exactly.
float widened_half(std::uint16_t half) {
  const int exponent = half >> 10 & 0x1F, fraction = half & 0x3FF;
  const float sign = (half & 0x8000) != 0 ? -1.0f : 1.0f;
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
  if (exponent == 0x1F) {
    return fraction != 0 ? std::numeric_limits<float>::quiet_NaN()
                         : sign * std::numeric_limits<float>::infinity();
  }
  return sign * std::ldexp(static_cast<float>(fraction + 0x400), exponent - 25);
}

// The elements of a tensor of type F32, BF16 or F16 as fp32.
std::vector<float> widened(const std::string& dtype, const std::uint8_t* bytes, std::size_t count) {
  if (dtype == "F32") {
    std::vector<float> values(count / sizeof(float));
    if (!values.empty()) std::memcpy(values.data(), bytes, count);
    return values;
  }
  std::vector<float> values;
  values.reserve(count / 2);
  for (std::size_t i = 0; i + 1 < count; i += 2) {
    std::uint16_t half = 0;
    std::memcpy(&half, bytes + i, sizeof half);
    const std::uint32_t upper = std::uint32_t{half} << 16;
    float value = 0;
    std::memcpy(&value, &upper, sizeof value);
    values.push_back(dtype == "BF16" ? value : widened_half(half));
  }
  return values;
}

// A JSON array of unsigned integers.
std::vector<std::uint64_t> integers(const json& value, const std::string& where,
                                    const std::string& what) {
  if (!value.is_array()) {
    throw InputError(where, what + " is not an array");
  }
  std::vector<std::uint64_t> result;
  for (const json& element : value) {
    if (!element.is_number_unsigned()) {
      throw InputError(where, what + " holds something that is not a non-negative integer");
    }
    result.push_back(element.get<std::uint64_t>());
  }
  return result;
}

std::uint64_t tensor_bytes(const Tensor& tensor, const std::string& where,
                           const std::string& what) {
  std::uint64_t bytes = dtype_bytes(tensor.dtype);
  if (bytes == 0) {
    throw InputError(where, what + " has unknown dtype " + quoted(tensor.dtype));
  }
  for (const std::uint64_t extent : tensor.shape) {
    if (__builtin_mul_overflow(bytes, extent, &bytes)) {
      throw InputError(where, what + " has shape " + shape_text(tensor.shape) +
                                  ", whose size overflows 64 bits");
    }
  }
  return bytes;
}

const json& member(const json& object, const char* key, const std::string& where,
                   const std::string& what) {
  const auto found = object.find(key);
  if (found == object.end()) {
    throw InputError(where, what + " has no " + key);
  }
  return *found;
}

Tensor parse_tensor(const std::string& name, const json& entry, std::uint64_t data_bytes,
                    const std::string& where) {
  const std::string what = "tensor " + quoted(name);
  if (!entry.is_object()) {
    throw InputError(where, what + " is not described by an object");
  }
  for (const auto& [key, value] : entry.items()) {
    if (key != "dtype" && key != "shape" && key != "data_offsets") {
      throw InputError(where, what + " has unknown key " + quoted(key));
    }
  }
  Tensor tensor;
  const json& dtype = member(entry, "dtype", where, what);
  if (!dtype.is_string()) {
    throw InputError(where, what + " has a dtype that is not a string");
  }
  tensor.dtype = dtype.get<std::string>();
  tensor.shape = integers(member(entry, "shape", where, what), where, what + ": shape");
  const auto offsets =
      integers(member(entry, "data_offsets", where, what), where, what + ": data_offsets");
  if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data_bytes) {
    throw InputError(where, what + " has data_offsets " + shape_text(offsets) +
                                ", which is no range inside the data's " +
                                std::to_string(data_bytes) + " bytes");
  }
  tensor.begin = offsets[0];
  tensor.bytes = offsets[1] - offsets[0];
  const std::uint64_t expected = tensor_bytes(tensor, where, what);
  if (expected != tensor.bytes) {
    throw InputError(where, what + " has " + std::to_string(tensor.bytes) + " bytes, but " +
                                tensor.dtype + " " + shape_text(tensor.shape) + " needs " +
                                std::to_string(expected));
  }
  return tensor;
}

void check_metadata(const json& metadata, const std::string& where) {
  const auto is_string = [](const json& value) { return value.is_string(); };
  if (!metadata.is_object() || !std::all_of(metadata.begin(), metadata.end(), is_string)) {
    throw InputError(where, "__metadata__ is not an object of strings");
  }
}

// The tensors, in order of their bytes, follow each other from 0 to the end.
void check_coverage(const std::map<std::string, Tensor>& tensors, std::uint64_t data_bytes,
                    const std::string& where) {
  std::vector<std::pair<const std::string*, const Tensor*>> order;
  order.reserve(tensors.size());
  for (const auto& [name, tensor] : tensors) {
    order.emplace_back(&name, &tensor);
  }
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return std::pair(a.second->begin, a.second->bytes) <
           std::pair(b.second->begin, b.second->bytes);
  });
  std::uint64_t end = 0;
  for (const auto& [name, tensor] : order) {
    if (tensor->begin != end) {
      throw InputError(
          where, "tensor " + quoted(*name) + " begins at byte " + std::to_string(tensor->begin) +
                     (tensor->begin < end ? ", inside the tensor before it, which ends at "
                                          : ", after a hole from ") +
                     std::to_string(end));
    }
    end += tensor->bytes;
  }
  if (end != data_bytes) {
    throw InputError(where, std::to_string(data_bytes - end) + " bytes after the last tensor");
  }
}

std::uint64_t header_length(const std::vector<std::uint8_t>& file, const std::string& where) {
  if (file.size() < length_bytes) {
    throw InputError(where,
                     "too short for a safetensors file: " + std::to_string(file.size()) + " bytes");
  }
  std::uint64_t length = 0;
  for (std::size_t byte = length_bytes; byte-- > 0;) {
    length = length << 8 | file[byte];
  }
  if (length > Safetensors::max_header_bytes || length > file.size() - length_bytes) {
    throw InputError(where, "header of " + std::to_string(length) + " bytes, but the file has " +
                                std::to_string(file.size() - length_bytes) + " after its length" +
                                " and the limit is " +
                                std::to_string(Safetensors::max_header_bytes));
  }
  return length;
}

// Index of element `flat` in C order.
std::vector<std::uint64_t> index_of(std::uint64_t flat, const std::vector<std::uint64_t>& shape) {
  std::vector<std::uint64_t> index(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    index[axis] = flat % shape[axis];
    flat /= shape[axis];
  }
  return index;
}

}  // namespace

std::string shape_text(const std::vector<std::uint64_t>& shape) {
  constexpr std::size_t shown = 8;
  std::string text = "[";
  for (std::size_t axis = 0; axis < std::min(shape.size(), shown); ++axis) {
    text += (axis > 0 ? ", " : "") + std::to_string(shape[axis]);
  }
  return text + (shape.size() > shown ? ", ...]" : "]");
}

Safetensors Safetensors::read(const std::string& path) {
  return parse(read_file(path, max_file_bytes), path);
}

Safetensors Safetensors::parse(std::vector<std::uint8_t> file, const std::string& where) {
  Safetensors result;
  result.where_ = where;
  result.file_ = std::move(file);
  const std::uint64_t header_bytes = header_length(result.file_, where);
  result.data_begin_ = length_bytes + header_bytes;
  const std::uint64_t data_bytes = result.file_.size() - result.data_begin_;
  const auto first = result.file_.begin() + length_bytes;
  const std::string text(first, first + static_cast<std::ptrdiff_t>(header_bytes));
  if (text.empty() || text.front() != '{') {
    throw InputError(where, "not a safetensors file: its header does not begin with '{'");
  }
  const json header = parse_strict_json(text, where, header_depth);
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      check_metadata(entry, where);
    } else {
      result.tensors_.emplace(name, parse_tensor(name, entry, data_bytes, where));
    }
  }
  check_coverage(result.tensors_, data_bytes, where);
  return result;
}

std::vector<float> Safetensors::floats(const std::string& name,
                                       const std::vector<std::uint64_t>& shape) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) {
    throw InputError(where_, "no tensor " + quoted(name) + ", expected F32 " + shape_text(shape));
  }
  const Tensor& tensor = found->second;
  const bool known = tensor.dtype == "F32" || tensor.dtype == "BF16" || tensor.dtype == "F16";
  if (!known || tensor.shape != shape) {
    throw InputError(where_, "tensor " + quoted(name) + " is " + tensor.dtype + " " +
                                 shape_text(tensor.shape) + ", expected F32 " + shape_text(shape) +
                                 (known ? "" : " (or BF16, F16)"));
  }
  std::vector<float> values =
      widened(tensor.dtype, file_.data() + data_begin_ + tensor.begin, tensor.bytes);
  const auto bad =
      std::find_if(values.begin(), values.end(), [](float value) { return !std::isfinite(value); });
  if (bad != values.end()) {
    const auto index = index_of(static_cast<std::uint64_t>(bad - values.begin()), shape);
    throw InputError(where_, "tensor " + quoted(name) + " is " +
                                 (std::isnan(*bad) ? "NaN" : "infinite") + " at " +
                                 shape_text(index));
  }
  return values;
}

}  // namespace epoch
