#include "tacit/job/toml.h"

#include <toml++/toml.h>

#include <cmath>

#include "tacit/base/error.h"
#include "tacit/base/text.h"

namespace tacit {

struct TomlTable::Node {
  std::shared_ptr<const toml::table> root;  ///< keeps `table` alive
  const toml::table* table;
  std::string file, path;
  mutable std::set<std::string> asked;

  const toml::node* find(const std::string& key) const {
    asked.insert(key);
    return table->get(key);
  }
};

namespace {

std::string_view kind_of(const toml::node& n) {
  switch (n.type()) {
    case toml::node_type::string:
      return "a text";
    case toml::node_type::integer:
      return "a whole number";
    case toml::node_type::floating_point:
      return "a number";
    case toml::node_type::boolean:
      return "true or false";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::table:
      return "a table";
    default:
      return "a date";
  }
}

}  // namespace

TomlTable TomlTable::parse(const std::filesystem::path& file) {
  auto node = std::make_shared<Node>();
  node->file = file.filename().string();
  require(std::filesystem::is_regular_file(file), "there is no job file '{}'", file.string());
  try {
    node->root = std::make_shared<const toml::table>(toml::parse_file(file.string()));
  } catch (const toml::parse_error& e) {
    throw UsageError(fmt::format("{}:{}: {}", node->file, e.source().begin.line, e.description()));
  }
  node->table = node->root.get();
  return TomlTable(std::move(node));
}

void TomlTable::fail(const std::string& key, const std::string& message) const {
  const toml::node* n = node_->table->get(key);
  const auto line = (n == nullptr ? node_->table->source() : n->source()).begin.line;
  const std::string where = node_->path.empty() ? key : fmt::format("[{}] {}", node_->path, key);
  throw UsageError(fmt::format("{}:{}: {}: {}", node_->file, line == 0 ? 1 : line, where, message));
}

void TomlTable::missing(const std::string& key) const {
  // It may be there, misspelt.
  for (const auto& [other, value] : *node_->table) {
    const std::size_t apart = edit_distance(key, lowered(other.str()));
    if (2 * apart < key.size() && !node_->asked.contains(std::string(other.str())))
      fail(key, fmt::format("is missing: is '{}' in line {} meant for it?", other.str(),
                            other.source().begin.line));
  }
  fail(key, "is missing");
}

void TomlTable::rethrow(const std::string& key) const {
  try {
    throw;
  } catch (const UsageError& e) {
    // What comes from a deeper table has its place already.
    if (std::string_view(e.what()).starts_with(node_->file + ":")) throw;
    fail(key, e.what());
  }
}

bool TomlTable::has(const std::string& key) const { return node_->find(key) != nullptr; }

std::vector<std::string> TomlTable::keys() const {
  std::vector<std::string> out;
  for (const auto& [key, value] : *node_->table) out.emplace_back(key.str());
  return out;
}

TomlTable::Kind TomlTable::kind(const std::string& key) const {
  const toml::node* n = node_->find(key);
  if (n == nullptr) return Kind::Missing;
  switch (n->type()) {
    case toml::node_type::string:
      return Kind::Text;
    case toml::node_type::integer:
      return Kind::Integer;
    case toml::node_type::floating_point:
      return Kind::Real;
    case toml::node_type::boolean:
      return Kind::Flag;
    case toml::node_type::array:
      return n->as_array()->is_array_of_tables() ? Kind::Tables : Kind::List;
    case toml::node_type::table:
      return Kind::Table;
    default:
      return Kind::Missing;
  }
}

std::string TomlTable::text(const std::string& key) {
  const toml::node* n = node_->find(key);
  if (n == nullptr) missing(key);
  const auto* s = n->as_string();
  if (s == nullptr) fail(key, fmt::format("must be a text in quotes, not {}", kind_of(*n)));
  return s->get();
}
std::string TomlTable::text(const std::string& key, const std::string& otherwise) {
  return has(key) ? text(key) : otherwise;
}

double TomlTable::real(const std::string& key, double low, double high) {
  const toml::node* n = node_->find(key);
  if (n == nullptr) missing(key);
  const auto value = n->value<double>();
  if (!value || n->is_boolean() || n->is_string())
    fail(key, fmt::format("must be a number, not {}", kind_of(*n)));
  if (!(*value >= low && *value <= high))
    fail(key, fmt::format("{} is not between {} and {}", *value, low, high));
  return *value;
}
double TomlTable::real(const std::string& key, double otherwise, double low, double high) {
  return has(key) ? real(key, low, high) : otherwise;
}

std::int64_t TomlTable::integer(const std::string& key, std::int64_t low, std::int64_t high) {
  const toml::node* n = node_->find(key);
  if (n == nullptr) missing(key);
  const auto* value = n->as_integer();
  if (value == nullptr) fail(key, fmt::format("must be a whole number, not {}", kind_of(*n)));
  if (value->get() < low || value->get() > high)
    fail(key, fmt::format("{} is not between {} and {}", value->get(), low, high));
  return value->get();
}
std::int64_t TomlTable::integer(const std::string& key, std::int64_t otherwise, std::int64_t low,
                                std::int64_t high) {
  return has(key) ? integer(key, low, high) : otherwise;
}

bool TomlTable::flag(const std::string& key, bool otherwise) {
  const toml::node* n = node_->find(key);
  if (n == nullptr) return otherwise;
  if (!n->is_boolean()) fail(key, fmt::format("must be true or false, not {}", kind_of(*n)));
  return n->as_boolean()->get();
}

namespace {
template <class T, class Get>
std::vector<T> list(const TomlTable& table, const toml::node* n, const std::string& key,
                    std::string_view what, Get get) {
  if (n == nullptr) table.missing(key);
  const auto* array = n->as_array();
  if (array == nullptr) table.fail(key, fmt::format("must be a list of {}, not {}", what, kind_of(*n)));
  std::vector<T> out;
  for (const toml::node& element : *array) {
    const std::optional<T> value = get(element);
    if (!value)
      table.fail(key, fmt::format("must be a list of {}, and one element is {}", what, kind_of(element)));
    out.push_back(*value);
  }
  return out;
}
}  // namespace

std::vector<std::string> TomlTable::texts(const std::string& key) {
  return list<std::string>(*this, node_->find(key), key, "texts",
                           [](const toml::node& n) -> std::optional<std::string> {
                             return n.is_string() ? std::optional(n.as_string()->get()) : std::nullopt;
                           });
}
std::vector<double> TomlTable::reals(const std::string& key) {
  return list<double>(*this, node_->find(key), key, "numbers",
                      [](const toml::node& n) -> std::optional<double> {
                        return n.is_number() ? n.value<double>() : std::nullopt;
                      });
}
std::vector<std::int64_t> TomlTable::integers(const std::string& key) {
  return list<std::int64_t>(*this, node_->find(key), key, "whole numbers",
                            [](const toml::node& n) -> std::optional<std::int64_t> {
                              return n.is_integer() ? std::optional(n.as_integer()->get()) : std::nullopt;
                            });
}

TomlTable TomlTable::table(const std::string& key) {
  auto found = table_if(key);
  if (!found)
    fail(key, fmt::format("is missing: the job needs a section [{}]",
                          node_->path.empty() ? key : node_->path + "." + key));
  return *found;
}

std::optional<TomlTable> TomlTable::table_if(const std::string& key) {
  const toml::node* n = node_->find(key);
  if (n == nullptr) return std::nullopt;
  if (!n->is_table()) fail(key, fmt::format("must be a section, not {}", kind_of(*n)));
  auto node = std::make_shared<Node>();
  node->root = node_->root;
  node->table = n->as_table();
  node->file = node_->file;
  node->path = node_->path.empty() ? key : node_->path + "." + key;
  return TomlTable(std::move(node));
}

std::vector<TomlTable> TomlTable::tables(const std::string& key) {
  const toml::node* n = node_->find(key);
  std::vector<TomlTable> out;
  if (n == nullptr) return out;
  if (!n->is_array() || !n->as_array()->is_array_of_tables())
    fail(key, fmt::format("must be sections [[{}]], not {}", key, kind_of(*n)));
  for (const toml::node& element : *n->as_array()) {
    auto node = std::make_shared<Node>();
    node->root = node_->root;
    node->table = element.as_table();
    node->file = node_->file;
    node->path = (node_->path.empty() ? key : node_->path + "." + key) + fmt::format(" #{}", out.size() + 1);
    out.push_back(TomlTable(std::move(node)));
  }
  return out;
}

void TomlTable::finish() const {
  std::vector<std::string> known(node_->asked.begin(), node_->asked.end());
  for (const auto& [key, value] : *node_->table) {
    const std::string name(key.str());
    if (node_->asked.contains(name)) continue;
    const std::string where = node_->path.empty() ? "the job file" : fmt::format("[{}]", node_->path);
    throw UsageError(fmt::format("{}:{}: there is no key '{}' in {}: did you mean '{}'?", node_->file,
                                 key.source().begin.line, name, where, nearest(name, known)));
  }
}

}  // namespace tacit
