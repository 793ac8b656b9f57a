#include "tacit/base/shape.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit {

std::size_t elements(const Shape& shape) {
  std::size_t n = 1;
  for (std::size_t d : shape) {
    if (d != 0 && n > (std::size_t{1} << 48) / d) [[unlikely]]
      throw UsageError(fmt::format("a tensor of shape {} is too large", to_string(shape)));
    n *= d;
  }
  return n;
}

std::string to_string(const Shape& shape) {
  if (shape.empty()) return "scalar";
  std::string out;
  for (std::size_t d : shape) out += (out.empty() ? "" : "x") + std::to_string(d);
  return out;
}

Shape broadcast(const Shape& a, const Shape& b) {
  Shape out(std::max(a.size(), b.size()));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t da = i < a.size() ? a[a.size() - 1 - i] : 1;
    const std::size_t db = i < b.size() ? b[b.size() - 1 - i] : 1;
    require(da == db || da == 1 || db == 1, "shapes {} and {} do not broadcast", to_string(a), to_string(b));
    out[out.size() - 1 - i] = da == 1 ? db : da;
  }
  return out;
}

std::vector<std::size_t> row_major_strides(const Shape& shape) {
  std::vector<std::size_t> strides(shape.size());
  std::size_t step = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    strides[i] = step;
    step *= shape[i];
  }
  return strides;
}

std::vector<std::size_t> broadcast_strides(const Shape& from, const Shape& to) {
  require(from.size() <= to.size() && broadcast(from, to) == to, "shape {} does not broadcast to {}",
          to_string(from), to_string(to));
  const auto own = row_major_strides(from);
  std::vector<std::size_t> strides(to.size(), 0);
  const std::size_t lead = to.size() - from.size();
  for (std::size_t i = 0; i < from.size(); ++i) strides[lead + i] = from[i] == 1 ? 0 : own[i];
  return strides;
}

}  // namespace tacit
