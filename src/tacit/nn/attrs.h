// Attributes of an operator, by ONNX's names. Reading one that is missing, without a default, or of another
// kind is the user's mistake and names it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tacit::nn {

using Attr = std::variant<std::int64_t, double, std::string, std::vector<std::int64_t>, std::vector<double>>;

class Attrs {
 public:
  Attrs() = default;
  Attrs(std::initializer_list<std::pair<const std::string, Attr>> list) : map_(list) {}

  bool has(std::string_view name) const { return map_.contains(std::string(name)); }
  void set(std::string_view name, Attr value) { map_.insert_or_assign(std::string(name), std::move(value)); }

  std::int64_t integer(std::string_view name) const;
  std::int64_t integer(std::string_view name, std::int64_t otherwise) const;
  double real(std::string_view name, double otherwise) const;
  std::string text(std::string_view name, std::string_view otherwise) const;
  std::vector<std::int64_t> integers(std::string_view name) const;
  std::vector<std::int64_t> integers(std::string_view name, std::vector<std::int64_t> otherwise) const;
  std::vector<double> reals(std::string_view name, std::vector<double> otherwise) const;

  const std::map<std::string, Attr>& all() const { return map_; }

 private:
  template <class T>
  const T* find(std::string_view name) const;
  std::map<std::string, Attr> map_;
};

}  // namespace tacit::nn
