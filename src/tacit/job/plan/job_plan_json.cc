// A plan as JSON (docs/plan.md).
#include <nlohmann/json.hpp>

#include "tacit/job/plan/job_plan.h"

namespace tacit::planning {

using nlohmann::json;

namespace {

json cost_json(const Cost& c) {
  return {{"seconds", c.seconds}, {"bytes_sent", c.payload}, {"rounds", c.rounds}};
}

json to_json(const PartyPlan& p) {
  json j = cost_json(p.stats.total);
  j["memory_bytes"] = p.stats.memory_bytes;
  j["disk_bytes"] = p.disk_bytes;
  j["scopes"] = json::object();
  for (const auto& [path, cost] : p.stats.scopes) j["scopes"][path] = cost_json(cost);
  return j;
}

json to_json(const LayerPlan& l) {
  json j = cost_json(l.all());
  j["name"] = l.name;
  j["operator"] = l.op;
  j["forward"] = cost_json(l.forward);
  j["backward"] = cost_json(l.backward);
  j["other"] = cost_json(l.other);
  return j;
}

}  // namespace

json to_json(const Job& job, const JobPlan& plan) {
  json j{{"job",
          {{"name", job.name},
           {"hash", to_hex(job_hash(job))},
           {"protocol", job.protocol},
           {"profile", job.profile},
           {"epochs", job.training.epochs},
           {"batch", job.training.batch},
           {"parameters", plan.parameters},
           {"train_rows", plan.split.train},
           {"test_rows", plan.split.test},
           {"steps", plan.steps}}},
         {"rows", json::object()},
         {"estimate", "bytes and rounds are exact; seconds, memory and disk are estimates"},
         {"seconds", plan.seconds()},
         {"bytes_sent", plan.bytes()},
         {"rounds", plan.rounds()},
         {"party_order", json::array()},
         {"parties", json::object()},
         {"layers", json::array()},
         {"will_not_fit", misfits(job, plan)}};
  for (std::size_t i = 0; i < plan.rows.size(); ++i) j["rows"][job.data.owners[i]] = plan.rows[i];
  for (const PartyPlan& p : plan.parties) {
    j["party_order"].push_back(p.stats.name);
    j["parties"][p.stats.name] = to_json(p);
  }
  for (const LayerPlan& l : plan.layers) j["layers"].push_back(to_json(l));
  return j;
}

}  // namespace tacit::planning
