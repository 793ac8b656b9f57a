#include "tacit/audit/partition.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "tacit/base/error.h"

namespace tacit::audit {

namespace {

/// That the layers themselves are asked at most to solve them.
constexpr std::uint64_t kMostQueries = std::uint64_t{1} << 18;

class Attack {
 public:
  Attack(const nn::Graph& model, const Asked& asked, const StealAudit& black_box,
         const PartitionSettings& settings, const PartitionProgress& progress, PartitionAudit& out)
      : model_(model), asked_(asked), s_(settings), progress_(progress), out_(out) {
    out_.curves = curves_of(black_box);
  }

  void run() {
    // What all others are held against comes first, and whatever the time.
    Curve whole{"architecture", whole_model(), {}};
    for (std::size_t i = 0; i < asked_.queries.size(); ++i) {
      tell("training the thief who has no layer", i, asked_.queries.size());
      whole.points.push_back(point(whole_model(), asked_.queries[i], 2));
    }
    tell("training the thief who has no layer", asked_.queries.size(), asked_.queries.size());
    out_.curves.push_back(std::move(whole));
    // A model of a simple form needs no layers to be solved.
    if (const auto solved = solve_layers(model_, cut_of(model_, out_.layers, whole_model()),
                                         asked_.queries.back(), s_.threads))
      out_.curves.push_back({"algebra", std::nullopt, {measured(solved->model, solved->queries, "algebra")}});
    for (const Curve& c : out_.curves)
      for (const CurvePoint& p : c.points) black_box_ = std::max(black_box_, p.fidelity.agreement);

    std::optional<Segment> drawn = s_.keep;
    if (s_.find) {
      out_.protection = search();
      if (!drawn) drawn = out_.protection->layers;
      // Where nothing less than all suffices, what comes nearest.
      if (out_.protection->whole && drawn == whole_model()) drawn = nearest();
    }
    if (drawn && !(*drawn == whole_model())) draw(*drawn);
  }

 private:
  Segment whole_model() const { return {1, out_.layers.size()}; }
  double cost(const Segment& s) const {
    return std::accumulate(s_.costs.begin() + static_cast<std::ptrdiff_t>(s.first - 1),
                           s_.costs.begin() + static_cast<std::ptrdiff_t>(s.last), 0.0);
  }
  bool time_left() const { return !s_.time_left || s_.time_left(); }
  void tell(const std::string& phase, std::size_t done, std::size_t all) const {
    if (progress_) progress_(phase, done, all);
  }
  void note(std::string words) {
    if (std::find(out_.notes.begin(), out_.notes.end(), words) == out_.notes.end())
      out_.notes.push_back(std::move(words));
  }

  CurvePoint measured(const nn::Graph& stolen, std::uint64_t queries, std::string how) const {
    const PublicTensor scores = Learner(stolen, s_.threads).run(asked_.held_out);
    CurvePoint p{queries, fidelity_of(asked_.truth, scores), std::nullopt, std::move(how), 0};
    if (!asked_.labels.empty()) p.accuracy = accuracy_of(scores, asked_.truth, asked_.labels);
    return p;
  }

  /// The best of all ways; once one gets more than `enough`, others are left out.
  CurvePoint point(const Segment& kept, std::size_t queries, double enough) {
    const auto begin = std::chrono::steady_clock::now();
    const Answers known = asked_.known.first(queries);
    CurvePoint best;
    best.fidelity.agreement = -1;
    std::string problem;
    for (const Way way : ways_for(model_, out_.layers, kept)) {
      try {
        const nn::Graph stolen = steal_layers(model_, out_.layers, kept, way, known, s_.learn, s_.threads);
        CurvePoint p = measured(stolen, queries, std::string(to_string(way)));
        if (p.fidelity.agreement > best.fidelity.agreement) best = std::move(p);
      } catch (const UsageError& e) {
        problem = e.what();
        note(fmt::format("layers {}, trained on {}, were not tried: {}", to_string(kept), to_string(way),
                         problem));
      }
      if (best.fidelity.agreement > enough) break;
    }
    require(best.fidelity.agreement >= 0, "no thief can train layers {} of this model: {}", to_string(kept),
            problem);
    best.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return best;
  }

  Tried attempt(const Segment& s) {
    Tried t{s, cost(s), false, std::nullopt, {}, false};
    const Cut cut = cut_of(model_, out_.layers, s);
    t.affine = form_of(model_, cut) == Form::Affine;
    const double limit = black_box_ + s_.margin;
    // Affine layers take few questions, whatever their number; others may not take more than thieves have.
    const std::uint64_t most = t.affine ? kMostQueries : asked_.queries.back();
    if (const auto solved = solve_layers(model_, cut, most, s_.threads)) {
      t.how = "algebra";
      t.fidelity = measured(solved->model, solved->queries, t.how).fidelity.agreement;
    }
    if (t.affine || t.fidelity.value_or(0) > limit) return t;
    const CurvePoint p = point(s, asked_.queries.back(), limit);
    t.fidelity = p.fidelity.agreement;
    t.how = p.how;
    t.enough = p.fidelity.agreement <= limit;
    return t;
  }

  /// Who is kept from more gets no more. So where a segment is not enough none within it is, and where one
  /// is, one around it costs more: of each first layer only the shortest that is enough counts, which ends no
  /// earlier than that of the layer before. Two per layer are tried at most.
  Protection search() {
    Protection p;
    p.queries = asked_.queries.back();
    p.black_box_fidelity = p.fidelity = black_box_;
    p.margin = s_.margin;
    if (black_box_ + s_.margin >= 1) return p;
    const std::size_t n = out_.layers.size();
    p.layers = whole_model();
    p.whole = true;
    p.cost = cost(whole_model());
    const char* phase = "searching for layers to keep";
    Segment s{1, 1};
    while (s.first <= n && s.last <= n) {
      // The sum of both ends is what has been left behind.
      tell(phase, s.first + s.last - 2, 2 * n);
      if (s == whole_model() || cost(s) >= p.cost) {
        ++s.first;
        s.last = std::max(s.first, s.last);
        continue;
      }
      if (!time_left()) {
        p.complete = false;
        break;
      }
      p.tried.push_back(attempt(s));
      const Tried& t = p.tried.back();
      if (t.enough) {
        p.layers = s;
        p.whole = false;
        p.cost = t.cost;
        p.fidelity = *t.fidelity;
        ++s.first;
        s.last = std::max(s.first, s.last);
      } else {
        ++s.last;
      }
    }
    tell(phase, 2 * n, 2 * n);
    return p;
  }

  /// Of those that were tried and can be drawn, the one whose thief gets least.
  std::optional<Segment> nearest() const {
    const Tried* out = nullptr;
    for (const Tried& t : out_.protection->tried)
      if (!t.affine && (out == nullptr || *t.fidelity < *out->fidelity)) out = &t;
    return out == nullptr ? std::nullopt : std::optional(out->layers);
  }

  void draw(const Segment& kept) {
    const Cut cut = cut_of(model_, out_.layers, kept);
    if (s_.keep) {
      out_.form = form_of(model_, cut);
      out_.solved = solve_layers(model_, cut, kMostQueries, s_.threads);
      if (out_.solved)
        out_.curves.push_back(
            {"algebra", kept, {measured(out_.solved->model, out_.solved->queries, "algebra")}});
      else if (*out_.form != Form::Other)
        note(
            fmt::format("layers {} have a form that can be solved ({}), and were not: too large, or more "
                        "than one value goes in or comes out",
                        to_string(kept), to_string(*out_.form)));
    }
    Curve curve{"exposed", kept, {}};
    const std::string phase = fmt::format("training thieves who lack layers {}", to_string(kept));
    for (std::size_t i = 0; i < asked_.queries.size(); ++i) {
      tell(phase, i, asked_.queries.size());
      if (!time_left()) {
        note(fmt::format("the time was over before the curve of layers {} was whole", to_string(kept)));
        break;
      }
      curve.points.push_back(point(kept, asked_.queries[i], 2));
    }
    tell(phase, asked_.queries.size(), asked_.queries.size());
    if (!curve.points.empty()) out_.curves.push_back(std::move(curve));
  }

  const nn::Graph& model_;
  const Asked& asked_;
  const PartitionSettings& s_;
  const PartitionProgress& progress_;
  PartitionAudit& out_;
  double black_box_ = 0;
};

}  // namespace

std::vector<Curve> curves_of(const StealAudit& black_box) {
  std::vector<Curve> out;
  for (const char* thief : {"affine", "network"}) {
    Curve curve{thief, std::nullopt, {}};
    for (const StolenAt& p : black_box.curve)
      if (p.thief == thief) curve.points.push_back({p.queries, p.fidelity, p.accuracy, {}, p.seconds});
    if (!curve.points.empty()) out.push_back(std::move(curve));
  }
  return out;
}

PartitionAudit audit_partition(const nn::Graph& model, const Asked& asked, const StealAudit& black_box,
                               const PartitionSettings& settings, const PartitionProgress& progress) {
  require(model.inputs.size() == 1 && model.outputs.size() == 1,
          "a model of {} inputs and {} outputs cannot be audited: it needs one of each", model.inputs.size(),
          model.outputs.size());
  PartitionAudit out;
  out.layers = weighted_layers(model);
  require(!out.layers.empty(), "the model has no layers with weights that could be kept back");
  require(!settings.keep || settings.keep->last <= out.layers.size(), "there are {} layers",
          out.layers.size());
  ensure(settings.costs.size() == out.layers.size(), "a cost for each layer");
  out.costs = settings.costs;
  out.cost_unit = settings.cost_unit;
  Attack(model, asked, black_box, settings, progress, out).run();
  return out;
}

}  // namespace tacit::audit
