// From TOML to a Job. Each section is one function; the reader sees to unknown keys.
#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/job/endpoints.h"
#include "tacit/job/job.h"
#include "tacit/job/overflow_guard.h"
#include "tacit/job/same_rows.h"
#include "tacit/job/score.h"
#include "tacit/job/toml.h"
#include "tacit/mpc/table.h"
#include "tacit/ring/codec.h"

namespace tacit {

namespace {

NumberRange range_of(TomlTable& t) {
  NumberRange r;
  if (t.has("range")) {
    const auto ends = t.reals("range");
    if (ends.size() != 2) t.fail("range", "must be [lowest, highest]");
    r.low = ends[0], r.high = ends[1];
  } else {
    t.fail("range", "is missing: write range = [lowest, highest]");
  }
  r.scaling = t.at("scaling", [&] { return scaling_named(t.text("scaling", "unit")); });
  if (r.scaling == Scaling::Standard) {
    r.mean = t.real("mean", -1e300, 1e300);
    r.deviation = t.real("deviation", 1e-300, 1e300);
  }
  return r;
}

Column column_of(TomlTable& t, const std::string& name, bool label) {
  Column c{name, NumberCoding{}};
  const std::string type = t.text("type");
  auto fill = [&]() -> std::optional<std::string> {
    if (label || !t.has("fill")) return std::nullopt;
    return t.text("fill");
  };
  if (type == "number") {
    NumberCoding n{range_of(t), std::nullopt};
    if (!label && t.has("fill")) n.fill = t.real("fill", n.range.low, n.range.high);
    c.coding = n;
  } else if (type == "category") {
    CategoryCoding k;
    k.values = t.texts("values");
    k.fill = fill();
    if (!label) k.other = t.flag("other", false);
    c.coding = std::move(k);
  } else if (type == "binary") {
    const auto values = t.has("values") ? t.texts("values") : std::vector<std::string>{"0", "1"};
    if (values.size() != 2) t.fail("values", "must name two values: the one read as 0 and the one read as 1");
    c.coding = BinaryCoding{values[0], values[1], fill()};
  } else {
    const std::string_view kinds[] = {"number", "category", "binary"};
    t.fail("type", fmt::format("there is no type '{}': did you mean '{}'?", type, nearest(type, kinds)));
  }
  return c;
}

DataSpec data_of(TomlTable t, const std::vector<Endpoint>& owners) {
  DataSpec d;
  Schema& s = d.schema;
  const std::string partition = t.text("partition", "rows");
  if (partition != "rows" && partition != "columns")
    t.fail(
        "partition",
        fmt::format("'{}' is not known: owners hold different \"rows\" or different \"columns\"", partition));
  d.holding = partition == "rows" ? Holding::AllColumns : Holding::SomeColumns;
  std::vector<std::string> names;
  for (const auto& o : owners) names.push_back(o.name);
  d.owners = t.has("owners") ? t.texts("owners") : names;
  for (const auto& o : d.owners)
    if (std::find(names.begin(), names.end(), o) == names.end())
      t.fail("owners", fmt::format("'{}' is no owner of this job: did you mean '{}'?", o, nearest(o, names)));
  if (d.owners.empty()) t.fail("owners", "nobody brings data: add an [[owner]]");
  d.test_fraction = t.real("test_fraction", 0, 0, 0.9);
  s.id = t.text("id", "");
  if (t.has("missing")) s.missing = t.texts("missing");
  s.metric = t.at("metric", [&] {
    const Metric metric = metric_named(t.text("metric", "accuracy"));
    const Score computable(metric);
    return metric;
  });
  if (t.has("shape"))
    for (std::int64_t e : t.integers("shape")) {
      if (e < 1 || e > 1 << 20) t.fail("shape", fmt::format("cannot hold {}", e));
      s.shape.push_back(static_cast<std::size_t>(e));
    }
  if (auto array = t.table_if("array")) {
    s.array = range_of(*array);
    array->finish();
  }
  for (TomlTable& column : t.tables("column")) {
    s.features.push_back(column_of(column, column.text("name"), false));
    column.finish();
  }
  if (auto label = t.table_if("label")) {
    s.label = column_of(*label, label->text("name"), true);
    label->finish();
  }
  t.finish();
  t.at("column", [&] { check(s); });
  return d;
}

nn::Attr attribute(TomlTable& t, const std::string& key) {
  switch (t.kind(key)) {
    case TomlTable::Kind::Integer:
      return t.integer(key, INT64_MIN, INT64_MAX);
    case TomlTable::Kind::Real:
      return t.real(key, -1e300, 1e300);
    case TomlTable::Kind::Flag:
      return std::int64_t{t.flag(key, false)};
    case TomlTable::Kind::Text:
      return t.text(key);
    case TomlTable::Kind::List:
      return t.integers(key);
    default:
      t.fail(key, "must be a number, a text or a list of whole numbers");
  }
}

std::vector<nn::LayerSpec> layers_of(std::vector<TomlTable> tables) {
  std::vector<nn::LayerSpec> out;
  for (TomlTable& t : tables) {
    nn::LayerSpec layer;
    layer.kind = t.text("kind");
    layer.name = t.text("name", "");
    for (const std::string& key : t.keys()) {
      if (key == "kind" || key == "name") continue;
      if (key == "layer")
        layer.inner = layers_of(t.tables("layer"));
      else
        layer.attrs.set(key, attribute(t, key));
    }
    t.at("kind", [&] { nn::check_layer(layer); });
    out.push_back(std::move(layer));
  }
  return out;
}

ModelSpec model_of(TomlTable t, const std::filesystem::path& folder) {
  ModelSpec m;
  m.seed = static_cast<std::uint64_t>(t.integer("seed", 1, 0, INT64_MAX));
  m.network = t.text("network", "");
  m.layers = layers_of(t.tables("layer"));
  if (t.has("file")) m.file = folder / t.text("file");
  t.finish();
  const int ways = !m.network.empty() + !m.layers.empty() + !m.file.empty();
  if (ways != 1)
    t.fail("layer", "a model is either a network by name, a list of [[model.layer]], or an ONNX file");
  if (!m.network.empty()) t.at("network", [&] { nn::network_named(m.network); });
  return m;
}

nn::OptimiserSettings optimiser_of(TomlTable t) {
  nn::OptimiserSettings s;
  s.name = t.text("name", s.name);
  s.rate = t.real("rate", s.rate, 1e-9, 16);
  s.momentum = t.real("momentum", s.momentum, 0, 0.9999);
  s.beta1 = t.real("beta1", s.beta1, 0, 0.9999);
  s.beta2 = t.real("beta2", s.beta2, 0, 0.99999);
  s.epsilon = t.real("epsilon", s.epsilon, 1e-12, 1);
  s.weight_decay = t.real("weight_decay", 0, 0, 0.9);
  s.clip = t.real("clip", 0, 0, 1e6);
  s.schedule = t.text("schedule", s.schedule);
  s.schedule_factor = t.real("schedule_factor", s.schedule_factor, 1e-6, 1);
  s.schedule_epochs = t.real("schedule_epochs", s.schedule_epochs, 1e-6, 1e6);
  t.finish();
  t.at("name", [&] { nn::check(s); });
  return s;
}

/// "off", "every", or a number: every so many batches.
std::size_t guard_of(TomlTable& t) {
  const std::string key = "overflow_guard";
  constexpr std::int64_t kMost = 1000000;
  if (t.has(key) && t.kind(key) == TomlTable::Kind::Integer)
    return static_cast<std::size_t>(t.integer(key, 1, kMost));
  const std::string word = t.text(key, "off");
  if (word != "off" && word != "every")
    t.fail(key,
           fmt::format("'{}' is not known: write \"off\", \"every\" (batch), or a whole number for every "
                       "so many batches",
                       word));
  return word == "every" ? 1 : 0;
}

nn::TrainSettings training_of(TomlTable t, std::size_t& checkpoint_every) {
  nn::TrainSettings s;
  s.epochs = static_cast<std::size_t>(t.integer("epochs", 1, 1000000));
  s.batch = static_cast<std::size_t>(t.integer("batch", 128, 1, 1 << 20));
  s.seed = static_cast<std::uint64_t>(t.integer("seed", 1, 0, INT64_MAX));
  checkpoint_every =
      static_cast<std::size_t>(t.integer("checkpoint_every", std::int64_t(checkpoint_every), 0, 1000000));
  s.loss = t.text("loss", s.loss);
  t.at("loss", [&] { nn::loss_named(s.loss); });
  s.guard_every = guard_of(t);
  if (auto o = t.table_if("optimiser")) s.optimiser = optimiser_of(*o);
  t.finish();
  return s;
}

std::int64_t default_times(std::string_view what) {
  if (what == "predictions" || what == "scores") return 100;
  if (what == kOverflow) return INT64_MAX;  // as often as the guard checks
  return what == "loss" ? 20 : 1;
}

bool is_overflow(std::string_view what) { return what == kOverflow || what == kOverflowPlace; }

/// What the guard tells makes all parties stop together.
void check_overflow_rule(TomlTable& t, const Job& roster, const ReleaseRule& rule) {
  auto parties = roster.party_names();
  std::sort(parties.begin(), parties.end());
  if (rule.to != parties)
    t.fail("to",
           fmt::format("'{}' goes to all compute parties, which stop together, and to nobody else: write "
                       "to = [\"parties\"]",
                       rule.what));
  if (roster.training.guard_every == 0)
    t.fail("what", fmt::format("nothing tells '{}' without the guard: write overflow_guard = \"every\" under "
                               "[training], or drop this rule",
                               rule.what));
}

void check_guard_is_allowed(const TomlTable& job, const Job& roster, const std::vector<ReleaseRule>& rules) {
  if (roster.training.guard_every == 0) return;
  if (std::none_of(rules.begin(), rules.end(), [](const ReleaseRule& r) { return r.what == kOverflow; }))
    job.fail("training",
             "overflow_guard reveals one bit a check, which no release rule allows: add a "
             "[[release]] with what = \"overflow\", to = [\"parties\"] and a purpose");
}

std::vector<ReleaseRule> releases_of(TomlTable& job, const Job& roster) {
  constexpr std::string_view kWhat[] = {"loss",   "metric",  "model",       "predictions",
                                        "scores", kOverflow, kOverflowPlace};
  std::vector<ReleaseRule> out;
  for (TomlTable& t : job.tables("release")) {
    ReleaseRule r;
    r.what = t.text("what");
    if (std::find(std::begin(kWhat), std::end(kWhat), r.what) == std::end(kWhat))
      t.fail("what",
             fmt::format("'{}' cannot be released: did you mean '{}'?", r.what, nearest(r.what, kWhat)));
    r.purpose = t.text("purpose");
    if (r.purpose.empty()) t.fail("purpose", "say in a few words what it is for");
    r.times = static_cast<std::uint64_t>(t.integer("times", default_times(r.what), 1, INT64_MAX));
    // "parties" and "owners" stand for all of them.
    for (const std::string& who : t.texts("to")) {
      if (who == "parties" || who == "everyone")
        for (const auto& p : roster.parties) r.to.push_back(p.name);
      if (who == "owners" || who == "everyone")
        for (const auto& o : roster.owners) r.to.push_back(o.name);
      if (who != "parties" && who != "owners" && who != "everyone") {
        t.at("to", [&] { roster.endpoint(who); });
        r.to.push_back(who);
      }
    }
    std::sort(r.to.begin(), r.to.end());
    r.to.erase(std::unique(r.to.begin(), r.to.end()), r.to.end());
    if (r.to.empty())
      t.fail("to", "names nobody: write to = [\"alpha\"], [\"parties\"], [\"owners\"] or [\"everyone\"]");
    if (r.what == "model" && std::any_of(r.to.begin(), r.to.end(), [&](const std::string& n) {
          return roster.is_party(roster.endpoint(n));
        }))
      t.fail("to", "a compute party cannot receive the model: it is released to owners only");
    if (is_overflow(r.what)) check_overflow_rule(t, roster, r);
    t.finish();
    for (const auto& other : out)
      if (other.what == r.what)
        t.fail("what", fmt::format("there are two rules for '{}': make them one", r.what));
    out.push_back(std::move(r));
  }
  check_guard_is_allowed(job, roster, out);
  if (roster.data.holding == Holding::SomeColumns) out.push_back(same_rows_rule(roster));
  return out;
}

void check_names(TomlTable& t, const Job& job) {
  const auto names = job.names();
  for (std::size_t i = 0; i < names.size(); ++i)
    for (std::size_t j = i + 1; j < names.size(); ++j)
      if (names[i] == names[j]) t.fail("party", fmt::format("the name '{}' is used twice", names[i]));
  const auto roster = job.roster();
  for (std::size_t i = 0; i < roster.size(); ++i)
    for (std::size_t j = i + 1; j < roster.size(); ++j)
      if (roster[i].key == roster[j].key && roster[i].key != PublicKey{})
        t.fail("party",
               fmt::format("'{}' and '{}' have the same key: one who holds two places could read the data",
                           roster[i].name, roster[j].name));
}

}  // namespace

Job read_job(const std::filesystem::path& file, Keys keys) {
  TomlTable t = TomlTable::parse(file);
  // Sections first: what is missing in one may stand in another whose name is misspelt.
  for (const char* section : {"job", "party", "owner", "data", "model", "training", "release"})
    t.has(section);
  t.finish();
  Job job;
  TomlTable head = t.table("job");
  job.name = name_of(head);
  job.protocol = head.text("protocol", job.protocol);
  const ProtocolInfo& protocol =
      head.at("protocol", [&]() -> const ProtocolInfo& { return protocol_named(job.protocol); });
  const std::string threat = head.text("threat", "semi-honest");
  if (threat != "semi-honest")
    head.fail("threat",
              fmt::format("the protocol {} withstands {}, not '{}'", protocol.name, protocol.threat, threat));
  job.profile = head.text("profile", job.profile);
  head.at("profile", [&] { profile_named(job.profile); });
  job.fraction_bits =
      static_cast<unsigned>(head.integer("fraction_bits", 16, kMinFractionBits, kMaxFractionBits));
  job.patience = std::chrono::milliseconds(static_cast<long>(1000 * head.real("patience", 5, 0.5, 3600)));
  job.start_patience =
      std::chrono::milliseconds(static_cast<long>(1000 * head.real("start_patience", 60, 1, 1e6)));
  head.finish();
  job.parties = endpoints(t, "party", true, keys);
  job.owners = endpoints(t, "owner", false, keys);
  if (job.parties.size() != protocol.parties)
    t.fail("party", fmt::format("the protocol {} needs {} parties, and the job names {}", protocol.name,
                                protocol.parties, job.parties.size()));
  check_names(t, job);
  job.data = data_of(t.table("data"), job.owners);
  job.model = model_of(t.table("model"), file.parent_path());
  job.training = training_of(t.table("training"), job.checkpoint_every);
  job.releases = releases_of(t, job);
  return job;
}

}  // namespace tacit
