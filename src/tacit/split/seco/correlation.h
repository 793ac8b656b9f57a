// What one server prepares for one query before anybody asks: its summands of all masks, put together into
// what the query takes. It serves once, is move-only, and is a secret of its server: whoever has all servers'
// correlations of one number reads the query.
#pragma once

#include "tacit/gc/gmw/gmw.h"
#include "tacit/split/seco/activations.h"
#include "tacit/split/seco/linear.h"

namespace tacit::seco {

struct StageCorrelation {
  /// Share of what the masks of the stage's values make of its sum, and of the mask p of the opened sum.
  std::vector<Word> addend;
  std::unique_ptr<PreparedActivation> activation;
};

struct Correlation {
  /// What the input's mask and the answer's come from; told to the user, who adds up all servers' masks.
  SecretBytes input_seed, answer_seed;
  std::vector<StageCorrelation> stages;
};

/// The circuits of a network, made once; correlations refer to them.
class Circuits {
 public:
  Circuits(const Network& network, std::size_t parties, ActivationBy by = ActivationBy::Gmw);
  /// Adds up all servers' summands of a mask; always on shares, since it is ahead of a query.
  const gc::GmwPlan& sum() const { return sum_; }
  const Activations& activations() const { return *activations_; }

 private:
  gc::GmwPlan sum_;
  std::unique_ptr<Activations> activations_;
};

/// One server's summand of the input's mask, and of the answer's (planes of bits), as its seeds say.
std::vector<Word> input_mask(const Face& face, ByteView seed);
std::vector<Word> answer_mask(const Face& face, ByteView seed);

/// Prepares correlations, together with all other servers.
class Preparation {
 public:
  /// `weights`: this server's share; it may be empty where it holds none.
  Preparation(Party& party, const Network& network, const Holders& holders, const Weights& weights,
              const Circuits& circuits, gc::PairwiseTransfers& transfers);
  virtual ~Preparation() = default;
  Preparation(const Preparation&) = delete;
  Preparation& operator=(const Preparation&) = delete;
  Correlation next();

 protected:
  /// This server's summand of the masks of n numbers. Fresh and uniform, or nothing is hidden: only tests,
  /// which must see that their checks can fail, have others.
  virtual std::vector<Word> draw_masks(std::size_t n);

 private:
  std::vector<gc::WipedWords> mask_bits(const Correlation& c, const std::vector<std::vector<Word>>& masks,
                                        const std::vector<std::vector<Word>>& sum_masks);

  Party& party_;
  const Network& network_;
  const Holders& holders_;
  const Weights& weights_;
  const Circuits& circuits_;
  Face face_;
  LinearMasks linear_;
  gc::TripleMaker triples_;
  std::unique_ptr<ActivationMaker> activations_;
};

}  // namespace tacit::seco
