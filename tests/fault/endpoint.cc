// One endpoint of a job that comes to a given end at a given step: the culprit of test_matrix.py. It does
// what 'tacit train' and 'tacit predict' do, until it sends the n-th frame of a step.
//
//   fault_endpoint train|predict JOB NAME DATA|- TAG N kill|stop|tag|size|cut|garbage
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>

#include "tacit/base/error.h"
#include "tacit/job/run_owner.h"

namespace tacit {
namespace {

class Culprit final : public Transport {
 public:
  Culprit(Transport& inner, std::string tag, unsigned at, std::string what)
      : inner_(inner), tag_(std::move(tag)), at_(at), what_(std::move(what)) {}

  void send(PartyId to, const FrameHead& head, ByteView body) override {
    if (head.tag != tag_ || sent_++ != at_) return inner_.send(to, head, body);
    std::fprintf(stderr, "now: %s\n", what_.c_str());
    FrameHead changed = head;
    Bytes bytes(body.begin(), body.end());
    if (what_ == "kill") ::raise(SIGKILL);
    if (what_ == "stop") ::raise(SIGSTOP);
    if (what_ == "tag") changed.tag = "nonsense";
    if (what_ == "size") {
      bytes.push_back(std::byte{0x7f});
      changed.size = bytes.size();
    }
    if (what_ == "cut") {
      changed.size += std::uint64_t{1} << 20;
      inner_.send(to, changed, bytes);
      ::_exit(1);
    }
    if (what_ == "garbage") bytes.resize(bytes.size() + 2 * FrameHead::kWireSize, std::byte{0xff});
    inner_.send(to, changed, bytes);
  }
  FrameHead receive_head(PartyId from) override { return inner_.receive_head(from); }
  void receive_body(PartyId from, ByteSpan body) override { inner_.receive_body(from, body); }
  void goodbye(std::string_view reason) noexcept override { inner_.goodbye(reason); }

 private:
  Transport& inner_;
  std::string tag_;
  unsigned at_, sent_ = 0;
  std::string what_;
};

void run(char** argv) {
  const std::string verb = argv[1], name = argv[3], data = argv[4];
  const std::filesystem::path file = argv[2];
  const Job job = read_job(file);
  const PartyId self = job.endpoint(name);
  const Identity identity = Identity::load(file.parent_path() / (name + ".key"));
  TlsSettings settings;
  settings.roster = job.roster();
  settings.parties = job.parties.size();
  settings.self = self;
  settings.patience = job.patience;
  settings.connect_patience = job.start_patience;
  const auto tls = TlsTransport::connect(std::move(settings), identity);
  Culprit wire(*tls, argv[5], static_cast<unsigned>(std::atoi(argv[6])), argv[7]);
  if (!job.is_party(self)) {
    OwnerOptions options;
    options.data = DataFiles{.features = data};
    options.collect = verb == "train";
    options.ask = !options.collect;
    run_owner(job, self, wire, identity, "a test", options);
    return;
  }
  PartyOptions options;
  options.state = file.parent_path() / (name + "-state");
  options.identity = &identity;
  options.wait_for_owner = [&](PartyId owner) { tls->wait_for(owner, job.start_patience); };
  if (verb == "train") {
    run_party(job, self, wire, "a test", options);
    return;
  }
  // As 'tacit predict' does: party 0 tells the others whom to serve. Here it is the first owner.
  const PartyId owner = party_id(job.parties.size());
  Meter meter;
  std::uint64_t word[] = {index(owner)};
  if (index(self) == 0) {
    while (tls->wait_for_any_owner() != owner) {}
    for (std::size_t p = 1; p < job.parties.size(); ++p)
      Channel(wire, meter, party_id(p), job.parties[p].name).send("serve", std::span<const Word>(word));
  } else {
    Channel(wire, meter, party_id(0), job.parties[0].name).receive("serve", std::span<Word>(word));
  }
  const Answer answer = answer_predictions(job, self, owner, wire, "a test", options);
  if (!answer.dropped.empty()) throw PeerError(name, answer.dropped);
}

}  // namespace
}  // namespace tacit

int main(int argc, char** argv) {
  if (argc != 8) return 2;
  ::signal(SIGPIPE, SIG_IGN);
  try {
    tacit::run(argv);
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
