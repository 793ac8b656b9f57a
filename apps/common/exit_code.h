// What becomes of an error at the end of a program of ours: one sentence on stderr, and an exit code. 0 done,
// 2 the user's mistake, 3 disk or network, 4 a peer misbehaved or left, 5 cheating detected, 1 a bug of ours.
#pragma once

#include <cstdio>
#include <functional>
#include <new>

#include "tacit/base/error.h"
#include "tacit/base/text.h"

namespace tacit::app {

/// Runs a program. `without_memory` is what to tell the user where there is too little of it.
inline int exit_code_of(const char* program, const char* without_memory, const std::function<int()>& run) {
  const auto ends = [&](const char* sentence, int code) {
    std::fprintf(stderr, "%s: %s\n", program, one_line(sentence).c_str());
    return code;
  };
  try {
    return run();
  } catch (const UsageError& e) { return ends(e.what(), 2); } catch (const IoError& e) {
    return ends(e.what(), 3);
  } catch (const PeerError& e) { return ends(e.what(), 4); } catch (const CheatDetected& e) {
    return ends(e.what(), 5);
  } catch (const std::bad_alloc&) { return ends(without_memory, 3); } catch (const std::exception& e) {
    return ends(e.what(), 1);
  }
}

}  // namespace tacit::app
