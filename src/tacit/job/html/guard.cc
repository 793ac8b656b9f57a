#include "tacit/job/html/guard.h"

#include <algorithm>

#include "tacit/job/html/parts.h"

namespace tacit::html {

namespace {

std::string batches_table(const GuardReport& g) {
  struct Kind {
    std::string_view name;
    const GuardReport::Batches& batches;
  };
  const Kind kinds[] = {{"guarded", g.guarded}, {"not guarded", g.unguarded}};
  auto each = [](const GuardReport::Batches& b, double sum) {
    return b.count == 0 ? 0 : sum / static_cast<double>(b.count);
  };
  double most_bytes = 0, most_seconds = 0;
  for (const Kind& k : kinds) {
    most_bytes = std::max(most_bytes, each(k.batches, static_cast<double>(k.batches.cost.payload)));
    most_seconds = std::max(most_seconds, each(k.batches, k.batches.cost.seconds));
  }
  const Scale bytes = Scale::bytes(most_bytes), seconds = Scale::seconds(most_seconds);
  std::vector<Row> rows;
  for (const auto& [name, b] : kinds) {
    if (b.count == 0) continue;
    rows.push_back(
        {{std::string(name), grouped(b.count), bytes.with_bar(each(b, static_cast<double>(b.cost.payload))),
          short_number(each(b, static_cast<double>(b.cost.rounds))),
          seconds.with_bar(each(b, b.cost.seconds))},
         ""});
  }
  return table("What a batch of the training costs one party",
               {{"Batches"},
                {"How many", true},
                {fmt::format("Sent, {}", bytes.unit()), true},
                {"Rounds", true},
                {fmt::format("Time, {}", seconds.unit()), true}},
               rows);
}

}  // namespace

std::string guard_section(const RunReport& r) {
  if (!r.guard) return "";
  const GuardReport& g = *r.guard;
  const std::string which = g.every == 1 ? "Every batch" : fmt::format("One batch in {}", grouped(g.every));
  std::string body =
      fmt::format("<p class=\"lead\">{} was guarded: {} checked, one bit revealed in each of {}.", which,
                  counted(g.numbers, "number", "numbers"), counted(g.checks, "check", "checks"));
  body +=
      " <strong>No value left its range in what was guarded</strong>, or the run would have stopped.</p>\n";
  return section("guard", "Overflow guard", body + batches_table(g));
}

}  // namespace tacit::html
