// One endpoint of a job that comes to a given end at a given step: the culprit of test_matrix.py and
// test_cells.py. It does what 'tacit train' and 'tacit predict' do, until it sends the n-th frame of a step,
// or, as a party that trains, of a phase.
//
//   fault_endpoint train|predict JOB NAME DATA|- TAG|@PHASE N WHAT [GO]
//
// where WHAT is
//   kill, stop       the process gets a signal
//   tag, size        the frame has another tag, or a byte too many
//   order            the frame that was sent before comes once more ahead of it
//   version          greetings are of another version; or a head of another version follows the frame
//   cut, garbage     half a frame, and its sender ends; or bytes that are no frame follow it
//   hold             it says so, and goes on when a byte comes on the file descriptor GO: what happens
//   meanwhile
//                    to its links or its disk is the test's affair
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "phase.h"
#include "tacit/base/error.h"
#include "tacit/job/run_owner.h"

namespace tacit {
namespace {

struct Fault {
  std::string step;  ///< a tag, or @ and a phase
  unsigned at = 0;
  std::string what;
  int go = -1;
};

class Culprit final : public Transport {
 public:
  Culprit(Transport& inner, const std::vector<std::string>& names, const testing::PhaseWatch& phase,
          Fault fault)
      : inner_(inner), names_(names), phase_(phase), fault_(std::move(fault)) {}

  void send(PartyId to, const FrameHead& head, ByteView body) override {
    FrameHead changed = head;
    Bytes bytes(body.begin(), body.end());
    if (is_greeting(head.tag)) {
      change_version(bytes, 1);
      tell(to);
    } else if (is_step(head.tag) && sent_++ == fault_.at) {
      tell(to);
      strike(to, changed, bytes);
    }
    inner_.send(to, changed, bytes);
    if (fault_.what == "order") last_ = {head, Bytes(body.begin(), body.end())};
  }
  FrameHead receive_head(PartyId from) override {
    FrameHead head = inner_.receive_head(from);
    received_ = head.tag;
    return head;
  }
  void receive_body(PartyId from, ByteSpan body) override {
    inner_.receive_body(from, body);
    // It finds the others' version as wrong as they find its own.
    if (received_ == "hello" && is_greeting(received_)) change_version(body, -1);
  }
  void goodbye(std::string_view reason) noexcept override { inner_.goodbye(reason); }

 private:
  bool is_step(const std::string& tag) const {
    if (fault_.step.front() != '@') return tag == fault_.step;
    return testing::kPhases[static_cast<std::size_t>(phase_.of(tag))] == fault_.step.substr(1);
  }
  bool is_greeting(const std::string& tag) const {
    return fault_.what == "version" && tag == fault_.step && (tag == "hello" || tag == "owner.welcome");
  }
  static void change_version(ByteSpan greeting, int by) {
    const auto version =
        static_cast<std::uint32_t>(static_cast<int>(read_at<std::uint32_t>(greeting, 0)) + by);
    std::memcpy(greeting.data(), &version, sizeof version);
  }
  void tell(PartyId to) const {
    std::fprintf(stderr, "now: %s to %s\n", fault_.what.c_str(), names_[index(to)].c_str());
  }
  void strike(PartyId to, FrameHead& head, Bytes& bytes) {
    const std::string& what = fault_.what;
    if (what == "kill") ::raise(SIGKILL);
    if (what == "stop") ::raise(SIGSTOP);
    if (what == "tag") head.tag = "nonsense";
    if (what == "size") {
      bytes.push_back(std::byte{0x7f});
      head.size = bytes.size();
    }
    if (what == "order") inner_.send(to, last_ ? last_->first : head, last_ ? last_->second : bytes);
    if (what == "version") {
      std::array<std::byte, FrameHead::kWireSize> next;
      encode(FrameHead{}, next);
      next[14] = std::byte{1};  // zero in ours
      append_bytes(bytes, next);
    }
    if (what == "cut") {
      head.size += std::uint64_t{1} << 20;
      inner_.send(to, head, bytes);
      ::_exit(1);
    }
    if (what == "garbage") bytes.resize(bytes.size() + 2 * FrameHead::kWireSize, std::byte{0xff});
    if (what == "hold") {
      char go;
      ensure(::read(fault_.go, &go, 1) == 1, "the test lets it go on");
    }
  }

  Transport& inner_;
  const std::vector<std::string>& names_;
  const testing::PhaseWatch& phase_;
  Fault fault_;
  unsigned sent_ = 0;
  std::string received_;
  std::optional<std::pair<FrameHead, Bytes>> last_;
};

void run(int argc, char** argv) {
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
  if (job.is_party(self)) {
    settings.listener = listen_on(job.parties[index(self)].address);
    std::fprintf(stderr, "listening\n");
  }
  const auto tls = TlsTransport::connect(std::move(settings), identity);
  const std::vector<std::string> names = job.names();
  testing::PhaseWatch phase;
  Culprit wire(
      *tls, names, phase,
      {argv[5], static_cast<unsigned>(std::atoi(argv[6])), argv[7], argc > 8 ? std::atoi(argv[8]) : -1});
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
  phase.watch(options);
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
  if (argc != 8 && argc != 9) return 2;
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);  // a limit of files' sizes is an error of the disk
  try {
    tacit::run(argc, argv);
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
