#include "tacit/nn/graph/onnx_record.h"

#include <algorithm>
#include <map>

#include "tacit/nn/graph/onnx_tensor.h"
#include "tacit/nn/graph/onnx_unsupported.h"

namespace tacit::nn {

namespace onnx_io {

namespace {

/// Adds what a node came to. Some of what is wrong with a node shows only when it is run.
void count_node(OperatorLine& line, const ReadNode& node, std::vector<std::string> problems,
                const std::optional<std::vector<NodeCost>>& costs) {
  if (line.nodes++ == 0 && costs) line.costs = NodeCost{};
  for (std::size_t i = node.begin; costs && i < node.end; ++i) {
    const NodeCost& cost = (*costs)[i];
    line.costs->bytes += cost.bytes;
    line.costs->rounds += cost.rounds;
    if (!cost.problem.empty()) problems.push_back(cost.problem);
  }
  const bool refused = node.missing || node.refused || !problems.empty();
  line.refused += refused;
  line.left_out += !refused && !node.unreached && node.begin == node.end;
  constexpr std::size_t kMost = 5;
  for (const std::string& p : problems)
    if (line.problems.size() < kMost) line.problems.push_back(p);
}

}  // namespace

std::vector<OperatorLine> lines_of(const Graph& graph, const std::vector<ReadNode>& nodes,
                                   const std::vector<Problem>& problems) {
  const auto costs = node_costs(graph);
  std::vector<std::vector<std::string>> why(nodes.size());
  for (const Problem& p : problems) why[p.node].push_back(p.message);
  std::map<std::string, OperatorLine> lines;
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    OperatorLine& line = lines[nodes[n].op];
    count_node(line, nodes[n], why[n], costs);
    if (!nodes[n].missing || !line.instead.empty()) continue;
    Suggestion s = suggestion_for(nodes[n].op, nodes[n].input);
    line.instead = std::move(s.words);
    line.price = std::move(s.price);
    line.price_counted = std::move(s.costs);
  }
  std::vector<OperatorLine> out;
  for (auto& [name, line] : lines) {
    line.name = printable(name);
    out.push_back(std::move(line));
  }
  return out;
}

}  // namespace onnx_io

bool OnnxCheck::supported() const {
  return problem.empty() &&
         std::all_of(operators.begin(), operators.end(), [](const OperatorLine& l) { return l.supported(); });
}

std::optional<NodeCost> OnnxCheck::total() const {
  NodeCost sum;
  for (const OperatorLine& line : operators) {
    if (!line.costs) return std::nullopt;
    sum.bytes += line.costs->bytes;
    sum.rounds += line.costs->rounds;
  }
  return sum;
}

}  // namespace tacit::nn
