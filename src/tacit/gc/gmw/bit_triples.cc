#include "tacit/gc/gmw/bit_triples.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit::gc {

BitTriples::BitTriples(WipedWords a, WipedWords b, WipedWords c)
    : a_(std::move(a)), b_(std::move(b)), c_(std::move(c)) {
  ensure(a_.size() == b_.size() && a_.size() == c_.size(), "as many of each");
}

BitTriples::Taken BitTriples::take(std::size_t words) {
  require(words <= left(), "{} words of bit triples are left, and {} are asked for", left(), words);
  const std::size_t first = used_;
  used_ += words;
  return {a_.all().subspan(first, words), b_.all().subspan(first, words), c_.all().subspan(first, words)};
}

BitTriples::Taken BitTriples::rest() const {
  return {a_.all().subspan(used_), b_.all().subspan(used_), c_.all().subspan(used_)};
}

BitTriples BitTriples::split(std::size_t words) {
  const Taken t = take(words);
  auto copy = [](std::span<const Word> from) {
    WipedWords out(from.size());
    std::copy(from.begin(), from.end(), out.data());
    return out;
  };
  return {copy(t.a), copy(t.b), copy(t.c)};
}

PairwiseTransfers::PairwiseTransfers(Party& party, ot::Source source, const Block* delta,
                                     std::optional<PartyId> silent)
    : source_(source), self_(index(party.id())), ends_(party.count()) {
  const Isa isa = party.compute().kernels.isa;
  // Both ends of a stream that only they share: a session's name for each direction.
  auto session_with = [&](std::size_t peer) {
    std::array<Word, 4> words{};
    party.coins().with(party_id(peer)).fill(0, words);
    return words;
  };
  std::vector<std::array<Word, 4>> sessions(party.count());
  for (std::size_t p = 0; p < party.count(); ++p)
    if (p != self_) sessions[p] = session_with(p);
  auto half = [&](std::size_t peer, bool lower_sends) {
    return std::as_bytes(std::span(sessions[peer])).subspan(lower_sends ? 0 : 16, 16);
  };
  for_pairs(
      [&](std::size_t p) {
        if (party.id() == silent) return;
        ends_[p].sender_source = ot::make_sender(source, ot::Threat::SemiHonest, party.to(party_id(p)),
                                                 half(p, self_ < p), isa, delta);
        ends_[p].sender.emplace(*ends_[p].sender_source, party.to(party_id(p)), isa);
      },
      [&](std::size_t p) {
        if (party_id(p) == silent) return;
        ends_[p].receiver_source =
            ot::make_receiver(source, ot::Threat::SemiHonest, party.to(party_id(p)), half(p, p < self_), isa);
        ends_[p].receiver.emplace(*ends_[p].receiver_source, party.to(party_id(p)), isa);
      });
}

BitTriples TripleMaker::make(std::size_t words) {
  WipedWords a(words), b(words), c(words), part(std::min(words, kWordsAtOnce));
  party_.coins().mine().fill(0, a.all());
  party_.coins().mine().fill(0, b.all());
  for (std::size_t i = 0; i < words; ++i) c[i] = a[i] & b[i];
  for (std::size_t done = 0; done < words; done += kWordsAtOnce) {
    const std::size_t n = std::min(kWordsAtOnce, words - done);
    auto add = [&] {
      for (std::size_t i = 0; i < n; ++i) c[done + i] ^= part[i];
    };
    const std::span<Word> share(part.data(), n);
    transfers_.for_pairs(
        [&](std::size_t p) {
          transfers_.with(p).sender->correlated_bits(64 * n, b.all().subspan(done, n), share);
          add();
        },
        [&](std::size_t p) {
          transfers_.with(p).receiver->correlated_bits(64 * n, a.all().subspan(done, n), share);
          add();
        });
  }
  return {std::move(a), std::move(b), std::move(c)};
}

}  // namespace tacit::gc
