// The contract of an operator: one file each, listed in table.cc. An operator says the shape of its result,
// computes it from secrets with the functions of fn/, and passes gradients back. What it costs needs no
// saying: running it on an engine that only counts (mpc/generic/dry_engine.h) adds up what the protocol
// declares, and tests hold the sum to what is measured.
#pragma once

#include <any>
#include <optional>
#include <span>
#include <variant>

#include "tacit/fn/approx/approx.h"
#include "tacit/nn/attrs.h"

namespace tacit::nn {

using fn::Ctx;

/// A tensor in a graph: secret, or known to all.
class Value {
 public:
  Value(Secret<Real> secret) : data_(std::move(secret)) {}
  Value(PublicTensor known) : data_(std::move(known)) {}

  bool is_secret() const { return std::holds_alternative<Secret<Real>>(data_); }
  const Shape& shape() const;
  /// The secret; UsageError, naming `use`, if it is public.
  const Secret<Real>& secret(std::string_view use) const;
  /// The numbers; UsageError, naming `use`, if it is secret.
  const PublicTensor& known(std::string_view use) const;
  /// As a secret in any case.
  Secret<Real> as_secret(Ctx&) const;

 private:
  std::variant<Secret<Real>, PublicTensor> data_;
};

/// A gradient that is being summed up. Products stay wide until the sum is needed, and are then truncated
/// once.
class Grad {
 public:
  bool empty() const { return !real_ && !wide_; }
  void add(Ctx&, Secret<Real>);
  void add(Ctx&, Secret<Wide>);
  Secret<Real> real(Ctx&) const;
  Secret<Wide> wide(Ctx&) const;

 private:
  std::optional<Secret<Real>> real_;
  std::optional<Secret<Wide>> wide_;
};

/// One application of an operator.
struct Call {
  std::span<const Value* const> in;  ///< null where an optional input is absent
  const Attrs& attrs;
  /// Another number at each node and each training step, the same at all parties: what public randomness
  /// comes from.
  std::uint64_t draw = 0;

  bool has(std::size_t i) const { return i < in.size() && in[i] != nullptr; }
  const Value& input(std::size_t i) const { return *in[i]; }
  std::vector<Shape> shapes() const;
};

/// An input's next value: of state, such as running means, which training changes without gradients.
struct StateUpdate {
  std::size_t input;
  Secret<Real> value;
};

/// What decides shapes or behaviour is an attribute, also where ONNX has it as an input, under that input's
/// name: the axes of a sum, the bounds of a clip, the shape to reshape to.
struct Op {
  std::string_view name;     ///< ONNX's name
  std::string_view summary;  ///< one line, for tables and help
  std::size_t min_inputs, max_inputs;
  /// The result's shape; UsageError if the inputs do not fit.
  Shape (*shape)(std::span<const Shape> in, const Attrs&);
  /// `saved` is null in inference; else the operator may leave there what backward needs.
  Value (*forward)(Ctx&, const Call&, std::any* saved);
  /// Adds the gradient of input i to *to[i] wherever that is not null. Null for operators without gradient.
  void (*backward)(Ctx&, const Call&, const Value& out, const std::any& saved, const Secret<Real>& grad,
                   std::span<Grad* const> to);
  /// Inputs that are state, and what they become after a training step on which forward saved `saved`.
  std::span<const std::size_t> state = {};
  std::vector<StateUpdate> (*next_state)(Ctx&, const Call&, const std::any& saved) = nullptr;
};

/// All operators, in alphabetical order.
std::span<const Op* const> all_ops();
/// By name; null if there is none.
const Op* find_op(std::string_view name);

}  // namespace tacit::nn
