#include "tacit/job/html/loss.h"

#include <algorithm>
#include <cmath>

#include "tacit/job/html/parts.h"

namespace tacit::html {

namespace {

constexpr double kWidth = 800, kHeight = 320, kLeft = 58, kRight = 640, kTop = 16, kBottom = 268;

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

std::vector<LossPoint> finite(const std::vector<LossPoint>& points) {
  std::vector<LossPoint> out;
  std::copy_if(points.begin(), points.end(), std::back_inserter(out),
               [](const LossPoint& p) { return std::isfinite(p.loss); });
  return out;
}

class Plot {
 public:
  Plot(const std::vector<LossPoint>& a, const std::vector<LossPoint>& b)
      : x_(range(a, b, true)), y_(range(a, b, false)) {
    // The drawing ends with the training, where the lines are labelled.
    for (const auto* points : {&a, &b})
      for (const LossPoint& p : *points) last_ = std::max(last_, step(p));
  }

  std::string axes() const {
    std::string out;
    for (int i = 0; y_.from + i * y_.step <= y_.to + y_.step / 2; ++i) {
      const double value = y_.from + i * y_.step, at = y(value);
      out += fmt::format(
          "<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/><text x=\"{}\" y=\"{:.1f}\" "
          "text-anchor=\"end\">{:.6g}</text>\n",
          kLeft, kRight, at, at, kLeft - 10, at + 4.5, std::fabs(value) < y_.step / 1e6 ? 0.0 : value);
    }
    for (int i = 0; x_.from + i * x_.step <= last_; ++i) {
      const double value = x_.from + i * x_.step, at = x(value);
      out += fmt::format(
          "<line class=\"axis\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\"/><text x=\"{0:.1f}\" "
          "y=\"{3}\" "
          "text-anchor=\"middle\">{4}</text>\n",
          at, kBottom, kBottom + 5, kBottom + 21, grouped(static_cast<std::uint64_t>(value)));
    }
    out += fmt::format("<line class=\"axis\" x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\"/>\n", kLeft, kRight,
                       kBottom, kBottom);
    out += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">training step</text>\n",
                       (kLeft + kRight) / 2, kBottom + 44);
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

  static Axis range(const std::vector<LossPoint>& a, const std::vector<LossPoint>& b, bool steps) {
    double low = 1e300, high = -1e300;
    for (const auto* points : {&a, &b})
      for (const LossPoint& p : *points) {
        low = std::min(low, steps ? step(p) : p.loss);
        high = std::max(high, steps ? step(p) : p.loss);
      }
    // Lengths above zero are what people compare; only losses far from it, or below, get an axis of their
    // own.
    if (steps || (low > 0 && (low < 0.6 * high || low == high))) low = 0;
    if (!(high - low > 1e-9 * std::fabs(high))) high = low + std::max(1.0, std::fabs(low));
    return {low, high, steps};
  }

  double x(double value) const { return kLeft + (kRight - kLeft) * (value - x_.from) / (last_ - x_.from); }
  double y(double value) const { return kBottom - (kBottom - kTop) * (value - y_.from) / (y_.to - y_.from); }

  Axis x_, y_;
  double last_ = 1;
};

std::string end_label(double x, double y, std::string_view style, std::string_view name, double loss) {
  return fmt::format("<text class=\"label {}\" x=\"{:.1f}\" y=\"{:.1f}\">{} {:.3g}</text>\n", style, x + 10,
                     y + 4.5, name, loss);
}

std::string drawing(const std::vector<LossPoint>& own, const std::vector<LossPoint>& clear) {
  const Plot plot(own, clear);
  std::string text = "Loss by training step.";
  for (const auto& [name, points] : {std::pair("Private", &own), std::pair("In the clear", &clear)})
    if (!points->empty())
      text += fmt::format(" {}: from {} to {}.", name, short_number(points->front().loss),
                          short_number(points->back().loss));
  std::string out = fmt::format("<svg class=\"plot\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n",
                                kWidth, kHeight, text);
  out += plot.axes() + plot.line(clear, "clear") + plot.line(own, "private");
  // Labels at the lines' ends, apart from each other.
  double own_y = own.empty() ? 0 : plot.end_y(own), clear_y = clear.empty() ? 0 : plot.end_y(clear);
  if (!own.empty() && !clear.empty() && std::fabs(own_y - clear_y) < 18) {
    const double middle = std::min((own_y + clear_y) / 2, kBottom - 9), half = own_y <= clear_y ? 9 : -9;
    own_y = middle - half;
    clear_y = middle + half;
  }
  if (!clear.empty())
    out += end_label(plot.end_x(clear), clear_y, "clear", "in the clear", clear.back().loss);
  if (!own.empty()) out += end_label(plot.end_x(own), own_y, "private", "private", own.back().loss);
  return out + "</svg>\n";
}

std::string numbers(const RunReport& r) {
  std::map<std::size_t, std::pair<std::string, std::string>> by_step;
  for (const LossPoint& p : r.loss) by_step[p.step].first = short_number(p.loss);
  for (const LossPoint& p : r.clear_loss) by_step[p.step].second = short_number(p.loss);
  std::vector<Row> rows;
  for (const auto& [step, pair] : by_step) rows.push_back({{grouped(step + 1), pair.first, pair.second}, ""});
  return "<details><summary>The numbers behind the curve</summary>\n" +
         table("Loss by step, mean over the batch", {{"Step"}, {"Private", true}, {"In the clear", true}},
               rows) +
         "</details>\n";
}

}  // namespace

std::string loss_section(const RunReport& r) {
  if (r.loss.empty() && r.clear_loss.empty()) return "";
  const auto own = finite(r.loss), clear = finite(r.clear_loss);
  std::string body = "<figure>\n<div class=\"scroll\">\n";
  if (!own.empty() || !clear.empty()) body += drawing(own, clear);
  body += "</div>\n<figcaption>Mean loss of a batch, at the steps where it was revealed or computed.";
  if (!own.empty() && !clear.empty())
    body += " The thin line is the private run, the broad one the same training in the clear.";
  if (r.loss.empty()) body += " The private run revealed no loss to this report’s reader.";
  if (own.size() < r.loss.size() || clear.size() < r.clear_loss.size())
    body += " <strong>Some losses were not finite numbers: the training diverged there.</strong>";
  return section("loss", "Loss", body + "</figcaption>\n</figure>\n" + numbers(r));
}

}  // namespace tacit::html
