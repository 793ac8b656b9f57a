#include "tacit/base/workers.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <exception>

namespace tacit {

struct Workers::Task {
  std::size_t n, grain, chunk;
  const std::function<void(std::size_t, std::size_t)>& body;
  std::atomic<std::size_t> next{0};
  std::mutex error_mutex;
  std::exception_ptr error;
};

unsigned available_processors() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    return std::max(1u, static_cast<unsigned>(CPU_COUNT(&set)));
  return std::max(1u, std::thread::hardware_concurrency());
}

Workers::Workers(unsigned threads) {
  if (threads == 0) threads = available_processors();
  for (unsigned i = 1; i < threads; ++i) helpers_.emplace_back([this] { help(); });
}

Workers::~Workers() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (auto& t : helpers_) t.join();
}

void Workers::work(Task& task) {
  for (;;) {
    const std::size_t begin = task.next.fetch_add(task.chunk, std::memory_order_relaxed);
    if (begin >= task.n) return;
    try {
      task.body(begin, std::min(task.n, begin + task.chunk));
    } catch (...) {
      std::lock_guard lock(task.error_mutex);
      if (!task.error) task.error = std::current_exception();
      task.next.store(task.n, std::memory_order_relaxed);
    }
  }
}

void Workers::help() {
  unsigned long seen = 0;
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [&] { return stop_ || (generation_ != seen && task_ != nullptr); });
    if (stop_) return;
    seen = generation_;
    Task& task = *task_;
    ++busy_;
    lock.unlock();
    work(task);
    lock.lock();
    if (--busy_ == 0) done_.notify_all();
  }
}

void Workers::parallel_for(std::size_t n, std::size_t grain,
                           const std::function<void(std::size_t, std::size_t)>& body) {
  if (n == 0) return;
  grain = std::max<std::size_t>(grain, 1);
  const std::size_t grains = (n + grain - 1) / grain;
  if (helpers_.empty() || grains < 2) return body(0, n);
  // Four chunks a thread: enough to even out, few enough to keep ranges long.
  const std::size_t chunks = std::min<std::size_t>(grains, 4 * threads());
  Task task{n, grain, (grains + chunks - 1) / chunks * grain, body, {}, {}, {}};
  {
    std::unique_lock lock(mutex_);
    if (task_ != nullptr) {
      lock.unlock();
      return body(0, n);
    }
    task_ = &task;
    ++generation_;
  }
  wake_.notify_all();
  work(task);
  {
    std::unique_lock lock(mutex_);
    task_ = nullptr;
    done_.wait(lock, [&] { return busy_ == 0; });
  }
  if (task.error) std::rethrow_exception(task.error);
}

}  // namespace tacit
