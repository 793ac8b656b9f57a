// The data that a party holds for owners: what its operator may see of it, and do with it.
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "place.h"
#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/job/data_store.h"

namespace tacit::app {

namespace {

using nlohmann::json;

void print(const std::string& line) { std::printf("%s\n", one_line(line).c_str()); }

/// "2026-11-22 08:10:00 UTC"
std::string moment(std::int64_t milliseconds) {
  const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
  std::tm parts{};
  char text[64];
  if (::gmtime_r(&seconds, &parts) == nullptr ||
      std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0)
    return "at an unknown time";
  return text;
}

bool is_here(const CatalogueEntry& e) { return e.holds != Holds::Deleted; }

/// What a party has of an upload, in words.
std::string told(const CatalogueEntry& e) {
  const std::string what = e.rows == 0 ? "" : fmt::format("  {} rows of {} numbers", e.rows, e.width);
  const std::string size = e.holds == Holds::Receiving || e.rows == 0 ? ""
                           : e.bytes == 0                             ? ", as seeds"
                                          : ", " + human_bytes(static_cast<double>(e.bytes));
  return fmt::format("{}  {}{}{}  job {}  {} since {}", e.id.substr(0, 8), e.owner, what, size, e.job_name,
                     to_string(e.holds), moment(e.ended));
}

json as_json(const CatalogueEntry& e) {
  return {{"id", e.id},
          {"owner", e.owner},
          {"job", {{"name", e.job_name}, {"hash", e.job}}},
          {"session", e.session},
          {"upload", e.upload},
          {"rows", e.rows},
          {"test_rows", e.test_rows},
          {"width", e.width},
          {"bytes", e.bytes},
          {"digest", e.digest},
          {"state", to_string(e.holds)},
          {"begun_ms", e.begun},
          {"since_ms", e.ended}};
}

/// With --local, where 'train --local' has put everything.
DataOptions resolved(DataOptions options) {
  if (!options.local) return options;
  const fs::path folder = options.job.parent_path() / "local-out";
  options.overrides = folder / "keys" / "overrides.json";
  require(fs::exists(options.overrides), "there is no '{}': 'train --local' has not been run here",
          options.overrides.string());
  if (options.key.empty()) options.key = folder / "keys" / (options.party + ".key");
  if (options.state.empty()) options.state = folder / (options.party + "-state");
  return options;
}

/// All that the catalogue names; nothing if this party never took in data.
std::vector<CatalogueEntry> entries_in(const fs::path& state) {
  const fs::path file = DataStore::catalogue_in(state);
  if (!fs::exists(file)) {
    require(fs::is_directory(state),
            "there is no state folder '{}': a party makes one when it runs, or name it with --state",
            state.string());
    return {};
  }
  return Catalogue(file, Catalogue::Use::Read).entries();
}

/// Those that the words on the command line mean.
std::vector<CatalogueEntry> chosen(const DataOptions& options, std::vector<CatalogueEntry> entries) {
  std::erase_if(entries, [](const CatalogueEntry& e) { return !is_here(e); });
  if (!options.owner.empty())
    std::erase_if(entries, [&](const CatalogueEntry& e) { return e.owner != options.owner; });
  if (options.ids.empty()) return entries;
  std::vector<CatalogueEntry> out;
  for (const std::string& id : options.ids) {
    std::size_t found = 0;
    for (const CatalogueEntry& e : entries)
      if (!id.empty() && e.id.starts_with(id)) {
        ++found;
        out.push_back(e);
      }
    require(found > 0, "there is no upload '{}' here: 'tacit data list' shows those that are", id);
    require(found == 1, "'{}' is the beginning of {} ids: give more digits", id, found);
  }
  return out;
}

/// Copies of data for a training that may be resumed: they are under no id of their own.
std::size_t copies_in(const fs::path& state) {
  std::error_code none;
  std::size_t out = 0;
  for (const auto& entry : fs::directory_iterator(state / "checkpoints", none))
    out += entry.path().extension() == ".data";
  return out;
}

void tell_copies(const Place& place, const Style& style, json& out) {
  const std::size_t copies = copies_in(place.state());
  out["checkpoint_copies"] = copies;
  if (copies > 0 && !style.json)
    print(
        fmt::format("Also, a training that broke off keeps a copy in {}, until it is resumed and ends, or "
                    "another ends.",
                    (place.state() / "checkpoints").string()));
}

}  // namespace

json data_list(const DataOptions& given, const Style& style) {
  const DataOptions options = resolved(given);
  const Place place(options, style);
  json out{{"party", place.name()}, {"uploads", json::array()}};
  std::size_t here = 0, deleted = 0;
  for (const CatalogueEntry& e : entries_in(place.state())) {
    ++(is_here(e) ? here : deleted);
    if (is_here(e) || options.all || style.json) out["uploads"].push_back(as_json(e));
    if (!style.json && (is_here(e) || options.all)) print(told(e));
  }
  if (!style.json) {
    if (here == 0) print("There are no data here.");
    if (deleted > 0 && !options.all)
      print(fmt::format("{} uploads of earlier sessions are deleted: --all lists them, too.", deleted));
  }
  tell_copies(place, style, out);
  return out;
}

json data_verify(const DataOptions& given, const Style& style) {
  const DataOptions options = resolved(given);
  const Place place(options, style);
  json out{{"party", place.name()}, {"uploads", json::array()}, {"exit_code", 0}};
  for (const CatalogueEntry& e : chosen(options, entries_in(place.state()))) {
    json one{{"id", e.id}, {"owner", e.owner}, {"good", false}};
    std::string words;
    try {
      const bool with_signature = verify_stored(place.state(), place.identity(), place.job(), e);
      one["good"] = true;
      one["signature"] = with_signature;
      words = with_signature ? "whole, and what its owner signed"
                             : "whole (of another job: its owner's signature was not checked)";
    } catch (const UsageError& error) { words = error.what(); } catch (const IoError& error) {
      words = error.what();
    }
    one["says"] = words;
    if (!one["good"].get<bool>()) out["exit_code"] = 3;
    if (!style.json)
      print(fmt::format("{}  {}  {}  {}", e.id.substr(0, 8), e.owner, one["good"].get<bool>() ? "ok" : "BAD",
                        words));
    out["uploads"].push_back(std::move(one));
  }
  if (!style.json && out["uploads"].empty()) print("There are no data here.");
  return out;
}

json data_delete(const DataOptions& given, const Style& style) {
  const DataOptions options = resolved(given);
  require(options.all || !options.ids.empty() || !options.owner.empty(),
          "say what to delete: ids as 'tacit data list' shows them, --owner NAME, or --all");
  require(!options.all || (options.ids.empty() && options.owner.empty()),
          "--all deletes everything: leave ids and --owner away");
  const Place place(options, style);
  json out{{"party", place.name()}, {"deleted", json::array()}};
  const auto which = chosen(options, entries_in(place.state()));
  if (!which.empty()) {
    DataStore store(place.state(), place.identity());
    for (const CatalogueEntry& e : which) {
      store.remove(e.id);
      out["deleted"].push_back(e.id);
      if (!style.json) print(fmt::format("{}  {}  deleted", e.id.substr(0, 8), e.owner));
    }
  } else if (!style.json) {
    print("There are no data here.");
  }
  tell_copies(place, style, out);
  return out;
}

}  // namespace tacit::app
