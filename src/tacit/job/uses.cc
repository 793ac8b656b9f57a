#include "tacit/job/uses.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tacit/base/error.h"
#include "tacit/base/json_number.h"
#include "tacit/job/report.h"

namespace tacit {

namespace {
using nlohmann::json;

std::filesystem::path file_in(const std::filesystem::path& folder) { return folder / "model.uses"; }
}  // namespace

Uses load_uses(const Job& job, const Digest& training, const std::filesystem::path& folder) {
  Uses out(job.releases.size(), 0);
  const auto file = file_in(folder);
  std::error_code error;
  if (!std::filesystem::exists(file, error) && !error) return out;
  try {
    std::ifstream in(file);
    const json j = json::parse(in);
    if (j.at("training").get<std::string>() != to_hex(training)) return out;
    const auto& used = j.at("used").get_ref<const json::object_t&>();
    for (std::size_t i = 0; i < out.size(); ++i)
      if (const auto at = used.find(job.releases[i].what); at != used.end())
        out[i] = whole_number<std::uint64_t>(at->second);
  } catch (const json::exception&) {
    throw UsageError(
        fmt::format("'{}', which counts what was asked of the model, is damaged: put a copy back, or delete "
                    "it at this party alone, as the others have the count, too",
                    file.string()));
  }
  return out;
}

void store_uses(const Job& job, const Digest& training, const Uses& uses,
                const std::filesystem::path& folder) {
  json used = json::object();
  for (std::size_t i = 0; i < uses.size(); ++i) used[job.releases[i].what] = uses[i];
  write_file(file_in(folder), json{{"training", to_hex(training)}, {"used", used}}.dump(2) + "\n");
}

Uses agree_on_uses(Party& party, const Uses& own) {
  Uses out = own;
  for (const Bytes& theirs : party.tell_all("uses", bytes_of(std::span(own))))
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = std::max(out[i], read_at<std::uint64_t>(theirs, i * sizeof out[i]));
  return out;
}

}  // namespace tacit
