// A small pool of threads for local work. It is made once and passed along; nothing in tacit starts threads
// of its own for computing. With one thread everything runs in the caller.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tacit {

class Workers {
 public:
  /// `threads` counts the caller too; 0 means one per processor that this process may use.
  explicit Workers(unsigned threads);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  unsigned threads() const { return static_cast<unsigned>(helpers_.size()) + 1; }

  /// Calls body(begin, end) on disjoint ranges that cover [0, n), each a multiple of `grain` long but the
  /// last, on all threads, and returns when all are done. An exception of a body is thrown again here. Only
  /// one parallel_for runs at a time; a nested one runs in its caller.
  void parallel_for(std::size_t n, std::size_t grain,
                    const std::function<void(std::size_t, std::size_t)>& body);

 private:
  struct Task;
  void help();
  static void work(Task& task);

  std::vector<std::thread> helpers_;
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  Task* task_ = nullptr;
  unsigned long generation_ = 0;
  unsigned busy_ = 0;
  bool stop_ = false;
};

/// Processors that this process may run on.
unsigned available_processors();

}  // namespace tacit
