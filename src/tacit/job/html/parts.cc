#include "tacit/job/html/parts.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "tacit/job/html/style.h"

namespace tacit::html {

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '\n':
      case '\t':
        out += ' ';
        break;
      default:
        // Other control characters have no place in HTML.
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
          out += "\xEF\xBF\xBD";
        else
          out += c;
    }
  return out;
}

std::string grouped(std::uint64_t n) {
  std::string out = std::to_string(n);
  for (std::size_t at = out.size(); at > 3;) out.insert(at -= 3, ",");
  return out;
}

std::string counted(std::uint64_t n, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", grouped(n), n == 1 ? one : many);
}

std::string short_number(double x) {
  return std::isfinite(x) ? fmt::format("{:.4g}", x) : "not a finite number";
}

std::string metric_text(std::string_view metric, double value) {
  return metric == "accuracy" && std::isfinite(value) ? fmt::format("{:.1f} %", 100 * value)
                                                      : short_number(value);
}

std::string metric_name(std::string_view metric) {
  if (metric == "accuracy") return "Accuracy";
  if (metric == "mse") return "Mean squared error";
  if (metric == "mae") return "Mean absolute error";
  if (metric == "log_loss") return "Log loss";
  if (metric == "auc") return "Area under the ROC curve";
  return metric.empty() ? "Metric" : escaped(metric);
}

std::string listed(const std::vector<std::string>& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i)
    out += (i == 0 ? "" : i + 1 == words.size() ? " and " : ", ") + words[i];
  return out;
}

Scale Scale::bytes(double largest) {
  static constexpr std::string_view kUnits[] = {"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  double divisor = 1;
  for (; largest / divisor >= 1000 && unit < 4; ++unit) divisor *= 1000;
  return {largest, divisor, unit == 0 ? 0 : largest / divisor < 100 ? 2 : 1, kUnits[unit]};
}

Scale Scale::seconds(double largest) {
  if (largest < 1) return {largest, 1e-3, largest < 0.1 ? 1 : 0, "ms"};
  return {largest, 1, largest < 100 ? 2 : largest < 1000 ? 1 : 0, "s"};
}

Scale Scale::counts(double largest) { return {largest, 1, 0, ""}; }

std::string Scale::text(double value) const {
  if (!std::isfinite(value)) return short_number(value);
  const double scaled = value / divisor_;
  const double least = std::pow(10.0, -digits_);
  if (scaled > 0 && scaled < least / 2) return fmt::format("&lt;&#8239;{:.{}f}", least, digits_);
  if (digits_ == 0 && scaled >= 0 && scaled < 1e15)
    return grouped(static_cast<std::uint64_t>(std::llround(scaled)));
  return fmt::format("{:.{}f}", scaled, digits_);
}

std::string Scale::with_bar(double value) const { return with_bar(value, {{share(value), "a"}}); }

std::string Scale::with_bar(double value, std::initializer_list<BarPart> parts) const {
  return fmt::format("<span class=\"barred\">{}<span>{}</span></span>", bar(parts), text(value));
}

std::string bar(std::initializer_list<BarPart> parts) {
  std::string out =
      "<svg class=\"bar\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\">";
  double from = 0;
  for (const BarPart& part : parts) {
    if (!std::isfinite(part.length)) continue;
    const double length = std::clamp(100 * part.length, 0.0, 100 - from);
    if (length > 0)
      out += fmt::format("<rect class=\"{}\" x=\"{:.2f}\" width=\"{:.2f}\" height=\"8\"/>", part.style, from,
                         length);
    from += length;
  }
  return out + "</svg>";
}

namespace {
/// A heading without its markup, for where it stands beside each number.
std::string words_of(std::string_view html) {
  std::string out;
  bool inside = false;
  for (const char c : html) {
    if (c == '<') inside = true;
    if (!inside) out += c;
    if (c == '>') inside = false;
  }
  return out;
}
}  // namespace

// The roles say again what the elements are: on narrow pages the style makes blocks of them.
std::string table(std::string_view caption, const std::vector<Head>& heads, const std::vector<Row>& rows,
                  bool even) {
  std::string out = fmt::format(
      "<div class=\"scroll\" role=\"region\" aria-label=\"{0}\" tabindex=\"0\"><table role=\"table\"{1}>"
      "<caption>{0}</caption>\n<thead role=\"rowgroup\"><tr role=\"row\">",
      caption, even ? " class=\"even\"" : "");
  for (const Head& head : heads)
    out += fmt::format("<th role=\"columnheader\" scope=\"col\"{}>{}</th>", head.number ? " class=\"n\"" : "",
                       head.text);
  out += "</tr></thead>\n<tbody role=\"rowgroup\">\n";
  for (const Row& row : rows) {
    out += row.style.empty() ? std::string("<tr role=\"row\">")
                             : fmt::format("<tr role=\"row\" class=\"{}\">", row.style);
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      const std::string_view style = i < heads.size() && heads[i].number ? " class=\"n\"" : "";
      out += i == 0 ? fmt::format("<th role=\"rowheader\" scope=\"row\">{}</th>", row.cells[i])
                    : fmt::format("<td role=\"cell\"{} data-head=\"{}\">{}</td>", style,
                                  i < heads.size() ? words_of(heads[i].text) : "", row.cells[i]);
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

std::string facts(const std::vector<std::pair<std::string, std::string>>& lines) {
  std::string out = "<dl class=\"facts\">\n";
  for (const auto& [term, what] : lines)
    if (!what.empty()) out += fmt::format("<dt>{}</dt><dd>{}</dd>\n", term, what);
  return out + "</dl>\n";
}

std::string section(std::string_view id, std::string_view title, std::string_view body) {
  return fmt::format("<section aria-labelledby=\"{0}\">\n<h2 id=\"{0}\">{1}</h2>\n{2}</section>\n\n", id,
                     title, body);
}

std::string page(std::string_view title, std::string_view kind, std::string_view body) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      // Were anything of a report ever taken for markup, it could still neither run nor fetch.
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>{0} · tacit "
      "report</title>\n<style>{1}</style>\n"
      "</head>\n<body>\n<div class=\"page\">\n<header>\n<p class=\"mark\"><b>tacit</b> · {2}</p>\n"
      "<h1>{0}</h1>\n</header>\n<main>\n{3}</main>\n</div>\n</body>\n</html>\n",
      title, kStyle, kind, body);
}

}  // namespace tacit::html
