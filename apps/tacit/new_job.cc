// Drafting a job from one CSV: a file to correct, and a plain list of what its schema would make public.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/data/draft.h"
#include "tacit/job/report.h"

namespace tacit::app {

namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
    else
      out += c;
  }
  return out + "\"";
}

std::string list(const std::vector<std::string>& values) {
  std::string out = "[";
  for (const auto& v : values) out += (out.size() > 1 ? ", " : "") + quoted(v);
  return out + "]";
}

std::string range_keys(const NumberRange& r) {
  std::string out = fmt::format("range = [{:.12g}, {:.12g}]", r.low, r.high);
  if (r.scaling != Scaling::Unit) out += fmt::format(", scaling = \"{}\"", to_string(r.scaling));
  if (r.scaling == Scaling::Standard)
    out += fmt::format(", mean = {:.12g}, deviation = {:.12g}", r.mean, r.deviation);
  return out;
}

std::string column_keys(const Column& c, bool label) {
  std::string out = "name = " + quoted(c.name);
  if (const auto* n = std::get_if<NumberCoding>(&c.coding)) {
    out += ", type = \"number\", " + range_keys(n->range);
    if (n->fill && !label) out += fmt::format(", fill = {:.12g}", *n->fill);
  } else if (const auto* k = std::get_if<CategoryCoding>(&c.coding)) {
    out += ", type = \"category\", values = " + list(k->values);
    if (k->fill && !label) out += ", fill = " + quoted(*k->fill);
    if (k->other && !label) out += ", other = true";
  } else {
    const auto& b = std::get<BinaryCoding>(c.coding);
    out += ", type = \"binary\", values = " + list({b.zero, b.one});
    if (b.fill && !label) out += ", fill = " + quoted(*b.fill);
  }
  return out;
}

std::string draft_text(const Schema& s, const fs::path& from) {
  const bool number = s.label && std::holds_alternative<NumberCoding>(s.label->coding);
  const bool binary = s.label && std::holds_alternative<BinaryCoding>(s.label->coding);
  std::string t = fmt::format(
      "# Drafted from {}: a beginning, to be corrected. Everything here is public to all parties and "
      "owners.\n"
      "# docs/job-file.md explains every key.\n\n[job]\nname = \"my-job\"\nprotocol = \"aby3\"\n\n",
      from.filename().string());
  for (const char* party : {"alpha", "beta", "gamma"})
    t += fmt::format(
        "[[party]]                    # a machine that computes, run by somebody who does not collude with "
        "the others\n"
        "name = \"{}\"\naddress = \"{}.example:7100\"\nkey = \"\"                     # from: tacit keys new "
        "{}\n\n",
        party, party, party);
  t += "[[owner]]                    # one section an owner of data\nname = \"north\"\nkey = \"\"            "
       "         # from: tacit keys new north\n\n";
  t += fmt::format(
      "[data]\npartition = \"rows\"           # every owner has other rows of the same "
      "columns\ntest_fraction = 0.2\nmetric = \"{}\"\n",
      number ? "mse" : "accuracy");
  if (!s.id.empty()) t += "id = " + quoted(s.id) + "\n";
  if (s.missing != Schema().missing) t += "missing = " + list(s.missing) + "\n";
  if (s.label) t += "label = { " + column_keys(*s.label, true) + " }\n";
  t += "column = [\n";
  for (const Column& c : s.features) t += "  { " + column_keys(c, false) + " },\n";
  t += "]\n\n[model]\n";
  t += "[[model.layer]]\nkind = \"dense\"\nunits = 32\n[[model.layer]]\nkind = "
       "\"relu\"\n[[model.layer]]\nkind = \"dense\"\n";
  t += fmt::format(
      "units = {}\n\n[training]\nepochs = 10\nbatch = 128\nloss = \"{}\"\n[training.optimiser]\nname = "
      "\"sgd\"\nrate = 0.1\n\n",
      target_width(s),
      number   ? "squared_error"
      : binary ? "binary_cross_entropy"
               : "softmax_cross_entropy");
  t += "# What may leave the computation. Nothing else does.\n"
       "[[release]]\nwhat = \"metric\"\nto = [\"owners\"]\npurpose = \"to know how good the model is\"\n\n"
       "[[release]]\nwhat = \"model\"\nto = [\"north\"]\npurpose = \"north will use the model\"\n";
  return t;
}

}  // namespace

nlohmann::json new_job(const NewJobOptions& options, const Style& style) {
  require(!fs::exists(options.out), "'{}' exists already: name another file with --out",
          options.out.string());
  Draft draft = draft_schema(options.from);
  if (!options.label.empty()) {
    Schema& s = draft.schema;
    const auto at = std::find_if(s.features.begin(), s.features.end(),
                                 [&](const Column& c) { return c.name == options.label; });
    if (!s.label || s.label->name != options.label) {
      std::vector<std::string> names;
      for (const Column& c : s.features) names.push_back(c.name);
      require(at != s.features.end(), "'{}' has no column '{}': did you mean '{}'?", options.from.string(),
              options.label, nearest(options.label, names));
      std::swap(*at, *s.label);
      std::visit(
          [](auto& coding) {
            if constexpr (requires { coding.fill; }) coding.fill.reset();
          },
          s.label->coding);
    }
  }
  write_file(options.out, draft_text(draft.schema, options.from));
  if (!style.json) {
    for (const std::string& note : draft.notes) std::printf("%s\n", note.c_str());
    std::printf(
        "\n%s is a draft: put in addresses and keys, correct the ranges, then give the same file to "
        "everyone.\n",
        options.out.c_str());
  }
  return {{"job", options.out.string()}, {"notes", draft.notes}};
}

}  // namespace tacit::app
