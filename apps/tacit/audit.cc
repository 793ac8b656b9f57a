// The vendor attacks its own sealed model, to know what others could do.
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "fingerprint.h"
#include "sealed_options.h"
#include "tacit/audit/steal_page.h"
#include "tacit/base/error.h"
#include "tacit/job/report.h"
#include "tacit/sealed/runtime.h"
#include "tacit/trace/plain_model.h"

namespace tacit::app {

namespace {

using nlohmann::json;

constexpr std::size_t kUsualQueries = 5000;

struct Questions {
  PublicTensor asked, held_out;
  bool random = false;
};

PublicTensor part_of(const PublicTensor& all, std::size_t begin, std::size_t end) {
  PublicTensor out{all.shape, {}};
  const std::size_t width = all.values.size() / all.shape[0];
  out.shape[0] = end - begin;
  out.values.assign(all.values.begin() + static_cast<std::ptrdiff_t>(begin * width),
                    all.values.begin() + static_cast<std::ptrdiff_t>(end * width));
  return out;
}

/// The last of the given examples are held back, a third of them at most.
Questions questions_for(const StealOptions& o, const Shape& example) {
  Questions out;
  out.random = o.inputs.empty();
  PublicTensor all;
  std::size_t held = o.held_out;
  if (out.random) {
    const std::size_t most =
        o.queries.empty() ? kUsualQueries : *std::max_element(o.queries.begin(), o.queries.end());
    all = trace::random_examples(example, most + held, o.seed);
  } else {
    all = examples_of(o.inputs, example);
    held = std::min(held, all.shape[0] / 3);
    require(held > 0, "'{}' holds {} examples, of which a third is held back to measure on: give more",
            o.inputs.string(), all.shape[0]);
  }
  const std::size_t rows = all.shape[0];
  out.asked = part_of(all, 0, rows - held);
  out.held_out = part_of(all, rows - held, rows);
  return out;
}

json to_json(const audit::AuditedModel& m, const audit::StealAudit& a) {
  json out{{"model", m.name},
           {"vendor", m.vendor},
           {"level", m.level},
           {"level_name", m.level_name},
           {"fingerprint", m.fingerprint.empty() ? json(nullptr) : json(m.fingerprint)},
           {"from_inside", {{"queries", 0}, {"agreement", 1.0}, {"words", audit::insider_words(m)}}},
           {"random_questions", m.random},
           {"inputs", a.inputs},
           {"outputs", a.outputs},
           {"held_out", a.held_out},
           {"guess", a.guess},
           {"curve", json::array()}};
  for (const audit::StolenAt& s : a.curve)
    out["curve"].push_back({{"thief", s.thief},
                            {"queries", s.queries},
                            {"agreement", s.fidelity.agreement},
                            {"error", s.fidelity.error},
                            {"seconds", s.seconds}});
  return out;
}

void tell(const audit::AuditedModel& m, const audit::StealAudit& a) {
  std::printf("%s, level %u, %s\n\n%s\n\nBy asking about %s, measured on %zu others (a guess: %.1f %%):\n",
              m.name.c_str(), m.level, m.level_name.c_str(), audit::insider_words(m).c_str(),
              m.random ? "random numbers" : "your examples", a.held_out, 100 * a.guess);
  std::printf("%-10s %10s %12s %16s\n", "thief", "queries", "agreement", "error of scores");
  for (const audit::StolenAt& s : a.curve)
    std::printf("%-10s %10zu %10.1f %% %16.3g\n", s.thief.c_str(), s.queries, 100 * s.fidelity.agreement,
                s.fidelity.error);
  std::printf("One who knows more of the model, or tries harder, gets more.\n");
}

}  // namespace

json audit_steal(const StealOptions& o, const Style& style) {
  const auto device = sealed::DeviceKeys::open(o.keys);
  sealed::Runtime runtime(sealed::open_model(o.model, device, now_here()), o.threads);
  const sealed::Header& h = runtime.header();
  const Questions questions = questions_for(o, runtime.example());
  audit::StealSettings settings;
  settings.queries =
      o.queries.empty() ? audit::usual_queries(std::min(questions.asked.shape[0], kUsualQueries)) : o.queries;
  settings.network = {o.epochs, o.seed, o.threads};
  const audit::StealAudit result = audit::steal(
      [&](const PublicTensor& x) { return runtime.run(x); }, questions.asked, questions.held_out, settings,
      [&](std::size_t done, std::size_t all) {
        say(style, fmt::format("{} of {} imitations are trained", done, all));
      });
  const unsigned level = static_cast<unsigned>(h.level);
  const audit::AuditedModel model{h.model_name, h.vendor_name, std::string(sealed::words_of(level).name),
                                  level,        h.fingerprint, questions.random};
  json out = to_json(model, result);
  write_file(o.out, out.dump(2) + "\n");
  write_file(o.html, audit::steal_page(model, result));
  if (!style.json) {
    tell(model, result);
    say(style, fmt::format("The numbers are in {}, and the picture in {}", o.out.string(), o.html.string()));
  }
  out["page"] = o.html.string();
  return out;
}

}  // namespace tacit::app
