// Everything small that is read from outside: keys, addresses, manifests, results, statistics, reports, what
// doctors tell each other, and a party's share of a model.
#include <nlohmann/json.hpp>

#include "fuzz.h"
#include "tacit/base/error.h"
#include "tacit/crypto/hash.h"
#include "tacit/data/npy.h"
#include "tacit/job/doctor/facts.h"
#include "tacit/job/html.h"
#include "tacit/job/model_store.h"
#include "tacit/job/releases.h"
#include "tacit/job/testing/sample_job.h"
#include "tacit/job/testing/sample_report.h"
#include "tacit/job/upload.h"
#include "tacit/mpc/protocols/plain/engine.h"
#include "tacit/net/wrap/shape.h"

namespace tacit::fuzz {

namespace {

using nlohmann::json;

/// `text` read, written and read again is the same.
template <class Read>
void there_and_back(std::string_view text, Read read) {
  const std::string once = to_text(read(text));
  if (to_text(read(once)) != once) __builtin_trap();
}

/// A share as it stands, but for the job's hash and the digest at the end, which are made right.
void load_share(ByteView share) {
  static const testing::ScratchFolder folder;
  static const Job job = testing::read_job_text(folder, testing::small_job_text());
  static const nn::Graph graph = build_model(job);
  Bytes bytes(share.begin(), share.end());
  const Digest hash = job_hash(job);
  if (bytes.size() >= 14 + sizeof hash) std::copy(hash.begin(), hash.end(), bytes.begin() + 14);
  append_bytes(bytes, sha256(bytes));
  folder.write("model.share", text_of(bytes));
  Workers workers(1);
  plain::PlainEngine engine(Compute{ring_kernels(Isa::Portable), workers});
  fn::Ctx ctx{engine, job.fraction_bits};
  const StoredModel model = load_model(ctx, job, graph, folder.path(""));
  if (model.parameters.size() != graph.parameters().size()) __builtin_trap();
}

}  // namespace

// which (1 byte) | text
void target(ByteView input) {
  static MemoryFile file;
  Cursor cursor(input);
  const unsigned which = cursor.byte() % 10;
  const ByteView rest = cursor.rest();
  const std::string_view text = text_of(rest);
  switch (which) {
    case 0:
      if (to_string(parse_public_key(text)) != text) __builtin_trap();
      return;
    case 1:
      if (parse_address(to_string(parse_address(text))) != parse_address(text)) __builtin_trap();
      return;
    case 2:
      parse_link(text);
      return;
    case 3:
      return there_and_back(text, [](std::string_view t) { return parse_manifest(t, "north"); });
    case 4:
      return there_and_back(text, [](std::string_view t) { return parse_release_head(t, "alpha"); });
    case 5:
      try {
        stats_from_json(json::parse(text));
      } catch (const json::exception&) {}  // the caller names the party
      return;
    case 6:
      html_of(read_report(file.holding(rest)));
      return;
    case 7:
      parse_npy_dictionary(text, "a.npy");
      return;
    case 8:
      return load_share(rest);
    case 9:
      return there_and_back(text, [](std::string_view t) { return doctor::parse_facts(t, "alpha"); });
  }
}

std::vector<std::string> seeds() {
  Manifest m;
  m.owner = "north";
  m.upload = "0123";
  m.rows = 17;
  m.test_rows = 3;
  m.feature_columns = {0, 1};
  m.job = sha256(bytes_of("job"));
  m.target_width = 1;
  m.components = {sha256(bytes_of("a"))};
  const RunReport report = testing::full_report();
  std::vector<std::string> texts{
      to_string(fixed_identity().public_key()),
      "[::1]:7100",
      "40ms,100mbit",
      to_text(m),
      to_text(ReleaseHead{"loss", "step 4", {2, 3}, 16}),
      to_json(report.parties.at(0)).dump(),
      to_json(report).dump(),
      "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 2), }",
      "",
      to_text(doctor::facts_of(doctor::look_at_machine(), m.job, std::chrono::seconds(60)))};
  Bytes share;  // one of the small job's model: two weights and a bias, in two parts each
  append_bytes(share, bytes_of("tacit model 3\n"));
  share.resize(share.size() + 2 * sizeof(Digest));
  append(share, std::uint64_t{0});  // of the first party
  append(share, std::uint64_t{2});
  for (std::uint64_t words : {2, 2, 1, 1}) {
    append(share, words);
    for (std::uint64_t i = 0; i < words; ++i) append(share, i);
  }
  texts[8] = text_of(share);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < texts.size(); ++i) out.push_back(static_cast<char>(i) + texts[i]);
  return out;
}

}  // namespace tacit::fuzz
