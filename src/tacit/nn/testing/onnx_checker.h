// Whether others can read the files that tacit writes.
#pragma once

#include <onnx/checker.h>
#include <onnx/defs/schema.h>
#include <onnx/shape_inference/implementation.h>

#include "tacit/nn/graph/onnx_export.h"

namespace tacit::testing {

/// What ONNX's own checker finds in the file to which a graph is written; empty if nothing, or if the file is
/// of a newer operator set than the checker.
inline std::string mistake_in_export(const nn::Graph& graph) {
  std::vector<PublicTensor> numbers;
  for (nn::ValueId id : graph.parameters()) numbers.push_back(graph.values[id].initial);
  ::onnx::ModelProto model;
  if (!model.ParseFromString(nn::export_onnx(graph, numbers, {"case", {}}))) return "it cannot be parsed";
  if (model.opset_import(0).version() >
      ::onnx::OpSchemaRegistry::DomainToVersionRange::Instance().Map().at("").second)
    return "";
  try {
    ::onnx::checker::check_model(model);
    ::onnx::shape_inference::InferShapes(model, ::onnx::OpSchemaRegistry::Instance(), {true, 1, false});
  } catch (const std::exception& e) { return e.what(); }
  return "";
}

}  // namespace tacit::testing
