// Turns in the order in which they were asked for: one client's many questions hold up another's for one of
// them, and no more.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace tacit::broker {

class Turns {
 public:
  class Turn {
   public:
    explicit Turn(Turns& turns) : turns_(turns) {
      std::unique_lock lock(turns_.mutex_);
      const std::uint64_t own = turns_.next_++;
      turns_.changed_.wait(lock, [&] { return turns_.now_ == own; });
    }
    ~Turn() {
      {
        const std::lock_guard lock(turns_.mutex_);
        ++turns_.now_;
      }
      turns_.changed_.notify_all();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    Turns& turns_;
  };

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t next_ = 0, now_ = 0;
};

}  // namespace tacit::broker
