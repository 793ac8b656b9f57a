#include "tacit/nn/attrs.h"

#include "tacit/base/error.h"

namespace tacit::nn {

template <class T>
const T* Attrs::find(std::string_view name) const {
  const auto at = map_.find(std::string(name));
  if (at == map_.end()) return nullptr;
  const T* value = std::get_if<T>(&at->second);
  require(value != nullptr, "the attribute '{}' has a value of the wrong kind", name);
  return value;
}

std::int64_t Attrs::integer(std::string_view name) const {
  const auto* v = find<std::int64_t>(name);
  require(v != nullptr, "the attribute '{}' is missing", name);
  return *v;
}
std::int64_t Attrs::integer(std::string_view name, std::int64_t otherwise) const {
  const auto* v = find<std::int64_t>(name);
  return v == nullptr ? otherwise : *v;
}
double Attrs::real(std::string_view name, double otherwise) const {
  if (has(name) && std::holds_alternative<std::int64_t>(map_.at(std::string(name))))
    return static_cast<double>(integer(name));
  const auto* v = find<double>(name);
  return v == nullptr ? otherwise : *v;
}
std::vector<double> Attrs::reals(std::string_view name, std::vector<double> otherwise) const {
  const auto* v = find<std::vector<double>>(name);
  return v == nullptr ? std::move(otherwise) : *v;
}
std::string Attrs::text(std::string_view name, std::string_view otherwise) const {
  const auto* v = find<std::string>(name);
  return v == nullptr ? std::string(otherwise) : *v;
}
std::vector<std::int64_t> Attrs::integers(std::string_view name) const {
  const auto* v = find<std::vector<std::int64_t>>(name);
  require(v != nullptr, "the attribute '{}' is missing", name);
  return *v;
}
std::vector<std::int64_t> Attrs::integers(std::string_view name, std::vector<std::int64_t> otherwise) const {
  const auto* v = find<std::vector<std::int64_t>>(name);
  return v == nullptr ? std::move(otherwise) : *v;
}

}  // namespace tacit::nn
