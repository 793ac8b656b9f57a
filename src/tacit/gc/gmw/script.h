// What circuits on shares send, message by message, for estimates (net/script.h).
#pragma once

#include "tacit/gc/gmw/gmw.h"
#include "tacit/ot/script.h"

namespace tacit::gc {

/// PairwiseTransfers and TripleMaker.
class ScriptedTriples {
 public:
  /// Writes down the set-up of all pairs of the first `parties`.
  ScriptedTriples(Script& script, std::size_t parties, ot::Source source, const ot::SourceSeconds& seconds);
  /// TripleMaker::make.
  void make(Script& script, std::size_t words);

 private:
  std::vector<ot::ScriptedSource> pairs_;
};

/// Seconds of one gate of any kind on a word of 64 copies.
struct GmwSeconds {
  double gate = 0;
};
void script_evaluate(Script& script, std::size_t parties, const GmwPlan& plan, std::size_t words,
                     const GmwSeconds& seconds);
/// Gmw::open.
void script_open(Script& script, std::size_t parties, std::size_t words);

}  // namespace tacit::gc
