#include "measured_theft.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <span>

#include "tacit/base/error.h"
#include "tacit/base/json_number.h"
#include "tacit/crypto/hash.h"

namespace tacit::app {

namespace {

using nlohmann::json;

constexpr std::size_t kShown = 4;  // points in words

/// A part of all: from 0 to 1.
double fraction_in(const json& j) {
  const double out = j.get_ref<const json::number_float_t&>();
  if (!(out >= 0 && out <= 1)) throw json::out_of_range::create(401, "no part of all", &j);
  return out;
}

MeasuredTheft theft_in(const json& j, bool split) {
  std::map<std::size_t, double> best;
  MeasuredTheft out;
  out.outside = split;
  for (const json& curve : j.at("curves")) {
    if (curve.at("protected") != "all") {
      if (!split) continue;  // it has layers that nobody has by asking
      out.outside = false;
    }
    for (const json& p : curve.at("points")) {
      double& agreement = best[whole_number<std::size_t>(p.at("queries"))];
      agreement = std::max(agreement, fraction_in(p.at("fidelity")));
    }
  }
  if (best.empty()) throw json::out_of_range::create(401, "no points", &j);
  for (const auto& [queries, agreement] : best) out.points.push_back({queries, agreement});
  out.guess = fraction_in(j.at("guess"));
  out.random = j.at("random_questions").get_ref<const json::boolean_t&>();
  return out;
}

}  // namespace

std::string digest_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  Hasher hasher;
  std::vector<char> piece(1 << 20);
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0)
    hasher.update(std::as_bytes(std::span(piece)).first(static_cast<std::size_t>(in.gcount())));
  if (!in.eof()) throw IoError(fmt::format("'{}' cannot be read", file.string()));
  return to_hex(hasher.finish());
}

MeasuredTheft read_theft(const fs::path& report, const fs::path& model, bool split) {
  std::ifstream in(report, std::ios::binary);
  if (!in) throw IoError(fmt::format("the report '{}' cannot be read", report.string()));
  try {
    const json j = json::parse(in);
    require(j.at("model_digest") == digest_of(model),
            "'{}' is the audit of another model than '{}': run 'tacit audit steal {}' for one of this",
            report.string(), model.string(), model.string());
    return theft_in(j, split);
  } catch (const json::exception&) {
    throw UsageError(fmt::format("'{}' is no report of 'tacit audit steal'", report.string()));
  }
}

std::string to_words(const MeasuredTheft& theft) {
  std::string out;
  const std::size_t last = theft.points.size() - 1, shown = std::min(kShown - 1, last);
  for (std::size_t i = 0; i <= shown; ++i) {
    const MeasuredTheft::Point& p = theft.points[shown == 0 ? last : i * last / shown];
    out += fmt::format("{}{} questions give {:.1f} %{}", out.empty() ? "" : ", ", p.queries,
                       100 * p.agreement, out.empty() ? " of its answers" : "");
  }
  return out + fmt::format(" ({}{}a guess: {:.1f} %)", theft.random ? "about random numbers; " : "",
                           theft.outside ? "by thieves without any layer; " : "", 100 * theft.guess);
}

json to_json(const MeasuredTheft& theft) {
  json out{{"guess", theft.guess}, {"random_questions", theft.random}, {"curve", json::array()}};
  for (const MeasuredTheft::Point& p : theft.points)
    out["curve"].push_back({{"queries", p.queries}, {"agreement", p.agreement}});
  return out;
}

}  // namespace tacit::app
