#include "measured.h"

#include <map>
#include <nlohmann/json.hpp>

#include "tacit/base/durable.h"
#include "tacit/base/error.h"
#include "tacit/base/text.h"

namespace tacit::app {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 26;

double share(const json& of) {
  const double out = of.get<double>();
  if (!(out >= 0 && out <= 1)) throw json::other_error::create(0, "no share", nullptr);
  return out;
}

}  // namespace

Digest digest_of_file(const fs::path& file) {
  PlainFile from(file);
  Hasher hasher;
  Bytes piece(std::size_t{1} << 16);
  for (std::uint64_t left = from.size(); left > 0;) {
    const ByteSpan now =
        ByteSpan(piece).first(static_cast<std::size_t>(std::min<std::uint64_t>(left, piece.size())));
    from.read(now);
    hasher.update(now);
    left -= now.size();
  }
  return hasher.finish();
}

std::optional<Measured> measured_of(const fs::path& file, const fs::path& model) {
  if (file.empty()) return std::nullopt;
  PlainFile from(file);
  require(from.size() <= kMostBytes, "'{}' is too large for what 'tacit audit steal' writes", file.string());
  std::string text(static_cast<std::size_t>(from.size()), '\0');
  from.read(std::as_writable_bytes(std::span(text)));
  Measured out;
  std::string digest;
  try {
    const json told = json::parse(text);
    digest = told.at("sha256").get<std::string>();
    out.guess = share(told.at("guess"));
    std::map<std::uint64_t, double> best;
    for (const json& point : told.at("curve")) {
      double& most = best[point.at("queries").get<std::uint64_t>()];
      most = std::max(most, share(point.at("agreement")));
    }
    for (const auto& [queries, agreement] : best) out.curve.push_back({queries, agreement});
  } catch (const json::exception&) { out.curve.clear(); }
  require(!out.curve.empty(), "'{}' holds no curve as 'tacit audit steal' writes it: run that for '{}'",
          file.string(), model.string());
  require(digest == to_hex(digest_of_file(model)),
          "'{}' was measured on another file than '{}': run 'tacit audit steal' for that", file.string(),
          model.string());
  return out;
}

std::string measured_words(const std::optional<Measured>& measured, const fs::path& model) {
  if (!measured)
    return fmt::format(
        "How many answers are enough was not measured: 'tacit audit steal {}' does, and --measured "
        "steal.json has it "
        "told here.",
        one_line(model.string()));
  std::string questions, shares;
  for (const Measured::Point& p : measured->curve) {
    questions += fmt::format("{}{}", questions.empty() ? "" : ", ", p.queries);
    shares += fmt::format("{}{:.1f} %", shares.empty() ? "" : ", ", 100 * p.agreement);
  }
  return fmt::format(
      "How many answers are enough, measured: after {} of them the best imitation agrees with it in {} of "
      "all cases "
      "(a guess: {:.1f} %). One who knows more, or tries harder, needs fewer.",
      questions, shares, 100 * measured->guess);
}

json to_json(const std::optional<Measured>& measured) {
  if (!measured) return nullptr;
  json out{{"guess", measured->guess}, {"curve", json::array()}};
  for (const Measured::Point& p : measured->curve)
    out["curve"].push_back({{"queries", p.queries}, {"agreement", p.agreement}});
  return out;
}

}  // namespace tacit::app
