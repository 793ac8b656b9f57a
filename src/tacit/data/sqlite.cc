#include "tacit/data/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>

#include <cstring>

#include "tacit/base/durable.h"
#include "tacit/base/error.h"
#include "tacit/base/file_descriptor.h"

namespace tacit {

namespace {

constexpr int kMaxText = 1 << 20;
constexpr int kBusy = 5000;  // milliseconds to wait for another process

/// SQLite's words name tables and codes, and no value that was bound.
[[noreturn]] void fail(sqlite3* database, const std::string& name, int code) {
  const std::string why = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  switch (code & 0xff) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_ERROR:
    case SQLITE_SCHEMA:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
      throw UsageError(
          fmt::format("'{}' cannot be used: it is damaged, or another program's ({})", name, why));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw UsageError(fmt::format("'{}' is in use by another process: try again when it has ended", name));
    case SQLITE_FULL:
      throw IoError(fmt::format("cannot write '{}': {}: make room on the disk", name, why));
    default:
      throw IoError(fmt::format("cannot read or write '{}': {}", name, why));
  }
}

}  // namespace

// ---- statements

Statement::Statement(sqlite3* database, const std::string& name, std::string_view sql)
    : database_(database), name_(&name), statement_(nullptr, sqlite3_finalize) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &raw, nullptr);
  statement_.reset(raw);
  if (code != SQLITE_OK) fail(database, name, code);
}

Statement& Statement::bind(int parameter, std::int64_t number) {
  const int code = sqlite3_bind_int64(statement_.get(), parameter + 1, number);
  ensure(code == SQLITE_OK, "a parameter of a statement");
  return *this;
}

Statement& Statement::bind(int parameter, std::string_view text) {
  const int code = sqlite3_bind_text64(statement_.get(), parameter + 1, text.data(), text.size(),
                                       SQLITE_TRANSIENT, SQLITE_UTF8);
  ensure(code == SQLITE_OK, "a parameter of a statement");
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) fail(database_, *name_, code);
  return false;
}

void Statement::run() {
  while (step()) {}
  sqlite3_reset(statement_.get());
}

std::int64_t Statement::number(int column) const {
  require(sqlite3_column_type(statement_.get(), column) == SQLITE_INTEGER,
          "'{}' cannot be used: it has something else where a number is due", *name_);
  return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::text(int column) const {
  require(sqlite3_column_type(statement_.get(), column) == SQLITE_TEXT &&
              sqlite3_column_bytes(statement_.get(), column) <= kMaxText,
          "'{}' cannot be used: it has something else where a text is due", *name_);
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

// ---- the database

void Database::open() {
  sqlite3* raw = nullptr;
  // Also to read: a log that a crash has left must be taken in first.
  const int code =
      sqlite3_open_v2(name_.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, nullptr);
  database_.reset(raw);
  if (code != SQLITE_OK) fail(raw, name_, code);
  sqlite3_busy_timeout(raw, kBusy);
  // What somebody wrote into the file must not make us run anything.
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  execute("PRAGMA cell_size_check = ON");
}

Database::Database(const std::filesystem::path& file, int application, int version, std::string_view schema)
    : name_(file.string()), database_(nullptr, sqlite3_close) {
  if (schema.empty()) {
    const PlainFile there(file);
    open();
    execute("PRAGMA query_only = ON");
  } else {
    {
      // SQLite would make it for others to read. Its log gets the mode of the file.
      const FileDescriptor made(::open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
      if (!made) throw IoError(fmt::format("cannot write '{}': {}", name_, std::strerror(errno)));
    }
    open();
    set_up(application, version, schema);
  }
  check(application, version);
}

void Database::set_up(int application, int version, std::string_view schema) const {
  execute("PRAGMA journal_mode = WAL");
  execute("PRAGMA synchronous = FULL");  // what is committed outlives a crash of the machine
  execute("PRAGMA secure_delete = ON");
  Transaction all(*this);
  if (pragma("PRAGMA user_version") == 0 && pragma("SELECT count(*) FROM sqlite_schema") == 0) {
    execute(std::string(schema).c_str());
    execute(fmt::format("PRAGMA application_id = {}", application).c_str());
    execute(fmt::format("PRAGMA user_version = {}", version).c_str());
  }
  all.commit();
}

Database::~Database() = default;

void Database::check(int application, int version) const {
  const auto found = pragma("PRAGMA user_version");
  require(pragma("PRAGMA application_id") == application && found > 0,
          "'{}' cannot be used: it is another program's", name_);
  require(found <= version, "'{}' was written by a newer tacit: use that one", name_);
  require(found == version, "'{}' was written by an older tacit, in tables that this one does not know",
          name_);
}

void Database::execute(const char* sql) const {
  const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(database_.get(), name_, code);
}

std::int64_t Database::pragma(std::string_view sql) const {
  Statement s = prepare(sql);
  require(s.step(), "'{}' cannot be used: it does not say what it is", name_);
  return s.number(0);
}

Statement Database::prepare(std::string_view sql) const { return {database_.get(), name_, sql}; }

bool Database::changed(int rows) const { return sqlite3_changes(database_.get()) == rows; }

// ---- transactions

Transaction::Transaction(const Database& database) : database_(database) {
  database_.prepare("BEGIN IMMEDIATE").run();
}
Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.prepare("ROLLBACK").run();
  } catch (const std::exception&) {
    // It failed, and so was rolled back already; or it is when the database is closed.
  }
}
void Transaction::commit() {
  database_.prepare("COMMIT").run();
  open_ = false;
}

}  // namespace tacit
