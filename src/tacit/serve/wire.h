// The messages between a user and the servers of a split model: the user says hello to every server, each
// tells its masks for one query, the user tells the gateway the masked input, and the gateway the masked
// answer.
#pragma once

#include "tacit/net/channel.h"
#include "tacit/split/seco/correlation.h"

namespace tacit {

struct MasksMessage {
  std::uint64_t number = 0;  ///< of the query, the same at all servers
  SecretBytes input_seed, answer_seed;
};
constexpr std::size_t kMasksBytes = sizeof(std::uint64_t) + 2 * Prg::kKeySize;
void send_masks(Channel& to, const MasksMessage& masks);
MasksMessage receive_masks(Channel& from);

/// Numbers modulo 2^bits in as many bytes each as their bits take. PeerError for one that is out of range.
void send_numbers(Channel& to, std::string_view tag, const seco::Numbers& numbers, std::span<const Word> x);
std::vector<Word> receive_numbers(Channel& from, std::string_view tag, const seco::Numbers& numbers,
                                  std::size_t count);

}  // namespace tacit
