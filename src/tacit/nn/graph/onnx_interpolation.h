// Which elements of an axis each element of the resized axis is made of, by the formulas of ONNX's
// specification of Resize.
#pragma once

#include "tacit/nn/graph/onnx_step.h"

namespace tacit::nn::onnx_io {

struct ResizedAxis {
  std::size_t axis, from, to;
  double scale;               ///< as the file gives it, or what the sizes come to
  double start = 0, end = 1;  ///< the part that is taken, where the form crops
};

struct ResizeForm {
  std::string mode, places, nearest;  ///< nearest: also "outwards", which files before operator set 11 mean
  bool antialias = false, exclude_outside = false;
  double cubic = -0.75;  ///< the parameter of the cubic kernel
  double outside = 0;    ///< what elements are that lie outside the part there is

  bool crops() const { return places == "tf_crop_and_resize"; }
};
/// UsageError, naming what is known, for attributes that are not.
ResizeForm resize_form(const Step& step);
void expect_one_of(const Step& step, std::string_view attribute, const std::string& value,
                   std::initializer_list<std::string_view> known);

/// The element that the result's element `i` is; nothing if that lies outside.
std::optional<std::size_t> nearest_element(const ResizeForm& form, const ResizedAxis& axis, std::size_t i);
/// What each element counts in the result's element `i`, added to row[k stride]; false, and nothing added, if
/// that lies outside.
bool add_weights(const ResizeForm& form, const ResizedAxis& axis, std::size_t i, double* row,
                 std::size_t stride);

}  // namespace tacit::nn::onnx_io
