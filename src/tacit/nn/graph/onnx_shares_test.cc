// ONNX's node tests through plain fixed point and through aby3, to the bounds that the conformance tables
// hold operators to; and the page that says which of them apply (docs/onnx-operators.md), which has to be
// what is found here.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "tacit/nn/testing/engines.h"
#include "tacit/nn/testing/onnx_cases.h"
#include "tacit/nn/testing/op_case.h"

namespace tacit::nn {
namespace {

using namespace tacit::testing;
using Results = std::vector<PublicTensor>;

/// The largest bound of an operator's rows.
std::map<std::string_view, testing::Bound> declared_bounds() {
  std::map<std::string_view, testing::Bound> out;
  for (const auto& row : testing::all_cases()) {
    testing::Bound& b = out[row.op->name];
    b.ulps = std::max(b.ulps, row.forward.ulps);
    b.relative = std::max(b.relative, row.forward.relative);
  }
  return out;
}

/// Of a model of one node, that of its operator. Of several, sixteen times the sum: what one is off the next
/// may widen.
testing::Bound bound_of(const Graph& g, const std::map<std::string_view, testing::Bound>& declared) {
  testing::Bound sum;
  for (const Node& node : g.nodes) {
    const testing::Bound& b = declared.at(node.op->name);
    sum.ulps += b.ulps;
    sum.relative += b.relative;
  }
  if (g.nodes.size() > 1) sum.ulps = 16 * (sum.ulps + 1), sum.relative = 16 * sum.relative;
  return sum;
}

/// A model and its inputs on the grid of fixed point, and what doubles make of these.
struct Prepared {
  std::string name;
  Graph graph;
  Results given, exact;
  testing::Bound bound;
};

void to_grid(PublicTensor& t) {
  for (double& v : t.values) v = std::nearbyint(v * 65536) / 65536;
}

bool fits(const Results& tensors) {
  constexpr double kMost = 1 << 29;
  for (const PublicTensor& t : tensors)
    for (double v : t.values)
      if (!(std::fabs(v) < kMost)) return false;
  return true;
}

/// What the page says of one node test.
struct Verdict {
  std::string name, op, why;  ///< why it does not apply; empty if it passed
};

class OnnxShares : public ::testing::TestWithParam<std::string_view> {
 protected:
  void SetUp() override {
    const auto declared = declared_bounds();
    const ScratchFolder scratch;
    const auto folders = case_folders(GetParam(), "node");
    ASSERT_FALSE(folders.empty())
        << "run ./tacit test, which installs libonnx-testdata and writes the newer cases";
    for (const fs::path& folder : folders) {
      OnnxCase c = read_case(folder, false, scratch);
      Verdict v{c.name, c.ops.size() == 1 ? c.ops[0] : "", c.refused};
      if (v.why.empty()) v.why = incomparable(c.name);
      if (v.why.empty()) take(c, declared, v);
      verdicts_.push_back(std::move(v));
    }
  }

  void take(const OnnxCase& c, const std::map<std::string_view, testing::Bound>& declared, Verdict& v) {
    Results real;
    try {
      real = run(c.graph, c.given);
    } catch (const UsageError& e) {
      v.why = e.what();
      return;
    }
    EXPECT_EQ(difference(c, real), "") << c.name;
    Prepared p{c.name, c.graph, c.given, {}, bound_of(c.graph, declared)};
    for (PublicTensor& t : p.given) to_grid(t);
    for (ValueInfo& value : p.graph.values) to_grid(value.initial);
    if (!fits(c.given) || !fits(real)) {
      v.why = "it holds numbers beyond 2^29, and with 16 fractional bits fixed point ends at 2^30";
      return;
    }
    p.exact = run(p.graph, p.given);
    prepared_.push_back(std::move(p));
  }

  static Results compute(Ctx& ctx, const Prepared& p) {
    std::vector<Secret<Real>> in;
    for (const PublicTensor& t : p.given) in.push_back(testing::share(ctx, t));
    Results out;
    for (const auto& y : forward(ctx, p.graph, initial_parameters(ctx, p.graph), in))
      out.push_back(testing::open(ctx, y));
    return out;
  }

  static void expect_within(const Prepared& p, const Results& got, const std::string& where) {
    const double ulp = std::ldexp(1.0, -16);
    ASSERT_EQ(got.size(), p.exact.size());
    for (std::size_t o = 0; o < got.size(); ++o)
      for (std::size_t i = 0; i < got[o].values.size(); ++i) {
        const double want = p.exact[o].values[i];
        // Constants that end up in the output unread are rounded by less than a unit.
        const double bound = (p.bound.ulps + 1) * ulp + p.bound.relative * std::fabs(want);
        EXPECT_NEAR(got[o].values[i], want, bound) << p.name << " " << where << " at " << i;
        if (std::fabs(got[o].values[i] - want) > bound) return;  // one element of a case is enough
      }
  }

  std::vector<Prepared> prepared_;
  std::vector<Verdict> verdicts_;
};

TEST_P(OnnxShares, NodeTestsOnPlainFixedPoint) {
  testing::on_fixed([&](Ctx& ctx) {
    for (const Prepared& p : prepared_) expect_within(p, compute(ctx, p), "on fixed point");
  });
}

TEST_P(OnnxShares, NodeTestsOnAby3) {
  testing::on_aby3([&](Ctx& ctx, Party& party, const Profile& profile) {
    for (const Prepared& p : prepared_) {
      const Results got = compute(ctx, p);
      if (index(party.id()) == 0) expect_within(p, got, "on aby3 in " + std::string(profile.name));
    }
  });
}

std::string escaped(std::string text) {
  for (std::size_t i = 0; (i = text.find_first_of("|<*_", i)) != std::string::npos; i += 2)
    text.insert(i, "\\");
  return text;
}

struct Count {
  std::size_t passed = 0, others = 0;
};

std::string page_of(const std::vector<Verdict>& verdicts) {
  std::map<std::string, Count> counts;
  Count all;
  for (const Verdict& v : verdicts) {
    ++(v.why.empty() ? counts[v.op].passed : counts[v.op].others);
    ++(v.why.empty() ? all.passed : all.others);
  }
  std::ostringstream out;
  out << "# ONNX operators\n\n"
         "This page is written by a test (`src/tacit/nn/graph/onnx_shares_test.cc`), which fails where it is "
         "not what "
         "the\ntest finds. It counts ONNX's own node tests, of Debian's libonnx-testdata: "
      << verdicts.size() << " in all. " << all.passed
      << " run in\ndouble precision to the results that come with them (1e-5, absolutely and relatively; "
         "2e-3 where "
         "these have half\nprecision; 2e-4 with a normalisation, since an epsilon of less than 2^-16 counts "
         "as that), "
         "and in plain fixed point and\nthrough aby3, with 16 fractional bits, to the bound that the "
         "conformance "
         "tables (`src/tacit/nn/testing/`) hold the operator\nto: sixteen times the sum of these bounds for "
         "models of "
         "several nodes. "
      << all.others
      << " do not apply, and stand below with the reason.\n\n"
         "`tacit check model.onnx` says all of it of a model: [my-model-does-not-import.md]"
         "(my-model-does-not-import.md).\n\n"
         "## Operators\n\n| operator | what it computes | gradient | node tests passed | that do not apply "
         "|\n"
         "|---|---|---|---|---|\n";
  for (const Op* op : all_ops()) {
    const Count c = counts[std::string(op->name)];
    out << "| " << op->name << " | " << escaped(std::string(op->summary)) << " | "
        << (op->backward != nullptr ? "yes" : "no") << " | " << c.passed << " | " << c.others << " |\n";
  }
  out << "\nAlso read, computed while the file is read or written as other operators:\n\n"
         "| operator | node tests passed | that do not apply |\n|---|---|---|\n";
  for (const auto& [op, c] : counts)
    if (!op.empty() && find_op(op) == nullptr && c.passed > 0)
      out << "| " << op << " | " << c.passed << " | " << c.others << " |\n";
  out << "| models of several nodes | " << counts[""].passed << " | " << counts[""].others << " |\n"
      << "\n## Tests of these operators that do not apply\n\n| test | why |\n|---|---|\n";
  std::string missing;
  for (const Verdict& v : verdicts) {
    const Count& c = counts[v.op];
    if (v.why.empty()) continue;
    if (v.op.empty() || c.passed > 0 || find_op(v.op) != nullptr)
      out << "| `" << v.name.substr(5) << "` | " << escaped(v.why) << " |\n";
  }
  for (const auto& [op, c] : counts)
    if (!op.empty() && c.passed == 0 && find_op(op) == nullptr)
      missing += fmt::format("{}{} {}", missing.empty() ? "" : ", ", op, c.others);
  out << "\n## Operators that tacit does not have\n\nWith the number of their node tests; `tacit check` "
         "names a "
         "substitute for most.\n\n"
      << missing << ".\n";
  return out.str();
}

/// Of Debian's cases, which do not change.
class OnnxPage : public OnnxShares {};
TEST_P(OnnxPage, SaysWhatIsFound) {
  const std::string page = page_of(verdicts_);
  std::ifstream file(fs::path(TACIT_DOCS) / "onnx-operators.md", std::ios::binary);
  const std::string written((std::istreambuf_iterator<char>(file)), {});
  if (page == written) return;
  const fs::path found = fs::path(::testing::TempDir()) / "onnx-operators.md";
  std::ofstream(found, std::ios::binary) << page;
  ADD_FAILURE() << "docs/onnx-operators.md is not what this test finds; the page as it should be: " << found;
}

INSTANTIATE_TEST_SUITE_P(All, OnnxPage, ::testing::Values(kDebianCases),
                         [](const auto&) { return "Debian"; });
INSTANTIATE_TEST_SUITE_P(All, OnnxShares, ::testing::Values(kDebianCases, kNewerCases),
                         [](const auto& row) { return row.param == kDebianCases ? "Debian" : "Newer"; });

}  // namespace
}  // namespace tacit::nn
