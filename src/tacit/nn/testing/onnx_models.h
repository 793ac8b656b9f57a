// ONNX models for tests, built message by message, and graphs run on the engine of doubles.
#pragma once

#include <onnx/onnx_pb.h>

#include <cmath>
#include <string>
#include <vector>

#include "tacit/data/testing/files.h"
#include "tacit/fn/access.h"
#include "tacit/mpc/protocols/plain/engine.h"
#include "tacit/mpc/testing/conformance.h"
#include "tacit/nn/graph/execute.h"
#include "tacit/nn/graph/onnx_import.h"

namespace tacit::testing {

using Integers = std::vector<std::int64_t>;
using Numbers = std::vector<double>;

inline ::onnx::TensorProto floats(const std::string& name, const Integers& dims, const Numbers& values) {
  ::onnx::TensorProto t;
  t.set_name(name);
  t.set_data_type(::onnx::TensorProto::FLOAT);
  for (auto d : dims) t.add_dims(d);
  for (double v : values) t.add_float_data(static_cast<float>(v));
  return t;
}
inline ::onnx::TensorProto integers(const std::string& name, const Integers& dims, const Integers& values) {
  ::onnx::TensorProto t;
  t.set_name(name);
  t.set_data_type(::onnx::TensorProto::INT64);
  for (auto d : dims) t.add_dims(d);
  for (auto v : values) t.add_int64_data(v);
  return t;
}

class Model {
 public:
  explicit Model(int opset = 17) {
    proto.set_ir_version(8);
    proto.add_opset_import()->set_version(opset);
    proto.mutable_graph()->set_name("test");
  }

  ::onnx::GraphProto& graph() { return *proto.mutable_graph(); }

  /// An extent of 0 is an open axis named "N".
  Model& input(const std::string& name, const Integers& dims, int type = ::onnx::TensorProto::FLOAT) {
    describe(*graph().add_input(), name, dims, type);
    return *this;
  }
  Model& output(const std::string& name) {
    describe(*graph().add_output(), name, {}, ::onnx::TensorProto::FLOAT);
    return *this;
  }
  Model& hold(::onnx::TensorProto tensor) {
    *graph().add_initializer() = std::move(tensor);
    return *this;
  }
  /// The node, for attributes.
  ::onnx::NodeProto& node(const std::string& op, const std::vector<std::string>& in,
                          const std::vector<std::string>& out) {
    auto& n = *graph().add_node();
    n.set_op_type(op);
    n.set_name(out.empty() ? op : "node_" + out[0]);
    for (const auto& i : in) n.add_input(i);
    for (const auto& o : out) n.add_output(o);
    return n;
  }
  std::string bytes() const { return proto.SerializeAsString(); }
  nn::Graph import(const ScratchFolder& folder, nn::ImportOptions options = {}) const {
    return nn::import_onnx(folder.write("m.onnx", bytes()), options);
  }

  ::onnx::ModelProto proto;

 private:
  static void describe(::onnx::ValueInfoProto& info, const std::string& name, const Integers& dims,
                       int type) {
    info.set_name(name);
    auto& t = *info.mutable_type()->mutable_tensor_type();
    t.set_elem_type(type);
    t.mutable_shape();
    for (auto d : dims) {
      auto& dim = *t.mutable_shape()->add_dim();
      if (d == 0)
        dim.set_dim_param("N");
      else
        dim.set_dim_value(d);
    }
  }
};

inline void set(::onnx::NodeProto& node, const std::string& name, std::int64_t value) {
  auto& a = *node.add_attribute();
  a.set_name(name), a.set_type(::onnx::AttributeProto::INT), a.set_i(value);
}
inline void set(::onnx::NodeProto& node, const std::string& name, const Integers& values) {
  auto& a = *node.add_attribute();
  a.set_name(name), a.set_type(::onnx::AttributeProto::INTS);
  for (auto v : values) a.add_ints(v);
}
inline void set_real(::onnx::NodeProto& node, const std::string& name, double value) {
  auto& a = *node.add_attribute();
  a.set_name(name), a.set_type(::onnx::AttributeProto::FLOAT), a.set_f(static_cast<float>(value));
}
inline void set_text(::onnx::NodeProto& node, const std::string& name, const std::string& value) {
  auto& a = *node.add_attribute();
  a.set_name(name), a.set_type(::onnx::AttributeProto::STRING), a.set_s(value);
}
inline void set(::onnx::NodeProto& node, const std::string& name, ::onnx::TensorProto value) {
  auto& a = *node.add_attribute();
  a.set_name(name), a.set_type(::onnx::AttributeProto::TENSOR), *a.mutable_t() = std::move(value);
}

/// The graph's outputs for some inputs, in double precision.
inline std::vector<PublicTensor> run(const nn::Graph& graph, const std::vector<PublicTensor>& inputs) {
  Workers workers(1);
  plain::DoubleEngine engine(Compute{ring_kernels(detect_isa()), workers});
  fn::Ctx ctx{engine, 16};
  std::vector<Secret<Real>> in;
  for (const PublicTensor& t : inputs) in.push_back(fn::input(ctx, party_id(0), &t, t.shape));
  std::vector<PublicTensor> out;
  for (const auto& y : nn::forward(ctx, graph, nn::initial_parameters(ctx, graph), in)) {
    const RingTensor t = OpenSesame::open(ctx.mpc, fn::Access::look(y));
    out.push_back({y.shape(), ctx.mpc.decode(t.words, ctx.frac)});
  }
  return out;
}

/// Numbers that look like data, the same every time.
inline PublicTensor wave(const Shape& shape, double scale = 1) {
  PublicTensor t{shape, std::vector<double>(elements(shape))};
  for (std::size_t i = 0; i < t.values.size(); ++i)
    t.values[i] = scale * std::sin(1 + 1.7 * static_cast<double>(i));
  return t;
}

}  // namespace tacit::testing
