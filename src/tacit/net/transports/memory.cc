#include "tacit/net/transports/memory.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

#include "tacit/base/error.h"

namespace tacit {

namespace {

struct Frame {
  FrameHead head;
  Bytes body;
};

struct Hub {
  explicit Hub(const std::vector<std::string>& n) : names(n), queues(n.size() * n.size()), left(n.size()) {}
  std::deque<Frame>& queue(std::size_t from, std::size_t to) { return queues[from * names.size() + to]; }

  std::vector<std::string> names;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::deque<Frame>> queues;
  std::vector<std::optional<std::string>> left;  ///< the reason with which an endpoint went
};

class MemoryTransport final : public Transport {
 public:
  MemoryTransport(std::shared_ptr<Hub> hub, std::size_t self, std::chrono::milliseconds patience)
      : hub_(std::move(hub)), self_(self), patience_(patience) {}
  ~MemoryTransport() override { goodbye(""); }

  void send(PartyId to, const FrameHead& head, ByteView body) override {
    Frame frame{head, Bytes(body.begin(), body.end())};
    {
      std::lock_guard lock(hub_->mutex);
      if (hub_->left[index(to)]) throw_left(index(to));
      hub_->queue(self_, index(to)).push_back(std::move(frame));
    }
    hub_->changed.notify_all();
  }

  FrameHead receive_head(PartyId from) override {
    std::unique_lock lock(hub_->mutex);
    auto& queue = hub_->queue(index(from), self_);
    const bool came =
        hub_->changed.wait_for(lock, patience_, [&] { return !queue.empty() || someone_failed(from); });
    if (!queue.empty()) return queue.front().head;
    if (came) throw_left(failed_ ? *failed_ : index(from));
    throw PeerError(hub_->names[index(from)],
                    fmt::format("{} has been silent for {:.1f} s", hub_->names[index(from)],
                                static_cast<double>(patience_.count()) / 1000));
  }

  void receive_body(PartyId from, ByteSpan body) override {
    std::lock_guard lock(hub_->mutex);
    auto& queue = hub_->queue(index(from), self_);
    ensure(!queue.empty() && queue.front().body.size() == body.size(), "receive_body follows receive_head");
    std::copy(queue.front().body.begin(), queue.front().body.end(), body.begin());
    queue.pop_front();
  }

  void goodbye(std::string_view reason) noexcept override {
    {
      std::lock_guard lock(hub_->mutex);
      if (!hub_->left[self_]) hub_->left[self_] = std::string(reason);
    }
    hub_->changed.notify_all();
  }

 private:
  /// The peer waited for has gone, or anyone has gone with a reason: the first cause is what to report.
  bool someone_failed(PartyId from) {
    for (std::size_t i = 0; i < hub_->left.size(); ++i)
      if (i != self_ && hub_->left[i] && !hub_->left[i]->empty()) {
        failed_ = i;
        return true;
      }
    return hub_->left[index(from)].has_value();
  }
  [[noreturn]] void throw_left(std::size_t who) {
    const std::string& name = hub_->names[who];
    const std::string& reason = *hub_->left[who];
    if (reason.empty()) throw PeerError(name, fmt::format("{} has left", name));
    throw gave_up(hub_->names, name, reason);
  }

  std::shared_ptr<Hub> hub_;
  std::size_t self_;
  std::chrono::milliseconds patience_;
  std::optional<std::size_t> failed_;
};

}  // namespace

std::vector<std::unique_ptr<Transport>> memory_transports(const std::vector<std::string>& names,
                                                          std::chrono::milliseconds patience) {
  auto hub = std::make_shared<Hub>(names);
  std::vector<std::unique_ptr<Transport>> out;
  for (std::size_t i = 0; i < names.size(); ++i)
    out.push_back(std::make_unique<MemoryTransport>(hub, i, patience));
  return out;
}

}  // namespace tacit
