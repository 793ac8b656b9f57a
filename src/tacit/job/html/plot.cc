#include "tacit/job/html/plot.h"

#include <algorithm>
#include <cmath>

#include "tacit/job/html/parts.h"

namespace tacit::html {

namespace {

/// Where things are on a drawing; labels stand at the curves' ends, or, where there is no room, above them.
struct Frame {
  std::string_view name;
  double width, height, left, right, top, bottom;
  bool ends;
};
constexpr Frame kWide{"wide", 800, 320, 66, 640, 16, 268, true};
constexpr Frame kNarrow{"narrow", 360, 296, 62, 334, 56, 248, false};

/// Round numbers from at most `low` to at least `high`, some five steps.
struct Axis {
  Axis(double low, double high, bool whole) {
    const double raw = (high - low) / 5;
    const double magnitude = std::pow(10.0, std::floor(std::log10(raw)));
    const double fraction = raw / magnitude;
    step = magnitude * (fraction <= 1.001 ? 1 : fraction <= 2.001 ? 2 : fraction <= 5.001 ? 5 : 10);
    if (whole) step = std::max(step, 1.0);
    from = std::floor(low / step + 1e-9) * step;
    to = std::max(std::ceil(high / step - 1e-9) * step, from + step);
  }
  double from, to, step;
};

class Plot {
 public:
  Plot(const Frame& frame, const std::vector<Curve>& curves)
      : f_(frame), x_(range(curves, true)), y_(range(curves, false)) {
    // The drawing ends with the training, where the lines are labelled.
    for (const Curve& c : curves)
      for (const LossPoint& p : c.points) last_ = std::max(last_, step(p));
  }

  std::string axes() const {
    std::string out;
    for (int i = 0; y_.from + i * y_.step <= y_.to + y_.step / 2; ++i) {
      const double value = y_.from + i * y_.step, at = y(value);
      out += fmt::format(
          "<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/><text x=\"{}\" y=\"{:.1f}\" "
          "text-anchor=\"end\">{:.6g}</text>\n",
          f_.left, f_.right, at, at, f_.left - 10, at + 4.5, std::fabs(value) < y_.step / 1e6 ? 0.0 : value);
    }
    for (int i = 0; x_.from + i * x_.step <= last_; ++i) {
      const double value = x_.from + i * x_.step, at = x(value);
      out += fmt::format(
          "<line class=\"axis\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\"/><text x=\"{0:.1f}\" "
          "y=\"{3}\" "
          "text-anchor=\"middle\">{4}</text>\n",
          at, f_.bottom, f_.bottom + 5, f_.bottom + 21, grouped(static_cast<std::uint64_t>(value)));
    }
    out += fmt::format("<line class=\"axis\" x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\"/>\n", f_.left, f_.right,
                       f_.bottom, f_.bottom);
    out += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">training step</text>\n",
                       (f_.left + f_.right) / 2, f_.bottom + 44);
    return out;
  }

  std::string line(const std::vector<LossPoint>& points, std::string_view style) const {
    if (points.empty()) return "";
    std::string out = fmt::format("<polyline class=\"{}\" points=\"", style);
    for (const LossPoint& p : points) out += fmt::format("{:.1f},{:.1f} ", x(step(p)), y(p.loss));
    out += "\"/>\n";
    // Alone, a point draws no line.
    if (points.size() == 1)
      out += fmt::format("<circle class=\"dot {}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\"/>\n", style,
                         x(step(points[0])), y(points[0].loss));
    return out;
  }

  double end_y(const std::vector<LossPoint>& points) const { return y(points.back().loss); }
  double end_x(const std::vector<LossPoint>& points) const { return x(step(points.back())); }

 private:
  static double step(const LossPoint& p) { return static_cast<double>(p.step) + 1; }

  static Axis range(const std::vector<Curve>& curves, bool steps) {
    double low = 1e300, high = -1e300;
    for (const Curve& c : curves)
      for (const LossPoint& p : c.points) {
        low = std::min(low, steps ? step(p) : p.loss);
        high = std::max(high, steps ? step(p) : p.loss);
      }
    // Lengths above zero are what people compare; only losses far from it, or below, get an axis of their
    // own.
    if (steps || (low > 0 && (low < 0.6 * high || low == high))) low = 0;
    if (!(high - low > 1e-9 * std::fabs(high))) high = low + std::max(1.0, std::fabs(low));
    return {low, high, steps};
  }

  double x(double value) const {
    return f_.left + (f_.right - f_.left) * (value - x_.from) / (last_ - x_.from);
  }
  double y(double value) const {
    return f_.bottom - (f_.bottom - f_.top) * (value - y_.from) / (y_.to - y_.from);
  }

  const Frame& f_;
  Axis x_, y_;
  double last_ = 1;
};

std::string end_label(double x, double y, const Curve& c) {
  return fmt::format("<text class=\"label {}\" x=\"{:.1f}\" y=\"{:.1f}\">{} {:.3g}</text>\n", c.style, x, y,
                     c.name, c.points.back().loss);
}

/// Labels at the curves' ends, apart from each other and within the drawing.
std::string labels_at_ends(const Plot& plot, const Frame& f, const std::vector<Curve>& curves) {
  constexpr double kApart = 18;
  std::vector<std::pair<double, const Curve*>> places;
  for (const Curve& c : curves) places.emplace_back(plot.end_y(c.points), &c);
  std::stable_sort(places.begin(), places.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  // Curves that end together: the topmost of the drawing stands first.
  if (places.size() == 2 && places[1].first - places[0].first < kApart) {
    const double middle =
        std::clamp((places[0].first + places[1].first) / 2, f.top + kApart / 2, f.bottom - kApart / 2);
    places[0].first = middle - kApart / 2;
    places[1].first = middle + kApart / 2;
  }
  std::string out;
  for (const auto& [y, c] : places) out += end_label(plot.end_x(c->points) + 10, y + 4.5, *c);
  return out;
}

/// One below the other, above the drawing.
std::string labels_above(const Frame& f, const std::vector<Curve>& curves) {
  std::string out;
  double y = 14;
  for (const Curve& c : curves) {
    out += fmt::format("<polyline class=\"{}\" points=\"{:.1f},{:.1f} {:.1f},{:.1f}\"/>\n", c.style, f.left,
                       y, f.left + 24, y);
    out += end_label(f.left + 34, y + 4.5, c);
    y += 20;
  }
  return out;
}

std::string drawing(const Frame& f, const std::vector<Curve>& curves) {
  const Plot plot(f, curves);
  std::string text = "Loss by training step.";
  for (auto c = curves.rbegin(); c != curves.rend(); ++c) {
    std::string name = c->name;
    if (!name.empty() && name[0] >= 'a' && name[0] <= 'z') name[0] = static_cast<char>(name[0] - 32);
    text += fmt::format(" {}: from {} to {}.", name, short_number(c->points.front().loss),
                        short_number(c->points.back().loss));
  }
  std::string out =
      fmt::format("<svg class=\"plot {}\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n", f.name,
                  f.width, f.height, text);
  out += plot.axes();
  for (const Curve& c : curves) out += plot.line(c.points, c.style);
  return out + (f.ends ? labels_at_ends(plot, f, curves) : labels_above(f, curves)) + "</svg>\n";
}

}  // namespace

std::vector<LossPoint> finite(const std::vector<LossPoint>& points) {
  std::vector<LossPoint> out;
  std::copy_if(points.begin(), points.end(), std::back_inserter(out),
               [](const LossPoint& p) { return std::isfinite(p.loss); });
  return out;
}

std::string plot(const std::vector<Curve>& curves) {
  std::vector<Curve> drawn;
  std::copy_if(curves.begin(), curves.end(), std::back_inserter(drawn),
               [](const Curve& c) { return !c.points.empty(); });
  return drawn.empty() ? "" : drawing(kWide, drawn) + drawing(kNarrow, drawn);
}

}  // namespace tacit::html
