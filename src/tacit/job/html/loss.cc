#include "tacit/job/html/loss.h"

#include "tacit/job/html/parts.h"
#include "tacit/job/html/plot.h"

namespace tacit::html {

namespace {

std::string numbers(const RunReport& r) {
  std::map<std::size_t, std::pair<std::string, std::string>> by_step;
  for (const LossPoint& p : r.loss) by_step[p.step].first = short_number(p.loss);
  for (const LossPoint& p : r.clear_loss) by_step[p.step].second = short_number(p.loss);
  std::vector<Row> rows;
  for (const auto& [step, pair] : by_step) rows.push_back({{grouped(step + 1), pair.first, pair.second}, ""});
  return "<details><summary>The numbers behind the curve</summary>\n" +
         table("Loss by step, mean over the batch", {{"Step"}, {"Private", true}, {"In the clear", true}},
               rows) +
         "</details>\n";
}

}  // namespace

std::string loss_section(const RunReport& r) {
  if (r.loss.empty() && r.clear_loss.empty()) return "";
  const auto own = finite(r.loss), clear = finite(r.clear_loss);
  std::string body = "<figure>\n" + plot({{"in the clear", "clear", clear}, {"private", "private", own}});
  body += "<figcaption>Mean loss of a batch, at the steps where it was revealed or computed.";
  if (!own.empty() && !clear.empty())
    body += " The thin line is the private run, the broad one the same training in the clear.";
  if (r.loss.empty()) body += " The private run revealed no loss to this report’s reader.";
  if (own.size() < r.loss.size() || clear.size() < r.clear_loss.size())
    body += " <strong>Some losses were not finite numbers: the training diverged there.</strong>";
  return section("loss", "Loss", body + "</figcaption>\n</figure>\n" + numbers(r));
}

}  // namespace tacit::html
