// Whose copy a leaked model is.
#pragma once

#include "tacit/trace/customers.h"

namespace tacit::trace {

/// What speaks against one customer.
struct Suspicion {
  std::string customer;
  double score = 0;        ///< in standard deviations of an innocent's
  double log10_bound = 0;  ///< of the probability that this customer is innocent and has such a score
  /// The same over all copies of the database: by it anybody is named or not.
  double log10_bound_over_all = 0;
  bool named = false;
};

struct TraceResult {
  std::optional<TracedModel> model;  ///< the one that it was made from; none if it is like none of them
  double likeness = 0;               ///< to that, or to the nearest (align.h)
  double weights_found = 0;          ///< the part of all weights that was found in it
  std::size_t rows_moved = 0;        ///< neurons that stood elsewhere
  std::size_t copies = 0;            ///< of the database: among so many it was looked for
  std::size_t positions = 0;
  unsigned colluders = 0;
  double threshold = 0;               ///< of scores; infinite if nothing in the model tells anything
  std::vector<Suspicion> suspicions;  ///< all holders of the model, by their scores from the highest
};

/// Below it a network is another one. What was pruned and scaled has 0.5 and more, other networks some
/// hundredths.
constexpr double kLeastLikeness = 0.2;

/// Everybody is named whose score an innocent reaches with at most `false_accusation` over all copies.
/// Customers whose database has none are nobody. UsageError for originals that are damaged or another
/// vendor's; IoError.
TraceResult trace(const nn::Graph& leaked, const Customers& customers, const Identity& vendor,
                  Workers& workers, double false_accusation = kFalseAccusation);

}  // namespace tacit::trace
