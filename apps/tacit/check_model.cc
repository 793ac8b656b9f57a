// Whether tacit can take an ONNX model, operator by operator, before anything runs or anybody is asked.
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/nn/graph/onnx_check.h"

namespace tacit::app {

namespace {

using nlohmann::json;

json shape_of(const nn::TensorLine& t) {
  json out = json::array();
  for (std::int64_t d : t.extents) d < 0 ? out.push_back("N") : out.push_back(d);
  return out;
}

json tensors(const std::vector<nn::TensorLine>& lines) {
  json out = json::array();
  for (const auto& t : lines) out.push_back({{"name", t.name}, {"shape", shape_of(t)}});
  return out;
}

void put_costs(json& to, const std::optional<nn::NodeCost>& costs, const std::string& before) {
  to[before + "rounds"] = costs ? json(costs->rounds) : json(nullptr);
  to[before + "bytes"] = costs ? json(costs->bytes) : json(nullptr);
}

json to_json(const nn::OperatorLine& line) {
  json out{{"operator", line.name},
           {"nodes", line.nodes},
           {"left_out", line.left_out},
           {"supported", line.supported()}};
  put_costs(out, line.costs, "");
  if (line.supported()) return out;
  out["refused"] = line.refused;
  out["problems"] = line.problems;
  out["instead"] = line.instead;
  out["price"] = line.price;
  put_costs(out, line.price_counted, "price_");
  return out;
}

std::string words_of(const nn::TensorLine& t) {
  std::string shape;
  for (std::int64_t d : t.extents)
    shape += (shape.empty() ? "" : " x ") + (d < 0 ? std::string("N") : std::to_string(d));
  return fmt::format("'{}', {}", t.name, shape.empty() ? "one number" : shape);
}

void print_tensors(const char* verb, const std::vector<nn::TensorLine>& lines) {
  for (const auto& t : lines) std::printf("  %-6s %s\n", verb, words_of(t).c_str());
}

void print_line(const nn::OperatorLine& line) {
  const bool idle = line.left_out == line.nodes;
  const std::string rounds = !line.costs || idle ? "" : std::to_string(line.costs->rounds);
  const std::string bytes = !line.costs || idle ? "" : human_bytes(static_cast<double>(line.costs->bytes));
  std::printf("%-28s %6zu  %-9s %7s %10s\n", line.name.c_str(), line.nodes,
              !line.supported() ? "no"
              : idle            ? "left out"
                                : "yes",
              rounds.c_str(), bytes.c_str());
  if (!line.instead.empty()) std::printf("    %s; price: %s\n", line.instead.c_str(), line.price.c_str());
  for (const auto& p : line.problems) std::printf("    %s\n", one_line(p).c_str());
}

void print_verdict(const nn::OnnxCheck& check, const std::string& file) {
  const auto refused = std::count_if(check.operators.begin(), check.operators.end(),
                                     [](const nn::OperatorLine& l) { return !l.supported(); });
  if (refused > 0)
    std::printf("\nNot as it stands: %s. docs/my-model-does-not-import.md goes on from here.\n",
                refused == 1 ? "one line says no" : fmt::format("{} lines say no", refused).c_str());
  else if (!check.problem.empty())
    std::printf("\nNot as it stands: %s.\n", one_line(check.problem).c_str());
  else
    std::printf("\nEverything is supported. In a job file:  [model]  file = \"%s\"\n", file.c_str());
}

}  // namespace

json check_model(const fs::path& file, const Style& style) {
  require(lowered(file.extension().string()) != ".toml",
          "'{}' is a job: 'tacit doctor' looks at jobs, and 'tacit check' at ONNX models", file.string());
  const nn::OnnxCheck check = nn::check_onnx(file);
  json out{{"file", file.string()},
           {"ir_version", check.ir_version},
           {"opset", check.opset},
           {"producer", check.producer},
           {"inputs", tensors(check.inputs)},
           {"outputs", tensors(check.outputs)},
           {"parameters", check.parameters},
           {"operators", json::array()},
           {"problem", check.problem},
           {"supported", check.supported()},
           {"exit_code", check.supported() ? 0 : 2}};
  for (const auto& line : check.operators) out["operators"].push_back(to_json(line));
  // Of a part of a model the sum would say nothing.
  const std::optional<nn::NodeCost> total = check.supported() ? check.total() : std::nullopt;
  put_costs(out, total, "");
  if (style.json) return out;
  std::printf("%s: operator set %d, IR version %lld%s%s, %zu numbers in weights\n", file.string().c_str(),
              check.opset, static_cast<long long>(check.ir_version), check.producer.empty() ? "" : ", from ",
              check.producer.c_str(), check.parameters);
  print_tensors("takes", check.inputs);
  print_tensors("gives", check.outputs);
  std::printf("\n%-28s %6s  %-9s %7s %10s\n", "operator", "nodes", "supported", "rounds", "bytes");
  for (const auto& line : check.operators) print_line(line);
  if (total)
    std::printf("%-28s %6s  %-9s %7llu %10s   to predict one example, all parties together\n", "", "", "",
                static_cast<unsigned long long>(total->rounds),
                human_bytes(static_cast<double>(total->bytes)).c_str());
  print_verdict(check, file.filename().string());
  return out;
}

}  // namespace tacit::app
