#include "tacit/trace/copy.h"

#include <algorithm>
#include <cmath>

#include "tacit/base/error.h"
#include "tacit/nn/graph/onnx_import.h"
#include "tacit/trace/mark.h"
#include "tacit/trace/plain_model.h"

namespace tacit::trace {

namespace {

constexpr std::uint64_t kProbeSeed = 1;

/// What a row of scores decides.
std::size_t decision(const double* scores, std::size_t width) {
  if (width == 1) return scores[0] > 0 ? 1 : 0;
  return static_cast<std::size_t>(std::max_element(scores, scores + width) - scores);
}

}  // namespace

ScoreChange change_between(const nn::Graph& before, const nn::Graph& after, const PublicTensor& examples,
                           unsigned threads) {
  PlainModel a(before, threads), b(after, threads);
  const PublicTensor x = a.run(examples), y = b.run(examples);
  ensure(x.shape == y.shape, "two models of one form");
  ScoreChange out;
  out.examples = x.shape[0];
  double difference = 0, all = 0;
  for (std::size_t i = 0; i < x.values.size(); ++i) {
    const double d = y.values[i] - x.values[i];
    difference += d * d;
    all += x.values[i] * x.values[i];
    out.largest = std::max(out.largest, std::fabs(d));
  }
  out.relative = all > 0 ? std::sqrt(difference / all) : difference > 0 ? HUGE_VAL : 0.0;
  const std::size_t width = x.values.size() / out.examples;
  for (std::size_t r = 0; r < out.examples && width > 0; ++r)
    out.same_answer += decision(&x.values[r * width], width) == decision(&y.values[r * width], width) ? 1 : 0;
  return out;
}

unsigned colluders_of(const OriginalModel& original) {
  return colluders_for(count_carriers(original.layers()), fmt::format("the model '{}'", original.name()));
}

MarkedCopy mark_copy(const OriginalModel& original, const Code& code, const CopyHolder& customer,
                     const Probe& probe) {
  MarkedCopy out;
  out.colluders = code.colluders();
  out.positions = code.length();
  out.carriers = count_carriers(original.layers());
  out.text = original.with(changes_for(original.layers(), code, code.word(customer.id)));
  MemoryReader from(bytes_of(out.text));
  const nn::Graph marked = nn::import_onnx(from, out.text.size(), original.name(), {});
  const PublicTensor examples =
      probe.examples
          ? *probe.examples
          : random_examples(PlainModel(original.graph(), probe.threads).example(), probe.random, kProbeSeed);
  out.change = change_between(original.graph(), marked, examples, probe.threads);
  // A comparison that also holds for what is no number.
  require(
      out.change.relative <= kMostChange,
      "a fingerprint would change the scores of the model '{}' by {:.2g} of their size, and {:.2g} is the "
      "most that is done: measure with examples like yours (--probe), or seal it without --fingerprint",
      original.name(), out.change.relative, kMostChange);
  return out;
}

}  // namespace tacit::trace
