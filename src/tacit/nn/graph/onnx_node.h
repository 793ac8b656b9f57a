// Messages of nodes and of inputs, read into what the import works on.
#pragma once

#include <onnx/onnx_pb.h>

#include <map>

#include "tacit/nn/graph/onnx_step.h"

namespace tacit::nn::onnx_io {

/// Everything but the inputs, which the caller knows by name.
Step read_node(const ::onnx::NodeProto& node, int opset, const DataFolder& folder);

/// An input of the model; -1 stands for an axis whose size is open.
struct InputForm {
  std::string name;
  Element element;
  std::vector<std::int64_t> extents;
};
InputForm read_input(const ::onnx::ValueInfoProto& input);

/// The batch size that the inputs were written for: their first axis, or 1 where it is open.
std::int64_t batch_of(const std::vector<InputForm>& inputs, const std::string& model);

}  // namespace tacit::nn::onnx_io
