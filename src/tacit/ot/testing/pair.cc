#include "tacit/ot/testing/pair.h"

#include <algorithm>
#include <random>

namespace tacit::ot::testing {

namespace {
/// Changes the bodies of the frames with one tag on their way.
class Tamper final : public Transport {
 public:
  Tamper(Transport& inner, std::string tag, Change change)
      : inner_(inner), tag_(std::move(tag)), change_(std::move(change)) {}
  void send(PartyId to, const FrameHead& head, ByteView body) override {
    Bytes copy(body.begin(), body.end());
    if (head.tag == tag_) change_(copy);
    inner_.send(to, head, copy);
  }
  FrameHead receive_head(PartyId from) override { return inner_.receive_head(from); }
  void receive_body(PartyId from, ByteSpan body) override { inner_.receive_body(from, body); }
  void goodbye(std::string_view reason) noexcept override { inner_.goodbye(reason); }

 private:
  Transport& inner_;
  std::string tag_;
  Change change_;
};
}  // namespace

void run_with_cheat(PartyId cheat, const std::string& tag, const Change& change, const Ends& sender,
                    const Ends& receiver) {
  tacit::testing::run_parties(
      2,
      [&](Party& p) {
        std::vector<Block> blocks(1000);
        (p.id() == party_id(0) ? sender : receiver)(p.to(p.next()), blocks);
      },
      tacit::testing::CoinsKind::Fresh, detect_isa(),
      [&](PartyId self, Transport& wire) {
        return self == cheat ? std::make_unique<Tamper>(wire, tag, change) : nullptr;
      });
}

Ran run(const MakeSender& make_sender, const MakeReceiver& make_receiver,
        const std::vector<std::size_t>& sizes, bool random, std::uint64_t seed) {
  Ran out;
  out.batches.resize(sizes.size());
  std::mt19937_64 rng(seed);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    Batch& b = out.batches[i];
    b.keys.resize(sizes[i]);
    b.received.resize(sizes[i]);
    b.choices.resize((sizes[i] + 63) / 64);
    for (Word& w : b.choices) w = rng();
  }
  std::vector<Traffic> set_up(2);
  const std::vector<Cost> costs = tacit::testing::run_parties(2, [&](Party& p) {
    auto note = [&] { set_up[index(p.id())] = {p.meter().total().payload, p.meter().total().rounds}; };
    if (p.id() == party_id(0)) {
      const auto sender = make_sender(p, p.to(party_id(1)));
      note();
      out.delta = sender->delta();
      for (Batch& b : out.batches) b.sent_from = random ? sender->send_random(b.keys) : sender->send(b.keys);
    } else {
      const auto receiver = make_receiver(p, p.to(party_id(0)));
      note();
      for (Batch& b : out.batches)
        b.received_from = random ? receiver->receive_random(b.choices, b.received)
                                 : receiver->receive(b.choices, b.received);
    }
  });
  for (const Traffic& t : set_up)
    out.set_up = {out.set_up.bytes + t.bytes, std::max(out.set_up.rounds, t.rounds)};
  for (const Cost& c : costs) out.total = {out.total.bytes + c.payload, std::max(out.total.rounds, c.rounds)};
  return out;
}

std::string fault(const Ran& ran) {
  if ((ran.delta.low & 1) == 0) return "a delta whose lowest bit is 0";
  std::uint64_t number = 0;
  std::vector<std::pair<Word, Word>> keys;
  for (const Batch& b : ran.batches) {
    if (b.sent_from != number || b.received_from != number) return "numbers that do not go on";
    number += b.keys.size();
    for (std::size_t i = 0; i < b.keys.size(); ++i) {
      const Word x = b.choices[i / 64] >> (i % 64) & 1;
      if (b.received[i] != (b.keys[i] ^ (ran.delta & x)))
        return fmt::format("transfer {} of {} is none", i, b.keys.size());
      keys.emplace_back(b.keys[i].low, b.keys[i].high);
    }
  }
  std::sort(keys.begin(), keys.end());
  return std::adjacent_find(keys.begin(), keys.end()) == keys.end() ? "" : "a key came twice";
}

}  // namespace tacit::ot::testing
