#include "tacit/job/html/ledger.h"

#include <algorithm>

#include "tacit/job/html/parts.h"

namespace tacit::html {

namespace {

std::string names(const std::vector<std::string>& to) {
  std::vector<std::string> out;
  for (const auto& name : to) out.push_back(escaped(name));
  return out.empty() ? "nobody" : listed(out);
}

std::string ledger_table(const RunReport& r) {
  std::vector<Row> rows;
  for (const Disclosure& d : r.disclosures)
    rows.push_back(
        {{escaped(d.what), names(d.to), escaped(d.purpose), grouped(d.times), grouped(d.bits)}, ""});
  return table("The disclosure ledger",
               {{"What"}, {"To"}, {"Purpose"}, {"Times", true}, {"Bits, at most", true}}, rows);
}

std::string recipients_table(const RunReport& r) {
  std::vector<std::string> people;
  for (const PartyStats& p : r.parties) people.push_back(p.name);
  const auto parties = static_cast<std::ptrdiff_t>(people.size());
  for (const Disclosure& d : r.disclosures)
    for (const std::string& name : d.to)
      if (std::find(people.begin(), people.end(), name) == people.end()) people.push_back(name);
  if (people.empty()) return "";
  std::vector<Row> rows;
  for (auto who = people.begin(); who != people.end(); ++who) {
    std::vector<std::string> learned;
    for (const Disclosure& d : r.disclosures)
      if (std::find(d.to.begin(), d.to.end(), *who) != d.to.end())
        learned.push_back(escaped(d.what) +
                          (d.times > 1 ? fmt::format(" ({} times)", grouped(d.times)) : ""));
    // Without statistics nobody can be told apart.
    const std::string_view part = parties == 0                     ? "recipient"
                                  : who - people.begin() < parties ? "compute party"
                                                                   : "owner";
    rows.push_back({{escaped(*who), std::string(part), learned.empty() ? "nothing" : listed(learned)}, ""});
  }
  return table("Who learned what", {{"Name"}, {"Part"}, {"Was told"}}, rows);
}

}  // namespace

std::string ledger_section(const RunReport& r) {
  std::string body;
  if (r.disclosures.empty()) {
    body = "<p class=\"lead\"><strong>Nothing was revealed.</strong> No result left the computation.</p>\n";
  } else {
    body = ledger_table(r) +
           "<p class=\"lead\"><strong>Nothing else was revealed.</strong> Every reveal takes a permit of the "
           "release policy "
           "that all parties agreed on, and leaves its line above.</p>\n";
  }
  body += recipients_table(r);
  return section(
      "ledger", "What was revealed",
      body +
          "<p class=\"note\">Apart from this, everyone who takes part knows the job: its data schema, the "
          "numbers "
          "of rows, the model’s architecture and its initial weights; and how much traffic and time it took. "
          "Owners who are not listed were told nothing but this.</p>\n");
}

}  // namespace tacit::html
