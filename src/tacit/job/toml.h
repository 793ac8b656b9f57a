// Reading a TOML table so that nothing in it goes unnoticed: every error names the file, the line and the
// key, and a key that nobody asked for is an error that names the nearest one that somebody did.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tacit {

class TomlTable {
 public:
  /// Parses a file; UsageError with file, line and what the parser says.
  static TomlTable parse(const std::filesystem::path& file);

  // Values. Without a default, a missing key is an error; of the wrong kind, or out of [low, high], always.
  std::string text(const std::string& key);
  std::string text(const std::string& key, const std::string& otherwise);
  double real(const std::string& key, double low, double high);
  double real(const std::string& key, double otherwise, double low, double high);
  std::int64_t integer(const std::string& key, std::int64_t low, std::int64_t high);
  std::int64_t integer(const std::string& key, std::int64_t otherwise, std::int64_t low, std::int64_t high);
  bool flag(const std::string& key, bool otherwise);
  std::vector<std::string> texts(const std::string& key);
  std::vector<double> reals(const std::string& key);
  std::vector<std::int64_t> integers(const std::string& key);
  bool has(const std::string& key) const;
  /// A number, a text, a list of either: for attributes whose kind the reader does not know.
  enum class Kind { Missing, Text, Integer, Real, Flag, List, Table, Tables };
  Kind kind(const std::string& key) const;
  std::vector<std::string> keys() const;

  TomlTable table(const std::string& key);  ///< [key]; an error if missing
  std::optional<TomlTable> table_if(const std::string& key);
  std::vector<TomlTable> tables(const std::string& key);  ///< [[key]]; empty if missing

  /// To be called when all keys have been asked for: any other is an error.
  void finish() const;
  /// Throws UsageError "file:line: [path] key: message".
  [[noreturn]] void fail(const std::string& key, const std::string& message) const;
  /// Throws UsageError for a key that must be there; it names one that is there and may be meant for it.
  [[noreturn]] void missing(const std::string& key) const;
  /// Runs `body`; a UsageError in it is told again with the place of `key` in front.
  template <class Body>
  auto at(const std::string& key, Body body) -> decltype(body());

 private:
  struct Node;
  explicit TomlTable(std::shared_ptr<Node> node) : node_(std::move(node)) {}
  [[noreturn]] void rethrow(const std::string& key) const;
  std::shared_ptr<Node> node_;
};

template <class Body>
auto TomlTable::at(const std::string& key, Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const std::exception&) { rethrow(key); }
}

}  // namespace tacit
