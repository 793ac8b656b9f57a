#include "tacit/job/testing/upload_run.h"

#include <thread>

#include "tacit/base/error.h"
#include "tacit/mpc/table.h"
#include "tacit/net/transports/memory.h"

namespace tacit::testing {

namespace {

class Liar final : public Transport {
 public:
  Liar(Transport& inner, const Change& change) : inner_(inner), change_(change) {}
  void send(PartyId to, const FrameHead& head, ByteView body) override {
    FrameHead changed = head;
    Bytes bytes(body.begin(), body.end());
    if (change_ && !change_(to, changed.tag, bytes)) return;
    changed.size = bytes.size();
    inner_.send(to, changed, bytes);
  }
  FrameHead receive_head(PartyId from) override { return inner_.receive_head(from); }
  void receive_body(PartyId from, ByteSpan body) override { inner_.receive_body(from, body); }
  void goodbye(std::string_view reason) noexcept override { inner_.goodbye(reason); }

 private:
  Transport& inner_;
  const Change& change_;
};

void receive_step(const UploadRun& run, std::size_t party, Transport& wire, UploadOutcome& out) {
  Meter meter;
  const PartyId owner = run.job.endpoint(run.owner);
  Channel channel(wire, meter, owner, run.owner);
  try {
    out.errands[party] = greet_owner(run.job, kSession, channel);
    out.uploads[party] =
        receive_upload(run.job, kSession, run.job.roster()[index(owner)], channel,
                       protocol_named(run.job.protocol).component_sets[party], run.state, detect_isa());
  } catch (const PeerError& e) {
    out.blamed[party] = e.peer;
    out.said[party] = e.what();
    wire.goodbye(e.what());
  }
}

void send_step(const UploadRun& run, Transport& wire) {
  Liar liar(wire, run.change);
  Meter meter;
  std::vector<Channel> parties;
  for (std::size_t p = 0; p < run.job.parties.size(); ++p)
    parties.emplace_back(liar, meter, party_id(p), run.job.parties[p].name);
  const DataSpec& data = run.owners_job.data;
  const auto reader = open_examples(run.data, data.schema, {.holding = data.holding});
  OwnerLink link(run.owners_job, run.job.endpoint(run.owner), parties,
                 static_cast<std::uint8_t>(Errand::Bring));
  link.send(*reader, run.identity, data.test_fraction, protocol_named(run.job.protocol).component_sets, {});
}

}  // namespace

Change flip(std::string_view step, std::size_t at, int party) {
  return [step, at, party](PartyId to, std::string& tag, Bytes& body) {
    if (tag == step && (party < 0 || index(to) == static_cast<std::size_t>(party)))
      body[at % body.size()] ^= std::byte{1};
    return true;
  };
}

UploadOutcome run_upload(const UploadRun& run) {
  const std::size_t n = run.job.parties.size();
  auto wires = memory_transports(run.job.names(), std::chrono::minutes(1));
  UploadOutcome out{std::vector<std::optional<Upload>>(n), std::vector<std::uint8_t>(n),
                    std::vector<std::string>(n), std::vector<std::string>(n), ""};
  std::vector<std::thread> parties;
  for (std::size_t p = 0; p < n; ++p) parties.emplace_back([&, p] { receive_step(run, p, *wires[p], out); });
  Transport& owners = *wires[index(run.job.endpoint(run.owner))];
  try {
    send_step(run, owners);
  } catch (const std::exception& e) { out.owner_said = e.what(); }
  owners.goodbye("");
  for (auto& t : parties) t.join();
  return out;
}

std::string not_found_out(const UploadOutcome& out, const std::string& owner, const std::string& why) {
  bool found = false, others = false;
  std::string all = fmt::format("'{} {}' is not what they say:", owner, why);
  for (std::size_t p = 0; p < out.uploads.size(); ++p) {
    found |= out.said[p] == owner + " " + why;
    others |= out.blamed[p] != (out.uploads[p] ? "" : owner);
    all += fmt::format(" [{}: {}]", out.blamed[p], out.said[p]);
  }
  return found && !others ? "" : all;
}

}  // namespace tacit::testing
