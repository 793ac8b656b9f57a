#include "tacit/audit/steal_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tacit/job/html/parts.h"

namespace tacit::audit {

namespace {

// Queries go to the right by their logarithms, the measure up from 0 to 1. Labels stand at the lines' ends,
// or, where there is no room, above them.
struct Frame {
  std::string_view name;
  double width, height, left, right, top, bottom;
  bool ends;
};
constexpr Frame kWide{"wide", 800, 320, 66, 640, 16, 268, true};
constexpr Frame kNarrow{"narrow", 360, 312, 62, 334, 72, 264, false};
constexpr double kApart = 18;

std::string_view style_of(const std::string& thief) {
  if (thief == "network") return "private";
  if (thief == "affine") return "other";
  return thief == "architecture" ? "same" : "exposed";
}
std::string short_name(const Curve& c) {
  if (c.thief == "architecture") return "same layers";
  if (c.thief == "exposed") return "lacks " + to_string(*c.kept);
  return c.thief == "algebra" ? "solved" : c.thief;
}

class Drawing {
 public:
  Drawing(Frame frame, const std::vector<Curve>& curves, Measure measure, const Level& level)
      : f_(frame), curves_(curves), measure_(measure), level_(level) {
    if (!f_.ends) {
      const double more = std::max(0.0, kApart * static_cast<double>(curves.size() + 1) + 16 - f_.top);
      f_.top += more, f_.bottom += more, f_.height += more;
    }
    for (const Curve& c : curves)
      for (const CurvePoint& p : c.points) {
        low_ = std::min(low_, std::log10(static_cast<double>(p.queries)));
        high_ = std::max(high_, std::log10(static_cast<double>(p.queries)));
      }
    if (high_ - low_ < 0.1) low_ -= 0.5, high_ += 0.5;
  }

  std::string text() {
    std::string out = fmt::format(
        "<svg class=\"plot {}\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}, by the number of "
        "queries\">\n",
        f_.name, f_.width, f_.height,
        measure_ == Measure::Fidelity ? "Agreement of imitations with the model" : "Accuracy of imitations");
    out += axes();
    out += fmt::format(
        "<line class=\"axis\" stroke-dasharray=\"2 4\" x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" "
        "y2=\"{2:.1f}\"/>\n",
        f_.left, f_.right, y(level_.at));
    label("", y(level_.at), fmt::format("{} {:.0f} %", level_.words, 100 * level_.at));
    for (const Curve& c : curves_) out += line(c);
    return out + labels() + "</svg>\n";
  }

 private:
  struct Label {
    double at;
    std::string style, text;
  };

  double x(double queries) const {
    return f_.left + (f_.right - f_.left) * (std::log10(queries) - low_) / (high_ - low_);
  }
  double y(double part) const { return f_.bottom - (f_.bottom - f_.top) * std::clamp(part, 0.0, 1.0); }
  std::optional<double> measured(const CurvePoint& p) const {
    return measure_ == Measure::Fidelity ? std::optional(p.fidelity.agreement) : p.accuracy;
  }

  std::string axes() const {
    std::string out;
    for (int i = 0; i <= 5; ++i)
      out += fmt::format(
          "<line class=\"grid\" x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/><text x=\"{3}\" "
          "y=\"{4:.1f}\" text-anchor=\"end\">{5} %</text>\n",
          f_.left, f_.right, y(i / 5.0), f_.left - 10, y(i / 5.0) + 4.5, 20 * i);
    for (double decade = std::ceil(low_ - 1e-9); decade <= high_ + 1e-9; ++decade) {
      const double queries = std::pow(10.0, decade);
      out += fmt::format(
          "<line class=\"axis\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\"/><text x=\"{0:.1f}\" "
          "y=\"{3}\" text-anchor=\"middle\">{4}</text>\n",
          x(queries), f_.bottom, f_.bottom + 5, f_.bottom + 21,
          html::grouped(static_cast<std::uint64_t>(std::llround(queries))));
    }
    return out +
           fmt::format(
               "<line class=\"axis\" x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\"/>\n<text x=\"{}\" y=\"{}\" "
               "text-anchor=\"middle\">queries</text>\n",
               f_.left, f_.right, f_.bottom, f_.bottom, (f_.left + f_.right) / 2, f_.bottom + 44);
  }

  std::string line(const Curve& c) {
    const std::string_view style = style_of(c.thief);
    std::string points, dots;
    std::optional<double> last;
    std::size_t count = 0;
    for (const CurvePoint& p : c.points) {
      const std::optional<double> part = measured(p);
      if (!part) continue;
      last = part;
      ++count;
      const double at_x = x(static_cast<double>(p.queries)), at_y = y(*part);
      points += fmt::format("{:.1f},{:.1f} ", at_x, at_y);
      dots +=
          fmt::format("<circle class=\"dot {}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\"/>\n", style, at_x, at_y);
    }
    if (!last) return "";
    label(style, y(*last), fmt::format("{} {:.1f} %", short_name(c), 100 * *last));
    if (count > 1) dots = fmt::format("<polyline class=\"{}\" points=\"{}\"/>\n", style, points) + dots;
    return dots;
  }

  void label(std::string_view style, double at, std::string text) {
    labels_.push_back({at, std::string(style), std::move(text)});
  }
  /// Apart from each other, from the top down.
  std::string labels() {
    std::sort(labels_.begin(), labels_.end(), [](const Label& a, const Label& b) { return a.at < b.at; });
    std::string out;
    double from = f_.ends ? f_.top : 16;
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      // What follows must have room above the axis.
      const double room = f_.bottom - kApart * static_cast<double>(labels_.size() - 1 - i);
      const double at = f_.ends ? std::min(std::max(labels_[i].at, from), room) : from;
      out += fmt::format("<text class=\"label {}\" x=\"{}\" y=\"{:.1f}\">{}</text>\n", labels_[i].style,
                         f_.ends ? f_.right + 10 : f_.left, at + (f_.ends ? 4.5 : 0), labels_[i].text);
      from = at + kApart;
    }
    return out;
  }

  Frame f_;
  const std::vector<Curve>& curves_;
  Measure measure_;
  const Level& level_;
  std::vector<Label> labels_;
  double low_ = 1e9, high_ = 0;
};

}  // namespace

std::string steal_plot(const std::vector<Curve>& curves, Measure measure, const Level& level) {
  return Drawing(kWide, curves, measure, level).text() + Drawing(kNarrow, curves, measure, level).text();
}

}  // namespace tacit::audit
