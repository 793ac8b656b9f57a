#include <nlohmann/json.hpp>

#include "commands.h"
#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/job/html.h"

namespace tacit::app {

nlohmann::json report(const std::vector<fs::path>& files, const fs::path& html, const Style& style) {
  nlohmann::json all = nlohmann::json::array();
  require(html.empty() || files.size() == 1, "--html draws one report, not {}", files.size());
  for (const fs::path& file : files) {
    const RunReport r = read_report(file);
    all.push_back(to_json(r));
    if (!html.empty()) write_file(html, html_of(r));
    if (style.json) continue;
    std::printf("%s: job %s (%s), %s\n", file.c_str(), r.job.c_str(), r.job_hash.substr(0, 12).c_str(),
                r.mode.c_str());
    for (const auto& stamp : r.stamps) std::printf("  stamped: %s\n", stamp.c_str());
    std::printf("  %zu rows, %zu epochs, %zu parameters, %s\n", r.train_rows, r.epochs, r.parameters,
                human_seconds(r.seconds).c_str());
    if (!r.resumed.empty())
      std::printf("  resumed %zu times after a break, last from step %zu\n", r.resumed.size(),
                  r.resumed.back());
    if (r.private_metric) std::printf("  %s %.4f", r.metric.c_str(), *r.private_metric);
    if (r.private_metric && r.clear_metric) std::printf(", in the clear %.4f", *r.clear_metric);
    if (r.private_metric) std::printf("\n");
    for (const PartyStats& p : r.parties)
      std::printf("  %-10s %9s sent, %llu rounds, %s of memory\n", p.name.c_str(),
                  human_bytes(static_cast<double>(p.total.payload)).c_str(),
                  static_cast<unsigned long long>(p.total.rounds),
                  human_bytes(static_cast<double>(p.memory_bytes)).c_str());
    for (const PartyStats& p : r.planned)
      std::printf(
          "  planned for %s: %s sent, %llu rounds%s\n", p.name.c_str(),
          human_bytes(static_cast<double>(p.total.payload)).c_str(),
          static_cast<unsigned long long>(p.total.rounds),
          p.total.seconds > 0 ? fmt::format(", about {}", human_seconds(p.total.seconds)).c_str() : "");
    for (const Disclosure& d : r.disclosures) {
      std::string to;
      for (const auto& name : d.to) to += (to.empty() ? "" : ", ") + name;
      std::printf("  told: %s to %s, %llu times, %s\n", d.what.c_str(), to.c_str(),
                  static_cast<unsigned long long>(d.times), d.purpose.c_str());
    }
  }
  return all.size() == 1 ? all[0] : all;
}

}  // namespace tacit::app
