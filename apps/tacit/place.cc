#include "place.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tacit/base/error.h"
#include "tacit/data/write.h"
#include "tacit/job/html.h"
#include "tacit/nn/graph/node_costs.h"
#include "tacit/nn/graph/onnx_export.h"
#include "tacit/nn/graph/score_bound.h"

namespace tacit::app {

using nlohmann::json;

Job read_job_with_overrides(const fs::path& file, const fs::path& overrides) {
  Job job = read_job(file, overrides.empty() ? Keys::Needed : Keys::MadeLater);
  if (overrides.empty()) return job;
  std::ifstream in(overrides);
  const json j = json::parse(in);
  for (auto* list : {&job.parties, &job.owners})
    for (Endpoint& e : *list) {
      const json& o = j.at(e.name);
      e.key = parse_public_key(o.at("key").get<std::string>());
      if (o.contains("address")) e.address = parse_address(o.at("address").get<std::string>());
    }
  return job;
}

void write_overrides(const Job& job, const fs::path& file) {
  json j;
  for (const Endpoint& e : job.parties)
    j[e.name] = {{"key", to_string(e.key)}, {"address", to_string(e.address)}};
  for (const Endpoint& e : job.owners) j[e.name] = {{"key", to_string(e.key)}};
  write_file(file, j.dump(2));
}

std::map<std::string, DataFiles> data_by_owner(const Job& job, const std::vector<std::string>& data,
                                               const std::vector<std::string>& labels,
                                               const std::string& only) {
  std::map<std::string, DataFiles> out;
  auto each = [&](const std::vector<std::string>& list, auto&& put) {
    for (const std::string& text : list) {
      const std::size_t equals = text.find('=');
      std::string owner = only, file = text;
      if (only.empty()) {
        require(equals != std::string::npos, "'{}' names no owner: write OWNER=FILE", text);
        owner = text.substr(0, equals);
        file = text.substr(equals + 1);
        require(!job.is_party(job.endpoint(owner)), "'{}' is a compute party: only owners bring data", owner);
      }
      put(out[owner], file);
    }
  };
  each(data, [](DataFiles& f, const std::string& file) { f.features = file; });
  each(labels, [](DataFiles& f, const std::string& file) { f.labels = file; });
  return out;
}

unsigned threads_for(unsigned asked, std::size_t parties_here) {
  if (asked > 0) return asked;
  return std::max(1u, available_processors() / static_cast<unsigned>(std::max<std::size_t>(1, parties_here)));
}

void ProgressSink::operator()(const Progress& p) {
  if (fd_ < 0) return line_.show(p);
  json j{{"phase", p.phase}, {"done", p.done}, {"total", p.total}, {"bytes", p.bytes}};
  if (p.loss) j["loss"] = *p.loss;
  const std::string text = j.dump() + "\n";
  // Nobody waits for the result of a process whose driver is gone.
  if (::write(fd_, text.data(), text.size()) < 0 && errno == EPIPE)
    throw IoError("the program that started this one has ended");
}

Progress progress_from_line(const std::string& line) {
  const json j = json::parse(line);
  Progress p{j.at("phase").get<std::string>(), j.at("done").get<std::size_t>(),
             j.at("total").get<std::size_t>(), std::nullopt, j.at("bytes").get<std::uint64_t>()};
  if (j.contains("loss")) p.loss = j.at("loss").get<double>();
  return p;
}

Place::Place(const PlaceOptions& options, const Style& style)
    : options_(options),
      style_(style),
      job_(read_job_with_overrides(options.job, options.overrides)),
      name_(options.party.empty() ? options.owner : options.party),
      sink_(options.progress_fd, style) {
  self_ = job_.endpoint(name_);
  const bool is_party = job_.is_party(self_);
  require(is_party == !options.party.empty(), "'{}' is {} of this job: use --{} {}", name_,
          is_party ? "a compute party" : "an owner", is_party ? "party" : "owner", name_);
  const fs::path beside = options.job.parent_path();
  out_ = options.out.empty() ? beside / (name_ + "-out") : options.out;
  state_ = options.state.empty() ? beside / (name_ + "-state") : options.state;
  const fs::path key = options.key.empty() ? beside / (name_ + ".key") : options.key;
  require(fs::exists(key),
          "there is no key file '{}': make one with 'tacit keys new {}', or name it with --key", key.string(),
          name_);
  identity_ = Identity::load(key);
  require(!options.metrics || is_party, "--metrics is for a compute party: leave it away for '{}'", name_);
  if (options.metrics) {
    metrics_.emplace(job_.name, name_);
    metrics_server_.emplace(static_cast<std::uint16_t>(*options.metrics),
                            [this] { return metrics_->text(); });
    say(style_, fmt::format("Metrics are at http://127.0.0.1:{}/metrics", metrics_server_->port()));
  }
}

void Place::show(const std::string& what) {
  sink_({what, 0, 0, std::nullopt, 0});
  if (metrics_) metrics_->doing(what);
}

void require_model(const Job& job) {
  if (job.model.file.empty()) return;
  const nn::Graph graph = build_model(job);
  const auto costs = nn::node_costs(graph);
  if (!costs) return;
  std::string problems;
  for (const nn::NodeCost& c : *costs)
    if (!c.problem.empty()) problems += (problems.empty() ? "" : "; ") + c.problem;
  require(problems.empty(), "{}", problems);
}

void Place::connect() {
  // Before anyone is met: mistakes in these are nobody else's concern.
  require_model(job_);
  const std::optional<LinkShape> shape =
      options_.link.empty() ? std::nullopt : std::optional(parse_link(options_.link));
  TlsSettings settings;
  settings.roster = job_.roster();
  settings.parties = job_.parties.size();
  settings.self = self_;
  settings.patience = job_.patience;
  settings.connect_patience = job_.start_patience;
  if (options_.listen_fd >= 0) settings.listener = FileDescriptor(options_.listen_fd);
  settings.progress = [this](const std::string& what) { show(what); };
  tls_ = TlsTransport::connect(std::move(settings), *identity_);
  if (metrics_)
    metrics_->ask_for_peers([this] {
      RunMetrics::Peers peers;
      for (std::size_t i = 0; i < job_.names().size(); ++i)
        if (party_id(i) != self_ && tls_->connected(party_id(i)))
          ++(job_.is_party(party_id(i)) ? peers.parties : peers.owners);
      return peers;
    });
  if (shape) shaped_ = shaped(*tls_, *shape);
}

PartyOptions Place::party_options() {
  PartyOptions o;
  o.state = state_;
  o.identity = &*identity_;
  o.resume = options_.resume;
  std::size_t here = 0;
  for (const Endpoint& e : job_.parties) here += e.address.host == job_.parties[index(self_)].address.host;
  o.threads = threads_for(options_.threads, here);
  o.progress = [this](const Progress& p) { sink_(p); };
  if (metrics_)
    o.observe = [this](const PartyStats& counted, const Progress& p) { metrics_->observe(counted, p); };
  o.wait_for_owner = [this](PartyId owner) { tls_->wait_for(owner, job_.start_patience); };
  o.next_owner = [this](std::span<const PartyId> speaking, std::span<const PartyId> due,
                        std::chrono::milliseconds time) { return tls_->next_of(speaking, due, time); };
  o.mended = [this](PartyId party) { return tls_->mended(party); };
  o.keep_data = options_.keep_data;
  o.limit_owner = [this](PartyId owner) { tls_->limit(owner, job_.start_patience); };
  o.drop_owner = [this](PartyId owner, std::string_view reason) { tls_->drop(owner, reason); };
  return o;
}

OwnerReturn Place::owner_return() {
  OwnerReturn back;
  back.connect = [this] {
    sink_({"the connection broke: connecting anew", 0, 0, std::nullopt, 0});
    tls_->reconnect(job_.patience * 9 / 10);
    for (std::size_t p = 0; p < job_.parties.size(); ++p) tls_->limit(party_id(p), job_.patience);
  };
  back.settled = [this] {
    for (std::size_t p = 0; p < job_.parties.size(); ++p)
      tls_->limit(party_id(p), std::chrono::milliseconds(0));
  };
  return back;
}

std::string Place::mode() const {
  return fmt::format("{} processes over TLS{}", job_.parties.size(),
                     options_.overrides.empty() ? "" : ", all on one machine with keys made for it");
}

void Place::write_report(RunReport report) const {
  if (!options_.overrides.empty()) report.stamps.push_back("rehearsal on one machine");
  if (!options_.link.empty()) report.stamps.push_back("links slowed to " + options_.link);
  write_file(out_ / "report.json", to_json(report).dump(2) + "\n");
  write_file(out_ / "report.html", html_of(report));
}

bool write_received_model(const Job& job, const OwnerResult& result, const fs::path& folder) {
  for (const Received& r : result.received) {
    if (r.what != "model") continue;
    const nn::Graph graph = build_model(job);
    if (r.value.values.size() != graph.parameter_count())
      throw PeerError(job.parties[0].name, "the parties sent a model of another size than the job's");
    std::vector<PublicTensor> parameters;
    std::size_t at = 0;
    for (nn::ValueId id : graph.parameters()) {
      const std::size_t n = elements(graph.values[id].shape);
      const auto from = r.value.values.begin() + static_cast<std::ptrdiff_t>(at);
      parameters.push_back({graph.values[id].shape, {from, from + static_cast<std::ptrdiff_t>(n)}});
      at += n;
    }
    nn::ExportInfo info;
    info.name = job.name;
    info.properties["tacit.fraction_bits"] = std::to_string(job.fraction_bits);
    if (const auto bound = nn::score_bound(graph, parameters, job.fraction_bits))
      info.properties["tacit.score_bound"] = fmt::format("{:.6g}", *bound);
    write_file(folder / "model.onnx", nn::export_onnx(graph, parameters, info));
    return true;
  }
  return false;
}

namespace {

/// What one row of predictions says in the words of the label's column.
std::string prediction_text(const Schema& schema, std::span<const double> row) {
  if (row.size() > 1) {
    const auto best = static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
    const std::string name = target_names(schema).at(best);
    return name.substr(name.find('=') + 1);
  }
  if (schema.label)
    if (const auto* b = std::get_if<BinaryCoding>(&schema.label->coding))
      return row[0] >= 0 ? b->one : b->zero;
  if (schema.label)
    if (const auto* n = std::get_if<NumberCoding>(&schema.label->coding))
      return fmt::format("{:.6g}", n->range.decode(row[0]));
  return fmt::format("{:.6g}", row[0]);
}

}  // namespace

std::vector<fs::path> write_received_predictions(const Job& job, const OwnerResult& result,
                                                 const fs::path& folder) {
  const Schema& schema = job.data.schema;
  std::vector<fs::path> files;
  for (const Received& r : result.received) {
    if (r.what != "predictions" && r.what != "scores") continue;
    const std::size_t rows = r.value.shape.at(0),
                      width = r.value.values.size() / std::max<std::size_t>(rows, 1);
    std::vector<std::string> header = target_names(schema);
    if (r.what == "predictions" || header.size() != width)
      header.assign(r.what == "scores" ? width : 1, schema.label ? schema.label->name : r.what);
    std::vector<std::vector<std::string>> lines(rows);
    for (std::size_t i = 0; i < rows; ++i) {
      const std::span<const double> row(r.value.values.data() + i * width, width);
      if (r.what == "predictions")
        lines[i] = {prediction_text(schema, row)};
      else
        for (double v : row) lines[i].push_back(fmt::format("{:.9g}", v));
    }
    fs::create_directories(folder);
    files.push_back(folder / (r.what + ".csv"));
    const fs::path part = folder / (r.what + ".csv.part");  // all of it, or the file as it was
    write_csv(part, header, lines);
    fs::rename(part, files.back());
  }
  return files;
}

}  // namespace tacit::app
