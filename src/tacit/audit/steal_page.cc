#include "tacit/audit/steal_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "tacit/audit/steal_plot.h"
#include "tacit/job/html/parts.h"

namespace tacit::audit {

namespace {

using html::escaped;

std::string percent(double part) { return fmt::format("{:.1f} %", 100 * part); }

std::string table_of(const std::vector<Curve>& curves, bool labelled) {
  std::vector<html::Row> rows;
  for (const Curve& c : curves)
    for (const CurvePoint& p : c.points) {
      std::vector<std::string> cells{escaped(thief_words(c)), html::grouped(p.queries),
                                     percent(p.fidelity.agreement)};
      if (labelled) cells.push_back(p.accuracy ? percent(*p.accuracy) : "");
      cells.push_back(html::short_number(p.fidelity.error));
      cells.push_back(html::short_number(p.seconds));
      rows.push_back({std::move(cells), ""});
    }
  std::vector<html::Head> heads{{"thief"}, {"queries", true}, {"agreement", true}};
  if (labelled) heads.push_back({"accuracy", true});
  heads.push_back({"error of scores", true});
  heads.push_back({"seconds to learn", true});
  return html::table("Imitations", heads, rows);
}

/// The layers that the page speaks of: found, or named.
std::optional<Segment> kept_in(const PartitionAudit& p) {
  for (const Curve& c : p.curves)
    if (c.kept && c.thief != "architecture") return c.kept;
  return p.protection ? p.protection->layers : std::nullopt;
}

std::string layers_table(const PartitionAudit& p) {
  const std::optional<Segment> kept = kept_in(p);
  std::vector<html::Row> rows;
  for (std::size_t i = 0; i < p.layers.size(); ++i) {
    const WeightedLayer& l = p.layers[i];
    const bool in = kept && i + 1 >= kept->first && i + 1 <= kept->last;
    rows.push_back({{fmt::format("{}: {}", i + 1, escaped(l.name)), escaped(l.op), html::grouped(l.numbers),
                     html::grouped(static_cast<std::uint64_t>(p.costs[i])), in ? "kept back" : "exposed"},
                    ""});
  }
  return html::table(
      "Layers",
      {{"layer"}, {"operator"}, {"weights", true}, {escaped(p.cost_unit), true}, {"in the drawing"}}, rows);
}

std::string tried_table(const Protection& p, const std::string& unit) {
  std::vector<html::Row> rows;
  for (const Tried& t : p.tried)
    rows.push_back({{to_string(t.layers), html::grouped(static_cast<std::uint64_t>(t.cost)),
                     t.fidelity ? percent(*t.fidelity) : "not run",
                     t.affine ? "algebra: affine" : escaped(t.how), t.enough ? "yes" : "no"},
                    ""});
  return html::table("Layers that were tried in the search",
                     {{"layers"}, {escaped(unit), true}, {"agreement", true}, {"best way"}, {"enough"}},
                     rows);
}

std::string partition_section(const PartitionAudit& p) {
  std::string out;
  if (p.protection) out += "<p>" + escaped(protection_words(p)) + "</p>\n";
  if (const std::string words = algebra_words(p); !words.empty()) out += "<p>" + escaped(words) + "</p>\n";
  out += layers_table(p);
  if (p.protection && !p.protection->tried.empty()) out += tried_table(*p.protection, p.cost_unit);
  for (const std::string& n : p.notes) out += "<p class=\"note\">" + escaped(n) + "</p>\n";
  return html::section("layers", "If layers are kept back", out);
}

std::string queries_section(const StealAudit& audit, const std::vector<Curve>& curves) {
  std::string out;
  if (const StolenAt* best = audit.best(SIZE_MAX))
    out += fmt::format(
        "<p>With {} at most the best imitation by answers alone gives the same answer as the model to {} of "
        "all questions; one who always guesses the same, to {}.</p>\n",
        html::counted(audit.curve.back().queries, "query", "queries"), percent(best->fidelity.agreement),
        percent(audit.guess));
  out += "<figure>" + steal_plot(curves, Measure::Fidelity, {"a guess", audit.guess}) +
         "<figcaption>Agreement with the model on questions that the thief never asked. These are the "
         "thieves that were tried; one who knows more of the model, or has better questions, gets "
         "more.</figcaption></figure>\n";
  if (audit.accuracy)
    out += "<figure>" + steal_plot(curves, Measure::Accuracy, {"the model", *audit.accuracy}) +
           "<figcaption>The same imitations by how often they are right, on the examples whose labels were "
           "given.</figcaption></figure>\n";
  return html::section("queries", "By asking", out + table_of(curves, audit.accuracy.has_value()));
}

}  // namespace

std::string insider_words(const AuditedModel& m) {
  if (m.level == 0)
    return "Whoever is given the model as it is needs no query: it is not sealed. Who is given all layers "
           "but "
           "some has those, and what goes into the others and comes out of them.";
  std::string out =
      "Whoever controls a recipient's device, or has a copy of its key folder where its key is a file, needs "
      "no query: it reads all weights from the program's memory, or opens the file with a program of its "
      "own, "
      "and has the model itself.";
  if (m.level == 4)
    out += " What it has bears the fingerprint of '" + m.fingerprint +
           "', and 'tacit trace' knows it again; an imitation that was trained on answers bears none.";
  else
    out += " Nothing in what it has tells whose copy it was.";
  return out;
}

std::string thief_words(const Curve& c) {
  if (c.thief == "architecture") return "the same layers, without a weight of them";
  if (c.thief == "exposed") return "has all layers but " + to_string(*c.kept);
  if (c.thief == "algebra") return c.kept ? "solves layers " + to_string(*c.kept) : "solves the whole model";
  return c.thief;
}

std::string protection_words(const PartitionAudit& partition) {
  const Protection& p = *partition.protection;
  const std::string asked = html::counted(p.queries, "query", "queries");
  if (!p.layers)
    return fmt::format(
        "With {} a thief who has no layer agrees with the model on {} of all questions, which is within {} "
        "of "
        "having it: no layers that are kept back make a difference.",
        asked, percent(p.black_box_fidelity), percent(p.margin));
  const std::string alone = fmt::format("down to what asking alone gives with {}, {} (and a margin of {})",
                                        asked, percent(p.black_box_fidelity), percent(p.margin));
  std::string out;
  if (p.whole && p.complete)
    out = fmt::format("No layers next to each other but all {} together bring a thief who has the others {}",
                      partition.layers.size(), alone);
  else if (p.whole)
    out = "None of the layers that were tried brings a thief who has the others " + alone;
  else
    out = fmt::format(
        "The cheapest layers next to each other that suffice are {} of {}: with {} a thief who has all "
        "others "
        "agrees with the model on {} of all questions, and one who has none on {} (the margin is {}). They "
        "cost {} {} for an answer",
        to_string(*p.layers), partition.layers.size(), asked, percent(p.fidelity),
        percent(p.black_box_fidelity), percent(p.margin), html::grouped(static_cast<std::uint64_t>(p.cost)),
        partition.cost_unit);
  return out + (p.complete ? "." : ". The time was over before all that may be cheaper was tried.");
}

std::string algebra_words(const PartitionAudit& p) {
  if (!p.form || *p.form == Form::Other) return "";
  const std::string what = fmt::format(
      "The layers that were named are {} between what goes in and what comes out", to_string(*p.form));
  const std::string advice = " Keep more layers with them, and an activation at the end.";
  if (p.solved)
    return fmt::format(
        "{}: {} chosen by who runs the others solve them, with a residual of {:.1e} of the results' "
        "deviation.{}",
        what, html::counted(p.solved->queries, "question", "questions"), p.solved->residual, advice);
  return what + ", which enough chosen questions solve." + advice;
}

std::string steal_page(const AuditedModel& m, const StealAudit& audit, const PartitionAudit* partition) {
  std::string body = html::facts(
      {{"Model", escaped(m.name)},
       {"Vendor", escaped(m.vendor)},
       {"Level", m.level == 0 ? "not sealed" : fmt::format("{}, {}", m.level, escaped(m.level_name))},
       {"Copy of", escaped(m.fingerprint)},
       {"Numbers in a question and in an answer", fmt::format("{} and {}", audit.inputs, audit.outputs)},
       {"Measured on", html::counted(audit.held_out, "example", "examples") +
                           (m.random ? ", of random numbers" : ", which were held back")},
       {"The model's own accuracy", audit.accuracy ? percent(*audit.accuracy) : ""}});
  body += html::section("inside", "From inside a recipient", "<p>" + escaped(insider_words(m)) + "</p>\n");
  body += queries_section(audit, partition != nullptr ? partition->curves : curves_of(audit));
  if (partition != nullptr) body += partition_section(*partition);
  return html::page(escaped(m.name), "what an attacker could rebuild", body);
}

}  // namespace tacit::audit
