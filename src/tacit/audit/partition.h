// What keeping some layers back is worth: how well thieves who have all other layers (exposed.h) do against
// one who has none, and which layers next to each other are the cheapest to keep so that they do no better.
// The least protection that suffices is what Zhang et al. (exposed.h) call a sweet spot.
#pragma once

#include "tacit/audit/exposed.h"
#include "tacit/audit/steal.h"

namespace tacit::audit {

struct CurvePoint {
  std::size_t queries = 0;
  Fidelity fidelity;
  std::optional<double> accuracy = {};  ///< where labels are known
  std::string how = {};                 ///< the way that got most, where there are several
  double seconds = 0;                   ///< of all ways
};
struct Curve {
  std::string thief;               ///< "affine", "network", "architecture", "exposed" or "algebra"
  std::optional<Segment> kept;     ///< the layers that this thief does not have; none: it has no layer
  std::vector<CurvePoint> points;  ///< by queries upwards
};

/// Of the thieves who have no layer.
std::vector<Curve> curves_of(const StealAudit& black_box);

/// Layers that were tried in the search.
struct Tried {
  Segment layers;
  double cost = 0;
  bool affine = false;             ///< solved by few questions, so that no cost is low enough
  std::optional<double> fidelity;  ///< agreement of the best thief; none where solving was not tried either
  std::string how;
  bool enough = false;
};
struct Protection {
  /// The cheapest that is enough; none if asking alone gives as much as having the model.
  std::optional<Segment> layers;
  bool whole = false;    ///< only all layers together
  bool complete = true;  ///< else the time was over before all was tried
  double cost = 0, fidelity = 0;
  double black_box_fidelity = 0, margin = 0;
  std::size_t queries = 0;
  std::vector<Tried> tried;  ///< in that order
};

struct PartitionAudit {
  std::vector<WeightedLayer> layers;
  std::vector<double> costs;  ///< of each
  std::string cost_unit;
  std::vector<Curve> curves;
  std::optional<Protection> protection;
  std::optional<Form> form;        ///< of the layers that were named
  std::optional<Solved> solved;    ///< those, if their form lets them be
  std::vector<std::string> notes;  ///< what was not tried, and why
};

struct PartitionSettings {
  std::optional<Segment> keep;  ///< layers to draw a curve for
  bool find = false;            ///< or those that a search finds
  std::vector<double> costs;    ///< of each layer, not negative
  std::string cost_unit;
  double margin = 0.02;  ///< of agreement
  LearnSettings learn = {};
  unsigned threads = 0;
  std::function<bool()>
      time_left;  ///< asked before each training but the thief's of the architecture; may be empty
};

using PartitionProgress = std::function<void(const std::string& phase, std::size_t done, std::size_t all)>;

/// `black_box`: what steal() found of the same answers. UsageError for a model without layers, or whose
/// operators let no thief train.
PartitionAudit audit_partition(const nn::Graph& model, const Asked& asked, const StealAudit& black_box,
                               const PartitionSettings& settings, const PartitionProgress& progress);

}  // namespace tacit::audit
