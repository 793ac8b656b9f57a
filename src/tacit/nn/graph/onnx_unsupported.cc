// What to use instead of operators that tacit does not have.
#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/nn/graph/onnx_passes.h"

namespace tacit::nn::onnx_io {

namespace {

struct Substitute {
  std::string_view op, advice;
};
constexpr Substitute kSubstitutes[] = {
    {"Acos", "a table of its values before the training"},
    {"ArgMin", "ArgMax of the negative"},
    {"Attention", "MatMul and Softmax"},
    {"BatchNormalization", "its form folded into the weights before it"},
    {"BitShift", "Mul by a power of two"},
    {"Ceil", "numbers rounded before they are shared"},
    {"Celu", "Relu or LeakyRelu"},
    {"ConvInteger", "Conv on the float model, before quantisation"},
    {"ConvTranspose", "Conv"},
    {"Cos", "the cosine as a column of the data"},
    {"CumSum", "MatMul with a triangular matrix of ones"},
    {"DequantizeLinear", "the float model, before quantisation"},
    {"DynamicQuantizeLinear", "the float model, before quantisation"},
    {"Einsum", "MatMul and Transpose"},
    {"Elu", "Relu or LeakyRelu"},
    {"Erf", "Relu in place of Gelu"},
    {"EyeLike", "a constant"},
    {"Floor", "numbers rounded before they are shared"},
    {"GRU", "Gemm and Sigmoid, unrolled over the steps"},
    {"Gather", "OneHot and MatMul, or Slice where the places are known"},
    {"GatherElements", "OneHot and MatMul"},
    {"GatherND", "OneHot and MatMul"},
    {"Gelu", "Relu"},
    {"GlobalLpPool", "GlobalAveragePool"},
    {"GroupNormalization", "BatchNormalization"},
    {"Hardmax", "ArgMax"},
    {"If", "Where, which computes both branches: a secret cannot decide what runs"},
    {"InstanceNormalization", "BatchNormalization"},
    {"LRN", "BatchNormalization"},
    {"LSTM", "Gemm, Sigmoid and Tanh, unrolled over the steps"},
    {"LayerNormalization", "BatchNormalization"},
    {"Loop", "the loop unrolled: a secret cannot decide how often it runs"},
    {"LpNormalization", "BatchNormalization"},
    {"LpPool", "AveragePool"},
    {"MatMulInteger", "MatMul on the float model, before quantisation"},
    {"Mean", "Sum and Mul"},
    {"Mish", "HardSwish or Relu"},
    {"Mod", "features computed before they are shared"},
    {"NonMaxSuppression", "the raw scores as outputs"},
    {"NonZero", "Where: how many there are would not be secret"},
    {"PRelu", "LeakyRelu"},
    {"QLinearConv", "Conv on the float model, before quantisation"},
    {"QLinearMatMul", "MatMul on the float model, before quantisation"},
    {"QuantizeLinear", "the float model, before quantisation"},
    {"RNN", "Gemm and Tanh, unrolled over the steps"},
    {"RandomNormal", "a constant"},
    {"RandomNormalLike", "a constant"},
    {"RandomUniform", "a constant"},
    {"RandomUniformLike", "a constant"},
    {"Resize", "Conv with a stride, or images resized before they are shared"},
    {"Round", "numbers rounded before they are shared"},
    {"Scan", "the loop unrolled: a secret cannot decide how often it runs"},
    {"ScatterElements", "Where with a constant mask"},
    {"ScatterND", "Where with a constant mask"},
    {"Selu", "Relu or LeakyRelu"},
    {"Sign", "Greater"},
    {"Sin", "the sine as a column of the data"},
    {"Softplus", "Relu"},
    {"Softsign", "Tanh or HardSigmoid"},
    {"Swish", "HardSwish"},
    {"Tile", "Concat or broadcasting"},
    {"TopK", "ArgMax"},
    {"Upsample", "Conv with a stride, or images resized before they are shared"},
    {"ZipMap", "an export without it (zipmap=False)"},
};

std::string advice_on(const std::string& op) {
  if (op.starts_with("the result")) return "do without it";
  const std::string_view bare = std::string_view(op).substr(op.find_last_of('.') + 1);
  for (const Substitute& s : kSubstitutes)
    if (s.op == bare) return fmt::format("use {}", s.advice);
  std::vector<std::string_view> names;
  for (const Op* known : all_ops()) names.push_back(known->name);
  const std::string close = nearest(bare, names);
  // Three letters apart is another word.
  if (edit_distance(bare, close) <= 2) return fmt::format("is {} meant?", close);
  return "express it by the operators that tacit has";
}

}  // namespace

std::string unsupported_operators(const std::string& model,
                                  const std::map<std::string, std::size_t>& counts) {
  std::string list;
  for (const auto& [op, n] : counts)
    list += fmt::format("{}{} ({}: {})", list.empty() ? "" : ", ", op,
                        n == 1 ? "one node" : fmt::format("{} nodes", n), advice_on(op));
  return fmt::format("{} uses {} that tacit does not have: {}", model,
                     counts.size() == 1 ? "an operator" : "operators", list);
}

}  // namespace tacit::nn::onnx_io
