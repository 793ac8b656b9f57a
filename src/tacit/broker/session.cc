#include "tacit/broker/session.h"

#include <algorithm>
#include <new>

#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/broker/memory_file.h"
#include "tacit/sealed/lease_folder.h"

namespace tacit::broker {

namespace {

// As the program's exit codes.
constexpr unsigned kBug = 1, kUsage = 2, kIo = 3, kPeer = 4, kCheat = 5;

}  // namespace

Session::Session(FileDescriptor socket, Shared& shared, const SessionLimits& limits)
    : shared_(shared), limits_(limits), link_(std::move(socket), "the client", limits.patience) {}

void Session::run() noexcept {
  try {
    try {
      greet();
      while (auto frame = link_.receive(limits_.body, std::nullopt)) answer(std::move(*frame));
    } catch (const PeerError& e) {
      // Out of step, there is nothing more to be understood.
      refuse(kPeer, e.what());
    } catch (const std::exception&) { refuse(kBug, "the broker failed at what it was asked"); }
  } catch (...) {}  // it is gone already
  models_.clear();
  link_.shut_down();
}

void Session::greet() {
  const auto frame = link_.receive(kFrameHead + 64, limits_.greeting);
  if (!frame) throw PeerError(link_.who(), "the client left before it had said what it is");
  if (frame->tag != Tag::Hello) out_of_step(*frame, link_.who());
  const auto hello = expect<Hello>(*frame, link_.who());
  if (hello.magic != Hello::kMagic) throw PeerError(link_.who(), "the client is none of a broker");
  if (hello.lowest > kVersion || hello.highest < kVersion)
    throw PeerError(link_.who(),
                    fmt::format("the client speaks versions {} to {}, and the broker speaks {}: use the "
                                "same tacit for both",
                                hello.lowest, hello.highest, kVersion));
  link_.send(Welcome{kVersion, static_cast<std::uint32_t>(limits_.models), limits_.body,
                     sealed::kTileNumbers * sizeof(double)});
}

void Session::refuse(unsigned code, const std::string& words) {
  std::string line = one_line(words);
  line.resize(std::min(line.size(), kLongestWords));
  link_.send(Refused{static_cast<std::uint8_t>(code), line});
}

void Session::answer(Frame frame) {
  // What the client may do otherwise is told, and then it may go on. (A PeerError goes through to run.)
  try {
    if (frame.tag == Tag::Open) return link_.send(open(std::move(frame)));
    if (frame.tag == Tag::Run) return link_.send(run(expect<Run>(frame, link_.who())));
    if (frame.tag == Tag::Close) {
      const auto close = expect<Close>(frame, link_.who());
      model(close.model);
      models_.erase(close.model);
      return link_.send(Closed{close.model});
    }
  } catch (const UsageError& e) { return refuse(kUsage, e.what()); } catch (const IoError& e) {
    return refuse(kIo, e.what());
  } catch (const CheatDetected& e) { return refuse(kCheat, e.what()); } catch (const std::bad_alloc&) {
    return refuse(kIo, "the broker has not enough memory for it: ask for fewer rows at a time, or later");
  }
  out_of_step(frame, link_.who());
}

Opened Session::open(Frame frame) {
  const auto request = parse<Open>(frame.body, link_.who());
  if (!frame.file) throw PeerError(link_.who(), "the client asks to open a model, and sent no file");
  const std::string name = one_line(request.name);
  require(models_.size() < limits_.models, "this client has {} models open, and may have no more: close one",
          models_.size());
  check_in_memory(frame.file, name);
  sealed::SealedFile file(OpenFile{std::move(frame.file), name, true});
  const Turns::Turn turn(shared_.turns);
  auto runtime = std::make_unique<sealed::GuardedRuntime>(
      sealed::open_model(std::move(file), shared_.keys, shared_.clock()), shared_.space, shared_.workers);
  const sealed::Header& h = runtime->header();
  Opened out{
      next_, static_cast<std::uint8_t>(h.level), h.model_name, h.vendor_name, h.expires, runtime->example()};
  models_.emplace(next_++, std::move(runtime));
  return out;
}

sealed::GuardedRuntime& Session::model(std::uint32_t number) {
  const auto at = models_.find(number);
  require(at != models_.end(), "this client has no model {} open", number);
  return *at->second;
}

Answer Session::run(const Run& question) {
  sealed::GuardedRuntime& asked = model(question.model);
  const Turns::Turn turn(shared_.turns);
  const sealed::Header& h = asked.header();
  const sealed::Now now = shared_.clock();
  sealed::Seconds time = now.clock;
  if (h.lease) time = std::max(time, sealed::running_lease(shared_.keys, h, now.boot).time);
  require(time < h.expires, "'{}' has expired: it was of use until {}, and it is {}", h.model_name,
          sealed::moment_text(h.expires), sealed::moment_text(time));
  PublicTensor answers = asked.run({question.examples.shape, question.examples.values});
  return {{std::move(answers.shape), std::move(answers.values)}};
}

}  // namespace tacit::broker
