#include "ui.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "tacit/base/text.h"

namespace tacit::app {

namespace {
constexpr auto kTerminalPause = std::chrono::milliseconds(100);
constexpr auto kPlainPause = std::chrono::seconds(5);
}  // namespace

ProgressLine::ProgressLine(const Style& style)
    : terminal_(::isatty(STDERR_FILENO) == 1), quiet_(style.quiet) {}
ProgressLine::~ProgressLine() { finish(); }

std::string ProgressLine::text(const Progress& p) const {
  std::string out = one_line(p.phase);
  if (p.total > 0) {
    const double share = static_cast<double>(p.done) / static_cast<double>(p.total);
    if (terminal_) {
      constexpr std::size_t kWidth = 24;
      const auto full = static_cast<std::size_t>(share * kWidth);
      out += " [" + std::string(full, '=') + std::string(kWidth - full, ' ') + "]";
    }
    out += fmt::format(" {}/{}", p.done, p.total);
    const double seconds = std::chrono::duration<double>(Clock::now() - phase_start_).count();
    if (p.done > first_done_ && seconds > 0.2) {
      const double speed = static_cast<double>(p.done - first_done_) / seconds;
      out += fmt::format("  {:.3g}/s", speed);
      if (p.done < p.total)
        out += fmt::format("  {} left", human_seconds(static_cast<double>(p.total - p.done) / speed));
    }
  } else if (p.done > 0) {
    out += fmt::format(" {}", p.done);
  }
  if (p.loss) out += fmt::format("  loss {:.4f}", *p.loss);
  if (p.bytes > 0) out += fmt::format("  {} sent", human_bytes(static_cast<double>(p.bytes)));
  return out;
}

void ProgressLine::show(const Progress& progress) {
  if (quiet_) return;
  const auto now = Clock::now();
  const bool fresh = progress.phase != phase_;
  if (fresh) {
    finish();
    phase_ = progress.phase;
    phase_start_ = now;
    first_done_ = progress.done;
  }
  const bool last = progress.total > 0 && progress.done == progress.total;
  const auto pause = terminal_ ? std::chrono::duration_cast<Clock::duration>(kTerminalPause) : kPlainPause;
  if (!fresh && !last && now - shown_ < pause) return;
  shown_ = now;
  const std::string line = text(progress);
  if (terminal_)
    std::fprintf(stderr, "\r\033[K%s", line.c_str());
  else
    std::fprintf(stderr, "%s\n", line.c_str());
  std::fflush(stderr);
  open_ = terminal_;
  if (last) finish();
}

void ProgressLine::finish() {
  if (open_) std::fprintf(stderr, "\n");
  open_ = false;
}

void ProgressLine::say(const std::string& message) {
  if (quiet_) return;
  finish();
  std::fprintf(stderr, "%s\n", message.c_str());
}

void say(const Style& style, const std::string& message) {
  if (!style.quiet) std::fprintf(stderr, "%s\n", message.c_str());
}

}  // namespace tacit::app
