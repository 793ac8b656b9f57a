#include "tacit/serve/pool.h"

#include <algorithm>
#include <chrono>

#include "tacit/base/error.h"

namespace tacit {

namespace {

/// Items that a server tells the others of at most; more than a deployment's largest pool.
constexpr std::size_t kMostTold = 20000;
/// Numbers end here, far from where adding one would go wrong.
constexpr std::uint64_t kMostNumber = std::uint64_t{1} << 62;
constexpr std::size_t kTold = sizeof(std::uint64_t) + sizeof(Digest);

std::int64_t seconds_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

using Told = std::vector<std::pair<std::uint64_t, Digest>>;

/// The last number used | for each item, by number: number | session
Bytes to_bytes(std::uint64_t last, const Told& items) {
  Bytes out;
  append(out, last);
  for (const auto& [number, session] : items) {
    append(out, number);
    append_bytes(out, session);
  }
  return out;
}
bool read(ByteView bytes, std::uint64_t& last, Told& items) {
  if (bytes.size() < sizeof last || (bytes.size() - sizeof last) % kTold != 0) return false;
  last = read_at<std::uint64_t>(bytes, 0);
  std::uint64_t before = 0;
  for (std::size_t at = sizeof last; at < bytes.size(); at += kTold) {
    items.emplace_back(read_at<std::uint64_t>(bytes, at), read_at<Digest>(bytes, at + sizeof last));
    if (items.back().first <= before || items.back().first > kMostNumber) return false;
    before = items.back().first;
  }
  return last <= kMostNumber;
}

}  // namespace

Pool::Pool(const seco::Network& network, const seco::Circuits& circuits, PartyId self,
           std::optional<SealedItems> store)
    : network_(network), circuits_(circuits), self_(self), store_(std::move(store)) {
  if (!store_) return;
  for (const SealedItem& item : store_->items())
    if (item.number <= kMostNumber) ready_[item.number] = {item.session, item.made, std::nullopt};
}

double Pool::oldest_seconds() const {
  std::int64_t oldest = 0;
  const std::int64_t now = seconds_now();
  for (const auto& [number, entry] : ready_) oldest = std::max(oldest, now - entry.made);
  return static_cast<double>(oldest);
}

std::uint64_t Pool::bytes_on_disk() const {
  std::uint64_t all = 0;
  if (store_)
    for (const SealedItem& item : store_->items()) all += item.bytes;
  return all;
}

AgreedQueries Pool::agree(Party& party, std::uint64_t last) const {
  Told own;
  for (const auto& [number, entry] : ready_)
    if (own.size() < kMostTold) own.emplace_back(number, entry.session);
  const std::size_t limit = sizeof last + kMostTold * kTold;
  const std::vector<Bytes> all = party.tell_all("pool.ready", to_bytes(last, own), limit);
  AgreedQueries out;
  out.used = last;
  for (std::size_t p = 0; p < all.size(); ++p) {
    std::uint64_t theirs = 0;
    Told items;
    if (!read(all[p], theirs, items))
      throw PeerError(party.name(party_id(p)),
                      party.name(party_id(p)) + " sent a list of prepared queries that is none");
    out.used = std::max(out.used, theirs);
    out.next = std::max({out.next, theirs + 1, items.empty() ? 1 : items.back().first + 1});
    Told both;
    std::set_intersection(own.begin(), own.end(), items.begin(), items.end(), std::back_inserter(both));
    own = std::move(both);
  }
  for (const auto& [number, session] : own)
    if (number > out.used) out.ready.push_back(number);
  return out;
}

std::size_t Pool::keep(std::span<const std::uint64_t> ready) {
  std::vector<std::uint64_t> others;
  for (const auto& [number, entry] : ready_)
    if (!std::binary_search(ready.begin(), ready.end(), number)) others.push_back(number);
  for (const std::uint64_t number : others) remove(number);
  return others.size() + (store_ ? store_->destroy_rest() : 0);
}

void Pool::put(std::uint64_t number, const Digest& session, seco::Correlation correlation) {
  const std::int64_t now = seconds_now();
  Entry entry{session, now, std::nullopt};
  if (store_)
    store_->put(number, session, now, [&](ByteWriter& to) { seco::save(std::move(correlation), to); });
  else
    entry.here.emplace(std::move(correlation));
  ready_[number] = std::move(entry);
}

std::string Pool::load() {
  ensure(!ready_.empty() && !loaded_, "there is something to load, and nothing loaded");
  const std::uint64_t number = front();
  if (!store_) {
    loaded_ = PreparedQuery{number, std::move(*ready_.begin()->second.here)};
    return "";
  }
  try {
    store_->open(number, [&](ByteReader& from) {
      loaded_ = PreparedQuery{number, seco::load_correlation(network_, circuits_, self_, from)};
    });
    return "";
  } catch (const UsageError& e) {
    loaded_.reset();
    return e.what();
  } catch (const IoError& e) {
    loaded_.reset();
    return e.what();
  }
}

void Pool::remove(std::uint64_t number) {
  ready_.erase(number);
  if (loaded_ && loaded_->number == number) loaded_.reset();
  if (store_) store_->destroy(number);
}

void Pool::discard() { remove(front()); }

PreparedQuery Pool::use(QueryNumbers& numbers) {
  ensure(loaded_ && loaded_->number == front(), "the lowest is loaded");
  PreparedQuery out = std::move(*loaded_);
  loaded_.reset();
  // In this order: a crash between the two leaves a key of a number that nobody will use again.
  numbers.use(out.number);
  remove(out.number);
  return out;
}

Digest pool_owner(const Digest& deployment, const Digest& cut, std::string_view server) {
  return Hasher()
      .update(bytes_of("tacit pool 1"))
      .update(deployment)
      .update(cut)
      .update(bytes_of(server))
      .finish();
}

}  // namespace tacit
