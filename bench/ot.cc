// Oblivious transfer between two threads over a pair of local sockets. Rates are by the processor time of the
// busier of the two, which other work on the machine disturbs little; bytes are what both ends sent. Over
// TLS, two processes, by the clock, beside what the same link carries of the same bytes alone.
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "over_tls.h"
#include "tacit/ot/source.h"

namespace tacit::bench {

namespace {

/// One end of a pair of sockets, for one peer. Sends wait while the socket is full.
class PairEnd final : public Transport {
 public:
  explicit PairEnd(int socket) : socket_(socket) {}
  ~PairEnd() override { close(socket_); }
  void send(PartyId, const FrameHead& head, ByteView body) override {
    std::array<std::byte, FrameHead::kWireSize> wire;
    encode(head, wire);
    write_all(wire);
    write_all(body);
  }
  FrameHead receive_head(PartyId) override {
    std::array<std::byte, FrameHead::kWireSize> wire;
    read_all(wire);
    FrameHead head;
    ensure(decode(wire, head), "a frame");
    return head;
  }
  void receive_body(PartyId, ByteSpan body) override { read_all(body); }
  void goodbye(std::string_view) noexcept override { shutdown(socket_, SHUT_RDWR); }

 private:
  void write_all(ByteView bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::write(socket_, bytes.data(), bytes.size());
      if (n <= 0) throw PeerError("peer", "the other end has gone");
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
  }
  void read_all(ByteSpan bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::read(socket_, bytes.data(), bytes.size());
      if (n <= 0) throw PeerError("peer", "the other end has gone");
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
  }
  int socket_;
};

double processor_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

struct Spent {
  double seconds;  ///< of the busier end, a transfer
  double bytes;    ///< a transfer
  double set_up;   ///< seconds of the busier end
};

struct End {
  double set_up = 0, work = 0;
  std::uint64_t bytes = 0;
};

/// Sets up one end and lets it work twice, the second time measured.
template <class Make, class Work>
void run_end(int socket, PartyId peer, Make make, Work work, End& end) {
  PairEnd wire(socket);
  Meter meter;
  Channel channel(wire, meter, peer, "peer");
  const double begin = processor_seconds();
  const auto made = make(channel);
  const double ready = processor_seconds();
  work(*made);  // touches memory for the first time
  const double warm = processor_seconds();
  const std::uint64_t before = meter.total().payload;
  work(*made);
  end = {ready - begin, processor_seconds() - warm, meter.total().payload - before};
}

Spent transfer(ot::Source source, ot::Threat threat, std::size_t n) {
  int sockets[2];
  ensure(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0, "a pair of sockets");
  const Bytes session(16);
  End ends[2];
  std::vector<Block> keys(n), out(n);
  std::vector<Word> choices((n + 63) / 64);
  std::thread other([&] {
    run_end(
        sockets[0], party_id(1),
        [&](Channel& c) { return ot::make_sender(source, threat, c, session, detect_isa()); },
        [&](ot::CotSender& s) { s.send_random(keys); }, ends[0]);
  });
  run_end(
      sockets[1], party_id(0),
      [&](Channel& c) { return ot::make_receiver(source, threat, c, session, detect_isa()); },
      [&](ot::CotReceiver& r) { r.receive_random(choices, out); }, ends[1]);
  other.join();
  const double count = static_cast<double>(n);
  return {std::max(ends[0].work, ends[1].work) / count,
          static_cast<double>(ends[0].bytes + ends[1].bytes) / count,
          std::max(ends[0].set_up, ends[1].set_up)};
}

void cot(Context& c) {
  for (const ot::Source source : ot::all_sources()) {
    const std::string name = "cot." + std::string(ot::to_string(source));
    // As many as one iteration of the silent source yields, which so pays for the next one.
    const std::size_t n = ot::is_silent(source) ? 10'000'000 : std::size_t{1} << 22;
    // The quickest of some runs in turn: processor time, too, suffers from what shares the caches.
    Spent plain = transfer(source, ot::Threat::SemiHonest, n),
          checked = transfer(source, ot::Threat::Malicious, n);
    for (int i = 0; i < 4; ++i)
      for (Spent* best : {&plain, &checked}) {
        const Spent s = transfer(source, best == &plain ? ot::Threat::SemiHonest : ot::Threat::Malicious, n);
        if (s.seconds < best->seconds) *best = s;
      }
    c.add(name + "_per_second", 1 / plain.seconds, "transfers a second of processor time, one thread an end");
    c.add(name + "_malicious_per_second", 1 / checked.seconds, "transfers a second with checks");
    c.add(name + "_bytes", plain.bytes, "bytes a transfer, both ends");
    c.add(name + "_setup_seconds", plain.set_up, "processor time of the busier end");
    c.add(name + "_malicious_bytes", checked.bytes, "bytes a transfer with checks");
  }
}

/// Which of two parties sends transfers, and which receives them.
struct OverTls {
  std::unique_ptr<ot::CotSender> sender;
  std::unique_ptr<ot::CotReceiver> receiver;
  std::vector<Block> blocks;
  std::vector<Word> choices;

  OverTls(Party& p, ot::Source source, std::size_t n) : blocks(n), choices((n + 63) / 64) {
    Channel& peer = p.to(p.next());
    const Bytes session(16);
    if (p.id() == party_id(0))
      sender = ot::make_sender(source, ot::Threat::SemiHonest, peer, session, detect_isa());
    else
      receiver = ot::make_receiver(source, ot::Threat::SemiHonest, peer, session, detect_isa());
  }
  void operator()() {
    if (sender)
      sender->send_random(blocks);
    else
      receiver->receive_random(choices, blocks);
  }
};

void cot_over_tls(Context& c) {
  constexpr std::size_t kTransfers = std::size_t{1} << 21;
  for (const ot::Source source : {ot::Source::Iknp, ot::Source::SoftSpoken2, ot::Source::SoftSpoken4}) {
    const auto all = on_parties(c, 2, 1, [&](Party& p) -> nlohmann::json {
      OverTls transfers(p, source, kTransfers);
      return beside_tls(p, party_id(1), kTransfers, [&] { transfers(); });
    });
    add_beside_tls(c, "cot.tls." + std::string(ot::to_string(source)), "transfers", all);
  }
}

}  // namespace

std::vector<Benchmark> ot_benchmarks() {
  return {{"ot", "correlated oblivious transfer by each source, semi-honest and checked", cot},
          {"ot.tls", "the same between two processes over TLS, beside TLS alone", cot_over_tls}};
}

}  // namespace tacit::bench
