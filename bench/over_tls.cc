#include "over_tls.h"

#include <nlohmann/json.hpp>

namespace tacit::bench {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t kMessage = 64 * 1024;

double seconds_of(Party& party, const std::function<void()>& body) {
  synchronize(party);
  const auto begin = Clock::now();
  body();
  synchronize(party);
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

}  // namespace

json beside_tls(Party& party, PartyId from, std::size_t items, const std::function<void()>& body) {
  Channel& peer = party.to(party.next());
  body();  // touches memory for the first time
  const std::uint64_t before = party.meter().total().payload;
  body();
  const std::uint64_t own = party.meter().total().payload - before;
  // Both know how much the one who sends the most has sent.
  const Bytes told = party.tell_all("bench.bytes", bytes_of(std::span(&own, 1)))[index(from)];
  const auto messages = (read_at<std::uint64_t>(told, 0) + kMessage - 1) / kMessage;
  const Bytes message(kMessage);
  Bytes room(kMessage);
  auto alone = [&] {
    for (std::uint64_t i = 0; i < messages; ++i)
      if (party.id() == from)
        peer.send("bench.raw", ByteView(message));
      else
        peer.receive("bench.raw", ByteSpan(room));
  };
  std::vector<double> seconds, shares;
  double raw = 0;
  for (int i = 0; i < 9; ++i) {
    const double link = seconds_of(party, alone);
    seconds.push_back(seconds_of(party, body));
    shares.push_back(link / seconds.back());
    raw = std::max(raw, static_cast<double>(messages * kMessage) / link);
  }
  return {{"per_second", static_cast<double>(items) / median(seconds)},
          {"bytes", static_cast<double>(own) / static_cast<double>(items)},
          {"tls", raw},
          {"share", median(shares)}};
}

void add_beside_tls(Context& c, const std::string& name, const std::string& items,
                    const std::vector<json>& all) {
  double bytes = 0;
  for (const json& j : all) bytes += j.at("bytes").get<double>();
  c.add(name + "_per_second", all[0].at("per_second").get<double>(), items + " a second, by the clock");
  c.add(name + "_bytes", bytes, "bytes each, both ends");
  c.add(name + "_tls_gbytes_per_second", 1e-9 * all[0].at("tls").get<double>(), "GB/s of TLS alone");
  c.add(name + "_share_of_tls", all[0].at("share").get<double>(),
        "of the rate at which TLS alone moves these bytes");
}

}  // namespace tacit::bench
