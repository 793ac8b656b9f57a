#include "fingerprint.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "tacit/base/durable.h"
#include "tacit/base/error.h"
#include "tacit/data/npy.h"
#include "tacit/sealed/name.h"
#include "tacit/trace/mark.h"

namespace tacit::app {

namespace {

std::string text_of_file(const fs::path& file) {
  PlainFile in(file);
  require(in.size() < (std::uint64_t{1} << 31), "'{}' is larger than 2 GiB, the most that an ONNX file holds",
          file.string());
  std::string out(in.size(), '\0');
  in.read(std::as_writable_bytes(std::span(out)));
  return out;
}

Shape example_of(const nn::Graph& graph) {
  Shape out = graph.values[graph.inputs.at(0)].shape;
  if (!out.empty()) out.erase(out.begin());
  return out;
}

}  // namespace

fs::path customers_file(const fs::path& given, const fs::path& keys) {
  return given.empty() ? keys / "customers.db" : given;
}

PublicTensor examples_of(const fs::path& file, const Shape& example) {
  ArrayReader reader = open_npy(file);
  PublicTensor out{reader.shape(), {}};
  if (out.shape == example) out.shape.insert(out.shape.begin(), 1);  // one, without an axis that counts
  Shape rows = out.shape;
  rows.erase(rows.begin());
  require(rows == example, "'{}' holds an array of {}, and the model takes examples of {}", file.string(),
          to_string(reader.shape()), to_string(example));
  require(out.shape[0] > 0, "'{}' holds no example", file.string());
  out.values = reader.rows(0, reader.row_count());
  return out;
}

std::optional<trace::MarkedCopy> fingerprinted(const SealOptions& o, const sealed::VendorKeys& vendor,
                                               sealed::Seconds now) {
  if (o.fingerprint.empty()) return std::nullopt;
  sealed::check_name(o.fingerprint, "name for a customer");
  const std::string text = text_of_file(o.model);
  MemoryReader from(bytes_of(text));
  const trace::OriginalModel original(from, text.size(), o.name.empty() ? o.model.stem().string() : o.name);
  // All that can be refused comes before anything is noted.
  const unsigned colluders = trace::colluders_of(original);
  trace::Probe probe;
  if (!o.probe.empty()) probe.examples = examples_of(o.probe, example_of(original.graph()));
  trace::Customers customers(customers_file(o.customers, o.keys), trace::Customers::Use::Write);
  const trace::CopyHolder holder =
      customers.note(original, bytes_of(text), colluders, o.fingerprint, vendor.identity, now);
  const trace::Code code = trace::code_for(vendor.identity, original.digest(), colluders);
  return trace::mark_copy(original, code, holder, probe);
}

void tell_fingerprint(const trace::MarkedCopy& copy, const SealOptions& o) {
  const trace::ScoreChange& c = copy.change;
  std::printf(
      "\nFingerprint of '%s': %zu positions on %zu weights, each moved by %.3g %% of its row's scale.\n"
      "    It names one of up to %u customers who mix their copies, and anybody innocent with a probability "
      "of at most %.0e.\n"
      "    Scores change by %.2g %% of their size over %zu %s examples; %zu of %zu answers are the same.\n"
      "    Noted in %s: without that and the vendor's key nothing is traced.\n",
      o.fingerprint.c_str(), copy.positions, copy.carriers, 100 * trace::kStrength, copy.colluders,
      trace::kFalseAccusation, 100 * c.relative, c.examples, o.probe.empty() ? "random" : "given",
      c.same_answer, c.examples, customers_file(o.customers, o.keys).c_str());
}

nlohmann::json to_json(const trace::MarkedCopy& copy, const SealOptions& o) {
  const trace::ScoreChange& c = copy.change;
  return {{"customer", o.fingerprint},
          {"positions", copy.positions},
          {"weights", copy.carriers},
          {"strength", trace::kStrength},
          {"colluders", copy.colluders},
          {"false_accusation", trace::kFalseAccusation},
          {"customers", customers_file(o.customers, o.keys).string()},
          {"change",
           {{"examples", c.examples},
            {"random", o.probe.empty()},
            {"relative", c.relative},
            {"largest", c.largest},
            {"same_answer", c.same_answer}}}};
}

}  // namespace tacit::app
