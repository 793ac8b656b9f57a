#include "tacit/serve/deployment.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "tacit/base/error.h"
#include "tacit/base/text.h"

namespace tacit {

namespace {
using std::chrono::milliseconds;

milliseconds seconds_of(TomlTable& t, const std::string& key, milliseconds otherwise) {
  const double s = t.real(key, static_cast<double>(otherwise.count()) / 1000, 0.1, 86400);
  return milliseconds(static_cast<std::int64_t>(s * 1000));
}

/// The one of `all` that has this name.
template <class T>
T named(std::string_view what, const std::string& name, const std::vector<T>& all) {
  std::vector<std::string_view> names;
  for (const T one : all) {
    if (to_string(one) == name) return one;
    names.push_back(to_string(one));
  }
  throw UsageError(fmt::format("there are no {} '{}': did you mean '{}'?", what, name, nearest(name, names)));
}

bool is_disk(const std::string& place) {
  const std::string_view places[] = {"disk", "memory"};
  require(place == places[0] || place == places[1],
          "queries are prepared in 'disk' or 'memory', and not in '{}': did you mean '{}'?", place,
          nearest(place, places));
  return place == places[0];
}

seco::Face face_of(TomlTable t) {
  seco::Face f;
  for (const std::int64_t e : t.integers("input")) {
    if (e < 1 || e > 1 << 24) t.fail("input", fmt::format("cannot hold {}", e));
    f.input.push_back(static_cast<std::size_t>(e));
  }
  if (f.input.empty() || elements(f.input) > 1 << 24) t.fail("input", "is no shape of an input");
  f.numbers.bits = static_cast<unsigned>(t.integer("bits", 16, 48));
  f.numbers.fraction = static_cast<unsigned>(t.integer("fraction", 4, 24));
  f.answers = static_cast<std::size_t>(t.integer("answers", 1, 1 << 20));
  f.answer_bits = static_cast<unsigned>(t.integer("answer_bits", 1, 48));
  t.finish();
  return f;
}
std::string text_of(const seco::Face& f) {
  return fmt::format("input = [{}]\nbits = {}\nfraction = {}\nanswers = {}\nanswer_bits = {}\n",
                     fmt::join(f.input, ", "), f.numbers.bits, f.numbers.fraction, f.answers, f.answer_bits);
}
}  // namespace

ot::Source transfers_named(const std::string& name) { return named("transfers", name, ot::all_sources()); }

std::vector<Endpoint> Deployment::roster() const {
  std::vector<Endpoint> all = servers;
  all.insert(all.end(), users.begin(), users.end());
  return all;
}
std::vector<std::string> Deployment::server_names() const {
  std::vector<std::string> out;
  for (const Endpoint& e : servers) out.push_back(e.name);
  return out;
}
std::vector<std::string> Deployment::part_names() const {
  std::vector<std::string> out = server_names();
  if (is_two_party()) out.push_back("user");
  return out;
}
PartyId Deployment::endpoint(std::string_view who) const {
  std::vector<std::string> names;
  for (const Endpoint& e : roster()) names.push_back(e.name);
  const auto found = std::find(names.begin(), names.end(), who);
  require(found != names.end(), "nobody in the deployment is called '{}': did you mean '{}'?", who,
          nearest(who, names));
  return party_id(static_cast<std::size_t>(found - names.begin()));
}

Deployment read_deployment(const std::filesystem::path& file, Keys keys) {
  TomlTable t = TomlTable::parse(file);
  Deployment d;
  d.name = name_of(t);
  d.patience = seconds_of(t, "patience", d.patience);
  d.start_patience = seconds_of(t, "start_patience", d.start_patience);
  d.pool = static_cast<std::size_t>(t.integer("pool", 4, 1, 10000));
  d.pool_on_disk = t.at("pool_in", [&] { return is_disk(t.text("pool_in", "disk")); });
  d.transfers = t.at("transfers", [&] { return transfers_named(t.text("transfers", "softspoken4")); });
  d.activations = t.at("activations", [&] {
    return named("activations", t.text("activations", "gmw"), seco::all_activations());
  });
  d.model = face_of(t.table("model"));
  d.top = static_cast<std::size_t>(t.integer("top", 0, 0, 1 << 20));
  t.at("top", [&] { return d.face(); });
  d.servers = endpoints(t, "server", true, keys);
  d.users = endpoints(t, "user", false, keys);
  if (d.servers.empty() || d.servers.size() > 6)
    t.fail("server",
           fmt::format("a deployment has 1 to 6 servers, the gateway first, and not {}", d.servers.size()));
  if (d.users.empty()) t.fail("user", "nobody may ask: add a [[user]] with name and key");
  std::set<std::string> names, seen;
  for (const Endpoint& e : d.roster()) {
    if (!names.insert(e.name).second) t.fail("name", fmt::format("two are called '{}'", e.name));
    if (keys == Keys::Needed && !seen.insert(to_string(e.key)).second)
      t.fail("key", fmt::format("'{}' has the key of somebody else", e.name));
  }
  t.finish();
  return d;
}

Digest deployment_hash(const Deployment& d) {
  std::string text = fmt::format("tacit deployment 1\n{}\n{} {} {} {} {} {}\n", d.name, d.patience.count(),
                                 d.start_patience.count(), d.pool, d.pool_on_disk ? "disk" : "memory",
                                 ot::to_string(d.transfers), seco::to_string(d.activations));
  text += fmt::format("top {}\n", d.top) + text_of(d.model);
  for (const Endpoint& e : d.servers) text += fmt::format("server {} {}\n", e.name, to_string(e.key));
  for (const Endpoint& e : d.users) text += fmt::format("user {} {}\n", e.name, to_string(e.key));
  return sha256(bytes_of(text));
}

std::string draft_of(const Deployment& d) {
  auto key_of = [](const Endpoint& e) { return e.key == PublicKey{} ? std::string() : to_string(e.key); };
  std::string out = fmt::format(
      "# Who serves the split model, and who may ask. Every server and user has this file. Make keys with\n"
      "# 'tacit keys new NAME', and write the public ones here; put each server's own address.\n"
      "name = \"{}\"\n"
      "pool = {}            # queries prepared ahead\n"
      "pool_in = \"{}\"    # sealed, beside each server's part; or \"memory\", which a restart empties\n"
      "patience = {}        # seconds of silence after which somebody counts as gone\n"
      "top = {}             # users get the places of so many largest scores; 0: all scores\n"
      "transfers = \"{}\"   # or \"ferret\": a seventh of the bytes ahead of a query, and more time\n"
      "activations = \"{}\"         # or \"garbled\": fewer rounds and more bytes, for slow links\n",
      d.name, d.pool, d.pool_on_disk ? "disk" : "memory", static_cast<double>(d.patience.count()) / 1000,
      d.top, ot::to_string(d.transfers), seco::to_string(d.activations));
  out += "\n[model]              # all that a user knows of it\n" + text_of(d.model);
  for (const Endpoint& e : d.servers)
    out += fmt::format("\n[[server]]\nname = \"{}\"\naddress = \"{}\"\nkey = \"{}\"\n", e.name,
                       to_string(e.address), key_of(e));
  for (const Endpoint& e : d.users)
    out += fmt::format("\n[[user]]\nname = \"{}\"\nkey = \"{}\"\n", e.name, key_of(e));
  return out;
}

}  // namespace tacit
