#include "tacit/job/testing/sample_report.h"

namespace tacit::testing {

Cost sample_cost(std::uint64_t bytes, std::uint64_t rounds, double seconds) {
  return {bytes, bytes / 100, rounds * 2, rounds, seconds};
}

RunReport sample_report() {
  RunReport r;
  r.job = "digits";
  r.job_hash = std::string(64, 'a');
  r.protocol = "aby3";
  r.threat = "one of three parties, semi-honest";
  r.profile = "lan";
  r.mode = "3 processes over TLS";
  r.machine = "a processor";
  r.train_rows = 1438;
  r.test_rows = 359;
  r.steps = 920;
  r.epochs = 40;
  r.parameters = 17226;
  r.seconds = 75.4;
  r.metric = "accuracy";
  r.private_metric = 346.0 / 359;
  r.clear_metric = 347.0 / 359;
  r.clear_note = "the same training in double precision";
  for (std::size_t i = 0; i < 40; ++i) {
    const double loss = 2.3 / (1 + 0.4 * static_cast<double>(i));
    r.loss.push_back({i * 23 + 22, loss + 0.01});
    r.clear_loss.push_back({i * 23 + 22, loss});
  }
  for (const char* name : {"alpha", "beta", "gamma"}) {
    PartyStats p;
    p.name = name;
    p.total = sample_cost(412'300'000, 61'234, 75.1);
    p.memory_bytes = 181'000'000;
    p.scopes = {{"sharing", sample_cost(96, 1, 1.2)},
                {"train", sample_cost(398'000'000, 60'900, 71.3)},
                {"train/forward", sample_cost(140'000'000, 24'000, 25.0)},
                {"train/forward/conv1", sample_cost(40'000'000, 920, 9.1)},
                {"train/forward/relu1", sample_cost(90'000'000, 9'200, 12.2)},
                {"train/forward/dense1", sample_cost(2'000'000, 920, 2.1)},
                {"train/forward/loss", sample_cost(8'000'000, 12'960, 1.6)},
                {"train/backward", sample_cost(257'000'000, 36'000, 44.1)},
                {"train/backward/conv1", sample_cost(60'000'000, 1'840, 21.5)},
                {"train/backward/relu1", sample_cost(190'000'000, 1'840, 18.4)},
                {"train/backward/dense1", sample_cost(7'000'000, 1'840, 4.2)},
                {"train/update", sample_cost(1'000'000, 900, 2.2)},
                {"measure", sample_cost(9'000'000, 210, 1.9)},
                {"measure/conv1", sample_cost(3'000'000, 2, 0.8)},
                {"measure/relu1", sample_cost(5'000'000, 20, 0.9)},
                {"release", sample_cost(5'000'000, 12, 0.1)}};
    r.parties.push_back(p);
  }
  r.disclosures = {
      {"loss", {"alpha", "beta", "gamma", "north", "south"}, "to see the training converge", 2560, 40},
      {"metric", {"alpha", "beta", "gamma", "north", "south"}, "to know how good the model is", 64, 1},
      {"model", {"north"}, "north uses the model; no compute party sees it", 1'102'464, 1}};
  r.security = {{"withstands", "one of three parties, semi-honest"},
                {"computational_bits", "128"},
                {"statistical_bits", "40"},
                {"links", "TLS 1.3"}};
  r.agreement = {359, 358, 2, 0.0123, 0.00041};
  return r;
}

RunReport full_report() {
  RunReport r = sample_report();
  r.stamps = {"simulation"};
  r.settings = {{"training.batch", "64"}, {"training.optimiser.rate", "0.1"}};
  r.resumed = {300, 500};
  r.breaks = {{317, "beta", "beta closed the connection without a word (killed, or crashed?)"},
              {512, "gamma", "gamma has been silent for 5.0 s"}};
  r.mended = {{"beta", 1}};
  r.planned = r.parties;
  for (PartyStats& p : r.planned) p.total.seconds = 70;
  r.planned[2].total = sample_cost(400'000'000, 61'234, 80);
  ComparisonReport::Divergence d;
  d.batch = 11;
  d.place = "layer dense1, forward";
  d.layer = "dense1";
  d.relative = 12.5;
  d.exact = 0.5;
  d.simulated = 6.25;
  d.range = true;
  d.proposed_fraction_bits = 12;
  r.comparison = ComparisonReport{12, 0.0625, "layer conv1, forward", d};
  r.guard = {
      10, 92, 123456, {92, sample_cost(92'000'000, 9200, 9.2)}, {828, sample_cost(414'000'000, 41400, 41.4)}};
  return r;
}

}  // namespace tacit::testing
