// A simulated run beside the same steps in double precision: which layer is the first whose numbers differ,
// by how much, and whether because a number left its range or because one was too small for the digits there
// are. For data that may be seen: whoever runs this has all parties' shares.
//
// Every step is computed again from the weights with which the simulated run began it, so that a difference
// is that step's own, and not what earlier rounding has led to. Compared are, in the order in which they are
// computed: the data, each node's result, the gradient of the loss, and, from the last layer to the first,
// what the step changed in each layer's parameters.
#pragma once

#include <map>
#include <mutex>

#include "tacit/base/workers.h"
#include "tacit/job/clear_examples.h"
#include "tacit/job/report.h"
#include "tacit/job/step_numbers.h"

namespace tacit {

class RunComparison {
 public:
  /// `data` are the files of the job's data owners, in the job's order. UsageError if they do not fit.
  RunComparison(const Job& job, const std::vector<DataFiles>& data);

  /// For PartyOptions::tap of all parties; this must outlive their runs.
  StepTap tap();
  /// What was found up to now. Any thread.
  ComparisonReport report() const;

 private:
  /// Decoded numbers of a step, in the order of step_numbers.h.
  using Numbers = std::vector<PublicTensor>;
  /// A step, computed on an engine without secrets.
  struct Computed {
    Numbers numbers;
    std::vector<std::size_t> secret_nodes;  ///< of which there are numbers
    std::vector<std::string> left_range;    ///< where, in order, as paths of scopes; of a guarded engine
  };
  /// Numbers that are compared as one.
  struct Place {
    std::string path;   ///< as the meter books it: "train/forward/dense1"
    std::string layer;  ///< empty where it is no layer's
    std::vector<std::size_t> numbers;
    bool change = false;  ///< compared is what a step changes, and not what there is
  };
  struct Difference {
    double squares = 0, exact = 0, simulated = 0;  ///< sums of squares: difference, and both
    std::size_t count = 0;
    bool finite = true;
    Difference& operator+=(const Difference& more);
    double relative(double unit) const;
    bool diverged(double unit) const;
  };

  void take(PartyId party, StepShares shares);
  Numbers assembled(const std::vector<StepShares>& of_parties) const;
  void compare(std::size_t step, Numbers simulated);
  Computed compute(bool exact, unsigned fraction_bits, std::size_t step);
  Difference difference(const Place& place, const Numbers& exact, const Numbers& simulated) const;
  void found(std::size_t step, const Place& place, const Difference& how, bool range,
             const std::vector<std::string>& left_range, const Numbers& exact);
  std::optional<unsigned> proposed(std::size_t step, const Place& place, bool range, const Numbers& exact);
  std::vector<Place> places_of(const std::vector<std::size_t>& secret_nodes);
  static std::string words_of(const Place& place);

  const Job& job_;
  nn::Graph graph_;
  clear::Tables tables_;
  clear::Examples examples_{tables_.train};
  Workers workers_{0};
  std::size_t steps_;
  double unit_;  ///< in the last place of the simulated run's numbers

  mutable std::mutex mutex_;
  std::map<std::size_t, std::map<PartyId, StepShares>> waiting_;
  Numbers start_;                    ///< parameters and the optimiser's state, as the simulated run has them
  std::size_t first_parameter_ = 0;  ///< among a step's numbers
  std::vector<Place> places_;
  std::vector<Difference> so_far_;
  ComparisonReport report_;
};

/// One sentence for people.
std::string in_words(const ComparisonReport& report);

}  // namespace tacit
