// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/image_builder.h"
#include "compiler/parameter_blocks.h"
#include "epoch_caps.h"
#include "epochcore/pe_grid/array.h"

namespace epoch {

// Columns of a tensor: what an op reads or writes.
struct Value {
  std::uint32_t tensor = 0;
  std::uint32_t column = 0;
  std::uint32_t width = 0;

  Value part(std::uint32_t first, std::uint32_t count) const {
    return {tensor, column + first, count};
  }
};

// A layer of weights: out[o] = f(sum of weight[o][i] in[i] + bias[o]) (+ residual[o]).
struct Linear {
  std::vector<float> weight;     // [output][input]; of a GLU value and gate columns in turn
  std::vector<float> bias;       // [output], or empty
  std::uint32_t activation = 0;  // EPOCH_ACTIVATION_*
  const Value* residual = nullptr;
};

// A recurrence (array specification); words as parameter_blocks.h.
struct Recurrence {
  std::uint32_t mode = 0;  // EPOCH_MODE_*
  std::uint32_t modes = 1;
  SsmValues values;
  bool reverse = false;
  bool ahead = false;             // with reverse: a row takes the source's next one
  const Value* stored = nullptr;  // what the other direction has made
  std::uint32_t activation = 0;   // EPOCH_ACTIVATION_*
  const Value* drive = nullptr;   // selective, ssd
  const Value* b = nullptr;
  const Value* c = nullptr;
  const Value* u = nullptr;  // with D
};

// Builds a network op by op for one array. Checks what the hardware lacks and what does not fit it:
// InputError with the op's name, the limit and by how much. Ops belong to the layer begun last.
class NetworkBuilder {
 public:
  // `where` names the model in errors.
  NetworkBuilder(const epoch_caps& caps, NumberType type, std::string where);

  NumberType type() const { return type_; }
  const std::string& where() const { return where_; }
  [[noreturn]] void refuse(const std::string& what, const std::string& why) const;
  void warn(const std::string& what, const std::string& why);
  const std::vector<std::string>& warnings() const { return warnings_; }

  void begin_layer(const std::string& name);
  void name_layer(const std::string& name) { layer_name_ = name; }  // of ops from here on
  // "layers.3.ssm", of the layer begun last.
  std::string full_name(const std::string& op) const;

  // Tensors: as the array reads them (fp32 or bf16), and of a given type (EPOCH_TYPE_*).
  std::uint32_t narrow() const;
  Value tensor(std::uint32_t width) { return tensor(width, narrow()); }
  Value tensor(std::uint32_t width, std::uint32_t type, std::uint32_t rows = 0,
               std::uint32_t flags = 0);
  // int8, a row a step or one row: integers stand for integer * scale, the scale for `range`.
  Value int8_tensor(std::uint32_t width, double range, std::uint32_t rows = 0);
  Value int8_row(std::uint32_t width, double range) { return int8_tensor(width, range, 1); }
  double scale_of(const Value& value) const { return scales_[value.tensor]; }
  bool is_int8(const Value& value) const;
  std::uint32_t type_of(const Value& value) const { return image_.tensors()[value.tensor].type; }

  void affine(Value in, Value out, double scale, double offset);
  void gather(const std::string& name, Value indices, Value out, const std::vector<float>& table);
  void linear(const std::string& name, Value in, Value out, Linear linear);
  void ssm(const std::string& name, Value in, Value out, Recurrence recurrence);
  void layer_norm(const std::string& name, Value in, Value out, const std::vector<float>& gain,
                  const std::vector<float>& bias, double epsilon);
  void rms_norm(const std::string& name, Value in, Value out, const std::vector<float>& gain,
                double epsilon);
  void mean_pool(Value in, Value out) { pool(in, out, 0); }
  void last_pool(Value in, Value out) { pool(in, out, 1); }
  // out = f(in * gain + bias); gain and bias [out], or empty; in's elements repeat.
  void map(const std::string& name, Value in, Value out, std::uint32_t function,
           const std::vector<float>& gain = {}, const std::vector<float>& bias = {});
  // out = a op f(b * gain); b's elements repeat.
  void combine(const std::string& name, Value a, Value b, Value out, std::uint32_t op,
               std::uint32_t function = EPOCH_FUNCTION_IDENTITY,
               const std::vector<float>& gain = {});
  // out = f(bias + taps over time); weight [width][taps] as checkpoints have it.
  void conv1d(const std::string& name, Value in, Value out, std::uint32_t taps,
              const std::vector<float>& weight, const std::vector<float>& bias,
              std::uint32_t function);
  void argmax(Value in, Value out);
  struct Patches {
    std::uint32_t rows, columns, channels, kernel, stride;
    std::uint32_t out_rows() const { return (rows - kernel) / stride + 1; }
    std::uint32_t out_columns() const { return (columns - kernel) / stride + 1; }
  };
  void patches(const std::string& name, Value in, Value out, const Patches& patches);

  // Ops from here on run once, on what `documents` runs of those before have left.
  void begin_head(std::uint32_t documents);

  std::vector<std::uint8_t> finish(const std::string& name, Value input, Value output);

 private:
  using Bytes = ImageBuilder::Bytes;

  std::uint32_t ref(const Value& value) const;
  void quantise(GemmValues& values, Value in) const;
  epoch_image_op make(std::uint32_t kind, Value in, Value out) const;
  void add(const std::string& name, const epoch_image_op& op, Bytes parameters);
  void vector_op(const std::string& name, std::uint32_t opcode, epoch_image_op op,
                 Bytes parameters);
  void pool(Value in, Value out, std::uint32_t function);
  void require(bool there, const std::string& name, const std::string& what) const;
  void require_array(const std::string& name, std::uint32_t mode, std::uint32_t activation) const;
  [[noreturn]] void refuse_layout(const std::string& name, std::uint32_t mode, std::uint32_t modes,
                                  std::uint32_t channels, bool glu) const;
  void check_size() const;
  template <class Number>
  void check_finite(const std::string& name, const std::vector<Number>& values) const;
  void check_placement(const Bytes& image) const;

  const epoch_caps caps_;
  const NumberType type_;
  const std::string where_;
  ImageBuilder image_;
  std::vector<std::string> names_;  // by op
  std::vector<double> scales_;      // by tensor: of int8, else 1
  std::vector<std::string> warnings_;
  std::string layer_name_;
  std::uint32_t layers_ = 0;
  std::uint32_t documents_ = 1;
  std::uint32_t head_op_ = 0;
};

}  // namespace epoch
