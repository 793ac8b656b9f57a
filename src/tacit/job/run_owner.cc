#include "tacit/job/run_owner.h"

#include <nlohmann/json.hpp>

#include "tacit/base/error.h"
#include "tacit/job/releases.h"
#include "tacit/mpc/table.h"
#include "tacit/ring/codec.h"

namespace tacit {

namespace {

constexpr std::size_t kMaxText = std::size_t{64} << 20;

/// Which components each party of a protocol holds, as an owner needs to know it.
std::vector<std::vector<unsigned>> component_sets(const Job& job) {
  return protocol_named(job.protocol).component_sets;
}

/// How many numbers a release has: the job says it, and the owner's own rows, so that no party can make an
/// owner take, or make room for, anything else.
std::size_t numbers_of(const nn::Graph& graph, std::string_view what, std::size_t rows) {
  if (what == "loss" || what == "metric" || what == "same rows") return 1;
  if (what == "model") return graph.parameter_count();
  if (what == "predictions" || what == "scores") return rows * graph.values[graph.outputs[0]].shape.back();
  return 0;
}

/// Adds up what all parties send of one release of `n` numbers.
Received take_release(std::vector<Channel>& parties, const ReleaseHead& head, std::size_t n) {
  const bool by_rows = head.what == "predictions" || head.what == "scores";
  if (n == 0 || elements(head.shape) != n || (by_rows && head.shape.size() != 2))
    throw PeerError(parties[0].peer_name(),
                    fmt::format("{} sent a release that does not fit the job", parties[0].peer_name()));
  Words sum(n, 0), part(n);
  for (std::size_t p = 0; p < parties.size(); ++p) {
    if (p > 0) {
      const Bytes text = parties[p].receive_up_to("release.head", kMaxText);
      const ReleaseHead other = parse_release_head(text_of(text), parties[p].peer_name());
      if (other.what != head.what || other.note != head.note || other.shape != head.shape ||
          other.frac != head.frac)
        throw PeerError(parties[p].peer_name(), fmt::format("{} and {} disagree on what is released",
                                                            parties[0].peer_name(), parties[p].peer_name()));
    }
    parties[p].receive("release.words", std::span<Word>(part.data(), n));
    for (std::size_t i = 0; i < n; ++i) sum[i] += part[i];
  }
  return {head.what, head.note, {head.shape, decode_fixed(std::span<const Word>(sum.data(), n), head.frac)}};
}

RunReport take_report(std::string_view text, const std::string& party) {
  try {
    return report_from_json(nlohmann::json::parse(text));
  } catch (const std::exception&) { throw PeerError(party, party + " sent a report that cannot be read"); }
}

/// What the parties are told when this owner fails. A mistake in its own files is described with what stands
/// in them, and that stays here.
std::string farewell(const std::exception& e) {
  if (dynamic_cast<const PeerError*>(&e) != nullptr) return e.what();
  if (dynamic_cast<const UsageError*>(&e) != nullptr) return "its data do not fit the job";
  return "its machine failed";
}

}  // namespace

OwnerResult run_owner(const Job& job, PartyId self, Transport& wire, const Identity& identity,
                      const std::string& mode, const OwnerOptions& options) {
  Meter meter;
  std::vector<Channel> parties;
  for (std::size_t p = 0; p < job.parties.size(); ++p)
    parties.emplace_back(wire, meter, party_id(p), job.parties[p].name);
  auto tell = [&](const std::string& phase, std::size_t done, std::size_t total) {
    if (options.progress) options.progress({phase, done, total, std::nullopt, meter.total().payload});
  };
  // The files are opened before anyone is greeted, so that a bad one is told here and nowhere else.
  std::unique_ptr<ExampleReader> reader;
  if (options.data)
    reader = open_examples(
        *options.data, job.data.schema,
        {.with_label = !options.ask, .holding = options.ask ? Holding::AllColumns : job.data.holding});
  OwnerResult result;
  result.report = report_of(job, mode);
  const nn::Graph graph = options.collect || options.ask ? build_model(job) : nn::Graph();
  try {
    std::uint8_t errands = 0;
    if (options.ask)
      errands |= static_cast<std::uint8_t>(Errand::Ask);
    else if (reader)
      errands |= static_cast<std::uint8_t>(Errand::Bring);
    if (options.collect) errands |= static_cast<std::uint8_t>(Errand::Collect);
    OwnerLink link(job, self, parties, errands, options.back);
    std::size_t rows = 0;  // asked about
    if (reader && !link.resumed()) {
      const Manifest sent =
          link.send(*reader, identity, options.ask ? 0 : job.data.test_fraction, component_sets(job),
                    [&](std::uint64_t done) { tell("sharing", done, 0); });
      if (options.ask) rows = sent.rows;
    }
    if (!options.collect && !options.ask) {
      // Who brings columns is told whether they are of the same rows; if not, the parties then say so.
      const bool waits = job.data.holding == Holding::SomeColumns && job.data.owners.size() > 1;
      for (bool same = !waits; !same;) {
        tell("waiting whether the owners' rows are the same", 0, 0);
        const Bytes text = parties[0].receive_up_to("release.head", kMaxText);
        const ReleaseHead head = parse_release_head(text_of(text), parties[0].peer_name());
        same = take_release(parties, head, numbers_of(graph, head.what, 0)).value.values.at(0) == 0;
      }
      wire.goodbye("");
      return result;
    }
    tell("waiting for the parties", 0, 0);
    for (;;) {
      const auto [tag, body] = parties[0].receive_any({"release.head", "done"}, kMaxText);
      if (tag == "done") {
        result.report = take_report(text_of(body), parties[0].peer_name());
        break;
      }
      const ReleaseHead head = parse_release_head(text_of(body), parties[0].peer_name());
      result.received.push_back(take_release(parties, head, numbers_of(graph, head.what, rows)));
      tell("received " + result.received.back().what, 0, 0);
    }
    for (std::size_t p = 1; p < parties.size(); ++p) parties[p].receive_up_to("done", kMaxText);
    const std::byte thanks{1};
    for (Channel& party : parties) party.send("thanks", std::span(&thanks, 1));
    wire.goodbye("");
  } catch (const std::exception& e) {
    wire.goodbye(farewell(e));
    throw;
  }
  for (const Received& r : result.received) {
    if (r.what == "loss") {
      std::size_t step = 0, examples = 1;
      if (std::sscanf(r.note.c_str(), "%zu %zu", &step, &examples) == 2)
        result.report.loss.push_back({step, r.value.values.at(0) / static_cast<double>(examples)});
    } else if (r.what == "metric") {
      result.report.private_metric = r.value.values.at(0) / static_cast<double>(result.report.test_rows);
    }
  }
  return result;
}

}  // namespace tacit
