// The canonical text of a schema. Owners compare its hash, so any change here changes the first line too.
#include <fmt/core.h>

#include "tacit/data/schema.h"
#include "tacit/data/text.h"

namespace tacit {

namespace {

std::string text(const NumberRange& range) {
  return fmt::format("low={} high={} scaling={} mean={} deviation={}", number_text(range.low),
                     number_text(range.high), to_string(range.scaling), number_text(range.mean),
                     number_text(range.deviation));
}

std::string list(const std::vector<std::string>& values) {
  std::string out;
  for (const std::string& value : values) out += " " + in_quotes(value);
  return out;
}

std::string fill(const std::optional<std::string>& value) {
  return value ? " fill=" + in_quotes(*value) : "";
}

struct CodingText {
  std::string operator()(const NumberCoding& coding) const {
    return "number " + text(coding.range) + (coding.fill ? " fill=" + number_text(*coding.fill) : "");
  }
  std::string operator()(const CategoryCoding& coding) const {
    return "category" + list(coding.values) + (coding.other ? " other" : "") + fill(coding.fill);
  }
  std::string operator()(const BinaryCoding& coding) const {
    return "binary " + in_quotes(coding.zero) + " " + in_quotes(coding.one) + fill(coding.fill);
  }
};

std::string line(std::string_view role, const Column& column) {
  return fmt::format("{} {} {}\n", role, in_quotes(column.name), std::visit(CodingText(), column.coding));
}

}  // namespace

std::string canonical_text(const Schema& schema) {
  std::string out = "tacit schema 1\n";
  for (const Column& column : schema.features) out += line("feature", column);
  if (schema.array) out += "array " + text(*schema.array) + "\n";
  if (!schema.shape.empty()) out += "shape " + to_string(schema.shape) + "\n";
  if (schema.label) out += line("label", *schema.label);
  if (!schema.id.empty()) out += "id " + in_quotes(schema.id) + "\n";
  out += "missing" + list(schema.missing) + "\n";
  return out + fmt::format("metric {}\n", to_string(schema.metric));
}

}  // namespace tacit
