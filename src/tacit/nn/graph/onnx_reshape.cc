// A reshape written for the batch at hand becomes one for every batch: what follows the batch is kept (0) or
// left open (-1), the rest is as it was.
#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/nn/graph/onnx_fold.h"
#include "tacit/nn/graph/onnx_lower.h"

namespace tacit::nn::onnx_io {

namespace {

using Extents = std::vector<std::int64_t>;

constexpr std::int64_t kMostExtent = std::int64_t{1} << 31;

std::int64_t extent(const Shape& shape, std::size_t axis) {
  return axis < shape.size() ? static_cast<std::int64_t>(shape[axis]) : -1;
}

/// The axis that follows the batch; nothing if none or several do.
std::optional<std::size_t> batch_axis(const Shape& one, const Shape& two) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < one.size(); ++i) {
    if (one[i] == two[i]) continue;
    if (found) return std::nullopt;
    found = i;
  }
  return found;
}

/// Where in a literal shape the batch stands, in a model for which its size should be open; nothing if that
/// cannot be told. Exporters trace a model with one batch size and write down what each axis came to.
std::optional<std::size_t> place_of_batch(const Extents& wanted, const Shape& one, std::size_t axis,
                                          std::int64_t batch) {
  const Shape lead(one.begin(), one.begin() + static_cast<std::ptrdiff_t>(axis));
  const auto before = static_cast<std::int64_t>(elements(lead)), own = extent(one, axis);
  std::int64_t product = 1;
  std::size_t at = 0;
  while (at < wanted.size() && product < before && wanted[at] > 0 && wanted[at] <= before / product)
    product *= wanted[at++];
  if (product != before) {
    // An axis that ends with the batch: places times examples, in files made for several.
    const bool small = at < wanted.size() && wanted[at] > 0 && std::max(wanted[at], product) <= kMostExtent;
    const bool ends = small && batch > 1 && product * wanted[at] % batch == 0 &&
                      product * wanted[at] / batch == before * own;
    return ends ? std::optional(at) : std::nullopt;
  }
  // In a file made for one example nothing shows of the batch between two axes. One that is split takes it
  // along (heads times examples); where axes are joined it goes to those before it (places times examples).
  const std::int64_t after = axis + 1 < one.size() ? extent(one, axis + 1) : 1;
  if (own == 1 && at > 0 && batch == 1 &&
      (at == wanted.size() || (wanted[at] != batch && wanted[at] >= after)))
    return at - 1;
  if (at == wanted.size()) return std::nullopt;
  // An axis that holds more than the batch is taken apart: its size stands there by itself, or comes first.
  std::int64_t group = 1;
  for (std::size_t i = at; own > 1 && i < wanted.size(); ++i) {
    if (wanted[i] <= 0 || wanted[i] > own * batch / group) break;
    group *= wanted[i];
    if (wanted[i] == batch) return i;
  }
  return at;
}

/// A literal that stands for the batch becomes one for every size of it.
Extents without_batch(Extents wanted, const Shape& one, const Shape& two, std::int64_t batch) {
  const auto axis = batch_axis(one, two);
  if (!axis || elements(one) == 0) return wanted;
  const auto at = place_of_batch(wanted, one, *axis, batch);
  if (!at || wanted[*at] <= 0 || wanted[*at] % batch != 0) return wanted;
  const auto open = std::find(wanted.begin(), wanted.end(), -1);
  if (open == wanted.end()) {
    wanted[*at] = -1;
    return wanted;
  }
  if (*at != *axis || extent(one, *at) * batch != wanted[*at]) return wanted;
  // An axis that holds more than the batch is taken apart if what is left open is the batch itself.
  std::int64_t beside = 1;
  for (const std::int64_t e : wanted)
    if (e > 0) beside = std::min(beside * e, kMostExtent);
  const bool apart =
      extent(one, *at) > 1 && beside * batch == static_cast<std::int64_t>(elements(one)) * batch;
  if (!apart) wanted[*at] = 0;
  return wanted;
}

/// What a wanted shape comes to.
Extents resolved(Extents wanted, const Shape& from, bool zero_keeps, const Step& step) {
  std::int64_t filled = 1;
  std::size_t open = wanted.size();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == 0 && zero_keeps && i < from.size()) wanted[i] = extent(from, i);
    require(wanted[i] >= -1 && wanted[i] < kMostExtent, "{} asks for an axis of {}", step.what(), wanted[i]);
    if (wanted[i] == -1)
      open = i;
    else
      filled = std::min(filled * wanted[i], std::int64_t{1} << 32);  // far beyond any tensor of the graph
  }
  if (open < wanted.size() && filled > 0) wanted[open] = static_cast<std::int64_t>(elements(from)) / filled;
  return wanted;
}

}  // namespace

Operand lower_reshape(Builder& builder, Step step, const Origin& origin) {
  require(step.has(0) && step.has(1), "{} needs a tensor and a shape", step.what());
  const Operand x = step.in[0], target = step.in[1];
  if (x.is != Operand::Is::Live || !target.numbers() || !origin.batched) return builder.emit(step);
  const Shape &one = builder.shape(x), &two = builder.shape_of_two(x);
  Extents first = integers_of(*target.first(), "a shape"), second = integers_of(*target.second(), "a shape");
  // Where no axis is empty, an axis of 0 may as well mean one that is kept.
  if (std::find(first.begin(), first.end(), 0) == first.end() &&
      std::find(second.begin(), second.end(), 0) == second.end())
    step.attrs.set("allowzero", std::int64_t{0});
  const bool zero_keeps = step.attrs.integer("allowzero", 0) == 0;
  require(first.size() == second.size(), "{} has a shape whose number of axes follows the batch",
          step.what());
  if (first == second) {
    if (zero_keeps) first = second = without_batch(first, one, two, origin.batch);
  } else {
    const Extents r1 = resolved(first, one, zero_keeps, step), r2 = resolved(second, two, zero_keeps, step);
    std::size_t open = 0;
    for (std::size_t i = 0; i < first.size(); ++i) {
      if (r1[i] == r2[i]) continue;
      const bool kept = zero_keeps && extent(one, i) == r1[i] && extent(two, i) == r2[i];
      first[i] = kept ? 0 : -1;
      if (!kept) ++open;
    }
    // An axis that was left open and does not follow the batch makes room for one that does.
    for (std::size_t i = 0; i < first.size(); ++i)
      if (open > 0 && r1[i] == r2[i] && first[i] == -1) first[i] = r1[i];
    require(open <= 1, "{} spreads the batch over two axes; keep it in the first", step.what());
  }
  step.in[1] = known_integers(step.out.at(0) + ".shape", first);
  return builder.emit(step);
}

}  // namespace tacit::nn::onnx_io
