// Predictions: an owner asks about its own examples, and the parties answer from their shares of the model.
#include <nlohmann/json.hpp>

#include "commands.h"
#include "drive.h"
#include "tacit/base/error.h"
#include "tacit/base/text.h"

namespace tacit::app {

namespace {

using nlohmann::json;

/// Owners to whom the job releases predictions.
std::vector<PartyId> askers(const Job& job) {
  std::vector<PartyId> out;
  for (const ReleaseRule& r : job.releases)
    if (r.what == "predictions")
      for (const std::string& name : r.to)
        if (const PartyId id = job.endpoint(name); !job.is_party(id)) out.push_back(id);
  require(!out.empty(), "the job's policy releases predictions to no owner: it needs a [[release]] with what = \"predictions\"");
  return out;
}

json ask(const TrainOptions& options, const Style& style) {
  Place place(options, style);
  require(!options.data.empty(), "name the examples to ask about with --data");
  const auto allowed = askers(place.job());
  require(std::find(allowed.begin(), allowed.end(), place.self()) != allowed.end(),
          "the job's policy releases no predictions to '{}'", place.name());
  OwnerOptions owner;
  owner.data = data_by_owner(place.job(), options.data, {}, options.owner).at(options.owner);
  owner.ask = true;
  owner.progress = [&](const Progress& p) { place.sink()(p); };
  place.connect();
  const OwnerResult result = run_owner(place.job(), place.self(), place.wire(), place.identity(), place.mode(), owner);
  place.sink().finish();
  write_received_predictions(place.job(), result, place.out());
  place.write_report(result.report);
  say(style, fmt::format("The predictions are in {}", (place.out() / "predictions.csv").string()));
  json out{{"predictions", (place.out() / "predictions.csv").string()}, {"report", to_json(result.report)}};
  return out;
}

/// Party 0 sees who comes, and tells the others, so that all turn to the same owner.
PartyId next_asker(Place& place, const std::vector<PartyId>& allowed) {
  Meter meter;
  const auto& parties = place.job().parties;
  if (index(place.self()) == 0) {
    place.sink()({"waiting for someone to ask", 0, 0, std::nullopt, 0});
    const PartyId who = place.tls().wait_for_any(allowed);
    const std::uint64_t word[] = {index(who)};
    for (std::size_t p = 1; p < parties.size(); ++p)
      Channel(place.wire(), meter, party_id(p), parties[p].name).send("serve", std::span<const Word>(word));
    return who;
  }
  std::uint64_t word[1];
  Channel(place.wire(), meter, party_id(0), parties[0].name).receive("serve", std::span<Word>(word));
  for (PartyId id : allowed)
    if (index(id) == word[0]) return id;
  throw PeerError(parties[0].name, fmt::format("{} wants to serve somebody whom the policy does not name", parties[0].name));
}

json answer_once(Place& place) {
  const PartyId who = next_asker(place, askers(place.job()));
  return to_json(answer_predictions(place.job(), place.self(), who, place.wire(), place.mode(), place.party_options()));
}

}  // namespace

json predict(const TrainOptions& options, const Style& style) {
  const int ways = !options.party.empty() + !options.owner.empty();
  require(ways == 1, "say who this is: --owner NAME asks, --party NAME answers");
  if (!options.owner.empty()) return ask(options, style);
  Place place(options, style);
  askers(place.job());
  place.connect();
  return answer_once(place);
}

json party(const PlaceOptions& options, const Style& style) {
  Place place(options, style);
  place.connect();
  if (!fs::exists(place.state() / "model.share")) {
    const RunReport report = run_party(place.job(), place.self(), place.wire(), place.mode(), place.party_options());
    place.write_report(report);
    say(style, fmt::format("Trained in {}. The report is {}", human_seconds(report.seconds), (place.out() / "report.html").string()));
  }
  for (;;) {
    const json report = answer_once(place);
    say(style, fmt::format("Answered {} questions.", report.at("job").at("test_rows").get<std::size_t>()));
  }
}

}  // namespace tacit::app
