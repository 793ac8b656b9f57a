// All of the source's work comes first and the messages follow, so that neither end sends while the other
// does and a call has as many rounds however large it is.
#include "tacit/ot/transfer/transfer.h"

#include <algorithm>

namespace tacit::ot {

namespace {

constexpr std::size_t kMessageWords = std::size_t{1} << 17;  // 1 MiB
constexpr std::uint64_t kTweak = ~std::uint64_t{0};  // garbling and trees under the same Δ have others
constexpr std::string_view kTag = "ot.messages";

void send_words(Channel& peer, std::span<const Word> words) {
  for (std::size_t i = 0; i < words.size(); i += kMessageWords)
    peer.send(kTag, words.subspan(i, std::min(kMessageWords, words.size() - i)));
}
std::vector<Word> receive_words(Channel& peer, std::size_t count) {
  std::vector<Word> out(count);
  for (std::size_t i = 0; i < count; i += kMessageWords)
    peer.receive(kTag, std::span(out).subspan(i, std::min(kMessageWords, count - i)));
  return out;
}

Word choice(std::span<const Word> choices, std::size_t i) { return choices[i / 64] >> (i % 64) & 1; }
std::size_t packed(std::size_t n) { return (n + 63) / 64; }
/// Without what lies beyond bit n.
void cut(std::span<Word> bits, std::size_t n) {
  if (n % 64 != 0) bits[n / 64] &= ~(~Word{0} << n % 64);
}

}  // namespace

TransferSender::TransferSender(CotSender& source, Channel& peer, Isa isa)
    : source_(source), peer_(peer), kernels_(ot_kernels(isa)), hash_(isa) {}

/// Calls use(first, zeros, ones) for pieces whose size, but for the last, is a multiple of 64.
template <class Use>
void TransferSender::over_blocks(std::size_t n, bool random_choices, Use use) {
  const Block delta = source_.delta();
  for (std::size_t first = 0; first < n; first += kTransfersAtOnce) {
    zeros_.resize(std::min(kTransfersAtOnce, n - first));
    ones_.resize(zeros_.size());
    const std::uint64_t number = random_choices ? source_.send_random(zeros_) : source_.send(zeros_);
    std::transform(zeros_.begin(), zeros_.end(), ones_.begin(), [delta](Block b) { return b ^ delta; });
    for (std::vector<Block>* blocks : {&zeros_, &ones_})
      hash_.hash(kTweak, number, words(std::span<const Block>(*blocks)), words(std::span<Block>(*blocks)));
    use(first, std::span<const Block>(zeros_), std::span<const Block>(ones_));
  }
}

void TransferSender::random(std::span<Block> zeros, std::span<Block> ones) {
  ensure(zeros.size() == ones.size(), "two messages a transfer");
  over_blocks(zeros.size(), false,
              [&](std::size_t first, std::span<const Block> z, std::span<const Block> o) {
                std::copy(z.begin(), z.end(), zeros.begin() + static_cast<std::ptrdiff_t>(first));
                std::copy(o.begin(), o.end(), ones.begin() + static_cast<std::ptrdiff_t>(first));
              });
}

void TransferSender::random(std::span<Word> zeros, std::span<Word> ones) {
  ensure(zeros.size() == ones.size(), "two messages a transfer");
  over_blocks(zeros.size(), false,
              [&](std::size_t first, std::span<const Block> z, std::span<const Block> o) {
                for (std::size_t i = 0; i < z.size(); ++i) {
                  zeros[first + i] = z[i].low;
                  ones[first + i] = o[i].low;
                }
              });
}

void TransferSender::random_bits(std::size_t n, std::span<Word> zeros, std::span<Word> ones) {
  ensure(zeros.size() == packed(n) && ones.size() == packed(n), "two bits a transfer");
  over_blocks(n, true, [&](std::size_t first, std::span<const Block> z, std::span<const Block> o) {
    kernels_.lowest_bits(words(z).data(), z.size(), zeros.data() + first / 64);
    kernels_.lowest_bits(words(o).data(), o.size(), ones.data() + first / 64);
  });
}

void TransferSender::correlated(std::span<const Word> differences, std::span<Word> shares) {
  ensure(differences.size() == shares.size(), "a difference a transfer");
  std::vector<Word> message(shares.size());
  over_blocks(shares.size(), false,
              [&](std::size_t first, std::span<const Block> z, std::span<const Block> o) {
                for (std::size_t i = 0; i < z.size(); ++i) {
                  shares[first + i] = z[i].low;
                  message[first + i] = z[i].low + differences[first + i] - o[i].low;
                }
              });
  send_words(peer_, message);
}

void TransferSender::correlated_bits(std::size_t n, std::span<const Word> differences,
                                     std::span<Word> shares) {
  ensure(differences.size() == packed(n) && shares.size() == packed(n), "a difference a transfer");
  std::vector<Word> message(packed(n));
  over_blocks(n, false, [&](std::size_t first, std::span<const Block> z, std::span<const Block> o) {
    kernels_.lowest_bits(words(z).data(), z.size(), shares.data() + first / 64);
    kernels_.lowest_bits(words(o).data(), o.size(), message.data() + first / 64);
  });
  for (std::size_t i = 0; i < message.size(); ++i) message[i] ^= shares[i] ^ differences[i];
  cut(message, n);
  send_words(peer_, message);
}

void TransferSender::chosen(std::span<const Word> zeros, std::span<const Word> ones) {
  ensure(zeros.size() == ones.size(), "two messages a transfer");
  std::vector<Word> message(2 * zeros.size());
  over_blocks(zeros.size(), false,
              [&](std::size_t first, std::span<const Block> z, std::span<const Block> o) {
                for (std::size_t i = 0; i < z.size(); ++i) {
                  message[2 * (first + i)] = zeros[first + i] ^ z[i].low;
                  message[2 * (first + i) + 1] = ones[first + i] ^ o[i].low;
                }
              });
  send_words(peer_, message);
}

TransferReceiver::TransferReceiver(CotReceiver& source, Channel& peer, Isa isa)
    : source_(source), peer_(peer), kernels_(ot_kernels(isa)), hash_(isa) {}

template <class Choices, class Use>
void TransferReceiver::over_blocks(std::size_t n, std::span<Choices> choices, Use use) {
  ensure(choices.size() == packed(n), "a choice a transfer");
  for (std::size_t first = 0; first < n; first += kTransfersAtOnce) {
    blocks_.resize(std::min(kTransfersAtOnce, n - first));
    const std::span<Choices> some = choices.subspan(first / 64, packed(blocks_.size()));
    std::uint64_t number = 0;
    if constexpr (std::is_const_v<Choices>)
      number = source_.receive(some, blocks_);
    else
      number = source_.receive_random(some, blocks_);
    hash_.hash(kTweak, number, words(std::span<const Block>(blocks_)), words(std::span<Block>(blocks_)));
    use(first, std::span<const Block>(blocks_));
  }
}

void TransferReceiver::random(std::span<const Word> choices, std::span<Block> out) {
  over_blocks(out.size(), choices, [&](std::size_t first, std::span<const Block> b) {
    std::copy(b.begin(), b.end(), out.begin() + static_cast<std::ptrdiff_t>(first));
  });
}

void TransferReceiver::random(std::span<const Word> choices, std::span<Word> out) {
  over_blocks(out.size(), choices, [&](std::size_t first, std::span<const Block> b) {
    for (std::size_t i = 0; i < b.size(); ++i) out[first + i] = b[i].low;
  });
}

void TransferReceiver::random_bits(std::size_t n, std::span<Word> choices, std::span<Word> out) {
  ensure(out.size() == packed(n), "a bit a transfer");
  over_blocks(n, choices, [&](std::size_t first, std::span<const Block> b) {
    kernels_.lowest_bits(words(b).data(), b.size(), out.data() + first / 64);
  });
}

void TransferReceiver::correlated(std::span<const Word> choices, std::span<Word> out) {
  random(choices, out);
  const std::vector<Word> message = receive_words(peer_, out.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] += message[i] & (0 - choice(choices, i));
}

void TransferReceiver::correlated_bits(std::size_t n, std::span<const Word> choices, std::span<Word> out) {
  ensure(out.size() == packed(n), "a bit a transfer");
  over_blocks(n, choices, [&](std::size_t first, std::span<const Block> b) {
    kernels_.lowest_bits(words(b).data(), b.size(), out.data() + first / 64);
  });
  const std::vector<Word> message = receive_words(peer_, out.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] ^= message[i] & choices[i];
  cut(out, n);
}

void TransferReceiver::chosen(std::span<const Word> choices, std::span<Word> out) {
  random(choices, out);
  const std::vector<Word> message = receive_words(peer_, 2 * out.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const Word zero = message[2 * i], one = message[2 * i + 1];
    out[i] ^= zero ^ ((zero ^ one) & (0 - choice(choices, i)));
  }
}

}  // namespace tacit::ot
