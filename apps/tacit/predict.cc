// Predictions: an owner asks about its own examples, and the parties answer from their shares of the model.
#include <nlohmann/json.hpp>

#include "commands.h"
#include "drive.h"
#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/job/plan/job_plan.h"

namespace tacit::app {

namespace {

using nlohmann::json;

/// Owners to whom the job releases predictions.
std::vector<PartyId> askers(const Job& job) {
  std::vector<PartyId> out;
  for (const ReleaseRule& r : job.releases)
    if (r.what == "predictions" || r.what == "scores")
      for (const std::string& name : r.to)
        if (const PartyId id = job.endpoint(name);
            !job.is_party(id) && std::find(out.begin(), out.end(), id) == out.end())
          out.push_back(id);
  require(!out.empty(),
          "the job's policy releases predictions to no owner: it needs a [[release]] with what = "
          "\"predictions\" or \"scores\"");
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
  const OwnerResult result =
      run_owner(place.job(), place.self(), place.wire(), place.identity(), place.mode(), owner);
  place.sink().finish();
  json out{{"report", to_json(result.report)}};
  for (const fs::path& file : write_received_predictions(place.job(), result, place.out())) {
    out[file.stem().string()] = file.string();
    say(style, fmt::format("The {} are in {}", file.stem().string(), file.string()));
  }
  place.write_report(result.report);
  return out;
}

/// Who of the owners has come to ask. Others are sent away.
PartyId wait_for_asker(Place& place, const std::vector<PartyId>& allowed) {
  for (;;) {
    const PartyId who = place.tls().wait_for_any_owner(TlsTransport::Gone::IfItSpoke);
    if (std::find(allowed.begin(), allowed.end(), who) != allowed.end()) return who;
    try {
      place.tls().wait_for(who, std::chrono::milliseconds(0));
      place.tls().drop(who, "the model is trained, and the job's policy releases no predictions to you");
    } catch (const PeerError&) {
      // It has gone by itself.
    }
  }
}

/// Party 0 sees who comes, and tells the others, so that all turn to the same owner.
PartyId next_asker(Place& place, const std::vector<PartyId>& allowed) {
  Meter meter;
  const auto& parties = place.job().parties;
  if (index(place.self()) == 0) {
    place.show("waiting for someone to ask");
    const PartyId who = wait_for_asker(place, allowed);
    const std::uint64_t word[] = {index(who)};
    for (std::size_t p = 1; p < parties.size(); ++p)
      Channel(place.wire(), meter, party_id(p), parties[p].name).send("serve", std::span<const Word>(word));
    return who;
  }
  std::uint64_t word[1];
  Channel(place.wire(), meter, party_id(0), parties[0].name).receive("serve", std::span<Word>(word));
  for (PartyId id : allowed)
    if (index(id) == word[0]) return id;
  throw PeerError(parties[0].name,
                  fmt::format("{} wants to serve somebody whom the policy does not name", parties[0].name));
}

// What a party has of its training, told to the others.
constexpr std::uint64_t kModel = 1, kCheckpoint = 2;

/// Whether a training broke off here.
bool has_checkpoint(const fs::path& state) {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(state / "checkpoints", none))
    if (entry.path().extension() == ".state") return true;
  return false;
}

/// Whether the parties have trained already: all or none, as they can only go on together. One that broke off
/// may have left a model at some, or that of a training before; what is resumed ends with one at all.
bool all_have_a_model(Place& place, bool resume) {
  Meter meter;
  const auto& parties = place.job().parties;
  const fs::path file = place.state() / "model.share";
  const std::uint64_t own[] = {(fs::exists(file) ? kModel : 0) |
                               (resume && has_checkpoint(place.state()) ? kCheckpoint : 0)};
  auto to = [&](std::size_t p) { return Channel(place.wire(), meter, party_id(p), parties[p].name); };
  for (std::size_t p = 0; p < parties.size(); ++p)
    if (party_id(p) != place.self()) to(p).send("trained", std::span<const Word>(own));
  std::string with, without;
  bool broke_off = true;
  for (std::size_t p = 0; p < parties.size(); ++p) {
    std::uint64_t theirs[] = {own[0]};
    if (party_id(p) != place.self()) to(p).receive("trained", std::span<Word>(theirs));
    if (theirs[0] > (kModel | kCheckpoint))
      throw PeerError(parties[p].name,
                      fmt::format("{} told of its model in a way that cannot be read", parties[p].name));
    ((theirs[0] & kModel) != 0 ? with : without) = parties[p].name;
    broke_off = broke_off && (theirs[0] & kCheckpoint) != 0;
  }
  if (broke_off) return false;
  require(with.empty() || without.empty(),
          "{} has a trained model and {} has none: put its state folder back, or remove {} at all "
          "parties to train again",
          with, without, file.filename().string());
  return without.empty();
}

Answer answer_once(Place& place) {
  const PartyId who = next_asker(place, askers(place.job()));
  PartyOptions options = place.party_options();
  // Whoever speaks to the first party has reached the others, too.
  options.wait_for_owner = [&](PartyId owner) { place.tls().wait_for(owner, place.job().patience); };
  return answer_predictions(place.job(), place.self(), who, place.wire(), place.mode(), options);
}

json ask_locally(const TrainOptions& options, const Style& style) {
  require(!options.owner.empty(), "--local runs all parties: say who asks with --owner NAME");
  require(!options.data.empty(), "name the examples to ask about with --data");
  const LocalRun run(options);
  std::vector<ChildSpec> children;
  for (std::size_t i = 0; i < run.job().parties.size(); ++i)
    children.push_back(run.child("predict", party_id(i)));
  children.push_back(run.child("predict", run.job().endpoint(options.owner)));
  children.back().arguments.insert(children.back().arguments.end(), {"--data", options.data.front()});
  {
    ProgressLine line(style);
    drive(children, run.job().patience, [&](const std::string& name, const Progress& p) {
      if (name == run.job().parties[0].name) line.show(p);
    });
  }
  const fs::path folder = run.out() / (options.owner + "-out");
  say(style, fmt::format("The answers are in {}", folder.string()));
  return {{"folder", folder.string()}, {"report", to_json(read_report(folder / "report.json"))}};
}

}  // namespace

json predict(const TrainOptions& options, const Style& style) {
  require(options.party.empty() != options.owner.empty(),
          "say who this is: --owner NAME asks, --party NAME answers");
  if (options.local) return ask_locally(options, style);
  if (!options.owner.empty()) return ask(options, style);
  Place place(options, style);
  askers(place.job());
  place.connect();
  const Answer answer = answer_once(place);
  if (!answer.dropped.empty()) throw PeerError("", answer.dropped);
  return to_json(answer.report);
}

json party(const PlaceOptions& options, const Style& style) {
  Place place(options, style);
  place.connect();
  if (!all_have_a_model(place, options.resume)) {
    RunReport report =
        run_party(place.job(), place.self(), place.wire(), place.mode(), place.party_options());
    planning::put_plan_beside(report, place.job());
    place.write_report(report);
    say(style, fmt::format("Trained in {}. The report is {}", human_seconds(report.seconds),
                           (place.out() / "report.html").string()));
  }
  for (;;) {
    const Answer answer = answer_once(place);
    place.sink().finish();
    if (answer.dropped.empty())
      say(style, fmt::format("Answered {} questions.", answer.report.test_rows));
    else
      std::fprintf(stderr, "tacit: %s\n", one_line(answer.dropped).c_str());
  }
}

}  // namespace tacit::app
