// Steps of operators that put the same numbers in other places, or take some of them.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "tacit/base/error.h"
#include "tacit/nn/ops/axes.h"
#include "tacit/nn/ops/ops.h"
#include "tacit/runtime/makers.h"
#include "tacit/runtime/view.h"

namespace tacit::runtime {

namespace {

Step copy_step(const BoxCopy& copy, std::ptrdiff_t from = 0, std::ptrdiff_t to = 0) {
  Step s;
  s.run = [=](const Call& c) { copy.run(c.in[0] + from, c.out + to); };
  return s;
}

Step itself(const Request&) { return the_operand_itself(); }

Step transpose(const Request& r) {
  const std::size_t rank = r.in[0].size();
  std::vector<std::size_t> order(rank);
  std::iota(order.rbegin(), order.rend(), std::size_t{0});
  if (r.attrs.has("perm")) {
    const auto perm = r.attrs.integers("perm");
    for (std::size_t i = 0; i < rank; ++i) order[i] = nn::axis_of(perm[i], r.in[0]);
  }
  const Strides own = strides_of(r.in[0]);
  Strides from;
  for (const std::size_t axis : order) from.push_back(own[axis]);
  return copy_step(BoxCopy(r.out, from, strides_of(r.out)));
}

Step expand(const Request& r) {
  Strides from;
  for (const std::size_t s : broadcast_strides(r.in[0], r.out))
    from.push_back(static_cast<std::ptrdiff_t>(s));
  return copy_step(BoxCopy(r.out, from, strides_of(r.out)));
}

/// Each axis as two: the repetitions, and the axis itself.
Step tile(const Request& r) {
  const Strides own = strides_of(r.in[0]), out = strides_of(r.out);
  Shape shape;
  Strides from, to;
  for (std::size_t i = 0; i < r.out.size(); ++i) {
    const std::size_t extent = r.in[0][i];
    shape.insert(shape.end(), {extent == 0 ? 0 : r.out[i] / extent, extent});
    from.insert(from.end(), {0, own[i]});
    to.insert(to.end(), {out[i] * static_cast<std::ptrdiff_t>(extent), out[i]});
  }
  return copy_step(BoxCopy(shape, from, to));
}

Step concat(const Request& r) {
  const std::size_t axis = nn::axis_of(r.attrs.integer("axis"), r.in[0]);
  const Strides out = strides_of(r.out);
  struct Part {
    BoxCopy copy;
    std::ptrdiff_t at;
  };
  std::vector<Part> parts;
  std::ptrdiff_t at = 0;
  for (const Shape& in : r.in) {
    parts.push_back({BoxCopy(in, strides_of(in), out), at * out[axis]});
    at += static_cast<std::ptrdiff_t>(in[axis]);
  }
  Step s;
  s.run = [=](const Call& c) {
    for (std::size_t i = 0; i < parts.size(); ++i) parts[i].copy.run(c.in[i], c.out + parts[i].at);
  };
  return s;
}

Step slice(const Request& r) {
  const auto starts = r.attrs.integers("starts");
  std::vector<std::int64_t> axes(starts.size());
  std::iota(axes.begin(), axes.end(), std::int64_t{0});
  axes = r.attrs.integers("axes", axes);
  const auto steps = r.attrs.integers("steps", std::vector<std::int64_t>(starts.size(), 1));
  Strides from = strides_of(r.in[0]);
  const Strides own = from;
  std::ptrdiff_t begin = 0;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::size_t axis = nn::axis_of(axes[i], r.in[0]);
    const auto extent = static_cast<std::int64_t>(r.in[0][axis]);
    const std::int64_t place = starts[i] < 0 ? starts[i] + extent : starts[i];
    begin += std::clamp(place, std::int64_t{0}, steps[i] > 0 ? extent : extent - 1) * own[axis];
    from[axis] = own[axis] * steps[i];
  }
  return copy_step(BoxCopy(r.out, from, strides_of(r.out)), begin);
}

Step pad(const Request& r) {
  const auto axes = nn::axes_of(r.attrs, r.in[0]);
  const auto pads = r.attrs.integers("pads");
  const Strides out = strides_of(r.out);
  std::ptrdiff_t begin = 0;
  for (std::size_t i = 0; i < axes.size(); ++i) begin += pads[i] * out[axes[i]];
  const BoxCopy copy(r.in[0], strides_of(r.in[0]), out);
  const float fill = static_cast<float>(r.attrs.real("constant_value", 0));
  const std::size_t n = elements(r.out);
  Step s;
  s.run = [=](const Call& c) {
    std::fill_n(c.out, n, fill);
    copy.run(c.in[0], c.out + begin);
  };
  return s;
}

/// A place along an axis of `extent`; from the end if it is negative.
std::size_t place_of(double index, std::size_t extent) {
  const double at = index < 0 ? index + static_cast<double>(extent) : index;
  require(at >= 0 && at < static_cast<double>(extent), "an axis of {} has no place {}", extent, index);
  return static_cast<std::size_t>(at);
}

std::vector<double> known_indices(const Request& r) {
  if (r.attrs.has("indices")) {
    const auto indices = r.attrs.integers("indices");
    return {indices.begin(), indices.end()};
  }
  return r.known[1]->values;
}

Step gather(const Request& r) {
  const std::size_t axis = nn::axis_of(r.attrs.integer("axis", 0), r.in[0]), extent = r.in[0][axis];
  const std::size_t after = row_major_strides(r.in[0])[axis];
  const std::size_t before = elements(r.in[0]) / std::max<std::size_t>(1, extent * after);
  const auto take = [=](const Call& c, const std::vector<std::size_t>& places) {
    float* to = c.out;
    for (std::size_t b = 0; b < before; ++b)
      for (const std::size_t place : places) {
        std::copy_n(c.in[0] + (b * extent + place) * after, after, to);
        to += after;
      }
  };
  Step s;
  if (r.attrs.has("indices") || r.known[1] != nullptr) {
    std::vector<std::size_t> places;
    for (const double index : known_indices(r)) places.push_back(place_of(index, extent));
    s.run = [=](const Call& c) { take(c, places); };
  } else {
    const std::size_t count = elements(r.in[1]);
    s.run = [=](const Call& c) {
      std::vector<std::size_t> places;
      for (std::size_t i = 0; i < count; ++i)
        places.push_back(place_of(static_cast<double>(c.in[1][i]), extent));
      take(c, places);
    };
  }
  return s;
}

Step one_hot(const Request& r) {
  const auto values = r.attrs.reals("values", {0, 1});
  require(values.size() == 2, "one-hot rows need two values, off and on, not {}", values.size());
  const float off = static_cast<float>(values[0]), on = static_cast<float>(values[1]);
  const std::size_t axis = nn::axis_of(r.attrs.integer("axis", -1), r.out), depth = r.out[axis];
  const std::size_t after = row_major_strides(r.out)[axis], n = elements(r.in[0]), all = elements(r.out);
  Step s;
  s.run = [=](const Call& c) {
    std::fill_n(c.out, all, off);
    for (std::size_t i = 0; i < n; ++i) {
      const float index = std::nearbyint(c.in[0][i]);
      const float at = index < 0 ? index + static_cast<float>(depth) : index;
      if (at >= 0 && at < static_cast<float>(depth))
        c.out[(i / after * depth + static_cast<std::size_t>(at)) * after + i % after] = on;
    }
  };
  return s;
}

}  // namespace

std::span<const Maker> layout_makers() {
  static constexpr Maker kAll[] = {
      {&nn::kConcat, concat},       {&nn::kDropout, itself},  {&nn::kExpand, expand},
      {&nn::kFlatten, itself},      {&nn::kGather, gather},   {&nn::kIdentity, itself},
      {&nn::kOneHot, one_hot},      {&nn::kPad, pad},         {&nn::kReshape, itself},
      {&nn::kSlice, slice},         {&nn::kSqueeze, itself},  {&nn::kTile, tile},
      {&nn::kTranspose, transpose}, {&nn::kUnsqueeze, itself}};
  return kAll;
}

}  // namespace tacit::runtime
