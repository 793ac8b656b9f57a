#include "tacit/split/seco/parts.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tacit/base/error.h"
#include "tacit/base/json_number.h"
#include "tacit/crypto/os_entropy.h"
#include "tacit/crypto/prg.h"

namespace tacit::seco {

namespace {

using nlohmann::json;

constexpr std::string_view kMagic = "tacit part 2\n";

json to_json(const ConvGeometry& g) {
  return {g.stride_h,  g.stride_w,   g.pad_top,    g.pad_left, g.pad_bottom,
          g.pad_right, g.dilation_h, g.dilation_w, g.groups};
}
ConvGeometry geometry_from(const json& j) {
  const auto n = [&](std::size_t i) { return whole_number<std::size_t>(j.at(i)); };
  return {n(0), n(1), n(2), n(3), n(4), n(5), n(6), n(7), n(8)};
}

json to_json(const Term& t) {
  return {
      {"kind", static_cast<int>(t.kind)}, {"value", t.value},   {"in", t.in},         {"weights", t.weights},
      {"geometry", to_json(t.geometry)},  {"kernel", t.kernel}, {"factor", t.factor}, {"lift", t.lift}};
}
Term term_from(const json& j) {
  return {.kind = static_cast<Term::Kind>(whole_number<int>(j.at("kind"))),
          .value = whole_number<std::size_t>(j.at("value")),
          .in = whole_numbers<Shape>(j.at("in")),
          .weights = whole_number<std::size_t>(j.at("weights")),
          .geometry = geometry_from(j.at("geometry")),
          .kernel = whole_numbers<Shape>(j.at("kernel")),
          .factor = whole_number<Word>(j.at("factor")),
          .lift = whole_number<unsigned>(j.at("lift"))};
}

json to_json(const Stage& s) {
  json terms = json::array();
  for (const Term& t : s.terms) terms.push_back(to_json(t));
  const Activation& a = s.activation;
  json out{
      {"name", s.name},       {"terms", terms},          {"bias_lift", s.bias_lift}, {"sum", s.sum},
      {"out", s.out},         {"truncate", a.truncate},  {"relu", a.relu},           {"places", a.places},
      {"windows", a.windows}, {"positions", a.positions}};
  if (s.bias) out["bias"] = *s.bias;
  if (a.ceiling) out["ceiling"] = *a.ceiling;
  return out;
}
Stage stage_from(const json& j) {
  Stage s;
  s.name = j.at("name");
  for (const json& t : j.at("terms")) s.terms.push_back(term_from(t));
  s.bias_lift = whole_number<unsigned>(j.at("bias_lift"));
  s.sum = whole_numbers<Shape>(j.at("sum"));
  s.out = whole_numbers<Shape>(j.at("out"));
  s.activation.truncate = whole_number<unsigned>(j.at("truncate"));
  s.activation.relu = j.at("relu").get<bool>();
  s.activation.places = whole_number<std::size_t>(j.at("places"));
  s.activation.windows = whole_numbers<std::vector<std::size_t>>(j.at("windows"));
  s.activation.positions = whole_number<std::size_t>(j.at("positions"));
  if (j.contains("bias")) s.bias = whole_number<std::size_t>(j.at("bias"));
  if (j.contains("ceiling")) s.activation.ceiling = whole_number<Word>(j.at("ceiling"));
  return s;
}

json structure(const Part& part) {
  json stages = json::array(), holders = json::array();
  for (const Stage& s : part.network.stages) stages.push_back(to_json(s));
  for (const auto& who : part.holders) {
    json row = json::array();
    for (const PartyId id : who) row.push_back(index(id));
    holders.push_back(std::move(row));
  }
  return {{"model", part.model},
          {"servers", part.servers},
          {"bits", part.network.numbers.bits},
          {"fraction", part.network.numbers.fraction},
          {"input", part.network.input},
          {"stages", stages},
          {"weights", part.network.weights},
          {"holders", holders}};
}

bool has_weights(const Stage& s) {
  return s.bias || std::any_of(s.terms.begin(), s.terms.end(), [](const Term& t) { return t.is_private(); });
}

/// Tensors of a stage's weights.
std::vector<std::size_t> weights_of(const Stage& s) {
  std::vector<std::size_t> out;
  for (const Term& t : s.terms)
    if (t.is_private()) out.push_back(t.weights);
  if (s.bias) out.push_back(*s.bias);
  return out;
}

}  // namespace

std::size_t layers_of(const Network& network) {
  return static_cast<std::size_t>(std::count_if(network.stages.begin(), network.stages.end(), has_weights));
}

Holders place_layers(const Network& network, std::size_t servers, std::size_t gateway_layers,
                     bool gateway_shares) {
  const std::size_t layers = layers_of(network);
  require(gateway_layers <= layers, "the model has {} layers with weights, not {}", layers, gateway_layers);
  require(servers > 1, "a split takes the gateway and at least one other server");
  Holders out;
  std::size_t layer = 0;
  for (const Stage& s : network.stages) {
    auto& who = out.emplace_back();
    if (!has_weights(s)) continue;
    const bool at_gateway = layer++ < gateway_layers;
    if (at_gateway || gateway_shares) who.push_back(party_id(0));
    for (std::size_t i = 1; !at_gateway && i < servers; ++i) who.push_back(party_id(i));
  }
  return out;
}

std::vector<Part> cut(const Model& model, std::string name, std::vector<std::string> servers,
                      Holders holders) {
  Part common{.model = std::move(name),
              .servers = std::move(servers),
              .self = 0,
              .network = model.network,
              .holders = std::move(holders),
              .weights = {}};
  // What makes this cut itself: a second one of the same model does not fit it.
  const SecretBytes salt = os_entropy(16);
  common.cut = Hasher().update(bytes_of(structure(common).dump())).update(salt.bytes()).finish();
  for (std::size_t i = 0; i < model.weights.size(); ++i) common.weights.emplace_back(RingTensor({0}));
  std::vector<Part> parts(common.servers.size(), common);
  const Prg prg(os_entropy(Prg::kKeySize).bytes(), detect_isa());
  std::uint64_t stream = 0;
  for (std::size_t s = 0; s < model.network.stages.size(); ++s)
    for (const std::size_t w : weights_of(model.network.stages[s])) {
      RingTensor rest = model.weights[w];
      const auto& who = common.holders[s];
      ensure(!who.empty(), "somebody holds every layer");
      for (std::size_t k = 1; k < who.size(); ++k) {
        RingTensor share(rest.shape);
        prg.fill(stream++, 0, std::span<Word>(share.data(), share.size()));
        for (std::size_t i = 0; i < rest.size(); ++i) {
          share.data()[i] &= model.network.numbers.mask();
          rest.data()[i] = (rest.data()[i] - share.data()[i]) & model.network.numbers.mask();
        }
        parts[index(who[k])].weights[w] = std::move(share);
      }
      parts[index(who[0])].weights[w] = std::move(rest);
    }
  for (std::size_t i = 0; i < parts.size(); ++i) parts[i].self = i;
  return parts;
}

// "tacit part 2\n" | cut | own number (u64) | length of the structure (u64) | it as JSON | for each tensor:
// words (u64; 0 where none is held), words | SHA-256
Bytes to_bytes(const Part& part) {
  Bytes out;
  append_bytes(out, bytes_of(kMagic));
  append_bytes(out, part.cut);
  append(out, static_cast<std::uint64_t>(part.self));
  const std::string text = structure(part).dump();
  append(out, static_cast<std::uint64_t>(text.size()));
  append_bytes(out, bytes_of(text));
  for (const RingTensor& t : part.weights) {
    append(out, static_cast<std::uint64_t>(t.size()));
    append_bytes(out, std::as_bytes(std::span<const Word>(t.data(), t.size())));
  }
  append_bytes(out, sha256(out));
  return out;
}

Part read_part(ByteView bytes, std::string_view name) {
  auto sound = [&](bool condition) {
    require(condition, "'{}' is no part of a split model, or is damaged: fetch it again", name);
  };
  constexpr std::size_t kDigest = sizeof(Digest);
  sound(bytes.size() >= kMagic.size() + 2 * kDigest + 16 && text_of(bytes.first(kMagic.size())) == kMagic);
  sound(equal_in_constant_time(sha256(bytes.first(bytes.size() - kDigest)), bytes.last(kDigest)));
  std::size_t at = kMagic.size();
  const std::size_t end = bytes.size() - kDigest;
  auto number = [&] {
    sound(at + 8 <= end);
    at += 8;
    return read_at<std::uint64_t>(bytes, at - 8);
  };
  Part part;
  part.cut = read_at<Digest>(bytes, at);
  at += kDigest;
  part.self = number();
  const std::uint64_t size = number();
  sound(size <= end - at);
  try {
    const json j = json::parse(text_of(bytes.subspan(at, size)));
    at += size;
    part.model = j.at("model");
    part.servers = j.at("servers").get<std::vector<std::string>>();
    part.network.numbers = {.bits = whole_number<unsigned>(j.at("bits")),
                            .fraction = whole_number<unsigned>(j.at("fraction"))};
    part.network.input = whole_numbers<Shape>(j.at("input"));
    for (const json& s : j.at("stages")) part.network.stages.push_back(stage_from(s));
    for (const json& shape : j.at("weights")) part.network.weights.push_back(whole_numbers<Shape>(shape));
    for (const json& row : j.at("holders")) {
      auto& who = part.holders.emplace_back();
      for (const json& i : row) who.push_back(party_id(whole_number<std::size_t>(i)));
    }
  } catch (const json::exception&) { sound(false); }
  sound(part.self < part.servers.size() && part.holders.size() == part.network.stages.size());
  for (const auto& who : part.holders)
    for (const PartyId id : who) sound(index(id) < part.servers.size());
  try {
    check(part.network);
  } catch (const UsageError&) { sound(false); }
  for (const Shape& shape : part.network.weights) {
    const std::uint64_t words = number();
    sound((words == 0 || words == elements(shape)) && words <= (end - at) / 8);
    RingTensor t(words == 0 ? Shape{0} : shape);
    if (words > 0) std::memcpy(t.data(), bytes.data() + at, 8 * words);
    at += 8 * words;
    part.weights.push_back(std::move(t));
  }
  sound(at == end);
  return part;
}

}  // namespace tacit::seco
