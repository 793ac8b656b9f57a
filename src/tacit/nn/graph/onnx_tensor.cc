#include "tacit/nn/graph/onnx_tensor.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "tacit/base/bytes.h"
#include "tacit/base/error.h"

namespace tacit::nn::onnx_io {

namespace {

using Type = ::onnx::TensorProto;

/// IEEE half precision: 1 sign, 5 exponent and 10 fraction bits.
double half(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const double sign = (bits >> 15) != 0 ? -1 : 1;
  if (exponent == 31) return fraction == 0 ? sign * INFINITY : NAN;
  return sign * (exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25));
}
/// The upper half of a float32.
double brain_float(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

/// Bytes an element in raw data.
std::size_t width(int type) {
  switch (type) {
    case Type::UINT8:
    case Type::INT8:
    case Type::BOOL:
      return 1;
    case Type::UINT16:
    case Type::INT16:
    case Type::FLOAT16:
    case Type::BFLOAT16:
      return 2;
    case Type::FLOAT:
    case Type::INT32:
    case Type::UINT32:
      return 4;
    default:
      return 8;
  }
}

/// Numbers that are made of bytes as they are asked for: what is made of them is written once.
template <class T, class F>
class Converted {
 public:
  using iterator_category = std::random_access_iterator_tag;
  using value_type = double;
  using difference_type = std::ptrdiff_t;
  using pointer = const double*;
  using reference = double;

  Converted(const char* at, F f) : at_(at), f_(f) {}
  double operator*() const { return f_(read_at<T>(bytes_of(std::string_view(at_, sizeof(T))), 0)); }
  Converted& operator++() {
    at_ += sizeof(T);
    return *this;
  }
  bool operator==(const Converted& other) const { return at_ == other.at_; }
  bool operator!=(const Converted& other) const { return at_ != other.at_; }
  std::ptrdiff_t operator-(const Converted& other) const {
    return (at_ - other.at_) / static_cast<std::ptrdiff_t>(sizeof(T));
  }

 private:
  const char* at_;
  F f_;
};

template <class T, class F>
std::vector<double> convert(std::string_view raw, F f) {
  return {Converted<T, F>(raw.data(), f), Converted<T, F>(raw.data() + raw.size(), f)};
}
template <class T>
std::vector<double> convert(std::string_view raw) {
  return convert<T>(raw, [](T v) { return std::clamp(static_cast<double>(v), -kLargestInt, kLargestInt); });
}

/// Of whole numbers' bytes.
std::vector<double> from_raw(int type, std::string_view raw) {
  switch (type) {
    case Type::FLOAT:
      return convert<float>(raw, [](float v) { return static_cast<double>(v); });
    case Type::DOUBLE:
      return convert<double>(raw, [](double v) { return v; });
    case Type::FLOAT16:
      return convert<std::uint16_t>(raw, half);
    case Type::BFLOAT16:
      return convert<std::uint16_t>(raw, brain_float);
    case Type::BOOL:
      return convert<std::uint8_t>(raw, [](std::uint8_t v) { return v != 0 ? 1.0 : 0.0; });
    case Type::UINT8:
      return convert<std::uint8_t>(raw);
    case Type::INT8:
      return convert<std::int8_t>(raw);
    case Type::UINT16:
      return convert<std::uint16_t>(raw);
    case Type::INT16:
      return convert<std::int16_t>(raw);
    case Type::UINT32:
      return convert<std::uint32_t>(raw);
    case Type::INT32:
      return convert<std::int32_t>(raw);
    case Type::UINT64:
      return convert<std::uint64_t>(raw);
    default:
      return convert<std::int64_t>(raw);
  }
}

/// A field with one entry an element; small types share the field of 32-bit integers.
template <class Field, class F>
std::vector<double> from_field(const Field& field, std::size_t n, const std::string& what, F f) {
  require(static_cast<std::size_t>(field.size()) == n,
          "{} holds {} numbers where its shape needs {}; export it again", what, field.size(), n);
  std::vector<double> out(n);
  std::transform(field.begin(), field.end(), out.begin(), f);
  return out;
}

std::vector<double> from_fields(const Type& proto, std::size_t n, const std::string& what) {
  const auto saturated = [](auto v) { return std::clamp(static_cast<double>(v), -kLargestInt, kLargestInt); };
  switch (proto.data_type()) {
    case Type::FLOAT:
      return from_field(proto.float_data(), n, what, [](float v) { return static_cast<double>(v); });
    case Type::DOUBLE:
      return from_field(proto.double_data(), n, what, [](double v) { return v; });
    case Type::INT64:
      return from_field(proto.int64_data(), n, what, saturated);
    case Type::UINT32:
    case Type::UINT64:
      return from_field(proto.uint64_data(), n, what, saturated);
    case Type::FLOAT16:
      return from_field(proto.int32_data(), n, what,
                        [](int v) { return half(static_cast<std::uint16_t>(v)); });
    case Type::BFLOAT16:
      return from_field(proto.int32_data(), n, what,
                        [](int v) { return brain_float(static_cast<std::uint16_t>(v)); });
    case Type::BOOL:
      return from_field(proto.int32_data(), n, what, [](int v) { return v != 0 ? 1.0 : 0.0; });
    default:
      return from_field(proto.int32_data(), n, what, saturated);
  }
}

Shape shape_of(const Type& proto, const std::string& what) {
  require(proto.dims_size() <= 16, "{} has {} axes, more than any model needs; export it again", what,
          proto.dims_size());
  Shape shape;
  for (std::int64_t d : proto.dims()) {
    require(d >= 0 && d < (std::int64_t{1} << 40), "{} has an axis of {}; export it again", what, d);
    shape.push_back(static_cast<std::size_t>(d));
  }
  elements(shape);  // refuses products that overflow
  return shape;
}

/// What is not finite, or as good as that.
template <class T>
bool is_out_of_bounds(T v) {
  return !(std::fabs(v) < static_cast<T>(1e30));
}

}  // namespace

Element element_of(int data_type, const std::string& what) {
  switch (data_type) {
    case Type::FLOAT:
    case Type::DOUBLE:
    case Type::FLOAT16:
    case Type::BFLOAT16:
      return Element::Float;
    case Type::UINT8:
    case Type::INT8:
    case Type::UINT16:
    case Type::INT16:
    case Type::INT32:
    case Type::INT64:
    case Type::UINT32:
    case Type::UINT64:
      return Element::Int;
    case Type::BOOL:
      return Element::Bool;
    default:
      break;
  }
  throw UsageError(
      fmt::format("{} has elements of ONNX's type {}, which tacit does not read; export the model in float32",
                  what, data_type));
}

Tensor read_tensor(const Type& proto, const DataFolder& folder, const std::string& place) {
  const std::string what = proto.name().empty() && !place.empty()
                               ? "the tensor of " + place
                               : fmt::format("the tensor '{}'", printable(proto.name()));
  Tensor out{element_of(proto.data_type(), what), shape_of(proto, what), {}};
  require(!proto.has_segment(), "{} is stored in segments, which tacit does not read; export it whole", what);
  const std::size_t n = elements(out.shape), size = n * width(proto.data_type());
  if (proto.data_location() == Type::EXTERNAL) {
    out.values = from_raw(proto.data_type(), read_external(proto, size, folder, what));
  } else if (proto.has_raw_data()) {
    require(proto.raw_data().size() == size, "{} holds {} bytes where its shape {} needs {}; export it again",
            what, proto.raw_data().size(), to_string(out.shape), size);
    out.values = from_raw(proto.data_type(), proto.raw_data());
  } else {
    out.values = from_fields(proto, n, what);
  }
  return out;
}

std::optional<Floats> read_floats(const Type& proto) {
  if (proto.data_type() != Type::FLOAT || proto.data_location() == Type::EXTERNAL || proto.has_segment() ||
      !proto.has_raw_data())
    return std::nullopt;
  Floats out{shape_of(proto, fmt::format("the tensor '{}'", printable(proto.name()))), {}, std::nullopt};
  const std::size_t n = elements(out.shape);
  if (proto.raw_data().size() != n * sizeof(float)) return std::nullopt;
  // A block at a time, which is looked at while it is in the cache; of a length that lets compilers look at
  // many numbers at once.
  std::array<float, 1024> block;
  out.values.reserve(n);
  for (std::size_t at = 0; at < n; at += block.size()) {
    const std::size_t now = std::min(n - at, block.size());
    std::fill(block.begin() + static_cast<std::ptrdiff_t>(now), block.end(), 0.0f);
    std::memcpy(block.data(), proto.raw_data().data() + at * sizeof(float), now * sizeof(float));
    out.values.insert(out.values.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(now));
    int bad = 0;
    for (const float v : block) bad |= is_out_of_bounds(v);
    if (!out.out_of_bounds && bad != 0)
      out.out_of_bounds = *std::find_if(block.begin(), block.end(), is_out_of_bounds<float>);
  }
  return out;
}

void write_floats(Type& proto, const std::string& name, const PublicTensor& tensor) {
  proto.set_name(name);
  proto.set_data_type(Type::FLOAT);
  for (std::size_t d : tensor.shape) proto.add_dims(static_cast<std::int64_t>(d));
  std::vector<float> values(tensor.values.size());
  std::transform(tensor.values.begin(), tensor.values.end(), values.begin(),
                 [](double v) { return static_cast<float>(v); });
  const std::string_view raw = text_of(bytes_of(std::span<const float>(values)));
  proto.set_raw_data(raw.data(), raw.size());
}

void write_integers(Type& proto, const std::string& name, const PublicTensor& tensor) {
  proto.set_name(name);
  proto.set_data_type(Type::INT64);
  for (std::size_t d : tensor.shape) proto.add_dims(static_cast<std::int64_t>(d));
  for (std::int64_t v :
       integers_of({Element::Int, tensor.shape, tensor.values}, fmt::format("the constant '{}'", name)))
    proto.add_int64_data(v);
}

std::optional<double> out_of_bounds(const std::vector<double>& values) {
  const auto at = std::find_if(values.begin(), values.end(), is_out_of_bounds<double>);
  return at == values.end() ? std::nullopt : std::optional(*at);
}

std::vector<std::int64_t> integers_of(const Tensor& tensor, const std::string& what) {
  std::vector<std::int64_t> out;
  for (double v : tensor.values) {
    require(std::nearbyint(v) == v && std::fabs(v) <= kLargestInt, "{} must hold integers, and has {}", what,
            v);
    out.push_back(static_cast<std::int64_t>(v));
  }
  return out;
}

std::string clean(const std::string& name) {
  std::string out;
  for (char c : name.substr(0, 1000)) out += c >= ' ' && c <= '~' && c != '\'' ? c : '?';
  return out;
}

std::string printable(const std::string& name) {
  const std::string out = clean(name);
  return out.size() > 80 ? out.substr(0, 80) + "..." : out;
}

}  // namespace tacit::nn::onnx_io
