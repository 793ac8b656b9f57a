#include "tacit/nn/graph/onnx_interpolation.h"

#include <algorithm>
#include <cmath>

#include "tacit/base/error.h"

namespace tacit::nn::onnx_io {

namespace {

/// Where in the tensor the element `i` of the result lies. In the precision of T, since ties of the nearest
/// are decided as runtimes do, in 32 bits. By ONNX's own tests the corners that are aligned are those of the
/// size before it is rounded.
template <class T>
T place_of(const ResizeForm& form, const ResizedAxis& a, std::size_t i) {
  const T x = static_cast<T>(i), scale = static_cast<T>(a.scale), from = static_cast<T>(a.from);
  const T size = scale * from, half = static_cast<T>(0.5);
  if (form.places == "asymmetric") return x / scale;
  if (form.places == "tf_half_pixel_for_nn") return (x + half) / scale;
  if (form.places == "align_corners") return a.to == 1 ? 0 : x * (from - 1) / (size - 1);
  if (form.crops()) {
    const T start = static_cast<T>(a.start), part = static_cast<T>(a.end) - start;
    const T along = a.to == 1 ? part * (from - 1) * half : x * part * (from - 1) / (size - 1);
    return along + start * (from - 1);
  }
  if (form.places == "pytorch_half_pixel" && a.to == 1) return 0;
  T offset = 0;
  if (form.places == "half_pixel_symmetric") offset = from * half * (1 - static_cast<T>(a.to) / size);
  return offset + (x + half) / scale - half;
}

bool lies_outside(const ResizeForm& form, const ResizedAxis& a, double place) {
  return form.crops() && (place < 0 || place > static_cast<double>(a.from) - 1);
}

std::size_t held_within(double index, const ResizedAxis& a) {
  return static_cast<std::size_t>(std::clamp(index, 0.0, static_cast<double>(a.from) - 1));
}

/// How much an element counts at a distance.
double kernel_of(const ResizeForm& form, double distance) {
  const double x = std::fabs(distance), a = form.cubic;
  if (form.mode == "linear") return std::max(0.0, 1 - x);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

}  // namespace

void expect_one_of(const Step& step, std::string_view attribute, const std::string& value,
                   std::initializer_list<std::string_view> known) {
  std::string list;
  for (std::string_view k : known) list += (list.empty() ? "" : ", ") + std::string(k);
  require(std::find(known.begin(), known.end(), value) != known.end(),
          "{} has '{}' as its '{}', which tacit does not know; use one of {}", step.what(), printable(value),
          attribute, list);
}

ResizeForm resize_form(const Step& step) {
  ResizeForm f;
  f.mode = step.attrs.text("mode", "nearest");
  expect_one_of(step, "mode", f.mode, {"nearest", "linear", "cubic"});
  if (step.op == "Upsample" || step.opset < 11) {
    // Before operator set 11 nothing was said of places; runtimes do this.
    f.places = "asymmetric";
    f.nearest = "outwards";
    return f;
  }
  f.places = step.attrs.text("coordinate_transformation_mode", "half_pixel");
  expect_one_of(step, "coordinate_transformation_mode", f.places,
                {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric",
                 "tf_half_pixel_for_nn", "tf_crop_and_resize"});
  f.nearest = step.attrs.text("nearest_mode", "round_prefer_floor");
  expect_one_of(step, "nearest_mode", f.nearest,
                {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"});
  f.antialias = step.attrs.integer("antialias", 0) != 0;
  f.exclude_outside = step.attrs.integer("exclude_outside", 0) != 0;
  f.cubic = step.attrs.real("cubic_coeff_a", -0.75);
  f.outside = step.attrs.real("extrapolation_value", 0);
  return f;
}

std::optional<std::size_t> nearest_element(const ResizeForm& form, const ResizedAxis& a, std::size_t i) {
  const double place = static_cast<double>(place_of<float>(form, a, i));
  if (lies_outside(form, a, place)) return std::nullopt;
  const bool up = form.nearest == "ceil" || (form.nearest == "outwards" && a.scale < 1);
  double index = up ? std::ceil(place) : std::floor(place);
  if (form.nearest == "round_prefer_floor") index = std::ceil(place - 0.5);
  if (form.nearest == "round_prefer_ceil") index = std::floor(place + 0.5);
  return held_within(index, a);
}

bool add_weights(const ResizeForm& form, const ResizedAxis& a, std::size_t i, double* row,
                 std::size_t stride) {
  const double place = place_of<double>(form, a, i);
  if (lies_outside(form, a, place)) return false;
  // Where elements get fewer, the kernel is as much wider, so that all of them count.
  const double shrunk = form.antialias ? std::min(a.scale, 1.0) : 1.0;
  const double reach = (form.mode == "linear" ? 1 : 2) / shrunk, base = std::ceil(place) - 1;
  const double first = std::floor(-reach) + 1, last = 1 - first, size = static_cast<double>(a.from);
  double sum = 0;
  for (const bool write : {false, true})
    for (double k = first; k <= last; ++k) {
      const double at = base + k;
      if (form.exclude_outside && (at < 0 || at >= size)) continue;
      const double weight = kernel_of(form, shrunk * (at - place));
      if (write)
        row[held_within(at, a) * stride] += weight / sum;
      else
        sum += weight;
    }
  return true;
}

}  // namespace tacit::nn::onnx_io
