#include "tacit/trace/customers.h"

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/crypto/os_entropy.h"
#include "tacit/crypto/sealed_file.h"
#include "tacit/sealed/name.h"

namespace tacit::trace {

namespace fs = std::filesystem;

namespace {

constexpr int kApplication = 0x74616366;  // "tacf"
constexpr int kVersion = 1;
constexpr std::size_t kIdSize = 16;
constexpr std::string_view kOriginal = "tacit trace 1: original";

constexpr std::string_view kSchema = R"(
CREATE TABLE model (
  number INTEGER PRIMARY KEY,
  digest TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  colluders INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  added INTEGER NOT NULL
) STRICT;
CREATE TABLE customer (
  number INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  id TEXT NOT NULL UNIQUE,
  added INTEGER NOT NULL
) STRICT;
CREATE TABLE copy (
  number INTEGER PRIMARY KEY,
  model INTEGER NOT NULL,
  customer INTEGER NOT NULL,
  made INTEGER NOT NULL,
  UNIQUE (model, customer)
) STRICT)";

constexpr const char* kDamaged =
    "the database of customers cannot be used: it has something else where {} is due";

Digest digest_of(const std::string& hex) {
  const Bytes bytes = from_hex(hex);
  Digest out{};
  require(bytes.size() == out.size(), kDamaged, "a digest");
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

std::string name_from(std::string text) {
  require(sealed::is_name(text), kDamaged, "a name");
  return text;
}

sealed::Seconds moment_from(std::int64_t moment) {
  require(moment >= 0 && moment <= sealed::kLastMoment, kDamaged, "a time");
  return moment;
}

}  // namespace

Customers::Customers(fs::path file, Use use)
    : file_(std::move(file)),
      database_(file_, kApplication, kVersion, use == Use::Write ? kSchema : std::string_view()) {}

fs::path Customers::original_file(const Digest& model) const {
  return file_.string() + ".originals/" + to_hex(model) + ".sealed";
}

std::int64_t Customers::number_of_customer(const std::string& name, sealed::Seconds now) const {
  Statement find = database_.prepare("SELECT number FROM customer WHERE name = ?");
  find.bind(0, name);
  if (find.step()) return find.number(0);
  Statement count = database_.prepare("SELECT count(*) FROM customer");
  require(count.step() && count.number(0) < static_cast<std::int64_t>(kMostCustomers),
          "the database of customers '{}' has {} of them, for whom codes are made long enough, and can have "
          "no more: begin another one with --customers",
          file_.string(), kMostCustomers);
  database_.prepare("INSERT INTO customer (name, id, added) VALUES (?, ?, ?)")
      .bind(0, name)
      .bind(1, to_hex(os_entropy(kIdSize).bytes()))
      .bind(2, now)
      .run();
  Statement last = database_.prepare("SELECT number FROM customer WHERE name = ?");
  last.bind(0, name);
  ensure(last.step(), "a customer that was noted");
  return last.number(0);
}

CopyHolder Customers::note(const OriginalModel& original, ByteView text, unsigned colluders,
                           const std::string& customer, const Identity& vendor, sealed::Seconds now) {
  sealed::check_name(customer, "name for a customer");
  sealed::check_name(original.name(), "name for a model");
  ensure(sha256(text) == original.digest(), "the original's own text");
  const fs::path kept = original_file(original.digest());
  if (!fs::exists(kept)) {
    make_folder(kept.parent_path(), 0700);
    write_sealed(kept, vendor, kOriginal, original.digest(), [&](ByteWriter& to) { to.write(text); });
  }
  const std::string digest = to_hex(original.digest());
  Transaction all(database_);
  database_
      .prepare("INSERT OR IGNORE INTO model (digest, name, colluders, bytes, added) VALUES (?, ?, ?, ?, ?)")
      .bind(0, digest)
      .bind(1, original.name())
      .bind(2, static_cast<std::int64_t>(colluders))
      .bind(3, static_cast<std::int64_t>(text.size()))
      .bind(4, now)
      .run();
  const std::int64_t number = number_of_customer(customer, now);
  database_
      .prepare(
          "INSERT OR IGNORE INTO copy (model, customer, made) "
          "SELECT model.number, ?, ? FROM model WHERE model.digest = ?")
      .bind(0, number)
      .bind(1, now)
      .bind(2, digest)
      .run();
  all.commit();
  const auto everybody = holders(original.digest());
  const auto it = std::find_if(everybody.begin(), everybody.end(),
                               [&](const CopyHolder& h) { return h.name == customer; });
  ensure(it != everybody.end(), "a copy that was noted");
  return *it;
}

std::vector<TracedModel> Customers::models() const {
  std::vector<TracedModel> out;
  Statement s = database_.prepare("SELECT digest, name, colluders, bytes, added FROM model ORDER BY number");
  while (s.step()) {
    TracedModel m;
    m.digest = digest_of(s.text(0));
    m.name = name_from(s.text(1));
    const std::int64_t colluders = s.number(2), bytes = s.number(3);
    require(colluders >= kFewestColluders && colluders <= kMostColluders, kDamaged, "a number of colluders");
    require(bytes > 0 && bytes < (std::int64_t{1} << 31), kDamaged, "a size");
    m.colluders = static_cast<unsigned>(colluders);
    m.bytes = static_cast<std::uint64_t>(bytes);
    m.added = moment_from(s.number(4));
    out.push_back(std::move(m));
  }
  return out;
}

std::vector<CopyHolder> Customers::holders(const Digest& model) const {
  std::vector<CopyHolder> out;
  Statement s = database_.prepare(
      "SELECT customer.name, customer.id, copy.made FROM copy "
      "JOIN customer ON customer.number = copy.customer "
      "JOIN model ON model.number = copy.model WHERE model.digest = ? ORDER BY copy.number");
  const std::string digest = to_hex(model);
  s.bind(0, digest);
  while (s.step()) {
    require(out.size() < kMostCustomers, kDamaged, "no customer more");
    CopyHolder h;
    h.name = name_from(s.text(0));
    h.id = from_hex(s.text(1));
    require(h.id.size() == kIdSize, kDamaged, "an id");
    h.made = moment_from(s.number(2));
    out.push_back(std::move(h));
  }
  return out;
}

std::size_t Customers::copies() const {
  Statement s = database_.prepare("SELECT count(*) FROM copy");
  require(s.step() && s.number(0) >= 0, kDamaged, "a count");
  return static_cast<std::size_t>(s.number(0));
}

OriginalModel Customers::original(const TracedModel& model, const Identity& vendor) const {
  std::optional<OriginalModel> out;
  std::error_code ignored;
  const auto there = fs::file_size(original_file(model.digest), ignored);
  require(ignored || model.bytes <= there, "'{}' is shorter than the model of which it is said to be",
          original_file(model.digest).string());
  read_sealed(original_file(model.digest), vendor, kOriginal, model.digest,
              [&](ByteReader& from) { out.emplace(from, model.bytes, model.name); });
  require(out->digest() == model.digest, "'{}' holds another model than its name says",
          original_file(model.digest).string());
  return std::move(*out);
}

Code code_for(const Identity& vendor, const Digest& model, unsigned colluders) {
  return {vendor.derive(model, "tacit trace 1: code", 32).bytes(), colluders};
}

}  // namespace tacit::trace
