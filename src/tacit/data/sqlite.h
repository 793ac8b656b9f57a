// A small database in one file, by SQLite: statements that are prepared and bound, never put together from
// data; a write-ahead log, so that one process can read while another writes; and the version of its tables,
// so that no program takes another's for its own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace tacit {

/// One prepared statement. Parameters and columns count from 0. UsageError for a damaged database; IoError.
class Statement {
 public:
  Statement& bind(int parameter, std::int64_t number);
  Statement& bind(int parameter, std::string_view text);
  /// Goes to the next row; false when there is none.
  bool step();
  /// To the end, for statements without rows; ready to be bound and run again.
  void run();

  // Of the row. UsageError for one of another type, or a text that is longer than a mebibyte.
  std::int64_t number(int column) const;
  std::string text(int column) const;

 private:
  friend class Database;
  Statement(sqlite3* database, const std::string& name, std::string_view sql);
  sqlite3* database_;
  const std::string* name_;
  std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement_;
};

class Database {
 public:
  /// Opens the file, which is made with mode 0600 if it is not there, and holds it against `version`; one
  /// that is new gets its tables from `schema`. Without a schema, to read alone, what is there. UsageError
  /// for a file that is no such database, of another version, or a link; IoError.
  Database(const std::filesystem::path& file, int application, int version, std::string_view schema);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// A statement, which must not outlive this.
  Statement prepare(std::string_view sql) const;
  /// Whether the last statement changed so many rows.
  bool changed(int rows) const;

 private:
  void open();
  void set_up(int application, int version, std::string_view schema) const;
  void execute(const char* sql) const;
  std::int64_t pragma(std::string_view sql) const;
  void check(int application, int version) const;

  std::string name_;
  std::unique_ptr<sqlite3, int (*)(sqlite3*)> database_;
};

/// Either all that is done while it lives, or, without commit(), nothing of it.
class Transaction {
 public:
  explicit Transaction(const Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  const Database& database_;
  bool open_ = true;
};

}  // namespace tacit
