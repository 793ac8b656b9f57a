#include "tacit/data/array.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "tacit/base/error.h"

namespace tacit {

namespace {

constexpr std::uint64_t kMaxElements = std::uint64_t{1} << 48;
constexpr std::size_t kChunkElements = std::size_t{1} << 15;
// In the order of ElementType.
constexpr std::array<std::string_view, 12> kTypeCodes = {"b1", "u1", "u2", "u4", "u8", "i1",
                                                         "i2", "i4", "i8", "f2", "f4", "f8"};
constexpr double kExactBound = 0x1p53;  ///< beyond, doubles skip integers

double decode_half(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  double magnitude = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  if (exponent == 31) magnitude = fraction == 0 ? HUGE_VAL : std::nan("");
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

template <class T>
T load(const std::byte* from, bool big_endian) {
  std::array<std::byte, sizeof(T)> bytes;
  std::copy_n(from, sizeof(T), bytes.begin());
  if (big_endian) std::reverse(bytes.begin(), bytes.end());
  return std::bit_cast<T>(bytes);
}

/// Calls visit(value) with each element as a T.
template <class T, class Visit>
void each(ByteView elements, bool big_endian, Visit&& visit) {
  for (std::size_t at = 0; at < elements.size(); at += sizeof(T))
    visit(load<T>(elements.data() + at, big_endian));
}

}  // namespace

std::string_view type_code(ElementType type) { return kTypeCodes[static_cast<std::size_t>(type)]; }

std::optional<ElementType> type_of_code(std::string_view code) {
  const auto found = std::find(kTypeCodes.begin(), kTypeCodes.end(), code);
  if (found == kTypeCodes.end()) return std::nullopt;
  return static_cast<ElementType>(found - kTypeCodes.begin());
}

std::size_t size_of(ElementType type) { return static_cast<std::size_t>(type_code(type)[1] - '0'); }

ArrayReader::ArrayReader(std::function<std::unique_ptr<ByteSource>()> open,
                         ArrayHeader (*read_header)(ByteSource&))
    : open_(std::move(open)), read_header_(read_header), source_(open_()), header_(read_header_(*source_)) {
  require(!header_.shape.empty(), "{} holds a single number; an array of rows is needed", name());
  std::uint64_t most = 1;  // an extent of 0 counts as 1, so that no product of the others overflows
  for (const std::size_t extent : header_.shape) {
    require(extent <= kMaxElements / most, "{} claims an impossible shape, {}; write the file again", name(),
            to_string(header_.shape));
    most *= std::max<std::size_t>(extent, 1);
  }
  row_elements_ = elements(Shape(header_.shape.begin() + 1, header_.shape.end()));
  if (header_.shape.size() == 1) header_.fortran = false;
}

std::vector<double> ArrayReader::rows(std::size_t begin, std::size_t end) {
  require(begin <= end && end <= row_count(), "{} has {} rows, so there are none from {} to {}", name(),
          row_count(), begin, end);
  if (header_.fortran) return fortran_rows(begin, end);
  go_to(begin);
  std::vector<double> out;
  Bytes chunk;
  const std::size_t first = begin * row_elements_, last = end * row_elements_;
  for (std::size_t at = first; at < last; at += kChunkElements) {
    chunk.resize(std::min(last - at, kChunkElements) * size_of(type()));
    read_exactly(*source_, chunk, fmt::format("its {} elements", to_string(shape())));
    const std::vector<double> values = decode(chunk, at);
    out.insert(out.end(), values.begin(), values.end());
  }
  next_row_ = end;
  if (end == row_count()) expect_end();
  return out;
}

void ArrayReader::go_to(std::size_t row) {
  if (row < next_row_) {
    source_ = open_();
    read_header_(*source_);
    next_row_ = 0;
  }
  const std::size_t from = std::exchange(next_row_, SIZE_MAX);  // if reading fails, the next call starts anew
  skip_bytes(*source_, (row - from) * row_elements_ * size_of(type()),
             fmt::format("its {} elements", to_string(shape())));
}

void ArrayReader::expect_end() {
  std::array<std::byte, 1> more;
  require(source_->read(more) == 0, "{} is longer than its header says ({} elements); write the file again",
          name(), to_string(shape()));
}

std::vector<double> ArrayReader::decode(ByteView elements, std::size_t first_element) const {
  std::vector<double> out;
  out.reserve(elements.size() / size_of(type()));
  const bool big = header_.big_endian;
  const auto put = [&](auto value) { out.push_back(static_cast<double>(value)); };
  const auto put_exact = [&](auto value) {
    require(std::fabs(static_cast<double>(value)) < kExactBound,
            "{}, row {} (counted from 0): {} is too large to be kept exactly; store numbers below 2^53",
            name(), (first_element + out.size()) / row_elements_, value);
    put(value);
  };
  switch (type()) {
    case ElementType::Bool:
      each<std::uint8_t>(elements, big, [&](auto v) { put(v != 0); });
      break;
    case ElementType::U8:
      each<std::uint8_t>(elements, big, put);
      break;
    case ElementType::U16:
      each<std::uint16_t>(elements, big, put);
      break;
    case ElementType::U32:
      each<std::uint32_t>(elements, big, put);
      break;
    case ElementType::U64:
      each<std::uint64_t>(elements, big, put_exact);
      break;
    case ElementType::I8:
      each<std::int8_t>(elements, big, put);
      break;
    case ElementType::I16:
      each<std::int16_t>(elements, big, put);
      break;
    case ElementType::I32:
      each<std::int32_t>(elements, big, put);
      break;
    case ElementType::I64:
      each<std::int64_t>(elements, big, put_exact);
      break;
    case ElementType::F16:
      each<std::uint16_t>(elements, big, [&](auto v) { put(decode_half(v)); });
      break;
    case ElementType::F32:
      each<float>(elements, big, put);
      break;
    case ElementType::F64:
      each<double>(elements, big, put);
      break;
  }
  return out;
}

std::vector<double> ArrayReader::fortran_rows(std::size_t begin, std::size_t end) {
  const std::size_t size = size_of(type()), total = row_count() * row_elements_ * size;
  if (next_row_ == 0) {
    for (std::size_t at = 0; at < total; at = whole_.size()) {
      whole_.resize(std::min(total, at + kChunkElements * size));
      read_exactly(*source_, ByteSpan(whole_).subspan(at),
                   fmt::format("its {} elements", to_string(shape())));
    }
    expect_end();
    next_row_ = SIZE_MAX;  // all is read
  }
  if (begin == end) return {};
  // Where each element of a row lies, counted from the row's first.
  std::vector<std::size_t> offsets{0};
  std::size_t stride = row_count();
  for (std::size_t axis = 1; axis < shape().size(); ++axis) {
    std::vector<std::size_t> longer;
    for (const std::size_t offset : offsets)
      for (std::size_t i = 0; i < shape()[axis]; ++i) longer.push_back(offset + i * stride);
    offsets = std::move(longer);
    stride *= shape()[axis];
  }
  Bytes gathered((end - begin) * row_elements_ * size);
  std::byte* to = gathered.data();
  for (std::size_t row = begin; row < end; ++row)
    for (const std::size_t offset : offsets)
      to = std::copy_n(whole_.data() + (row + offset) * size, size, to);
  return decode(gathered, begin * row_elements_);
}

}  // namespace tacit
