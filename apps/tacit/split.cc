// A model split over servers: the provider cuts it ('split'), each server answers from its part ('serve'),
// and users ask ('query').
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "commands.h"
#include "place.h"
#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/data/npy.h"
#include "tacit/data/write.h"
#include "tacit/nn/graph/onnx_import.h"
#include "tacit/serve/two_party.h"

namespace tacit::app {

namespace {

using nlohmann::json;

fs::path or_beside(const fs::path& given, const fs::path& file, const std::string& name) {
  return given.empty() ? file.parent_path() / name : given;
}

seco::Part read_part_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  require(in.good(), "there is no part '{}': 'tacit split' makes one for each server", file.string());
  std::ostringstream all;
  all << in.rdbuf();
  return seco::read_part(bytes_of(all.str()), file.string());
}

std::unique_ptr<TlsTransport> connect(const Deployment& deployment, PartyId self, const DeployedOptions& o,
                                      ProgressSink& sink) {
  const std::string name = deployment.roster()[index(self)].name;
  const fs::path key = or_beside(o.key, o.deployment, name + ".key");
  require(fs::exists(key),
          "there is no key file '{}': make one with 'tacit keys new {}', or name it with --key", key.string(),
          name);
  TlsSettings settings;
  settings.roster = deployment.roster();
  settings.parties = deployment.servers.size();
  settings.self = self;
  settings.patience = deployment.patience;
  settings.connect_patience = deployment.start_patience;
  if (o.listen_fd >= 0) settings.listener = FileDescriptor(o.listen_fd);
  settings.progress = [&sink](const std::string& what) { sink({what, 0, 0, std::nullopt, 0}); };
  return TlsTransport::connect(std::move(settings), Identity::load(key));
}

/// Runs `body` over the connection; everybody hears why it ends.
template <class Body>
auto parting(TlsTransport& wire, Body body) {
  try {
    auto out = body();
    wire.goodbye("");
    return out;
  } catch (const std::exception& e) {
    wire.goodbye(e.what());
    throw;
  }
}

using Examples = std::vector<std::vector<Word>>;

std::vector<AskedAnswer> ask_servers(const Deployment& deployment, PartyId self, const Examples& examples,
                                     const DeployedOptions& o, ProgressSink& sink) {
  std::vector<AskedAnswer> out;
  for (const std::vector<Word>& x : examples) {
    // A connection a question: servers answer one at a time, and others may ask between.
    auto tls = connect(deployment, self, o, sink);
    sink({"asking", out.size(), examples.size(), std::nullopt, 0});
    out.push_back(parting(*tls, [&] { return ask(deployment, *tls, x); }));
  }
  return out;
}

/// As one of two parties.
std::vector<AskedAnswer> ask_gateway(const Deployment& deployment, PartyId self, const Examples& examples,
                                     const DeployedOptions& o, ProgressSink& sink) {
  const seco::Part part = read_part_file(or_beside(o.part, o.deployment, "user.part"));
  require_part(deployment, part, party_id(1));
  auto tls = connect(deployment, self, o, sink);
  sink({"asking", 0, examples.size(), std::nullopt, 0});
  return parting(
      *tls, [&] { return ask_as_party(deployment, part, self, *tls, examples, threads_for(o.threads, 2)); });
}

}  // namespace

json split(const SplitOptions& o, const Style& style) {
  // Before anything is written: new parts would not fit those that were handed out.
  const fs::path draft = o.out / "deployment.toml";
  require(!fs::exists(draft), "'{}' is there already: remove it, or choose another folder with -o",
          draft.string());
  nn::ImportOptions import;
  import.fold_batch_norm = true;
  const seco::Model model =
      seco::split_model(nn::import_onnx(o.model, import), {.bits = o.bits, .fraction = o.fraction});
  Deployment d;
  d.name = o.model.stem().string();
  d.face = seco::face_of(model.network);
  for (std::size_t i = 0; i <= o.remotes; ++i)
    d.servers.push_back({i == 0 ? "gateway" : fmt::format("remote-{}", char('a' + i)),
                         {"127.0.0.1", static_cast<std::uint16_t>(7201 + i)},
                         {}});
  const std::vector<std::string> names = d.part_names();
  require(!d.is_two_party() || o.gateway_layers == 0,
          "without remotes the gateway has all layers: leave --gateway-layers out");
  const seco::Holders holders = seco::place_layers(
      model.network, names.size(), d.is_two_party() ? seco::layers_of(model.network) : o.gateway_layers,
      o.gateway_share);
  const auto parts = seco::cut(model, d.name, names, holders);
  d.users.push_back({"user", {}, {}});
  // Keys that lie there already are filled in.
  for (auto* list : {&d.servers, &d.users})
    for (Endpoint& e : *list)
      if (const fs::path key = o.out / (e.name + ".key"); fs::exists(key))
        e.key = Identity::load(key).public_key();
  json out{{"parts", json::object()}};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const fs::path file = o.out / (names[i] + ".part");
    const Bytes bytes = seco::to_bytes(parts[i]);
    write_file(file, text_of(bytes));
    fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
    out["parts"][names[i]] = file.string();
    say(style, fmt::format("{}   {}, for {}", file.string(), human_bytes(static_cast<double>(bytes.size())),
                           i < d.servers.size() ? names[i] + " alone" : "every user"));
  }
  write_file(draft, draft_of(d));
  out["deployment"] = draft.string();
  say(style, fmt::format("{}   for all: put addresses and keys in, then start each server with\n"
                         "  tacit serve {} --party NAME",
                         draft.string(), draft.string()));
  return out;
}

json serve(const ServeOptions& o, const Style& style) {
  const Deployment deployment = read_deployment(o.deployment);
  const PartyId self = deployment.endpoint(o.party);
  require(deployment.is_server(self), "'{}' is a user of this deployment: it asks with 'tacit query'",
          o.party);
  const seco::Part part = read_part_file(or_beside(o.part, o.deployment, o.party + ".part"));
  require_part(deployment, part, self);
  ProgressSink sink(o.progress_fd, style);
  ServiceOptions options;
  std::size_t here = 0;
  for (const Endpoint& e : deployment.servers)
    here += e.address.host == deployment.servers[index(self)].address.host;
  options.threads = threads_for(o.threads, here);
  options.queries = o.queries;
  options.progress = [&](const Progress& p) { sink(p); };
  std::optional<ServerState> state;
  if (!deployment.is_two_party())
    state.emplace(open_state(deployment, part, or_beside(o.state, o.deployment, o.party + "-state")));
  auto tls = connect(deployment, self, o, sink);
  const ServiceReport report = parting(*tls, [&] {
    return state ? run_service(deployment, part, std::move(*state), *tls, *tls, options)
                 : run_two_party_service(deployment, part, *tls, options);
  });
  const json out = to_json(report);
  if (!o.report.empty()) write_file(o.report, out.dump(2) + "\n");
  return out;
}

json query(const QueryOptions& o, const Style& style) {
  const Deployment deployment = read_deployment(o.deployment);
  const PartyId self = deployment.endpoint(o.user.empty() ? deployment.users[0].name : o.user);
  require(!deployment.is_server(self), "'{}' is a server of this deployment, and only users ask", o.user);
  ArrayReader reader = open_npy(o.input);
  const Shape& shape = reader.shape();
  const std::size_t size = elements(deployment.face.input), all = elements(shape);
  require(size > 0 && all > 0 && all % size == 0,
          "'{}' holds {} numbers ({}), and the model takes {} for an example ({})", o.input.string(), all,
          to_string(shape), size, to_string(deployment.face.input));
  const std::vector<double> numbers = reader.rows(0, reader.row_count());
  std::vector<std::vector<Word>> examples;
  for (std::size_t at = 0; at < all; at += size)
    examples.push_back(encoded_input(deployment.face, std::span(numbers).subspan(at, size)));
  ProgressSink sink(o.progress_fd, style);
  const std::vector<AskedAnswer> told = deployment.is_two_party()
                                            ? ask_gateway(deployment, self, examples, o, sink)
                                            : ask_servers(deployment, self, examples, o, sink);
  json answers = json::array();
  std::vector<double> values;
  for (const AskedAnswer& a : told) {
    answers.push_back({{"query", a.query},
                       {"values", a.values},
                       {"ahead_seconds", a.ahead_seconds},
                       {"seconds", a.waiting_seconds},
                       {"participation_seconds", a.participation_seconds},
                       {"bytes_sent", a.bytes_sent},
                       {"bytes_received", a.bytes_received}});
    values.insert(values.end(), a.values.begin(), a.values.end());
  }
  sink.finish();
  if (!o.out.empty()) write_npy(o.out, {examples.size(), deployment.face.answers}, values);
  const json report{{"answers", answers}};
  if (!o.report.empty()) write_file(o.report, report.dump(2) + "\n");
  if (!style.json)
    for (const json& a : answers) std::printf("%s\n", a.at("values").dump().c_str());
  return report;
}

}  // namespace tacit::app
