#include "tacit/audit/steal_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tacit/job/html/parts.h"

namespace tacit::audit {

namespace {

using html::escaped;

// Queries go to the right by their logarithms, agreement up from 0 to 1. Labels stand at the lines' ends, or,
// where there is no room, above them.
struct Frame {
  std::string_view name;
  double width, height, left, right, top, bottom;
  bool ends;
};
constexpr Frame kWide{"wide", 800, 320, 66, 640, 16, 268, true};
constexpr Frame kNarrow{"narrow", 360, 312, 62, 334, 72, 264, false};

std::string_view style_of(const std::string& thief) { return thief == "network" ? "private" : "other"; }

class Drawing {
 public:
  Drawing(const Frame& frame, const StealAudit& audit) : f_(frame), audit_(audit) {
    for (const StolenAt& s : audit.curve) {
      low_ = std::min(low_, std::log10(static_cast<double>(s.queries)));
      high_ = std::max(high_, std::log10(static_cast<double>(s.queries)));
    }
    if (high_ - low_ < 0.1) low_ -= 0.5, high_ += 0.5;
  }

  std::string text() {
    std::string out = fmt::format(
        "<svg class=\"plot {}\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"Agreement of imitations with "
        "the model, by the number of queries\">\n",
        f_.name, f_.width, f_.height);
    out += axes();
    out += fmt::format(
        "<line class=\"axis\" stroke-dasharray=\"2 4\" x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" "
        "y2=\"{2:.1f}\"/>\n",
        f_.left, f_.right, y(audit_.guess));
    label("", y(audit_.guess), fmt::format("a guess {:.0f} %", 100 * audit_.guess));
    for (const char* thief : {"affine", "network"}) out += line(thief);
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
  double y(double agreement) const {
    return f_.bottom - (f_.bottom - f_.top) * std::clamp(agreement, 0.0, 1.0);
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

  std::string line(const std::string& thief) {
    std::string points, dots;
    const StolenAt* last = nullptr;
    for (const StolenAt& s : audit_.curve) {
      if (s.thief != thief) continue;
      last = &s;
      const double at_x = x(static_cast<double>(s.queries)), at_y = y(s.fidelity.agreement);
      points += fmt::format("{:.1f},{:.1f} ", at_x, at_y);
      dots += fmt::format("<circle class=\"dot {}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\"/>\n", style_of(thief),
                          at_x, at_y);
    }
    if (last == nullptr) return "";
    label(style_of(thief), y(last->fidelity.agreement),
          fmt::format("{} {:.1f} %", thief, 100 * last->fidelity.agreement));
    return fmt::format("<polyline class=\"{}\" points=\"{}\"/>\n{}", style_of(thief), points, dots);
  }

  void label(std::string_view style, double at, std::string text) {
    labels_.push_back({at, std::string(style), std::move(text)});
  }
  /// Apart from each other, from the top down.
  std::string labels() {
    constexpr double kApart = 18;
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

  const Frame& f_;
  const StealAudit& audit_;
  std::vector<Label> labels_;
  double low_ = 1e9, high_ = 0;
};

std::string percent(double part) { return fmt::format("{:.1f} %", 100 * part); }

std::string table_of(const StealAudit& audit) {
  std::vector<html::Row> rows;
  for (const StolenAt& s : audit.curve)
    rows.push_back({{s.thief, html::grouped(s.queries), percent(s.fidelity.agreement),
                     html::short_number(s.fidelity.error), html::short_number(s.seconds)},
                    ""});
  return html::table("Imitations",
                     {{"thief"},
                      {"queries", true},
                      {"agreement", true},
                      {"error of scores", true},
                      {"seconds to learn", true}},
                     rows);
}

}  // namespace

std::string insider_words(const AuditedModel& m) {
  std::string out =
      "Whoever controls a recipient's device, or has a copy of its key folder where its key is a file, needs "
      "no query: it reads all weights from the program's memory, or opens the file with a program of its "
      "own, "
      "and has the model itself.";
  if (m.level == 4)
    out += " What it has bears the fingerprint of '" + m.fingerprint +
           "', and 'tacit trace' knows it again; an imitation that was trained on answers bears none.";
  else
    out += " Nothing in what it has tells whose copy it was.";
  return out;
}

std::string steal_page(const AuditedModel& m, const StealAudit& audit) {
  const StolenAt* best = audit.best(SIZE_MAX);
  std::string body = html::facts(
      {{"Model", escaped(m.name)},
       {"Vendor", escaped(m.vendor)},
       {"Level", fmt::format("{}, {}", m.level, escaped(m.level_name))},
       {"Copy of", escaped(m.fingerprint)},
       {"Numbers in a question and in an answer", fmt::format("{} and {}", audit.inputs, audit.outputs)},
       {"Measured on", html::counted(audit.held_out, "example", "examples") +
                           (m.random ? ", of random numbers" : ", which were held back")}});
  body += html::section("inside", "From inside a recipient", "<p>" + escaped(insider_words(m)) + "</p>\n");
  std::string curve;
  if (best != nullptr)
    curve += fmt::format(
        "<p>With {} at most the best imitation gives the same answer as the model to {} of "
        "all questions; one who always guesses the same, to {}.</p>\n",
        html::counted(audit.curve.back().queries, "query", "queries"), percent(best->fidelity.agreement),
        percent(audit.guess));
  curve += "<figure>" + Drawing(kWide, audit).text() + Drawing(kNarrow, audit).text() +
           "<figcaption>Agreement with the model on questions that the thief never asked. These are the "
           "thieves that were tried; one who knows more of the model, or has better questions, gets "
           "more.</figcaption></figure>\n" +
           table_of(audit);
  body += html::section("queries", "By asking", curve);
  return html::page(escaped(m.name), "what an attacker could rebuild", body);
}

}  // namespace tacit::audit
