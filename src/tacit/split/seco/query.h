// One query, online. The user adds up all servers' masks of the input, tells them the input less that sum,
// and takes their masks off the answer. The servers open, stage by stage, a masked sum, and compute the next
// masked value from it by a circuit (activations.h).
#pragma once

#include "tacit/split/seco/correlation.h"

namespace tacit::seco {

/// The user's end.
class Question {
 public:
  /// `seeds`: of every server, for one query.
  Question(const Face& face, std::span<const ByteView> input_seeds, std::span<const ByteView> answer_seeds);
  /// The input, as integers of the network's numbers, under its mask.
  std::vector<Word> masked(std::span<const Word> x) const;
  /// The answer: scores modulo 2^bits, or a place.
  std::vector<Word> unmasked(std::span<const Word> masked_answer) const;

 private:
  Face face_;
  std::vector<Word> input_mask_, answer_mask_;
};

/// What every server sees of a query: by stage, the opened sum y + p, and the opened value z - r.
struct Seen {
  std::vector<std::vector<Word>> sums, values;
};

/// A server's end: from the masked input to the masked answer, which all servers learn.
std::vector<Word> answer(Party& party, const Network& network, const Holders& holders, const Weights& weights,
                         Correlation correlation, std::span<const Word> masked_input, Seen* seen = nullptr);

}  // namespace tacit::seco
