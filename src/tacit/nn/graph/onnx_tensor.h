// Tensors of ONNX files as doubles, and back. Every float and integer type is read, from the message itself
// or from a file beside the model; nothing is allocated before the data are known to be there.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "tacit/secret/secret.h"

namespace onnx {
class TensorProto;
}

namespace tacit::nn::onnx_io {

/// What the numbers of a tensor are. Integers are exact to 2^53 and saturate there: beyond lie only marks
/// that stand for "to the end".
enum class Element { Float, Int, Bool };
constexpr double kLargestInt = 9007199254740992.0;

struct Tensor {
  Element element = Element::Float;
  Shape shape;
  std::vector<double> values;
};
using TensorPtr = std::shared_ptr<const Tensor>;
/// A tensor of the same numbers that its file has.
struct Floats {
  Shape shape;
  std::vector<float> values;
  std::optional<double> out_of_bounds;  ///< as below
};

/// By ONNX's number of a type; UsageError, naming `what`, for types that hold no real numbers.
Element element_of(int data_type, const std::string& what);

/// Where the data of tensors may lie that are not in the model itself: beside it, or, where it is no file,
/// nowhere.
using DataFolder = std::optional<std::filesystem::path>;

/// `place` is what the tensor belongs to, if it has no name of its own.
Tensor read_tensor(const ::onnx::TensorProto& proto, const DataFolder& folder, const std::string& place = {});
/// The same of a tensor that has its numbers as float32, and in the message itself; nothing of any other, or
/// of one that read_tensor refuses.
std::optional<Floats> read_floats(const ::onnx::TensorProto& proto);
/// The bytes that the tensor keeps in a file inside `folder`; a path that leaves it is refused.
std::string read_external(const ::onnx::TensorProto& proto, std::size_t size, const DataFolder& folder,
                          const std::string& what);

/// float32
void write_floats(::onnx::TensorProto& proto, const std::string& name, const PublicTensor& tensor);
/// int64
void write_integers(::onnx::TensorProto& proto, const std::string& name, const PublicTensor& tensor);

/// The integers of a tensor; UsageError, naming `what`, if some are none.
std::vector<std::int64_t> integers_of(const Tensor& tensor, const std::string& what);
/// The first number that is not finite, or as good as that.
std::optional<double> out_of_bounds(const std::vector<double>& values);
/// A name from a file, fit for messages: control characters replaced, cut after 80.
std::string printable(const std::string& name);
/// The same, fit for graphs and reports: not cut but where it is longer than any honest one.
std::string clean(const std::string& name);

}  // namespace tacit::nn::onnx_io
