#include "bench/bench.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/job/report.h"
#include "tacit/version.h"

namespace tacit::app {

namespace {

using nlohmann::json;

std::string number(double v) {
  if (v == 0) return "0";
  const double size = std::fabs(v);
  if (size >= 1e5 || size < 1e-3) return fmt::format("{:.4g}", v);
  return fmt::format("{:.4g}", v);
}

/// Earlier values by name.
std::map<std::string, double> earlier(const fs::path& file) {
  std::map<std::string, double> out;
  if (file.empty()) return out;
  std::ifstream in(file);
  require(in.good(), "there is no earlier result '{}'", file.string());
  try {
    const json j = json::parse(in);
    for (const json& r : j.at("results")) out[r.at("name").get<std::string>()] = r.at("value").get<double>();
  } catch (const json::exception&) {
    throw UsageError(fmt::format("'{}' is no result of 'tacit bench'", file.string()));
  }
  return out;
}

}  // namespace

json bench(const BenchOptions& options, const Style& style) {
  const auto all = bench::all_benchmarks();
  if (options.list) {
    json names = json::array();
    for (const auto& b : all) {
      names.push_back({{"name", b.name}, {"summary", b.summary}});
      if (!style.json) std::printf("%-18s %s\n", std::string(b.name).c_str(), std::string(b.summary).c_str());
    }
    return names;
  }
  std::vector<std::string_view> names;
  std::vector<const bench::Benchmark*> chosen;
  for (const auto& b : all) {
    names.push_back(b.name);
    // A name stands for itself, a group for what begins with it; without either, all is run but what has to
    // be asked for.
    const bool in_group =
        b.name == options.name || (b.name.starts_with(options.name) && b.name.size() > options.name.size() &&
                                   b.name[options.name.size()] == '.');
    if (in_group || (options.name.empty() && !b.on_request)) chosen.push_back(&b);
  }
  require(!chosen.empty(), "there is no benchmark '{}': did you mean '{}'? ('tacit bench --list' names all)",
          options.name, nearest(options.name, names));
  const auto counts = [](const bench::Benchmark* b) { return b->counts_batches; };
  require(!options.batches || std::any_of(chosen.begin(), chosen.end(), counts),
          "--batches is for benchmarks that count them, soak and checkpoint: leave it away for '{}'",
          options.name);
  bench::Context context;
  if (!options.link.empty()) context.link = parse_link(options.link);
  context.data = options.data;
  context.batches = options.batches;
  context.say = [&](const std::string& text) { say(style, text); };
  const auto before = earlier(options.compare);
  for (const auto* b : chosen) {
    say(style, fmt::format("{} ...", b->name));
    const std::size_t first = context.figures.size();
    b->run(context);
    if (style.json) continue;
    for (std::size_t i = first; i < context.figures.size(); ++i) {
      const bench::Figure& f = context.figures[i];
      std::string line = fmt::format("  {:<36} {:>12}  {}", f.name, number(f.value), f.unit);
      if (const auto at = before.find(f.name); at != before.end() && at->second != 0)
        line += fmt::format("   ({:.3f} of before)", f.value / at->second);
      std::printf("%s\n", line.c_str());
    }
    std::fflush(stdout);
  }
  json out{{"machine", fmt::format("{}, {} processors, {} kernels", cpu_model(), available_processors(),
                                   to_string(detect_isa()))},
           {"commit", kCommit},
           {"link", options.link},
           {"results", json::array()}};
  for (const auto& f : context.figures)
    out["results"].push_back({{"name", f.name}, {"value", f.value}, {"unit", f.unit}});
  if (!options.json_file.empty()) write_file(options.json_file, out.dump(2) + "\n");
  return out;
}

}  // namespace tacit::app
