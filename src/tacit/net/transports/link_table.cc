#include "tacit/net/transports/link_table.h"

#include <utility>

namespace tacit {

void part_from(TlsLink& link, std::string_view reason) {
  const auto deadline = LinkTable::Clock::now() + kClosingLimit;
  link.part(reason, deadline);
  link.linger(deadline);
}

LinkTable::LinkTable(const TlsSettings& settings)
    : settings_(settings),
      endpoints_(settings.roster.begin(), settings.roster.end()),
      links_(settings.roster.size()),
      arrived_(links_.size()),
      addresses_(links_.size()) {
  for (const Endpoint& e : settings_.roster) names_.push_back(e.name);
}

std::size_t LinkTable::size() const {
  std::lock_guard lock(mutex_);
  return endpoints_.size();
}

const Endpoint& LinkTable::endpoint(std::size_t i) const {
  std::lock_guard lock(mutex_);
  return endpoints_[i];
}

std::optional<std::size_t> LinkTable::holder(const PublicKey& key) const {
  std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < endpoints_.size(); ++i)
    if (endpoints_[i].key == key && i != self()) return i;
  return std::nullopt;
}

std::size_t LinkTable::add(Endpoint owner) {
  std::lock_guard lock(mutex_);
  endpoints_.push_back(std::move(owner));
  for (auto* list : {&links_, &arrived_}) list->emplace_back();
  addresses_.emplace_back();
  return endpoints_.size() - 1;
}

std::shared_ptr<TlsLink> LinkTable::current(std::size_t i) const {
  std::lock_guard lock(mutex_);
  return links_[i];
}

std::shared_ptr<TlsLink> LinkTable::arrived(std::size_t i) const {
  std::lock_guard lock(mutex_);
  return arrived_[i];
}

std::vector<std::shared_ptr<TlsLink>> LinkTable::open() const {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<TlsLink>> open;
  for (const auto* list : {&links_, &arrived_})
    for (const auto& l : *list)
      if (l && !l->ended()) open.push_back(l);
  return open;
}

void LinkTable::install(std::size_t i, std::shared_ptr<TlsStream> stream, const LinkHello& hello,
                        bool dialled) {
  auto l = std::make_shared<TlsLink>(
      std::move(stream),
      TlsLink::Terms{name(i), name(self()), settings_.patience, hello, dialled, [this] { door_.ring(); }});
  auto old = l;
  std::optional<std::string> farewell;
  {
    std::lock_guard lock(mutex_);
    // An owner may come again while its last connection is still spoken to.
    old = std::exchange((is_party(i) ? links_ : arrived_)[i], l);
    farewell = farewell_;
  }
  tell();
  if (old && !old->ended()) part_from(*old, "you have connected once more");
  // Whoever comes after we have left hears why.
  if (farewell) part_from(*l, *farewell);
}

bool LinkTable::turn_to(std::size_t i, bool next) {
  std::shared_ptr<TlsLink> old;
  bool connected = false;
  {
    std::lock_guard lock(mutex_);
    connected = arrived_[i] && !arrived_[i]->ended();
    if (connected) old = std::exchange(links_[i], std::move(arrived_[i]));
    connected |= !next && links_[i] && !links_[i]->ended();
  }
  if (old && !old->ended()) part_from(*old, "you have connected once more");
  return connected;
}

void LinkTable::forget_arrived(std::size_t i) {
  std::lock_guard lock(mutex_);
  arrived_[i].reset();
}

void LinkTable::forget_parties() {
  std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < settings_.parties; ++i) links_[i].reset();
}

void LinkTable::refuse(PeerError error) {
  {
    std::lock_guard lock(mutex_);
    refused_ = std::move(error);
  }
  tell();
}

std::optional<PeerError> LinkTable::refused() const {
  std::lock_guard lock(mutex_);
  return refused_;
}

void LinkTable::leave(std::string_view reason) {
  std::lock_guard lock(mutex_);
  if (!farewell_) farewell_ = reason;
}

std::optional<std::string> LinkTable::farewell() const {
  std::lock_guard lock(mutex_);
  return farewell_;
}

void LinkTable::found(std::size_t i, std::optional<SocketAddress> address) {
  std::lock_guard lock(mutex_);
  addresses_[i] = address;
}

std::optional<SocketAddress> LinkTable::address(std::size_t i) const {
  std::lock_guard lock(mutex_);
  return addresses_[i];
}

void LinkTable::tell() {
  news_.ring();
  changed_.notify_all();
}

void LinkTable::wait(Clock::duration time) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, time);
}

}  // namespace tacit
