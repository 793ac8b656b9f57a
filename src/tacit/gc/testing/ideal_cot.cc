#include "tacit/gc/testing/ideal_cot.h"

namespace tacit::gc::testing {

struct CotDealer::Sender : ot::CotSender {
  Sender(Label d, std::shared_ptr<const Prg> p, std::uint64_t first)
      : prg(std::move(p)), next(first), own(d) {}
  Block delta() const override { return own; }
  void extend(std::span<Block> keys) override {
    Stream(prg, next++).fill(0, words(keys));
    count += keys.size();
  }
  void extend_random(std::span<Block> keys) override { extend(keys); }
  std::shared_ptr<const Prg> prg;
  std::uint64_t next;
  Label own;
  std::size_t count = 0;
};

struct CotDealer::Receiver : ot::CotReceiver {
  Receiver(Label d, std::shared_ptr<const Prg> p, std::uint64_t first)
      : prg(std::move(p)), next(first), delta(d) {}
  void extend(std::span<const Word> choices, std::span<Block> out) override {
    Stream(prg, next++).fill(0, words(out));
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = out[i] ^ (delta & (choices[i / 64] >> (i % 64) & 1));
  }
  void extend_random(std::span<Word> choices, std::span<Block> out) override {
    Stream(prg, ++chosen << 48).fill(0, choices);
    if (out.size() % 64 != 0) choices.back() &= (Word{1} << out.size() % 64) - 1;
    extend(choices, out);
  }
  std::shared_ptr<const Prg> prg;
  std::uint64_t next, chosen = 0;
  Label delta;
};

CotDealer::CotDealer(std::size_t parties, std::uint64_t seed) {
  Bytes key;
  append(key, seed);
  append(key, seed);
  const auto prg = std::make_shared<const Prg>(key, detect_isa());
  for (std::size_t i = 0; i < parties; ++i) deltas_.push_back(random_delta(Stream(prg, i)));
  for (std::size_t i = 0; i < parties; ++i)
    for (std::size_t j = 0; j < parties; ++j) {
      const std::uint64_t streams = (1 + i * parties + j) << 32;
      senders_.push_back(std::make_unique<Sender>(deltas_[i], prg, streams));
      receivers_.push_back(std::make_unique<Receiver>(deltas_[i], prg, streams));
    }
}
CotDealer::~CotDealer() = default;

std::vector<CotEnds> CotDealer::ends(PartyId p) {
  const std::size_t n = deltas_.size(), self = index(p);
  std::vector<CotEnds> out(n);
  for (std::size_t j = 0; j < n; ++j)
    if (j != self) out[j] = {senders_[self * n + j].get(), receivers_[j * n + self].get()};
  return out;
}

std::size_t CotDealer::transfers() const {
  std::size_t n = 0;
  for (const auto& s : senders_) n += s->count;
  return n;
}

}  // namespace tacit::gc::testing
