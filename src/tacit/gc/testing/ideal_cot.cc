#include "tacit/gc/testing/ideal_cot.h"

#include <condition_variable>
#include <mutex>

#include "tacit/base/error.h"

namespace tacit::gc::testing {

/// One direction between two parties: the receiver leaves its choices, the sender deals and answers.
struct CotDealer::Pair : ot::CotSender, ot::CotReceiver {
  Pair(Label d, std::shared_ptr<const Prg> p, std::uint64_t first_stream)
      : delta_(d), prg(std::move(p)), next_stream(first_stream) {}

  Block delta() const override { return delta_; }
  void send(std::span<Block> keys) override {
    Stream(prg, next_stream++).fill(0, words(keys));
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return asked; });
    ensure(choices.size() == (keys.size() + 63) / 64 && wanted == keys.size(), "both ends ask for as many");
    answer.resize(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i)
      answer[i] = keys[i] ^ (delta_ & (choices[i / 64] >> (i % 64) & 1));
    transfers += keys.size();
    asked = false;
    answered = true;
    changed.notify_all();
  }
  void receive(std::span<const Word> bits, std::span<Block> out) override {
    std::unique_lock lock(mutex);
    choices.assign(bits.begin(), bits.end());
    wanted = out.size();
    asked = true;
    changed.notify_all();
    changed.wait(lock, [&] { return answered; });
    answered = false;
    std::copy(answer.begin(), answer.end(), out.begin());
  }

  Block delta_;
  std::shared_ptr<const Prg> prg;
  std::uint64_t next_stream;
  std::mutex mutex;
  std::condition_variable changed;
  bool asked = false, answered = false;
  std::vector<Word> choices;
  std::size_t wanted = 0, transfers = 0;
  std::vector<Block> answer;
};

CotDealer::CotDealer(std::size_t parties, std::uint64_t seed) : parties_(parties) {
  Bytes key;
  append(key, seed);
  append(key, seed);
  const auto prg = std::make_shared<const Prg>(key, detect_isa());
  for (std::size_t i = 0; i < parties; ++i) deltas_.push_back(random_delta(Stream(prg, i)));
  for (std::size_t i = 0; i < parties; ++i)
    for (std::size_t j = 0; j < parties; ++j)
      pairs_.push_back(std::make_unique<Pair>(deltas_[i], prg, (1 + i * parties + j) << 32));
}
CotDealer::~CotDealer() = default;

Label CotDealer::delta(PartyId p) const { return deltas_[index(p)]; }

std::vector<CotEnds> CotDealer::ends(PartyId p) {
  std::vector<CotEnds> out(parties_);
  for (std::size_t j = 0; j < parties_; ++j)
    if (j != index(p))
      out[j] = {pairs_[index(p) * parties_ + j].get(), pairs_[j * parties_ + index(p)].get()};
  return out;
}

std::size_t CotDealer::transfers() const {
  std::size_t n = 0;
  for (const auto& p : pairs_) n += p->transfers;
  return n;
}

}  // namespace tacit::gc::testing
