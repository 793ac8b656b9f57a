#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/nn/layers/layers.h"

namespace tacit::nn {

std::span<const Layer* const> all_layers() {
  static constexpr const Layer* kAll[] = {
      &kAveragePoolLayer, &kBatchNormLayer, &kClipLayer,      &kConv2dLayer,    &kDenseLayer,
      &kDropoutLayer,     &kEluLayer,       &kFlattenLayer,   &kGeluLayer,      &kGlobalAveragePoolLayer,
      &kHardSigmoidLayer, &kHardSwishLayer, &kLayerNormLayer, &kLeakyReluLayer, &kMaxPoolLayer,
      &kReluLayer,        &kReshapeLayer,   &kResidualLayer,  &kSigmoidLayer,   &kSoftplusLayer,
      &kTanhLayer};
  return kAll;
}

const Layer& layer_named(std::string_view kind) {
  std::vector<std::string_view> kinds;
  for (const Layer* layer : all_layers()) {
    if (layer->kind == kind) return *layer;
    kinds.push_back(layer->kind);
  }
  throw UsageError(fmt::format("there is no layer '{}': did you mean '{}'?", kind, nearest(kind, kinds)));
}

namespace {

using Type = LayerAttribute::Type;

void check_numbers(const LayerAttribute& a, const std::vector<std::int64_t>& values, std::string_view kind) {
  for (std::int64_t v : values)
    require(static_cast<double>(v) >= a.low && static_cast<double>(v) <= a.high,
            "{} of a {} layer must lie between {} and {}, not {}", a.name, kind, a.low, a.high, v);
}

void check_attribute(const LayerAttribute& a, const Attr& value, std::string_view kind) {
  if (a.type == Type::Real) {
    const auto* real = std::get_if<double>(&value);
    const auto* whole = std::get_if<std::int64_t>(&value);
    require(real != nullptr || whole != nullptr, "{} of a {} layer must be a number", a.name, kind);
    const double v = real != nullptr ? *real : static_cast<double>(*whole);
    require(v >= a.low && v <= a.high, "{} of a {} layer must lie between {} and {}, not {}", a.name, kind,
            a.low, a.high, v);
    return;
  }
  if (const auto* one = std::get_if<std::int64_t>(&value); one != nullptr && a.type != Type::Shape) {
    check_numbers(a, {*one}, kind);
    return;
  }
  require(a.type != Type::Integer, "{} of a {} layer must be a whole number", a.name, kind);
  if (const auto* text = std::get_if<std::string>(&value)) {
    require(a.type == Type::Padding && *text == "same", "{} of a {} layer cannot be '{}'{}", a.name, kind,
            *text, a.type == Type::Padding ? ": the only word for it is \"same\"" : "");
    return;
  }
  const auto* list = std::get_if<std::vector<std::int64_t>>(&value);
  const bool fits =
      list != nullptr &&
      (a.type == Type::Shape ? !list->empty()
                             : list->size() == 2 || (a.type == Type::Padding && list->size() == 4));
  require(fits, "{} of a {} layer must be {}", a.name, kind,
          a.type == Type::Shape  ? "a list of whole numbers"
          : a.type == Type::Pair ? "a whole number or [height, width]"
                                 : "a whole number, [height, width], [top, left, bottom, right] or \"same\"");
  check_numbers(a, *list, kind);
}

}  // namespace

void check_layer(const LayerSpec& spec) {
  const Layer& layer = layer_named(spec.kind);
  require(layer.wraps || spec.inner.empty(), "a {} layer has no inner layers", layer.kind);
  std::vector<std::string_view> names;
  for (const LayerAttribute& a : layer.attributes) {
    names.push_back(a.name);
    require(!a.required || spec.attrs.has(a.name), "a {} layer needs {}: {}", layer.kind, a.name, a.help);
  }
  for (const auto& [name, value] : spec.attrs.all()) {
    const LayerAttribute* found = nullptr;
    for (const LayerAttribute& a : layer.attributes)
      if (a.name == name) found = &a;
    require(found != nullptr, "a {} layer has no '{}'{}", layer.kind, name,
            names.empty() ? std::string() : fmt::format(": did you mean '{}'?", nearest(name, names)));
    check_attribute(*found, value, layer.kind);
  }
  for (const LayerSpec& inner : spec.inner) check_layer(inner);
}

}  // namespace tacit::nn
