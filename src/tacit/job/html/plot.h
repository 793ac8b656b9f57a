// Losses over the steps of training as a drawing with axes: one for wide pages and one for phones, of which a
// page shows one.
#pragma once

#include "tacit/job/report.h"

namespace tacit::html {

struct Curve {
  std::string name;        ///< within a line: "private"
  std::string_view style;  ///< "private", "clear", or "other"
  std::vector<LossPoint> points;
};

/// Those points whose losses are finite.
std::vector<LossPoint> finite(const std::vector<LossPoint>& points);

/// The last curve lies on top. Points are finite; curves without any are passed over. Empty if there is none.
std::string plot(const std::vector<Curve>& curves);

}  // namespace tacit::html
