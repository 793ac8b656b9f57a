// A user's end of a deployment: one question, one answer. The servers together could read both; any of them
// but one cannot.
#pragma once

#include "tacit/serve/deployment.h"

namespace tacit {

struct AskedAnswer {
  std::vector<double> values;  ///< scores, or a place
  std::uint64_t query = 0;
  double participation_seconds = 0;  ///< that it takes part: without waiting for servers that work
  double ahead_seconds = 0;          ///< of the user's part before it could ask
  double waiting_seconds = 0;        ///< from the question's beginning to the answer
  std::uint64_t bytes_sent = 0, bytes_received = 0;
};

/// The model's integers, and back: scores, or a place. UsageError for an input that it does not take.
std::vector<Word> encoded_input(const seco::Face& face, std::span<const double> input);

std::vector<double> decoded_answer(const seco::Face& face, std::span<const Word> answer);

/// `x`: from encoded_input. PeerError when a server fails.
AskedAnswer ask(const Deployment& deployment, Transport& wire, std::span<const Word> x);

}  // namespace tacit
